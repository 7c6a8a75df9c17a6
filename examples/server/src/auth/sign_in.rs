//! Beginning and prolonging sign-ins: what a page is given.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use jiff::{SignedDuration, Timestamp};
use scorpio_core::{
    AuthSessionId,
    store::{AuthSession, NewAuthSession, RefreshRotation, Rotation, User},
};
use serde::Serialize;

use super::{cookies, refresh_token::RefreshToken, token};
use crate::{
    App,
    problem::{Problem, Result},
};

/// How long a sign-in lasts without being refreshed.
const IDLE: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How long it lasts in any case.
const ABSOLUTE: SignedDuration = SignedDuration::from_hours(30 * 24);

/// A session, as the API calls it.
#[derive(Serialize)]
struct SessionView {
    access_token: String,
    token_type: &'static str,
    expires_in: i64,
    user: User,
}

/// A sign-in and its newest refresh token.
pub(super) struct SignIn {
    user: User,
    session: AuthSession,
    token: RefreshToken,
}

impl SignIn {
    /// Signs `user` in.
    pub(super) async fn begin(app: &App, user: User) -> Result<Self> {
        let (now, token) = (app.now(), RefreshToken::generate()?);
        let (id, refresh_hash) = (AuthSessionId::new(), token.hash());
        let (idle_until, absolute_until) = (later(now, IDLE)?, later(now, ABSOLUTE)?);
        let new = NewAuthSession { id, user: user.id, refresh_hash, idle_until, absolute_until };
        let session = app.accounts().create_auth_session(&new).await?;
        Ok(Self { user, session, token })
    }

    /// Trades a refresh token for another. `None` when it is not taken.
    pub(super) async fn refresh(app: &App, old: &RefreshToken) -> Result<Option<Self>> {
        let (now, token) = (app.now(), RefreshToken::generate()?);
        let rotation = RefreshRotation {
            old_hash: old.hash(),
            new_hash: token.hash(),
            now,
            idle_until: later(now, IDLE)?,
        };
        let session = match app.accounts().rotate_refresh(&rotation).await? {
            Rotation::Rotated(session) => session,
            Rotation::Reused(session) => {
                tracing::warn!(user = %session.user, sign_in = %session.id, "a used refresh token came back; the sign-in is revoked");
                return Ok(None);
            }
            _ => return Ok(None),
        };
        let user = app.accounts().user(session.user).await?;
        Ok(user.map(|user| Self { user, session, token }))
    }

    /// The answer that hands it over.
    pub(super) fn answer(self, app: &App, status: StatusCode) -> Result<Response> {
        let now = app.now();
        let access_token =
            app.tokens().issue(self.user.id, self.session.id, now).map_err(Problem::internal)?;
        let ends = self.session.idle_until.min(self.session.absolute_until);
        // Stores may cut times off, so what is left of a second counts as one.
        let max_age = ends.duration_since(now).as_millis().max(0).saturating_add(999) / 1000;
        let cookie = cookies::set(&self.token, max_age, app.settings())?;
        let (token_type, expires_in) = ("Bearer", token::LIFETIME);
        let body = Json(SessionView { access_token, token_type, expires_in, user: self.user });
        Ok((status, [(header::SET_COOKIE, cookie)], body).into_response())
    }
}

fn later(now: Timestamp, by: SignedDuration) -> Result<Timestamp> {
    now.checked_add(by).map_err(Problem::internal)
}

/// Adds the header that takes the cookie away.
pub(super) fn without_cookie(app: &App, answer: impl IntoResponse) -> Response {
    let mut response = answer.into_response();
    if let Ok(cookie) = cookies::clear(app.settings()) {
        let cookie: HeaderValue = cookie;
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}
