//! [`AccountStore`] on PostgreSQL. Every call is one statement, so that what is counted or traded once is so under any concurrency.

use async_trait::async_trait;
use jiff::Timestamp;
use scorpio_core::{
    AuthSessionId, UserId,
    store::{
        AccountStore, AuthSession, Credentials, NewAuthSession, Quota, RefreshRotation, Rotation, Spend,
        Spending, StoreError, StoreErrorKind, User,
    },
};
use sqlx::postgres::PgRow;

use super::{
    PostgresStore,
    error::{Violated, store_error, violated},
    query::{Query, Time, to_micros},
    row::Columns,
};

const USER: &str = "id, kind, email, created_at";
const AUTH_SESSION: &str = "id, user_id, revoked_at, idle_until, absolute_until";

fn user_of(columns: &mut Columns<'_, PgRow>) -> Result<User, StoreError> {
    let (id, kind): (_, &str) = (columns.uuid()?, columns.get()?);
    let (email, created_at): (Option<String>, _) = (columns.get()?, columns.time()?);
    Ok(match (kind, email) {
        ("registered", Some(email)) => User::registered(id, email, created_at),
        _ => User::guest(id, created_at),
    })
}

fn user(row: &PgRow) -> Result<User, StoreError> {
    user_of(&mut Columns::of(row, "scorpio_users"))
}

fn auth_session_of(columns: &mut Columns<'_, PgRow>) -> Result<AuthSession, StoreError> {
    let (id, user) = (columns.uuid()?, columns.uuid()?);
    let revoked_at = columns.optional_time()?;
    let (idle_until, absolute_until) = (columns.time()?, columns.time()?);
    let new = NewAuthSession { id, user, refresh_hash: [0; 32], idle_until, absolute_until };
    let mut session = AuthSession::create(&new);
    session.revoked_at = revoked_at;
    Ok(session)
}

fn auth_session(row: &PgRow) -> Result<AuthSession, StoreError> {
    auth_session_of(&mut Columns::of(row, "scorpio_auth_sessions"))
}

fn quota(columns: &mut Columns<'_, PgRow>) -> Result<Quota, StoreError> {
    Ok(Quota { used: columns.number()?, oldest: columns.optional_time()? })
}

impl PostgresStore {
    /// Runs a statement that fails with `AlreadyExists` when something that must be unique is there.
    async fn write_unique(&self, query: Query, taken: &'static str) -> Result<Option<PgRow>, StoreError> {
        let rows = self.database().run(query).await.map_err(|error| match violated(&error) {
            Some(Violated::Unique(_)) => StoreError::new(StoreErrorKind::AlreadyExists, taken),
            Some(Violated::ForeignKey) => StoreError::new(StoreErrorKind::NotFound, "there is no such user"),
            None => store_error(error),
        })?;
        Ok(rows.into_iter().next())
    }
}

#[async_trait]
impl AccountStore for PostgresStore {
    async fn create_user(&self, user: &User, password_hash: Option<&str>) -> Result<(), StoreError> {
        let query = Query::new(
            "insert into scorpio_users (id, kind, email, password_hash, created_at) values ($1, $2, $3, $4, $5)",
        )
        .id(user.id.as_uuid())
        .text(user.kind.as_str())
        .optional_text(user.email.as_deref())
        .optional_text(password_hash)
        .time(user.created_at);
        self.write_unique(query, "the address or the id is taken").await.map(drop)
    }

    async fn user(&self, id: UserId) -> Result<Option<User>, StoreError> {
        let query = Query::new(format!("select {USER} from scorpio_users where id = $1")).id(id.as_uuid());
        self.database().row(query).await?.as_ref().map(user).transpose()
    }

    async fn user_by_email(&self, email: &str) -> Result<Option<(User, String)>, StoreError> {
        let Some(row) = self.database().row(select_user_by_email(email)).await? else { return Ok(None) };
        let mut columns = Columns::of(&row, "scorpio_users");
        Ok(Some((user_of(&mut columns)?, columns.get()?)))
    }

    async fn register_guest(
        &self,
        id: UserId,
        credentials: &Credentials,
    ) -> Result<Option<User>, StoreError> {
        let query = Query::new(format!(
            "update scorpio_users set kind = 'registered', email = $1, password_hash = $2
             where id = $3 and kind = 'guest' returning {USER}"
        ))
        .text(&credentials.email)
        .text(&credentials.password_hash)
        .id(id.as_uuid());
        self.write_unique(query, "the address is taken").await?.as_ref().map(user).transpose()
    }

    async fn set_password_hash(&self, id: UserId, password_hash: &str) -> Result<(), StoreError> {
        let query = Query::new("update scorpio_users set password_hash = $1 where id = $2 returning 1")
            .text(password_hash)
            .id(id.as_uuid());
        match self.database().row(query).await? {
            None => Err(StoreError::new(StoreErrorKind::NotFound, format!("there is no user {id}"))),
            Some(_) => Ok(()),
        }
    }

