//! `/api/auth/…`.

use axum::{
    Json, Router,
    extract::{FromRequestParts, State},
    http::{HeaderMap, StatusCode, request::Parts},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use scorpio_core::{
    ErrorKind, Surface, UserId,
    store::{Credentials, StoreError, StoreErrorKind, User, UserKind},
};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::{
    Allowance, QuotaView, SignedIn, cookies, email,
    sign_in::{SignIn, without_cookie},
    signed_in::MaybeSignedIn,
};
use crate::{
    App,
    client_address::ClientAddress,
    extract::{JsonBody, NoBody},
    origin::is_own_page,
    problem::{FieldError, Problem, Result},
};

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/api/auth/guest", post(guest))
        .route("/api/auth/register", post(register))
        .route("/api/auth/login", post(login))
        .route("/api/auth/refresh", post(refresh))
        .route("/api/auth/logout", post(logout))
        .route("/api/auth/me", get(me))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EmailAndPassword {
    email: String,
    password: SecretString,
}

#[derive(Serialize)]
struct Me {
    user: User,
    quota: QuotaView,
}

/// A request that sets a cookie does not come from a stranger's page: nobody is signed in without knowing it.
struct OwnPage;

impl FromRequestParts<App> for OwnPage {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let settings = app.settings();
        if is_own_page(&parts.headers, settings.public_url.as_ref(), &settings.cors_origins) {
            return Ok(Self);
        }
        let detail = "This request comes from a page that may not sign in here.";
        Err(Problem::new(ErrorKind::Forbidden, Surface::Auth, detail))
    }
}

/// A request that uses the cookie also says, in a header that no form can send, that a script of such a page made it.
struct OwnScript;

impl FromRequestParts<App> for OwnScript {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        OwnPage::from_request_parts(parts, app).await?;
        if parts.headers.get("x-scorpio-request").is_some_and(|value| value == "1") {
            return Ok(Self);
        }
        let detail = "This request needs the header X-Scorpio-Request: 1.";
        Err(Problem::new(ErrorKind::Forbidden, Surface::Auth, detail))
    }
}

async fn guest(_: OwnPage, State(app): State<App>, client: ClientAddress, _: NoBody) -> Result<Response> {
    app.limits().guests.take(&client.to_string()).await?;
    let user = User::guest(UserId::new(), app.now());
    app.accounts().create_user(&user, None).await?;
    SignIn::begin(&app, user).await?.answer(&app, StatusCode::CREATED)
}

async fn register(
    _: OwnPage,
    State(app): State<App>,
    client: ClientAddress,
    MaybeSignedIn(guest): MaybeSignedIn,
    JsonBody(body): JsonBody<EmailAndPassword>,
) -> Result<Response> {
    let guest = match guest {
        Some(SignedIn { user, .. }) if user.kind != UserKind::Guest => {
            let detail = "You are signed in to an account already.";
            return Err(Problem::new(ErrorKind::Conflict, Surface::Auth, detail));
        }
        guest => guest,
    };
    let credentials = accept(&app, body, &client).await?;
    let user = match guest {
        Some(guest) => upgrade(&app, &guest, &credentials).await?,
        None => {
            let user = User::registered(UserId::new(), credentials.email, app.now());
            let created = app.accounts().create_user(&user, Some(&credentials.password_hash)).await;
            created.map_err(taken)?;
            user
        }
    };
    SignIn::begin(&app, user).await?.answer(&app, StatusCode::CREATED)
}

/// Checks what somebody wants to be called and hashes the password.
async fn accept(app: &App, body: EmailAndPassword, client: &ClientAddress) -> Result<Credentials> {
    let email = email::normalize(&body.email);
    let name = email.as_deref().unwrap_or_default();
    let complaints = [
        email.as_ref().err().map(|complaint| FieldError::new("email", *complaint)),
        app.passwords()
            .complaint(&body.password, name)
            .map(|complaint| FieldError::new("password", complaint)),
    ];
    let complaints: Vec<_> = complaints.into_iter().flatten().collect();
    let email = match email {
        Ok(email) if complaints.is_empty() => email,
        _ => return Err(Problem::bad_request(Surface::Auth, complaints)),
    };
    app.limits().registrations.take(&client.to_string()).await?;
    Ok(Credentials { email, password_hash: app.passwords().hash(body.password).await? })
}

/// The guest keeps everything but the tokens: those were a guest's.
async fn upgrade(app: &App, guest: &SignedIn, credentials: &Credentials) -> Result<User> {
    let user = app.accounts().register_guest(guest.user.id, credentials).await.map_err(taken)?;
    let detail = "This guest has an account already.";
    let user = user.ok_or_else(|| Problem::new(ErrorKind::Conflict, Surface::Auth, detail))?;
    app.accounts().revoke_user(user.id, app.now()).await?;
    Ok(user)
}

fn taken(error: StoreError) -> Problem {
    match error.kind() {
        StoreErrorKind::AlreadyExists => {
            let detail = "There is an account with this e-mail address. Sign in instead.";
            Problem::new(ErrorKind::Conflict, Surface::Auth, detail)
        }
        _ => error.into(),
    }
}

async fn login(
    _: OwnPage,
    State(app): State<App>,
    client: ClientAddress,
    JsonBody(body): JsonBody<EmailAndPassword>,
) -> Result<Response> {
    // An address that is none is nobody's, and takes as long as one.
    let email = email::normalize(&body.email).unwrap_or_default();
    let (limits, client) = (app.limits(), client.to_string());
    let here = format!("{client} {email}");
    limits.logins_of_address.take(&client).await?;
    limits.logins.take(&here).await?;
    limits.logins_of_account.take(&email).await?;
    let account = app.accounts().user_by_email(&email).await?;
    let (user, hash) = account.unzip();
    let matches = app.passwords().verify(body.password.clone(), hash.clone()).await?;
    let Some(user) = user.filter(|_| matches) else {
        return Err(Problem::unauthorized("The e-mail address or the password is wrong."));
    };
    limits.logins.forget(&here).await?;
    limits.logins_of_account.forget(&email).await?;
    if hash.is_some_and(|hash| app.passwords().is_outdated(&hash)) {
        let hash = app.passwords().hash(body.password).await?;
        app.accounts().set_password_hash(user.id, &hash).await?;
    }
    SignIn::begin(&app, user).await?.answer(&app, StatusCode::OK)
}

async fn refresh(_: OwnScript, State(app): State<App>, headers: HeaderMap) -> Result<Response> {
    let sign_in = match cookies::read(&headers, app.settings()) {
        Some(token) => SignIn::refresh(&app, &token).await?,
        None => None,
    };
    match sign_in {
        Some(sign_in) => sign_in.answer(&app, StatusCode::OK),
        None => {
            Ok(without_cookie(&app, Problem::unauthorized("Your sign-in has ended. Please sign in again.")))
        }
    }
}

async fn logout(_: OwnScript, State(app): State<App>, headers: HeaderMap) -> Result<Response> {
    if let Some(token) = cookies::read(&headers, app.settings())
        && let Some(session) = app.accounts().auth_session_of_refresh(&token.hash()).await?
    {
        app.accounts().revoke_auth_session(session.id, app.now()).await?;
    }
    Ok(without_cookie(&app, StatusCode::NO_CONTENT))
}

async fn me(State(app): State<App>, signed_in: SignedIn) -> Result<Response> {
    let quota = Allowance::of(&app, &signed_in.user).view().await?;
    Ok(Json(Me { user: signed_in.user, quota }).into_response())
}
