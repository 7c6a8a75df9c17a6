//! Users, sign-ins and the usage ledger in memory.

use std::{
    collections::{HashMap, HashSet},
    fmt,
    sync::Mutex,
};

use async_trait::async_trait;
use jiff::Timestamp;

use super::{before, lock};
use crate::{
    AuthSessionId, UserId,
    store::{
        AccountStore, AuthSession, Credentials, NewAuthSession, Quota, RefreshRotation, Rotation, Spend,
        Spending, StoreError, StoreErrorKind, User, UserKind,
    },
};

/// An [`AccountStore`] in memory. Its `Debug` shows no address and no hash.
///
/// ```
/// use jiff::Timestamp;
/// use scorpio_core::{UserId, store::{AccountStore, MemoryAccounts, User}};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let accounts = MemoryAccounts::new();
/// let guest = User::guest(UserId::new(), Timestamp::now());
/// accounts.create_user(&guest, None).await?;
/// assert_eq!(accounts.user(guest.id).await?, Some(guest));
/// # Ok(()) }
/// ```
#[derive(Default)]
pub struct MemoryAccounts(Mutex<State>);

#[derive(Default)]
struct State {
    users: HashMap<UserId, Account>,
    emails: HashMap<String, UserId>,
    sign_ins: HashMap<AuthSessionId, AuthSession>,
    refresh_tokens: HashMap<[u8; 32], RefreshToken>,
    ledger: HashMap<(UserId, String), Ledger>,
}

struct Account {
    user: User,
    password_hash: Option<String>,
    sign_ins: Vec<AuthSessionId>,
}

struct RefreshToken {
    sign_in: AuthSessionId,
    used: bool,
}

#[derive(Default)]
struct Ledger {
    keys: HashSet<String>,
    /// In order of time.
    spent: Vec<Timestamp>,
}

impl MemoryAccounts {
    /// A store that knows nobody.
    pub fn new() -> Self {
        Self::default()
    }
}

impl fmt::Debug for MemoryAccounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryAccounts").field("users", &lock(&self.0).users.len()).finish_non_exhaustive()
    }
}

impl Ledger {
    /// What was spent later than `since`.
    fn quota(&self, since: Timestamp) -> Quota {
        let start = self.spent.partition_point(|at| *at <= since);
        let counted = self.spent.get(start..).unwrap_or_default();
        Quota { used: counted.len() as u64, oldest: counted.first().copied() }
    }

    fn add(&mut self, key: String, at: Timestamp) {
        let place = self.spent.partition_point(|earlier| *earlier <= at);
        self.spent.insert(place, at);
        self.keys.insert(key);
    }
}

impl State {
    fn expect_free_email(&self, email: &str) -> Result<(), StoreError> {
        match self.emails.contains_key(email) {
            true => Err(taken("the address is taken")),
            false => Ok(()),
        }
    }

    fn rotate(&mut self, rotation: &RefreshRotation) -> Result<Rotation, StoreError> {
        let Some(token) = self.refresh_tokens.get_mut(&rotation.old_hash) else {
            return Ok(Rotation::Refused);
        };
        let Some(sign_in) = self.sign_ins.get_mut(&token.sign_in) else { return Ok(Rotation::Refused) };
        if token.used {
            sign_in.revoked_at.get_or_insert(rotation.now);
            return Ok(Rotation::Reused(sign_in.clone()));
        }
        if !sign_in.is_live(rotation.now) {
            return Ok(Rotation::Refused);
        }
        token.used = true;
        sign_in.idle_until = rotation.idle_until;
        let rotated = sign_in.clone();
        self.refresh_tokens.insert(rotation.new_hash, RefreshToken { sign_in: rotated.id, used: false });
        Ok(Rotation::Rotated(rotated))
    }
}

#[async_trait]
impl AccountStore for MemoryAccounts {
    async fn create_user(&self, user: &User, password_hash: Option<&str>) -> Result<(), StoreError> {
        let mut state = lock(&self.0);
        if state.users.contains_key(&user.id) {
            return Err(taken("there is a user with this id"));
        }
        if let Some(email) = &user.email {
            state.expect_free_email(email)?;
            state.emails.insert(email.clone(), user.id);
        }
        let password_hash = password_hash.map(str::to_owned);
        state.users.insert(user.id, Account { user: user.clone(), password_hash, sign_ins: Vec::new() });
        Ok(())
    }

    async fn user(&self, id: UserId) -> Result<Option<User>, StoreError> {
        Ok(lock(&self.0).users.get(&id).map(|account| account.user.clone()))
    }

