//! Who uses the program, how they are signed in, and how much they have used.

use std::{fmt, time::Duration};

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::StoreError;
use crate::{AuthSessionId, UserId};

/// What kind of user somebody is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum UserKind {
    /// Somebody who has not signed up.
    Guest,
    /// Somebody with an e-mail address and a password.
    Registered,
}

impl UserKind {
    /// The spelling used in stores and on wires.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Guest => "guest",
            Self::Registered => "registered",
        }
    }
}

/// Somebody who uses the program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct User {
    /// The id.
    pub id: UserId,
    /// Guest or registered.
    pub kind: UserKind,
    /// The address, in lower case. Guests have none.
    pub email: Option<String>,
    /// When the user was made.
    pub created_at: Timestamp,
}

impl User {
    /// A guest.
    pub fn guest(id: UserId, created_at: Timestamp) -> Self {
        Self { id, kind: UserKind::Guest, email: None, created_at }
    }

    /// A registered user.
    pub fn registered(id: UserId, email: impl Into<String>, created_at: Timestamp) -> Self {
        Self { id, kind: UserKind::Registered, email: Some(email.into()), created_at }
    }
}

/// An address and what is kept of a password. `Debug` hides the hash.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The address. The caller has put it in lower case.
    pub email: String,
    /// A password hash in PHC form.
    pub password_hash: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("email", &self.email).finish_non_exhaustive()
    }
}

/// One sign-in: everything that descends from one password check or one start as a guest.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuthSession {
    /// The id, which access tokens carry.
    pub id: AuthSessionId,
    /// Who is signed in.
    pub user: UserId,
    /// When it was revoked, by a logout or because an old refresh token came back.
    pub revoked_at: Option<Timestamp>,
    /// When it ends unless it is refreshed.
    pub idle_until: Timestamp,
    /// When it ends in any case.
    pub absolute_until: Timestamp,
}

impl AuthSession {
    /// A sign-in as `new` asks for it.
    pub fn create(new: &NewAuthSession) -> Self {
        Self {
            id: new.id,
            user: new.user,
            revoked_at: None,
            idle_until: new.idle_until,
            absolute_until: new.absolute_until,
        }
    }

    /// Whether it stands at `now`.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && now < self.idle_until && now < self.absolute_until
    }
}

/// A sign-in to be made.
#[derive(Debug, Clone)]
pub struct NewAuthSession {
    /// The id.
    pub id: AuthSessionId,
    /// Who signs in.
    pub user: UserId,
    /// SHA-256 of the first refresh token.
    pub refresh_hash: [u8; 32],
    /// When it ends unless it is refreshed.
    pub idle_until: Timestamp,
    /// When it ends in any case.
    pub absolute_until: Timestamp,
}

/// One refresh token for another.
#[derive(Debug, Clone)]
pub struct RefreshRotation {
    /// SHA-256 of the token that came.
    pub old_hash: [u8; 32],
    /// SHA-256 of the one that replaces it.
    pub new_hash: [u8; 32],
    /// Now.
    pub now: Timestamp,
    /// When the sign-in ends unless it is refreshed again. The absolute end stays.
    pub idle_until: Timestamp,
}

/// What became of a refresh.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rotation {
    /// The new token stands.
    Rotated(AuthSession),
    /// The token was used before: somebody has a copy. The sign-in is revoked now.
    Reused(AuthSession),
    /// There is no such token, or its sign-in is over.
    Refused,
}

/// Something that is counted.
#[derive(Debug, Clone)]
pub struct Spend {
    /// Whose account it goes on.
    pub user: UserId,
    /// What is counted, such as `message`.
    pub kind: &'static str,
    /// The same key counts once, however often it is spent: a repeated request costs nothing.
    pub key: String,
    /// Now.
    pub now: Timestamp,
    /// How far back it counts.
    pub window: Duration,
    /// How many are allowed in the window.
    pub limit: u64,
}

/// How much of an allowance is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// How many are counted in the window.
    pub used: u64,
    /// When the oldest of them was spent.
    pub oldest: Option<Timestamp>,
}

/// What became of a [`Spend`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Spending {
    /// It is counted; the quota is the one after it.
    Spent(Quota),
    /// It would pass the limit and was not counted.
    Exceeded(Quota),
}

/// Users, sign-ins and what they have used.
#[async_trait]
pub trait AccountStore: fmt::Debug + Send + Sync + 'static {
    /// Makes a user; `password_hash` comes with an address.
    ///
    /// # Errors
    ///
    /// [`AlreadyExists`](super::StoreErrorKind::AlreadyExists) when the address is taken.
    async fn create_user(&self, user: &User, password_hash: Option<&str>) -> Result<(), StoreError>;

    /// A user.
    async fn user(&self, id: UserId) -> Result<Option<User>, StoreError>;

    /// The user with this address, and the password hash.
    async fn user_by_email(&self, email: &str) -> Result<Option<(User, String)>, StoreError>;

    /// Makes a guest a registered user. `None` when there is no such guest.
    ///
    /// # Errors
    ///
    /// [`AlreadyExists`](super::StoreErrorKind::AlreadyExists) when the address is taken.
    async fn register_guest(&self, id: UserId, credentials: &Credentials)
    -> Result<Option<User>, StoreError>;

    /// Replaces a password hash.
    async fn set_password_hash(&self, id: UserId, password_hash: &str) -> Result<(), StoreError>;

    /// Makes a sign-in.
    async fn create_auth_session(&self, new: &NewAuthSession) -> Result<AuthSession, StoreError>;

    /// A sign-in.
    async fn auth_session(&self, id: AuthSessionId) -> Result<Option<AuthSession>, StoreError>;

    /// Trades a refresh token, exactly once: of any number of concurrent calls with the same token one is [`Rotation::Rotated`], the
    /// others are [`Rotation::Reused`].
    async fn rotate_refresh(&self, rotation: &RefreshRotation) -> Result<Rotation, StoreError>;

    /// The sign-in that a refresh token belongs to, used or not.
    async fn auth_session_of_refresh(&self, hash: &[u8; 32]) -> Result<Option<AuthSession>, StoreError>;

    /// Ends a sign-in.
    async fn revoke_auth_session(&self, id: AuthSessionId, now: Timestamp) -> Result<(), StoreError>;

    /// Ends all sign-ins of a user.
    async fn revoke_user(&self, id: UserId, now: Timestamp) -> Result<(), StoreError>;

    /// Counts something if it fits, exactly, however many do so at once. Entries are never given back.
    async fn spend(&self, spend: &Spend) -> Result<Spending, StoreError>;

    /// How much of `kind` is used since `since`.
    async fn quota(&self, user: UserId, kind: &str, since: Timestamp) -> Result<Quota, StoreError>;
}
