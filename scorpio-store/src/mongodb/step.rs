//! Steps: each is one update of the document of a session, made only if nobody else has made one since it was read.
//!
//! What a step adds to other collections is in the document first, as [`Pending`], and is put in its place afterwards. Whoever reads the
//! document meanwhile does so, too: it can be done any number of times, by any number of processes.

use std::time::Duration;

use futures::future::try_join_all;
use mongodb::bson::{self, Document, doc};
use scorpio_core::store::{StoreError, StoreErrorKind};

use super::{
    MongoStore,
    document::{ExecutionDocument, FinishedRun, Pending, RunDocument, SessionDocument},
    error::{DOCUMENT, MongoResult, once, store_error},
};

/// How many bytes the parts of a document may have that grow. The rest is for what is between them.
const ROOM: u64 = DOCUMENT - (1 << 20);

/// What a step changes.
#[derive(Debug, Default)]
pub(super) struct Change {
    /// The fields of the session and of the run in it, such as `run.status`.
    pub(super) set: Document,
    /// Whether the lease of the run counts from now on.
    pub(super) renews: bool,
    pub(super) pending: Pending,
}

impl MongoStore {
    /// A session, with everything of it in its place.
    pub(super) async fn load(&self, filter: Document) -> Result<Option<SessionDocument>, StoreError> {
        let database = self.database();
        let found = database.run(database.sessions.find_one(filter)).await.map_err(store_error)?;
        let Some(mut session) = found else { return Ok(None) };
        if let Some(pending) = session.pending.take() {
            self.settle(&session.key, &pending, session.run.as_ref()).await.map_err(store_error)?;
        }
        Ok(Some(session))
    }

    /// Makes a step from `session`, which was [loaded](Self::load). Answers whether nobody else was faster.
    pub(super) async fn step(&self, session: &SessionDocument, change: Change) -> MongoResult<bool> {
        let Change { mut set, renews, mut pending } = change;
        pending.revision = session.revision.saturating_add(1);
        if !pending.is_empty() {
            set.insert("pending", bson::serialize_to_bson(&pending)?);
        }
        let mut update = doc! { "$set": set, "$inc": { "revision": 1_i64 } };
        if renews {
            update.insert("$currentDate", doc! { "run.lease_at": true });
        }
        let (database, key) = (self.database(), session.key.as_str());
        let filter = doc! { "_id": key, "revision": session.revision };
        let updated = database.run(database.sessions.update_one(filter, update)).await?;
        if updated.matched_count == 0 {
            return Ok(false);
        }
        // The step is made, whatever happens now: what is left undone here, whoever reads the session next does.
        let _ = match pending {
            pending if pending.is_empty() => Ok(()),
            Pending { is_end: true, .. } => self.load(doc! { "_id": key }).await.map(drop),
            pending => self.settle(key, &pending, None).await.map_err(store_error),
        };
        Ok(true)
    }

    /// Puts in its place what a step has decided.
    async fn settle(&self, session: &str, pending: &Pending, run: Option<&RunDocument>) -> MongoResult<()> {
        let database = self.database();
        let messages = async {
            if pending.messages.is_empty() {
                return Ok(());
            }
            once(database.run(database.messages.insert_many(&pending.messages).ordered(false)).await)
        };
        let executions = try_join_all(pending.executions.iter().map(|execution| self.overwrite(execution)));
        let journal = async {
            match &pending.journal {
                Some(entry) => once(database.run(database.journal.insert_one(entry)).await),
                None => Ok(()),
            }
        };
        let finished = async {
            let Some(run) = run.filter(|_| pending.is_end) else { return Ok(()) };
            let finished = FinishedRun { id: run.id.clone(), session: session.to_owned(), run: run.clone() };
            once(database.run(database.runs.insert_one(finished)).await)
        };
        tokio::try_join!(messages, executions, journal, finished)?;
        let filter = doc! { "_id": session, "pending.revision": pending.revision };
        let update = doc! { "$unset": { "pending": "" } };
        database.run(database.sessions.update_one(filter, update)).await.map(drop)
    }

    /// Writes a tool execution, unless it is there as this step or a later one has left it.
    async fn overwrite(&self, execution: &ExecutionDocument) -> MongoResult<()> {
        let ExecutionDocument { key, session, planned, place, revision, run, tool, status, body } = execution;
        let filter = doc! { "_id": key, "revision": { "$lt": *revision } };
        let update = doc! {
            "$set": { "revision": *revision, "tool": tool, "status": status, "body": body },
            "$setOnInsert": { "session": session, "planned": *planned, "place": *place, "run": run },
        };
        let database = self.database();
        once(database.run(database.executions.update_one(filter, update).upsert(true)).await)
    }
}

/// Refuses a step that would not fit into the document.
pub(super) fn check_size(
    pending: &Pending,
    run: Option<&RunDocument>,
    machine: &str,
) -> Result<(), StoreError> {
    let signals: usize = run.iter().flat_map(|run| &run.signals).map(String::len).sum();
    let size = pending.size().saturating_add(signals).saturating_add(machine.len());
    if u64::try_from(size).is_ok_and(|size| size <= ROOM) {
        return Ok(());
    }
    let message = format!("a step of {size} bytes does not fit into a document of MongoDB");
    Err(StoreError::new(StoreErrorKind::TooLarge { limit: ROOM }, message))
}

/// How often a step was tried. Each time that it fails another one was made, so they end.
#[derive(Debug, Default)]
pub(super) struct Attempts(u32);

impl Attempts {
    /// Waits before the next attempt.
    pub(super) async fn pause(&mut self) -> Result<(), StoreError> {
        self.0 += 1;
        if self.0 > 200 {
            let message = "others keep changing the session";
            return Err(StoreError::new(StoreErrorKind::Unavailable, message));
        }
        tokio::time::sleep(Duration::from_millis(u64::from(self.0.min(20)))).await;
        Ok(())
    }
}
