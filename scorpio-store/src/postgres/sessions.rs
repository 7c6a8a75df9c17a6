//! The SQL of sessions and their messages.

use scorpio_core::{
    OwnerId, SessionId,
    store::{Listing, NewSession, Page, Session, SessionPatch, StoreError, StoreErrorKind, StoredMessage},
};
use sqlx::postgres::PgRow;

use super::{
    PostgresStore,
    error::{Violated, store_error, violated},
    query::Query,
    row::Columns,
};

pub(super) const COLUMNS: &str =
    "id, owner, title, version, created_at, updated_at, metadata, approved_tools";

pub(super) fn session(row: &PgRow) -> Result<Session, StoreError> {
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

impl PostgresStore {
    pub(super) async fn insert_session(&self, new: NewSession) -> Result<Session, StoreError> {
        let query = Query::new(format!(
            "insert into scorpio_sessions (id, owner, title, version, created_at, updated_at, metadata)
             values ($1, $2, $3, 0, now(), now(), $4) returning {COLUMNS}"
        ))
        .text(new.id.as_str())
        .text(new.owner.as_str())
        .text(&new.title)
        .optional_text(new.metadata.as_ref().map(|metadata| metadata.get()));
        let rows = self.database().run(query).await.map_err(|error| match violated(&error) {
            Some(Violated::Unique(_)) => {
                let message = format!("there is a session with the id {}", new.id);
                StoreError::new(StoreErrorKind::AlreadyExists, message)
            }
            _ => store_error(error),
        })?;
        let missing =
            || StoreError::new(StoreErrorKind::Unavailable, "the database did not answer the session");
        session(rows.first().ok_or_else(missing)?)
    }

    pub(super) async fn find_session(
        &self,
        owner: &OwnerId,
        id: &SessionId,
    ) -> Result<Option<Session>, StoreError> {
        self.database().row(select_session(owner, id)).await?.as_ref().map(session).transpose()
    }

    pub(super) async fn page_of_sessions(&self, owner: &OwnerId, page: Page) -> Result<Listing, StoreError> {
        let (query, limit, newest_last) = match page {
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
        let found = self.database().rows(query).await?;
        let mut sessions = found.iter().take(limit).map(session).collect::<Result<Vec<_>, _>>()?;
        if newest_last {
            sessions.reverse();
        }
        Ok(Listing::new(sessions, found.len() > limit))
    }

    async fn cursor(&self, owner: &OwnerId, id: &SessionId) -> Result<Session, StoreError> {
        self.find_session(owner, id).await?.ok_or_else(|| {
            StoreError::new(StoreErrorKind::NotFound, format!("the cursor {id} is no session of the owner"))
        })
    }

    pub(super) async fn patch_session(
        &self,
        owner: &OwnerId,
        id: &SessionId,
        patch: SessionPatch,
    ) -> Result<Option<Session>, StoreError> {
        let query = Query::new(format!(
            "update scorpio_sessions
             set title = case when title = coalesce($1, title) then coalesce($2, title) else title end,
                 metadata = coalesce($3, metadata),
                 approved_tools = case when $6::text is null or approved_tools::jsonb ? $6 then approved_tools
                                       else (approved_tools::jsonb || to_jsonb($6::text))::text end
             where id = $4 and owner = $5 returning {COLUMNS}"
        ))
        .optional_text(patch.if_title.as_deref())
        .optional_text(patch.title.as_deref())
        .optional_text(patch.metadata.as_ref().map(|metadata| metadata.get()))
        .text(id.as_str())
        .text(owner.as_str())
        .optional_text(patch.approve_tool.as_ref().map(|tool| tool.as_str()));
        self.database().row(query).await?.as_ref().map(session).transpose()
    }

    /// The events of its runs go too: they hold what was said. A run that is still driven may log a few more, which stay until they
    /// expire.
    pub(super) async fn remove_session(
        &self,
        owner: &OwnerId,
        id: &SessionId,
    ) -> Result<Option<Session>, StoreError> {
        let _held = self.events().hold_session(id).await;
        let Some(row) = self.database().row(delete_session(owner, id)).await? else { return Ok(None) };
        self.events().forget_session(id);
        session(&row).map(Some)
    }

    pub(super) async fn page_of_messages(
        &self,
        owner: &OwnerId,
        id: &SessionId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<StoredMessage>, StoreError> {
        let rows = self.database().rows(select_messages(owner, id, after, limit)).await?;
        let message = |row| {
            let mut columns = Columns::of(row, "scorpio_messages");
            Ok(StoredMessage::new(columns.number()?, columns.number()?, columns.json()?))
        };
        rows.iter().map(message).collect()
    }
}

pub(super) fn select_session(owner: &OwnerId, id: &SessionId) -> Query {
    Query::new(format!("select {COLUMNS} from scorpio_sessions where id = $1 and owner = $2"))
        .text(id.as_str())
        .text(owner.as_str())
}

/// The session is locked before anything of it is deleted: whoever writes it locks it first, too.
pub(super) fn delete_session(owner: &OwnerId, id: &SessionId) -> Query {
    Query::new(format!(
        "with doomed as materialized (
             select id as doomed_id from scorpio_sessions where id = $1 and owner = $2 for update),
         forgotten as (
             delete from scorpio_events
             where run_id in (select r.id from scorpio_runs r join doomed on r.session_id = doomed_id))
         delete from scorpio_sessions using doomed where id = doomed_id returning {COLUMNS}"
    ))
    .text(id.as_str())
    .text(owner.as_str())
}

// The pages have one session more than asked for, which tells whether there are more.

pub(super) fn select_newest(owner: &OwnerId, limit: usize) -> Query {
    let order = "order by updated_at desc, id desc limit $2";
    Query::new(format!("select {COLUMNS} from scorpio_sessions where owner = $1 {order}"))
        .text(owner.as_str())
        .number(limit.saturating_add(1))
}

pub(super) fn select_older(owner: &OwnerId, cursor: &Session, limit: usize) -> Query {
    let condition = "owner = $1 and (updated_at, id) < ($2, $3) order by updated_at desc, id desc limit $4";
    select_beside(condition, owner, cursor, limit)
}

pub(super) fn select_newer(owner: &OwnerId, cursor: &Session, limit: usize) -> Query {
    let condition = "owner = $1 and (updated_at, id) > ($2, $3) order by updated_at, id limit $4";
    select_beside(condition, owner, cursor, limit)
}

fn select_beside(condition: &str, owner: &OwnerId, cursor: &Session, limit: usize) -> Query {
    Query::new(format!("select {COLUMNS} from scorpio_sessions where {condition}"))
        .text(owner.as_str())
        .time(cursor.updated_at)
        .text(cursor.id.as_str())
        .number(limit.saturating_add(1))
}

pub(super) fn select_messages(owner: &OwnerId, id: &SessionId, after: u64, limit: usize) -> Query {
    Query::new(
        "select seq, parent, body from scorpio_messages
         where session_id = $1 and seq > $2 and is_current
         and exists (select from scorpio_sessions where id = $1 and owner = $3)
         order by seq limit $4",
    )
    .text(id.as_str())
    .number(after)
    .text(owner.as_str())
    .number(limit)
}
