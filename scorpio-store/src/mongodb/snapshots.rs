//! Sessions that are exported and imported with all of theirs.

use mongodb::bson::doc;
use scorpio_core::{
    OwnerId, SessionId,
    store::{Session, SessionSnapshot, SnapshotMessage, StoreError, ToolExecution},
};

use super::{
    MongoStore,
    document::{ExecutionDocument, MessageDocument, SessionDocument, id as parse, signed, unsigned},
    error::{MongoResult, is_duplicate, session_is_taken, store_error},
    sessions::{by_id, new_key},
};

impl MongoStore {
    pub(super) async fn find_snapshot(
        &self,
        owner: &OwnerId,
        id: &SessionId,
    ) -> Result<Option<SessionSnapshot>, StoreError> {
        let Some(session) = self.load(by_id(owner, id)).await? else { return Ok(None) };
        let filter = doc! { "session": session.key.as_str(), "seq": { "$lte": session.version } };
        let query = self.database().messages.find(filter).sort(doc! { "seq": 1 });
        let message = |found: &MessageDocument| {
            let (seq, parent) = (unsigned(found.seq), unsigned(found.parent));
            let (is_current, run) = (session.history.contains(found.seq), parse("a message", &found.run)?);
            Ok(SnapshotMessage::new(seq, parent, is_current, run, found.message()?))
        };
        let found = self.database().all(query).await?;
        let messages = found.iter().map(message).collect::<Result<Vec<_>, StoreError>>()?;
        let executions = self.executions_of(&session, None).await?;
        Ok(Some(SessionSnapshot::new(session.session()?, messages, executions)))
    }

    /// The session comes last: without it nobody finds what hangs on it.
    pub(super) async fn insert_snapshot(&self, snapshot: SessionSnapshot) -> Result<Session, StoreError> {
        snapshot.check()?;
        let SessionSnapshot { session, messages, executions, .. } = snapshot;
        let key = new_key();
        let current = messages.iter().filter(|message| message.is_current);
        let history = current.map(|message| signed(message.seq)).collect();
        let document = SessionDocument::new(key.clone(), &session, history);
        let messages = messages.iter().map(|message| {
            let place = (signed(message.seq), signed(message.parent));
            MessageDocument::new(&key, place, message.run, &message.message)
        });
        let messages = messages.collect::<Result<Vec<_>, _>>()?;
        let executions = (executions.iter().zip(0..))
            .map(|(execution, place)| ExecutionDocument::new(&key, (0, place), execution));
        let executions = executions.collect::<Result<Vec<_>, _>>()?;
        match self.insert_parts(document, &messages, &executions).await {
            Ok(()) => Ok(session),
            Err(error) => {
                // When the session itself has not arrived, neither should the rest stay.
                if is_duplicate(&error) {
                    self.remove_parts(&key).await?;
                    return Err(session_is_taken(&session.id));
                }
                Err(store_error(error))
            }
        }
    }

    async fn insert_parts(
        &self,
        session: SessionDocument,
        messages: &[MessageDocument],
        executions: &[ExecutionDocument],
    ) -> MongoResult<()> {
        let database = self.database();
        if !messages.is_empty() {
            database.run(database.messages.insert_many(messages)).await?;
        }
        if !executions.is_empty() {
            database.run(database.executions.insert_many(executions)).await?;
        }
        database.run(database.sessions.insert_one(session)).await.map(drop)
    }

    /// The tool executions of a session, oldest first.
    pub(super) async fn executions_of(
        &self,
        session: &SessionDocument,
        limit: Option<usize>,
    ) -> Result<Vec<ToolExecution>, StoreError> {
        let query = self.database().executions.find(doc! { "session": session.key.as_str() });
        let query = query.sort(doc! { "planned": 1, "place": 1 });
        let query = match limit {
            Some(0) => return Ok(Vec::new()),
            Some(limit) => query.limit(i64::from(i32::try_from(limit).unwrap_or(i32::MAX))),
            None => query,
        };
        self.database().all(query).await?.iter().map(ExecutionDocument::execution).collect()
    }
}
