//! The SQL of sessions and their messages.

use scorpio_core::{
    OwnerId, SessionId,
    store::{Listing, NewSession, Page, Session, SessionPatch, StoreError, StoreErrorKind, StoredMessage},
};
use sqlx::sqlite::SqliteRow;

use super::{
    SqliteStore,
    error::{Violated, store_error, violated},
    row::{Columns, now, rows},
    script::Script,
};

const COLUMNS: &str = "id, owner, title, version, created_at, updated_at, metadata, approved_tools";

fn session(row: &SqliteRow) -> Result<Session, StoreError> {
    let mut columns = Columns::of(row, "scorpio_sessions");
    let (id, owner) = (columns.id()?, columns.id()?);
    let mut new = NewSession::new(id, owner).with_title(columns.get::<String>()?);
    let version = columns.number()?;
    let (created_at, updated_at) = (columns.time()?, columns.time()?);
    new.metadata = columns.raw_json()?;
    let mut session = Session::create(new, created_at);
    (session.version, session.updated_at) = (version, updated_at);
    session.approved_tools = columns.json()?;
    Ok(session)
}

impl SqliteStore {
    pub(super) async fn insert_session(&self, new: NewSession) -> Result<Session, StoreError> {
        let session = Session::create(new, now());
        let script = Script::new(
            "insert into scorpio_sessions (id, owner, title, version, created_at, updated_at, metadata)
             values (?, ?, ?, 0, ?, ?, ?)",
        )
        .bind(session.id.as_str())
        .bind(session.owner.as_str())
        .bind(session.title.as_str())
        .bind(session.created_at)
        .bind(session.updated_at)
        .bind(session.metadata.as_ref().map(|metadata| metadata.get()));
        match self.write(script).await {
            Ok(_) => Ok(session),
            Err(error) if matches!(violated(&error), Some(Violated::Unique(_))) => {
                let message = format!("there is a session with the id {}", session.id);
                Err(StoreError::new(StoreErrorKind::AlreadyExists, message))
            }
            Err(error) => Err(store_error(error)),
        }
    }

    pub(super) async fn select_session(
        &self,
        owner: &OwnerId,
        id: &SessionId,
    ) -> Result<Option<Session>, StoreError> {
        let steps = self.read(select_session(owner, id)).await?;
        rows(&steps, 0).first().map(session).transpose()
    }

    pub(super) async fn select_sessions(&self, owner: &OwnerId, page: Page) -> Result<Listing, StoreError> {
        let (script, limit, newest_last) = match page {
            Page::First { limit } => (select_newest(owner, limit), limit, false),
            Page::OlderThan { id, limit } => {
                (select_older(owner, &self.cursor(owner, &id).await?, limit), limit, false)
            }
            Page::NewerThan { id, limit } => {
                (select_newer(owner, &self.cursor(owner, &id).await?, limit), limit, true)
            }
            other => {
                let message = format!("this store does not know the page {other:?}");
                return Err(StoreError::new(StoreErrorKind::Unavailable, message));
            }
        };
        let steps = self.read(script).await?;
        let found = rows(&steps, 0);
        let mut sessions = found.iter().take(limit).map(session).collect::<Result<Vec<_>, _>>()?;
        if newest_last {
            sessions.reverse();
        }
        Ok(Listing::new(sessions, found.len() > limit))
    }

    async fn cursor(&self, owner: &OwnerId, id: &SessionId) -> Result<Session, StoreError> {
        self.select_session(owner, id).await?.ok_or_else(|| {
            StoreError::new(StoreErrorKind::NotFound, format!("the cursor {id} is no session of the owner"))
        })
    }

