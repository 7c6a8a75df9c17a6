//! `/ping` and `/health…`: for load balancers and those who start the server.

use axum::{Router, extract::State, routing::get};
use scorpio_core::{ErrorKind, Surface};

use crate::{
    App,
    problem::{Problem, Result},
};

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/ping", get(async || "pong"))
        .route("/health", get(async || "ok"))
        .route("/health/ready", get(ready))
}

async fn ready(State(app): State<App>) -> Result<&'static str> {
    let not_ready = |detail: &'static str| Problem::new(ErrorKind::Offline, Surface::Api, detail);
    if app.runs().is_shutting_down() {
        return Err(not_ready("The server is shutting down."));
    }
    match app.store().ping().await {
        Ok(()) => Ok("ready"),
        Err(error) => {
            tracing::error!(?error, "the store does not answer");
            Err(not_ready("The store does not answer."))
        }
    }
}
