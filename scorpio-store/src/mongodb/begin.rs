//! Beginning a run.

use mongodb::bson::{self, Document, doc};
use scorpio_core::{
    RunId,
    store::{Begin, Begun, RunRecord, StoreError, StoreErrorKind},
};

use super::{
    MongoStore,
    document::{
        JournalDocument, MessageDocument, Pending, RunDocument, SessionDocument, after, now, signed, unsigned,
    },
    error::{is_duplicate, no_session, store_error},
    sessions::by_id,
    step::{Attempts, Change, check_size},
};
use crate::record::conflict;

impl MongoStore {
    pub(super) async fn insert_run(&self, begin: Begin) -> Result<Begun, StoreError> {
        let mut attempts = Attempts::default();
        loop {
            let session = self.load(by_id(&begin.owner, &begin.session)).await?;
            let session = session.ok_or_else(|| no_session(&begin.session))?;
            let (record, change) = self.begin(&begin, &session).await?;
            let version = session.version.saturating_add(i64::from(begin.input.is_some()));
            match self.step(&session, change).await {
                Ok(true) => return Ok(Begun::new(record.lease(), unsigned(version))),
                Ok(false) => attempts.pause().await?,
                Err(error) if is_duplicate(&error) => return Err(run_is_taken(record.id)),
                Err(error) => return Err(store_error(error)),
            }
        }
    }

    /// The step with which a run begins, if it may.
    async fn begin(
        &self,
        begin: &Begin,
        session: &SessionDocument,
    ) -> Result<(RunRecord, Change), StoreError> {
        let version = unsigned(session.version);
        if begin.expected_version.is_some_and(|expected| expected != version) {
            return Err(conflict(&begin.session, version));
        }
        let mut history = session.history.clone();
        history.cut(begin.branch_after.map_or(i64::MAX, signed));
        let ids = begin.input.iter().map(|input| input.id.as_str()).collect();
        let (has_input, run_is_there) =
            tokio::try_join!(self.has_messages(session, &history, ids), self.has_run(begin.machine.run()))?;
        let run = begin.machine.run();
        if has_input {
            let message = format!("the input of run {run} is in session {} already", begin.session);
            return Err(StoreError::new(StoreErrorKind::AlreadyExists, message));
        }
        if run_is_there {
            return Err(run_is_taken(run));
        }
        if session.live_run().is_some() {
            let message = format!("another run of session {} is live", begin.session);
            return Err(StoreError::new(StoreErrorKind::Busy, message));
        }
        let now = now();
        let record = RunRecord::begin(begin, now, after(now, begin.ttl));
        let document = RunDocument::begin(&record, begin.ttl)?;
        let mut pending = Pending {
            journal: begin.journal.as_ref().map(|entry| JournalDocument::new(&session.key, run, entry)),
            ..Pending::default()
        };
        let mut set = Document::new();
        if let Some(input) = &begin.input {
            let (seq, parent) = (session.version.saturating_add(1), history.last());
            pending.messages.push(MessageDocument::new(&session.key, (seq, parent), run, input)?);
            history.push(seq);
            set.insert("version", seq);
            set.insert("updated_at", now.as_microsecond());
        }
        check_size(&pending, None, &document.machine)?;
        set.insert("history", bson::serialize_to_bson(&history).map_err(|error| store_error(error.into()))?);
        set.extend(fields(&document)?);
        Ok((record, Change { set, renews: true, pending }))
    }

    /// Whether there is a run of this id, of whichever session.
    async fn has_run(&self, run: RunId) -> Result<bool, StoreError> {
        let (database, run) = (self.database(), run.to_string());
        let sessions = database.sessions.clone_with_type::<Document>();
        let present = sessions.find_one(doc! { "run.id": &run }).projection(doc! { "_id": 1 });
        let (present, past) = tokio::try_join!(
            database.run(present),
            database.run(database.runs.find_one(doc! { "_id": &run }))
        )
        .map_err(store_error)?;
        Ok(present.is_some() || past.is_some())
    }
}

/// The fields of a run in its session, save the one that the server sets. One by one, so that the server can set that one.
fn fields(run: &RunDocument) -> Result<Document, StoreError> {
    let document = bson::serialize_to_document(run).map_err(|error| store_error(error.into()))?;
    let fields = document.into_iter().filter(|(name, _)| name != "lease_at");
    Ok(fields.map(|(name, value)| (format!("run.{name}"), value)).collect())
}

fn run_is_taken(run: RunId) -> StoreError {
    StoreError::new(StoreErrorKind::AlreadyExists, format!("there is a run {run} already"))
}
