//! [`AccountStore`] on SQLite. Every call is one transaction, so that what is counted or traded once is so under any concurrency.

use async_trait::async_trait;
use jiff::Timestamp;
use scorpio_core::{
    AuthSessionId, UserId,
    store::{
        AccountStore, AuthSession, Credentials, NewAuthSession, Quota, RefreshRotation, Rotation, Spend,
        Spending, StoreError, StoreErrorKind, User,
    },
};
use sqlx::sqlite::SqliteRow;

use super::{
    SqliteStore,
    error::{Violated, store_error, violated},
    row::{Columns, changes, rows, to_micros},
    script::{Script, Step},
};

const USER: &str = "id, kind, email, created_at";
const AUTH_SESSION: &str = "id, user_id, revoked_at, idle_until, absolute_until";

fn user_of(columns: &mut Columns<'_, SqliteRow>) -> Result<User, StoreError> {
    let (id, kind): (_, &str) = (columns.id()?, columns.get()?);
    let (email, created_at): (Option<String>, _) = (columns.get()?, columns.time()?);
    Ok(match (kind, email) {
        ("registered", Some(email)) => User::registered(id, email, created_at),
        _ => User::guest(id, created_at),
    })
}

fn first_user(steps: &[Step]) -> Result<Option<User>, StoreError> {
    let row = rows(steps, 0).first();
    row.map(|row| user_of(&mut Columns::of(row, "scorpio_users"))).transpose()
}

fn auth_session(row: &SqliteRow) -> Result<AuthSession, StoreError> {
    let mut columns = Columns::of(row, "scorpio_auth_sessions");
    let (id, user) = (columns.id()?, columns.id()?);
    let revoked_at = columns.optional_time()?;
    let (idle_until, absolute_until) = (columns.time()?, columns.time()?);
    let new = NewAuthSession { id, user, refresh_hash: [0; 32], idle_until, absolute_until };
    let mut session = AuthSession::create(&new);
    session.revoked_at = revoked_at;
    Ok(session)
}

fn quota(row: Option<&SqliteRow>) -> Result<Quota, StoreError> {
    let Some(row) = row else { return Ok(Quota { used: 0, oldest: None }) };
    let mut columns = Columns::of(row, "scorpio_usage_ledger");
    Ok(Quota { used: columns.number()?, oldest: columns.optional_time()? })
}

impl SqliteStore {
    /// Runs a script that fails with `AlreadyExists` when something that must be unique is there.
    async fn write_unique(&self, script: Script, taken: &'static str) -> Result<Vec<Step>, StoreError> {
        self.write(script).await.map_err(|error| match violated(&error) {
            Some(Violated::Unique(_)) => StoreError::new(StoreErrorKind::AlreadyExists, taken),
            Some(Violated::ForeignKey) => StoreError::new(StoreErrorKind::NotFound, "there is no such user"),
            None => store_error(error),
        })
    }
}

#[async_trait]
impl AccountStore for SqliteStore {
    async fn create_user(&self, user: &User, password_hash: Option<&str>) -> Result<(), StoreError> {
        let script = Script::new(
            "insert into scorpio_users (id, kind, email, password_hash, created_at) values (?, ?, ?, ?, ?)",
        )
        .bind(user.id.to_string())
        .bind(user.kind.as_str())
        .bind(user.email.as_deref())
        .bind(password_hash)
        .bind(user.created_at);
        self.write_unique(script, "the address or the id is taken").await.map(drop)
    }

    async fn user(&self, id: UserId) -> Result<Option<User>, StoreError> {
        let script =
            Script::new(&format!("select {USER} from scorpio_users where id = ?")).bind(id.to_string());
        first_user(&self.read(script).await?)
    }

    async fn user_by_email(&self, email: &str) -> Result<Option<(User, String)>, StoreError> {
        let script = Script::new(&format!(
            "select {USER}, password_hash from scorpio_users where email = ? and password_hash is not null"
        ))
        .bind(email);
        let steps = self.read(script).await?;
        let Some(row) = rows(&steps, 0).first() else { return Ok(None) };
        let mut columns = Columns::of(row, "scorpio_users");
        Ok(Some((user_of(&mut columns)?, columns.get()?)))
    }

    async fn register_guest(
        &self,
        id: UserId,
        credentials: &Credentials,
    ) -> Result<Option<User>, StoreError> {
        let script = Script::new(&format!(
            "update scorpio_users set kind = 'registered', email = ?, password_hash = ?
             where id = ? and kind = 'guest' returning {USER}"
        ))
        .bind(credentials.email.as_str())
        .bind(credentials.password_hash.as_str())
        .bind(id.to_string());
        first_user(&self.write_unique(script, "the address is taken").await?)
    }

    async fn set_password_hash(&self, id: UserId, password_hash: &str) -> Result<(), StoreError> {
        let script = Script::new("update scorpio_users set password_hash = ? where id = ?")
            .bind(password_hash)
            .bind(id.to_string());
        match changes(&self.write(script).await.map_err(store_error)?, 0) {
            0 => Err(StoreError::new(StoreErrorKind::NotFound, format!("there is no user {id}"))),
            _ => Ok(()),
        }
    }

    async fn create_auth_session(&self, new: &NewAuthSession) -> Result<AuthSession, StoreError> {
        let script = Script::new(&format!(
            "insert into scorpio_auth_sessions (id, user_id, idle_until, absolute_until) values (?, ?, ?, ?)
             returning {AUTH_SESSION}"
        ))
        .bind(new.id.to_string())
        .bind(new.user.to_string())
        .bind(new.idle_until)
        .bind(new.absolute_until)
        .then("insert into scorpio_refresh_tokens (hash, auth_session_id) values (?, ?)")
        .bind(&new.refresh_hash)
        .bind(new.id.to_string());
        let steps = self.write_unique(script, "there is a sign-in with this id or this token").await?;
        match rows(&steps, 0).first() {
            Some(row) => auth_session(row),
            None => Ok(AuthSession::create(new)),
        }
    }

