//! What can be looked up about runs.

use mongodb::bson::{Document, doc};
use scorpio_core::{
    MessageId, OwnerId, RunId, SessionId,
    store::{Claimable, RunRecord, RunStatus, StoreError, ToolExecution},
};

use super::{
    MongoStore,
    document::{RunDocument, SessionDocument},
    error::store_error,
    history::History,
    sessions::by_id,
};

/// A run, and the session that it is of.
pub(super) struct Found {
    pub(super) session: SessionDocument,
    pub(super) run: RunDocument,
}

impl Found {
    pub(super) fn record(&self) -> Result<RunRecord, StoreError> {
        self.run.record(&self.session)
    }
}

impl MongoStore {
    /// Whether a message with one of these ids is on a branch.
    pub(super) async fn has_messages(
        &self,
        session: &SessionDocument,
        history: &History,
        ids: Vec<&str>,
    ) -> Result<bool, StoreError> {
        if ids.is_empty() {
            return Ok(false);
        }
        let places = self.places(session, doc! { "message_id": { "$in": ids } }).await?;
        Ok(places.iter().any(|place| history.contains(place.seq)))
    }

    /// A run, be it the last one of its session or one before.
    pub(super) async fn find_run(&self, run: RunId) -> Result<Option<Found>, StoreError> {
        let (database, run) = (self.database(), run.to_string());
        if let Some(session) = self.load(doc! { "run.id": &run }).await?
            && let Some(run) = session.run.clone()
        {
            return Ok(Some(Found { session, run }));
        }
        let past = database.run(database.runs.find_one(doc! { "_id": &run })).await.map_err(store_error)?;
        let Some(past) = past else { return Ok(None) };
        // A session that was deleted may have left it behind.
        let session = self.load(doc! { "_id": past.session }).await?;
        Ok(session.map(|session| Found { session, run: past.run }))
    }

    pub(super) async fn find_run_of(&self, owner: &OwnerId, run: RunId) -> Result<Option<Found>, StoreError> {
        let found = self.find_run(run).await?;
        Ok(found.filter(|found| found.session.owner == owner.as_str()))
    }

    pub(super) async fn find_live_run(
        &self,
        owner: &OwnerId,
        session: &SessionId,
    ) -> Result<Option<RunRecord>, StoreError> {
        let Some(session) = self.load(by_id(owner, session)).await? else { return Ok(None) };
        session.live_run().map(|run| run.record(&session)).transpose()
    }

    pub(super) async fn find_claimable(&self, which: &Claimable) -> Result<Vec<RunRecord>, StoreError> {
        let mut filter = doc! { "run.status": { "$in": live_statuses() } };
        if let Some(agents) = &which.agents {
            filter.insert("run.agent", doc! { "$in": agents });
        }
        // Looked at without what may be large, for most of them are held.
        let query =
            (self.database().sessions.find(filter)).projection(run_without_texts()).sort(oldest_first());
        let (now, live) = (self.database().server_time().await?, self.database().all(query).await?);
        let runs = live.into_iter().filter_map(|session| session.run);
        let claimable = runs.filter(|run| match run.is_running() {
            true => {
                run.has_lapsed(now) || which.sole_holder.as_ref().is_some_and(|holder| run.holder != *holder)
            }
            false => {
                run.wake_at.is_some_and(|wake_at| wake_at <= now.timestamp_millis().saturating_mul(1_000))
                    || run.signal_count > run.signals_seen
            }
        });
        let runs: Vec<String> = claimable.map(|run| run.id).take(which.limit).collect();
        if runs.is_empty() {
            return Ok(Vec::new());
        }
        let filter = doc! { "run.id": { "$in": runs }, "run.status": { "$in": live_statuses() } };
        let query =
            self.database().sessions.find(filter).projection(doc! { "pending": 0 }).sort(oldest_first());
        let found = self.database().all(query).await?;
        let records = found.iter().filter_map(|session| Some(session.live_run()?.record(session)));
        records.collect()
    }

    pub(super) async fn find_run_of_message(
        &self,
        owner: &OwnerId,
        session: &SessionId,
        message: &MessageId,
    ) -> Result<Option<RunRecord>, StoreError> {
        let Some(session) = self.load(by_id(owner, session)).await? else { return Ok(None) };
        let places = self.places(&session, doc! { "message_id": message.as_str() }).await?;
        let place = places.iter().max_by_key(|place| (session.history.contains(place.seq), place.seq));
        let Some(place) = place else { return Ok(None) };
        if let Some(run) = session.run.as_ref().filter(|run| run.id == place.run) {
            return run.record(&session).map(Some);
        }
        // The runs of a session that was imported stayed where they were.
        let filter = doc! { "_id": &place.run, "session": &session.key };
        let database = self.database();
        let past = database.run(database.runs.find_one(filter)).await.map_err(store_error)?;
        past.map(|past| past.run.record(&session)).transpose()
    }

    pub(super) async fn find_executions(
        &self,
        owner: &OwnerId,
        session: &SessionId,
        limit: usize,
    ) -> Result<Vec<ToolExecution>, StoreError> {
        let Some(session) = self.load(by_id(owner, session)).await? else { return Ok(Vec::new()) };
        self.executions_of(&session, Some(limit)).await
    }
}

pub(super) fn live_statuses() -> [&'static str; 2] {
    [RunStatus::Running.as_str(), RunStatus::Waiting.as_str()]
}

/// A session and its run, without what may be large.
pub(super) fn run_without_texts() -> Document {
    doc! { "run.machine": 0, "run.signals": 0, "pending": 0, "history": 0 }
}

fn oldest_first() -> Document {
    doc! { "run.started_at": 1, "run.id": 1 }
}