    async fn create_auth_session(&self, new: &NewAuthSession) -> Result<AuthSession, StoreError> {
        let query = Query::new(format!(
            "with session as (
                 insert into scorpio_auth_sessions (id, user_id, idle_until, absolute_until) values ($1, $2, $3, $4)
                 returning {AUTH_SESSION}),
             token as (
                 insert into scorpio_refresh_tokens (hash, auth_session_id) select $5, id from session)
             select * from session"
        ))
        .id(new.id.as_uuid())
        .id(new.user.as_uuid())
        .time(new.idle_until)
        .time(new.absolute_until)
        .bind(&new.refresh_hash[..]);
        let row = self.write_unique(query, "there is a sign-in with this id or this token").await?;
        row.as_ref().map_or_else(|| Ok(AuthSession::create(new)), auth_session)
    }

    async fn auth_session(&self, id: AuthSessionId) -> Result<Option<AuthSession>, StoreError> {
        let query = Query::new(format!("select {AUTH_SESSION} from scorpio_auth_sessions where id = $1"));
        self.database().row(query.id(id.as_uuid())).await?.as_ref().map(auth_session).transpose()
    }

    async fn rotate_refresh(&self, rotation: &RefreshRotation) -> Result<Rotation, StoreError> {
        let row = self.write_unique(rotate(rotation), "the new refresh token is there already").await?;
        let Some(row) = row else { return Ok(Rotation::Refused) };
        let mut columns = Columns::of(&row, "scorpio_auth_sessions");
        let session = auth_session_of(&mut columns)?;
        let was_used: bool = columns.get()?;
        Ok(if was_used { Rotation::Reused(session) } else { Rotation::Rotated(session) })
    }

    async fn auth_session_of_refresh(&self, hash: &[u8; 32]) -> Result<Option<AuthSession>, StoreError> {
        let query = Query::new(format!(
            "select {AUTH_SESSION} from scorpio_auth_sessions
             where id = (select auth_session_id from scorpio_refresh_tokens where hash = $1)"
        ))
        .bind(&hash[..]);
        self.database().row(query).await?.as_ref().map(auth_session).transpose()
    }

    async fn revoke_auth_session(&self, id: AuthSessionId, now: Timestamp) -> Result<(), StoreError> {
        let query = Query::new(
            "update scorpio_auth_sessions set revoked_at = coalesce(revoked_at, $1) where id = $2",
        );
        self.database().rows(query.time(now).id(id.as_uuid())).await.map(drop)
    }

    async fn revoke_user(&self, id: UserId, now: Timestamp) -> Result<(), StoreError> {
        let query = Query::new(
            "update scorpio_auth_sessions set revoked_at = coalesce(revoked_at, $1) where user_id = $2",
        );
        self.database().rows(query.time(now).id(id.as_uuid())).await.map(drop)
    }

    async fn spend(&self, spend: &Spend) -> Result<Spending, StoreError> {
        let since = to_micros(spend.now).checked_sub(spend.window).unwrap_or(Timestamp::MIN);
        let query = Query::new("select is_spent, used, oldest from scorpio_spend_1($1, $2, $3, $4, $5, $6)")
            .id(spend.user.as_uuid())
            .text(spend.kind)
            .text(&spend.key)
            .time(spend.now)
            .time(since)
            .number(spend.limit);
        let row = self.database().row(query).await?;
        let Some(row) = row else { return Ok(Spending::Exceeded(Quota { used: 0, oldest: None })) };
        let mut columns = Columns::of(&row, "scorpio_usage_ledger");
        let is_spent: bool = columns.get()?;
        let quota = quota(&mut columns)?;
        Ok(if is_spent { Spending::Spent(quota) } else { Spending::Exceeded(quota) })
    }

    async fn quota(&self, user: UserId, kind: &str, since: Timestamp) -> Result<Quota, StoreError> {
        match self.database().row(select_quota(user, kind, since)).await? {
            Some(row) => quota(&mut Columns::of(&row, "scorpio_usage_ledger")),
            None => Ok(Quota { used: 0, oldest: None }),
        }
    }
}

pub(super) fn select_user_by_email(email: &str) -> Query {
    Query::new(format!(
        "select {USER}, password_hash from scorpio_users where email = $1 and password_hash is not null"
    ))
    .text(email)
}

/// The token and its sign-in are locked first, so that everything is decided on what they are once the calls before have ended. A
/// used token revokes the sign-in; a live one is traded; else nothing is done.
fn rotate(rotation: &RefreshRotation) -> Query {
    Query::new(
        "with token as materialized (
             select hash, auth_session_id, used_at is not null as was_used
             from scorpio_refresh_tokens where hash = $1 for no key update),
         held as materialized (
             select id, revoked_at is null and idle_until > $3 and absolute_until > $3 as is_live, was_used
             from token join scorpio_auth_sessions s on id = auth_session_id for no key update of s),
         revoked as (
             update scorpio_auth_sessions s set revoked_at = coalesce(s.revoked_at, $3)
             from held where s.id = held.id and held.was_used returning s.*),
         marked as (
             update scorpio_refresh_tokens t set used_at = $3
             from held where t.hash = $1 and held.is_live and not held.was_used returning t.auth_session_id),
         added as (
             insert into scorpio_refresh_tokens (hash, auth_session_id) select $2, auth_session_id from marked),
         prolonged as (
             update scorpio_auth_sessions s set idle_until = $4
             from marked where s.id = marked.auth_session_id returning s.*)
         select id, user_id, revoked_at, idle_until, absolute_until, true from revoked
         union all
         select id, user_id, revoked_at, idle_until, absolute_until, false from prolonged",
    )
    .bind(&rotation.old_hash[..])
    .bind(&rotation.new_hash[..])
    .bind(Time(rotation.now))
    .bind(Time(rotation.idle_until))
}

pub(super) fn select_quota(user: UserId, kind: &str, since: Timestamp) -> Query {
    Query::new(
        "select count(*), min(spent_at) from scorpio_usage_ledger
         where user_id = $1 and kind = $2 and spent_at > $3",
    )
    .id(user.as_uuid())
    .text(kind)
    .time(since)
}