    async fn user_by_email(&self, email: &str) -> Result<Option<(User, String)>, StoreError> {
        let state = lock(&self.0);
        let account = state.emails.get(email).and_then(|id| state.users.get(id));
        Ok(account.and_then(|account| Some((account.user.clone(), account.password_hash.clone()?))))
    }

    async fn register_guest(
        &self,
        id: UserId,
        credentials: &Credentials,
    ) -> Result<Option<User>, StoreError> {
        let mut state = lock(&self.0);
        if state.users.get(&id).is_none_or(|account| account.user.kind != UserKind::Guest) {
            return Ok(None);
        }
        state.expect_free_email(&credentials.email)?;
        state.emails.insert(credentials.email.clone(), id);
        let Some(account) = state.users.get_mut(&id) else { return Ok(None) };
        account.user.kind = UserKind::Registered;
        account.user.email = Some(credentials.email.clone());
        account.password_hash = Some(credentials.password_hash.clone());
        Ok(Some(account.user.clone()))
    }

    async fn set_password_hash(&self, id: UserId, password_hash: &str) -> Result<(), StoreError> {
        let mut state = lock(&self.0);
        let account = state.users.get_mut(&id).ok_or_else(|| no_user(id))?;
        account.password_hash = Some(password_hash.to_owned());
        Ok(())
    }

    async fn create_auth_session(&self, new: &NewAuthSession) -> Result<AuthSession, StoreError> {
        let mut state = lock(&self.0);
        let state = &mut *state;
        let account = state.users.get_mut(&new.user).ok_or_else(|| no_user(new.user))?;
        if state.sign_ins.contains_key(&new.id) || state.refresh_tokens.contains_key(&new.refresh_hash) {
            return Err(taken("there is a sign-in with this id or this token"));
        }
        let sign_in = AuthSession::create(new);
        account.sign_ins.push(new.id);
        state.sign_ins.insert(new.id, sign_in.clone());
        state.refresh_tokens.insert(new.refresh_hash, RefreshToken { sign_in: new.id, used: false });
        Ok(sign_in)
    }

    async fn auth_session(&self, id: AuthSessionId) -> Result<Option<AuthSession>, StoreError> {
        Ok(lock(&self.0).sign_ins.get(&id).cloned())
    }

    async fn rotate_refresh(&self, rotation: &RefreshRotation) -> Result<Rotation, StoreError> {
        let mut state = lock(&self.0);
        if state.refresh_tokens.contains_key(&rotation.new_hash) {
            return Err(taken("the new refresh token is there already"));
        }
        state.rotate(rotation)
    }

    async fn auth_session_of_refresh(&self, hash: &[u8; 32]) -> Result<Option<AuthSession>, StoreError> {
        let state = lock(&self.0);
        Ok(state.refresh_tokens.get(hash).and_then(|token| state.sign_ins.get(&token.sign_in)).cloned())
    }

    async fn revoke_auth_session(&self, id: AuthSessionId, now: Timestamp) -> Result<(), StoreError> {
        if let Some(sign_in) = lock(&self.0).sign_ins.get_mut(&id) {
            sign_in.revoked_at.get_or_insert(now);
        }
        Ok(())
    }

    async fn revoke_user(&self, id: UserId, now: Timestamp) -> Result<(), StoreError> {
        let mut state = lock(&self.0);
        let State { users, sign_ins, .. } = &mut *state;
        for id in users.get(&id).into_iter().flat_map(|account| &account.sign_ins) {
            if let Some(sign_in) = sign_ins.get_mut(id) {
                sign_in.revoked_at.get_or_insert(now);
            }
        }
        Ok(())
    }

    async fn spend(&self, spend: &Spend) -> Result<Spending, StoreError> {
        let mut state = lock(&self.0);
        let ledger = state.ledger.entry((spend.user, spend.kind.to_owned())).or_default();
        let since = before(spend.now, spend.window);
        let quota = ledger.quota(since);
        if ledger.keys.contains(&spend.key) {
            return Ok(Spending::Spent(quota));
        }
        if quota.used >= spend.limit {
            return Ok(Spending::Exceeded(quota));
        }
        ledger.add(spend.key.clone(), spend.now);
        Ok(Spending::Spent(ledger.quota(since)))
    }

    async fn quota(&self, user: UserId, kind: &str, since: Timestamp) -> Result<Quota, StoreError> {
        let state = lock(&self.0);
        let ledger = state.ledger.get(&(user, kind.to_owned()));
        Ok(ledger.map_or(Quota { used: 0, oldest: None }, |ledger| ledger.quota(since)))
    }
}

fn no_user(id: UserId) -> StoreError {
    StoreError::new(StoreErrorKind::NotFound, format!("there is no user {id}"))
}

fn taken(message: &'static str) -> StoreError {
    StoreError::new(StoreErrorKind::AlreadyExists, message)
}
