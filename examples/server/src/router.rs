//! All routes, and the layers around them: from the outside in, the one that writes problems, CORS, panics, and slow bodies.

use std::{any::Any, time::Duration};

use axum::{
    Router,
    http::{HeaderName, HeaderValue, Method, StatusCode, header, request::Parts},
    middleware::from_fn_with_state,
    response::{IntoResponse, Response},
};
use tower_http::{
    catch_panic::CatchPanicLayer,
    cors::{AllowCredentials, AllowOrigin, CorsLayer},
    timeout::RequestBodyTimeoutLayer,
};

use crate::{
    App, Settings, auth, chat, files, health, knowledge, page,
    problem::{Problem, finish},
};

/// How long the next piece of a body may take.
const BODY_PATIENCE: Duration = Duration::from_secs(30);

pub(crate) fn router(app: App) -> Router {
    let routes = Router::new()
        .merge(health::routes())
        .merge(auth::routes())
        .merge(chat::routes())
        .merge(knowledge::routes())
        .merge(files::routes());
    let routes = if app.settings().page { page::serve_on(routes) } else { routes.fallback(nothing_here) };
    guard(routes, app)
}

fn guard(routes: Router<App>, app: App) -> Router {
    routes
        .layer(RequestBodyTimeoutLayer::new(BODY_PATIENCE))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(cors(app.settings()))
        .layer(from_fn_with_state(app.clone(), finish))
        .with_state(app)
}

async fn nothing_here() -> StatusCode {
    StatusCode::NOT_FOUND
}

fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
    Problem::internal(format!("a handler panicked: {text}")).into_response()
}

/// Pages of the listed origins may call the API; the cookie is for the routes of sign-ins alone.
fn cors(settings: &Settings) -> CorsLayer {
    let origins: Vec<HeaderValue> =
        settings.cors_origins.iter().filter_map(|origin| origin.to_header()).collect();
    let name = HeaderName::from_static;
    let is_auth = |_: &HeaderValue, parts: &Parts| parts.uri.path().starts_with("/api/auth/");
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_credentials(AllowCredentials::predicate(is_auth))
        .allow_methods([Method::GET, Method::POST, Method::PATCH, Method::DELETE])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            name("last-event-id"),
            name("x-scorpio-request"),
        ])
        .expose_headers([
            header::RETRY_AFTER,
            name("x-request-id"),
            name("x-ratelimit-limit"),
            name("x-ratelimit-remaining"),
            name("x-ratelimit-reset"),
            name("x-vercel-ai-ui-message-stream"),
        ])
        .max_age(Duration::from_secs(600))
}

#[cfg(test)]
mod tests;
