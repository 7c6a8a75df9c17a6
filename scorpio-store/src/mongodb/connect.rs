//! Opening a database, with errors that say which one and why.

use mongodb::{
    Client, IndexModel,
    bson::{Document, doc},
    error::{Error, ErrorKind},
    options::{ClientOptions, IndexOptions},
};
use scorpio_core::store::{StoreError, StoreErrorKind};

use super::{
    database::Database,
    error::{MongoResult, once, store_error},
    options::MongoOptions,
};

/// The version of what the documents look like.
const SCHEMA: i64 = 1;

/// Why a database will not do.
enum Unfit {
    Failed(Error),
    Refused(StoreErrorKind, String),
}

impl From<Error> for Unfit {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// The database that a URL names, with all collections and indexes in place.
pub(super) async fn open(url: &str, options: &MongoOptions) -> Result<Database, StoreError> {
    let parsed = ClientOptions::parse(url).await;
    let mut client = parsed.map_err(|error| explain("the database", Unfit::Failed(error)))?;
    client.server_selection_timeout.get_or_insert(options.server_selection_timeout);
    client.app_name.get_or_insert_with(|| "scorpio".to_owned());
    let hosts: Vec<String> = client.hosts.iter().map(ToString::to_string).collect();
    let place = format!("the database at {}", hosts.join(","));
    let client = Client::with_options(client).map_err(|error| explain(&place, Unfit::Failed(error)))?;
    let Some(database) = client.default_database() else {
        let message = "its URL names no database; it is what comes after the host: mongodb://host/DATABASE";
        return Err(explain(&place, Unfit::Refused(StoreErrorKind::Unavailable, message.to_owned())));
    };
    let place = format!("the database {} at {}", database.name(), hosts.join(","));
    adopt(&database, options, &place).await
}

/// A database, with all collections and indexes in place.
pub(super) async fn adopt(
    database: &mongodb::Database,
    options: &MongoOptions,
    place: &str,
) -> Result<Database, StoreError> {
    let database = Database::new(database, options.operation_timeout);
    prepare(&database).await.map_err(|unfit| explain(place, unfit))?;
    Ok(database)
}

/// Makes what is not there. Several processes may do so at once. A database that is ready is left alone, so that it can be opened without the
/// right to make indexes.
async fn prepare(database: &Database) -> Result<(), Unfit> {
    let schema = database.run(database.meta.find_one(doc! { "_id": "schema" })).await?;
    // A number of either width, as another driver may write it.
    let version = schema.map(|schema| {
        let number = schema.get("version");
        number
            .and_then(|number| number.as_i64().or_else(|| number.as_i32().map(i64::from)))
            .unwrap_or(i64::MAX)
    });
    match version {
        Some(SCHEMA) => return Ok(()),
        Some(version) if version > SCHEMA => {
            let message = format!(
                "it is of schema version {version}, which a newer version of Scorpio wrote; this one knows versions up to {SCHEMA}"
            );
            return Err(Unfit::Refused(StoreErrorKind::Corrupt, message));
        }
        _ => {}
    }
    make_indexes(database).await?;
    let filter = doc! { "_id": "schema" };
    let update = doc! { "$setOnInsert": { "version": SCHEMA } };
    once(database.run(database.meta.update_one(filter, update).upsert(true)).await)?;
    Ok(())
}

async fn make_indexes(database: &Database) -> MongoResult<()> {
    let sessions = [
        unique("scorpio_by_id", doc! { "session_id": 1 }),
        index("scorpio_by_activity", doc! { "owner": 1, "updated_at": 1, "session_id": 1 }),
        sparse("scorpio_by_run", doc! { "run.id": 1 }),
        index("scorpio_by_status", doc! { "run.status": 1, "run.started_at": 1, "run.id": 1 }),
    ];
    let messages = [
        unique("scorpio_by_place", doc! { "session": 1, "seq": 1 }),
        index("scorpio_by_message", doc! { "session": 1, "message_id": 1, "seq": 1 }),
    ];
    let executions = [index("scorpio_by_order", doc! { "session": 1, "planned": 1, "place": 1 })];
    let runs = [index("scorpio_by_session", doc! { "session": 1 })];
    let journal = [index("scorpio_by_step", doc! { "session": 1, "run": 1, "seq": 1 })];
    for index in sessions {
        database.run(database.sessions.create_index(index)).await?;
    }
    for index in messages {
        database.run(database.messages.create_index(index)).await?;
    }
    for index in executions {
        database.run(database.executions.create_index(index)).await?;
    }
    for index in runs {
        database.run(database.runs.create_index(index)).await?;
    }
    for index in journal {
        database.run(database.journal.create_index(index)).await?;
    }
    Ok(())
}

fn index(name: &str, keys: Document) -> IndexModel {
    model(keys, IndexOptions::builder().name(name.to_owned()).build())
}

fn unique(name: &str, keys: Document) -> IndexModel {
    model(keys, IndexOptions::builder().name(name.to_owned()).unique(true).build())
}

/// Unique, and without the documents that have no such field.
fn sparse(name: &str, keys: Document) -> IndexModel {
    model(keys, IndexOptions::builder().name(name.to_owned()).unique(true).sparse(true).build())
}

fn model(keys: Document, options: IndexOptions) -> IndexModel {
    IndexModel::builder().keys(keys).options(options).build()
}

fn explain(place: &str, unfit: Unfit) -> StoreError {
    match unfit {
        Unfit::Refused(kind, why) => StoreError::new(kind, format!("cannot open {place}: {why}")),
        Unfit::Failed(error) if matches!(*error.kind, ErrorKind::InvalidArgument { .. }) => {
            let message = format!("cannot open {place}: its URL is not valid");
            StoreError::new(StoreErrorKind::Unavailable, message).with_source(error)
        }
        Unfit::Failed(error) => {
            let failure = store_error(error);
            let message = format!("cannot open {place}: {failure}");
            StoreError::new(failure.kind(), message).with_source(failure)
        }
    }
}
