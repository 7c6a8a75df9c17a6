//! Sessions and their messages.

use mongodb::{
    bson::{Document, doc, oid::ObjectId},
    options::ReturnDocument,
};
use scorpio_core::{
    OwnerId, SessionId,
    store::{Listing, NewSession, Page, Session, SessionPatch, StoreError, StoreErrorKind, StoredMessage},
};

use super::{
    MongoStore,
    document::{MessageDocument, SessionDocument, now, signed, unsigned},
    error::{is_duplicate, session_is_taken, store_error},
    history::History,
};

/// The session alone, without what may be large.
pub(super) fn without_run() -> Document {
    doc! { "run": 0, "pending": 0 }
}

pub(super) fn by_id(owner: &OwnerId, id: &SessionId) -> Document {
    doc! { "session_id": id.as_str(), "owner": owner.as_str() }
}

pub(super) fn new_key() -> String {
    ObjectId::new().to_hex()
}

/// A limit that the server takes. None at all is 0 to it.
fn limited(limit: usize) -> i64 {
    i64::from(i32::try_from(limit).unwrap_or(i32::MAX))
}

impl MongoStore {
    pub(super) async fn insert_session(&self, new: NewSession) -> Result<Session, StoreError> {
        let session = Session::create(new, now());
        let document = SessionDocument::new(new_key(), &session, History::default());
        let database = self.database();
        match database.run(database.sessions.insert_one(document)).await {
            Ok(_) => Ok(session),
            Err(error) if is_duplicate(&error) => Err(session_is_taken(&session.id)),
            Err(error) => Err(store_error(error)),
        }
    }

    pub(super) async fn find_session(
        &self,
        owner: &OwnerId,
        id: &SessionId,
    ) -> Result<Option<Session>, StoreError> {
        let database = self.database();
        let query = database.sessions.find_one(by_id(owner, id)).projection(without_run());
        let found = database.run(query).await.map_err(store_error)?;
        found.map(|session| session.session()).transpose()
    }

    pub(super) async fn find_sessions(&self, owner: &OwnerId, page: Page) -> Result<Listing, StoreError> {
        let (filter, limit, is_reversed) = match page {
            Page::First { limit } => (doc! { "owner": owner.as_str() }, limit, false),
            Page::OlderThan { id, limit } => (self.beside(owner, &id, "$lt").await?, limit, false),
            Page::NewerThan { id, limit } => (self.beside(owner, &id, "$gt").await?, limit, true),
            other => {
                let message = format!("this store does not know the page {other:?}");
                return Err(StoreError::new(StoreErrorKind::Unsupported, message));
            }
        };
        let order = if is_reversed { 1 } else { -1 };
        let database = self.database();
        // One more than asked for, which tells whether there are more.
        let query = (database.sessions.find(filter))
            .projection(without_run())
            .sort(doc! { "updated_at": order, "session_id": order })
            .limit(limited(limit.saturating_add(1)));
        let found = database.all(query).await?;
        let mut sessions =
            found.iter().take(limit).map(SessionDocument::session).collect::<Result<Vec<_>, _>>()?;
        if is_reversed {
            sessions.reverse();
        }
        Ok(Listing::new(sessions, found.len() > limit))
    }

    /// The filter for the sessions on one side of the cursor `id`.
    async fn beside(&self, owner: &OwnerId, id: &SessionId, side: &str) -> Result<Document, StoreError> {
        let Some(cursor) = self.find_session(owner, id).await? else {
            let message = format!("the cursor {id} is no session of the owner");
            return Err(StoreError::new(StoreErrorKind::NotFound, message));
        };
        let at = cursor.updated_at.as_microsecond();
        let (further, same) = (
            doc! { "updated_at": { side: at } },
            doc! { "updated_at": at, "session_id": { side: id.as_str() } },
        );
        Ok(doc! { "owner": owner.as_str(), "$or": [further, same] })
    }

    pub(super) async fn patch_session(
        &self,
        owner: &OwnerId,
        id: &SessionId,
        patch: SessionPatch,
    ) -> Result<Option<Session>, StoreError> {
        let mut update = Document::new();
        if let Some(tool) = &patch.approve_tool {
            update.insert("$addToSet", doc! { "approved_tools": tool.as_str() });
        }
        let mut set = Document::new();
        if let Some(metadata) = &patch.metadata {
            set.insert("metadata", metadata.get());
        }
        if let Some(title) = patch.title {
            let mut with_title = update.clone();
            let mut set = set.clone();
            set.insert("title", title);
            with_title.insert("$set", set);
            let mut filter = by_id(owner, id);
            if let Some(expected) = patch.if_title {
                filter.insert("title", expected);
            }
            if let Some(session) = self.update(filter, with_title).await? {
                return Ok(Some(session));
            }
        }
        // The title is another one by now, or the session is not there.
        if !set.is_empty() {
            update.insert("$set", set);
        }
        if update.is_empty() {
            return self.find_session(owner, id).await;
        }
        self.update(by_id(owner, id), update).await
    }

    async fn update(&self, filter: Document, update: Document) -> Result<Option<Session>, StoreError> {
        let database = self.database();
        let command = (database.sessions.find_one_and_update(filter, update))
            .projection(without_run())
            .return_document(ReturnDocument::After);
        let updated = database.run(command).await.map_err(store_error)?;
        updated.map(|session| session.session()).transpose()
    }

    /// The session goes first: without it nobody finds what hangs on it.
    pub(super) async fn remove_session(
        &self,
        owner: &OwnerId,
        id: &SessionId,
    ) -> Result<Option<Session>, StoreError> {
        let database = self.database();
        let command = database.sessions.find_one_and_delete(by_id(owner, id)).projection(without_run());
        let Some(session) = database.run(command).await.map_err(store_error)? else { return Ok(None) };
        self.remove_parts(&session.key).await?;
        session.session().map(Some)
    }

    /// Deletes what hangs on the session of a key.
    pub(super) async fn remove_parts(&self, key: &str) -> Result<(), StoreError> {
        let (database, filter) = (self.database(), || doc! { "session": key });
        let removed = tokio::try_join!(
            database.run(database.messages.delete_many(filter())),
            database.run(database.executions.delete_many(filter())),
            database.run(database.runs.delete_many(filter())),
            database.run(database.journal.delete_many(filter())),
        );
        removed.map(drop).map_err(store_error)
    }

    pub(super) async fn find_messages(
        &self,
        owner: &OwnerId,
        id: &SessionId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<StoredMessage>, StoreError> {
        let Some(session) = self.load(by_id(owner, id)).await? else { return Ok(Vec::new()) };
        let Some(mut filter) = session.history.after(signed(after)).filter(|_| limit > 0) else {
            return Ok(Vec::new());
        };
        filter.insert("session", session.key);
        let query = self.database().messages.find(filter).sort(doc! { "seq": 1 }).limit(limited(limit));
        let stored = |found: &MessageDocument| {
            let (seq, parent) = (unsigned(found.seq), unsigned(found.parent));
            Ok(StoredMessage::new(seq, parent, found.message()?))
        };
        self.database().all(query).await?.iter().map(stored).collect()
    }
}