    pub(super) async fn patch_session(
        &self,
        owner: &OwnerId,
        id: &SessionId,
        patch: SessionPatch,
    ) -> Result<Option<Session>, StoreError> {
        let script = Script::new(&format!(
            "update scorpio_sessions
             set title = iif(title = coalesce(?, title), coalesce(?, title), title), metadata = coalesce(?, metadata),
                 approved_tools = iif(? is null or exists (select 1 from json_each(approved_tools) where value = ?),
                                      approved_tools, json_insert(approved_tools, '$[#]', ?))
             where id = ? and owner = ? returning {COLUMNS}"
        ))
        .bind(patch.if_title)
        .bind(patch.title)
        .bind(patch.metadata.as_ref().map(|metadata| metadata.get()))
        .bind(patch.approve_tool.as_ref().map(|tool| tool.as_str()))
        .bind(patch.approve_tool.as_ref().map(|tool| tool.as_str()))
        .bind(patch.approve_tool.as_ref().map(|tool| tool.as_str()))
        .bind(id.as_str())
        .bind(owner.as_str());
        let steps = self.write(script).await.map_err(store_error)?;
        rows(&steps, 0).first().map(session).transpose()
    }

    /// The events of its runs go too: they hold what was said. A run that is still driven may log a few more, which stay until they
    /// expire.
    pub(super) async fn remove_session(
        &self,
        owner: &OwnerId,
        id: &SessionId,
    ) -> Result<Option<Session>, StoreError> {
        let script = Script::new(
            "delete from scorpio_events
             where run_id in (select id from scorpio_runs where session_id = ? and owner = ?) returning run_id",
        )
        .bind(id.as_str())
        .bind(owner.as_str())
        .then(&format!("delete from scorpio_sessions where id = ? and owner = ? returning {COLUMNS}"))
        .bind(id.as_str())
        .bind(owner.as_str());
        let _held = self.events().hold_session(id).await;
        let steps = self.write(script).await.map_err(store_error)?;
        let Some(row) = rows(&steps, 1).first() else { return Ok(None) };
        self.events().forget_session(id);
        session(row).map(Some)
    }

    pub(super) async fn select_messages(
        &self,
        owner: &OwnerId,
        id: &SessionId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<StoredMessage>, StoreError> {
        let steps = self.read(select_messages(owner, id, after, limit)).await?;
        let message = |row| {
            let mut columns = Columns::of(row, "scorpio_messages");
            Ok(StoredMessage::new(columns.number()?, columns.number()?, columns.json()?))
        };
        rows(&steps, 0).iter().map(message).collect()
    }
}

pub(super) fn select_session(owner: &OwnerId, id: &SessionId) -> Script {
    Script::new(&format!("select {COLUMNS} from scorpio_sessions where id = ? and owner = ?"))
        .bind(id.as_str())
        .bind(owner.as_str())
}

// The pages have one session more than asked for, which tells whether there are more.

pub(super) fn select_newest(owner: &OwnerId, limit: usize) -> Script {
    let order = "order by updated_at desc, id desc limit ?";
    Script::new(&format!("select {COLUMNS} from scorpio_sessions where owner = ? {order}"))
        .bind(owner.as_str())
        .bind(limit.saturating_add(1))
}

pub(super) fn select_older(owner: &OwnerId, cursor: &Session, limit: usize) -> Script {
    let condition = "where owner = ? and (updated_at, id) < (?, ?) order by updated_at desc, id desc limit ?";
    select_beside(condition, owner, cursor, limit)
}

pub(super) fn select_newer(owner: &OwnerId, cursor: &Session, limit: usize) -> Script {
    let condition = "where owner = ? and (updated_at, id) > (?, ?) order by updated_at, id limit ?";
    select_beside(condition, owner, cursor, limit)
}

fn select_beside(condition: &str, owner: &OwnerId, cursor: &Session, limit: usize) -> Script {
    Script::new(&format!("select {COLUMNS} from scorpio_sessions {condition}"))
        .bind(owner.as_str())
        .bind(cursor.updated_at)
        .bind(cursor.id.as_str())
        .bind(limit.saturating_add(1))
}

pub(super) fn select_messages(owner: &OwnerId, id: &SessionId, after: u64, limit: usize) -> Script {
    Script::new(
        "select seq, parent, body from scorpio_messages
         where session_id = ? and seq > ? and is_current = 1 and exists (select 1 from scorpio_sessions where id = ? and owner = ?)
         order by seq limit ?",
    )
    .bind(id.as_str())
    .bind(after)
    .bind(id.as_str())
    .bind(owner.as_str())
    .bind(limit)
}
