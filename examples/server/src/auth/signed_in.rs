//! Who makes a request, told from its bearer token and from what the store says about that sign-in now.

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header, request::Parts},
};
use scorpio_core::{ErrorKind, OwnerId, Surface, store::User};

use crate::{
    App,
    problem::{Problem, Result},
};

const SIGN_IN_FIRST: &str = "You need to sign in before continuing.";

/// Somebody whose sign-in stands. A handler that takes this is closed to everybody else.
#[derive(Debug, Clone)]
pub(crate) struct SignedIn {
    pub(crate) user: User,
}

impl SignedIn {
    /// Whose chats these are.
    pub(crate) fn owner(&self) -> OwnerId {
        OwnerId::from(self.user.id)
    }

    /// Who makes a request with these headers.
    pub(crate) async fn of(app: &App, headers: &HeaderMap) -> Result<Self> {
        let mut values = headers.get_all(header::AUTHORIZATION).iter();
        let refused = || Problem::unauthorized(SIGN_IN_FIRST);
        let value = values.next().ok_or_else(refused)?;
        if values.next().is_some() {
            let detail = "There are two Authorization headers; send one.";
            return Err(Problem::new(ErrorKind::BadRequest, Surface::Auth, detail));
        }
        let (scheme, token) =
            value.to_str().ok().and_then(|value| value.split_once(' ')).ok_or_else(refused)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(refused());
        }
        let now = app.now();
        // One answer for all that may be wrong with a token: why it is refused helps only those who forge one.
        let claims = app.tokens().verify(token.trim(), now).ok_or_else(refused)?;
        let session = app.accounts().auth_session(claims.sid).await?;
        if !session.is_some_and(|session| session.user == claims.sub && session.is_live(now)) {
            return Err(refused());
        }
        let user = app.accounts().user(claims.sub).await?.ok_or_else(refused)?;
        Ok(Self { user })
    }
}

impl FromRequestParts<App> for SignedIn {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        Self::of(app, &parts.headers).await
    }
}

/// Like [`SignedIn`], for where one may also come without a token. A token that is there must stand.
#[derive(Debug, Clone)]
pub(crate) struct MaybeSignedIn(pub(crate) Option<SignedIn>);

impl FromRequestParts<App> for MaybeSignedIn {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        if !parts.headers.contains_key(header::AUTHORIZATION) {
            return Ok(Self(None));
        }
        SignedIn::of(app, &parts.headers).await.map(Some).map(Self)
    }
}