    async fn auth_session(&self, id: AuthSessionId) -> Result<Option<AuthSession>, StoreError> {
        let script = Script::new(&format!("select {AUTH_SESSION} from scorpio_auth_sessions where id = ?"));
        let steps = self.read(script.bind(id.to_string())).await?;
        rows(&steps, 0).first().map(auth_session).transpose()
    }

    async fn rotate_refresh(&self, rotation: &RefreshRotation) -> Result<Rotation, StoreError> {
        let steps = self.write_unique(rotate(rotation), "the new refresh token is there already").await?;
        if let Some(row) = rows(&steps, 0).first() {
            return auth_session(row).map(Rotation::Reused);
        }
        let rotated = rows(&steps, 3).first().map(auth_session).transpose()?;
        Ok(rotated.map_or(Rotation::Refused, Rotation::Rotated))
    }

    async fn auth_session_of_refresh(&self, hash: &[u8; 32]) -> Result<Option<AuthSession>, StoreError> {
        let script = Script::new(&format!(
            "select {AUTH_SESSION} from scorpio_auth_sessions
             where id = (select auth_session_id from scorpio_refresh_tokens where hash = ?)"
        ))
        .bind(hash);
        let steps = self.read(script).await?;
        rows(&steps, 0).first().map(auth_session).transpose()
    }

    async fn revoke_auth_session(&self, id: AuthSessionId, now: Timestamp) -> Result<(), StoreError> {
        let script =
            Script::new("update scorpio_auth_sessions set revoked_at = coalesce(revoked_at, ?) where id = ?");
        self.write(script.bind(now).bind(id.to_string())).await.map(drop).map_err(store_error)
    }

    async fn revoke_user(&self, id: UserId, now: Timestamp) -> Result<(), StoreError> {
        let script = Script::new(
            "update scorpio_auth_sessions set revoked_at = coalesce(revoked_at, ?) where user_id = ?",
        );
        self.write(script.bind(now).bind(id.to_string())).await.map(drop).map_err(store_error)
    }

    async fn spend(&self, spend: &Spend) -> Result<Spending, StoreError> {
        let steps = self.write(insert_spend(spend)).await.map_err(store_error)?;
        let quota = quota(rows(&steps, 1).first())?;
        let is_known = !rows(&steps, 2).is_empty();
        Ok(if is_known { Spending::Spent(quota) } else { Spending::Exceeded(quota) })
    }

    async fn quota(&self, user: UserId, kind: &str, since: Timestamp) -> Result<Quota, StoreError> {
        let steps = self.read(select_quota(Script::default(), user, kind, since)).await?;
        quota(rows(&steps, 0).first())
    }
}

/// Either the first statement finds a used token and revokes its sign-in, or the other three trade the token, or none does anything.
fn rotate(rotation: &RefreshRotation) -> Script {
    Script::new(&format!(
        "update scorpio_auth_sessions set revoked_at = coalesce(revoked_at, ?)
         where id = (select auth_session_id from scorpio_refresh_tokens where hash = ? and used_at is not null)
         returning {AUTH_SESSION}"
    ))
    .bind(rotation.now)
    .bind(&rotation.old_hash)
    .then(
        "update scorpio_refresh_tokens set used_at = ? where hash = ? and used_at is null
         and exists (select 1 from scorpio_auth_sessions where id = auth_session_id
                     and revoked_at is null and idle_until > ? and absolute_until > ?)",
    )
    .bind(rotation.now)
    .bind(&rotation.old_hash)
    .bind(rotation.now)
    .bind(rotation.now)
    .then(
        "insert into scorpio_refresh_tokens (hash, auth_session_id)
         select ?, auth_session_id from scorpio_refresh_tokens where hash = ? and changes() = 1",
    )
    .bind(&rotation.new_hash)
    .bind(&rotation.old_hash)
    .then(&format!(
        "update scorpio_auth_sessions set idle_until = ?
         where id = (select auth_session_id from scorpio_refresh_tokens where hash = ?) and changes() = 1
         returning {AUTH_SESSION}"
    ))
    .bind(rotation.idle_until)
    .bind(&rotation.new_hash)
}

fn insert_spend(spend: &Spend) -> Script {
    let since = to_micros(spend.now).checked_sub(spend.window).unwrap_or(Timestamp::MIN);
    let script = Script::new(
        "insert into scorpio_usage_ledger (user_id, kind, key, spent_at) select ?, ?, ?, ?
         where (select count(*) from scorpio_usage_ledger where user_id = ? and kind = ? and spent_at > ?) < ?
         on conflict do nothing",
    )
    .bind(spend.user.to_string())
    .bind(spend.kind)
    .bind(spend.key.as_str())
    .bind(spend.now)
    .bind(spend.user.to_string())
    .bind(spend.kind)
    .bind(since)
    .bind(spend.limit);
    select_quota(script, spend.user, spend.kind, since)
        .then("select 1 from scorpio_usage_ledger where user_id = ? and kind = ? and key = ?")
        .bind(spend.user.to_string())
        .bind(spend.kind)
        .bind(spend.key.as_str())
}

pub(super) fn select_quota(script: Script, user: UserId, kind: &str, since: Timestamp) -> Script {
    script
        .then(
            "select count(*), min(spent_at) from scorpio_usage_ledger
             where user_id = ? and kind = ? and spent_at > ?",
        )
        .bind(user.to_string())
        .bind(kind)
        .bind(since)
}
