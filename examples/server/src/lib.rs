//! A chat server on Scorpio: accounts, resumable answers and a web page. `docs/src/server/http-api.md` describes its interface.
//!
//! The binary `scorpio-server` keeps everything in a data folder. The library gives the same as a router, to be nested in an
//! axum program of one's own:
//!
//! ```
//! use scorpio_core::model::{Demo, Model};
//! use scorpio_server::{App, Settings};
//!
//! # fn main() -> scorpio_core::Result<()> {
//! let chat = App::builder(Model::new(Demo::new(), "demo"))
//!     .settings(Settings::new().with_page(false))
//!     .build()?;
//! let app: axum::Router = axum::Router::new().nest("/chat", chat.router());
//! # let _ = app;
//! # Ok(()) }
//! ```
//!
//! Nested, the server should be served with `into_make_service_with_connect_info::<std::net::SocketAddr>()`, so that rate limits can tell
//! clients apart, [`App::recover`] should be awaited at start, the [worker](App::work) kept while it serves, and [`App::shut_down`] at the end.

mod app;
mod approval;
mod auth;
mod chat;
mod client_address;
mod clock;
mod demo_mail;
mod extract;
mod files;
mod health;
mod knowledge;
mod origin;
mod page;
mod problem;
mod rate_limit;
mod router;
mod security_headers;
mod serve;
mod settings;
mod stores;

pub use self::{
    app::{App, AppBuilder},
    approval::{Approval, UnknownApproval},
    auth::SigningKey,
    clock::Clock,
    origin::{InvalidOrigin, Origin},
    serve::serve,
    settings::Settings,
    stores::Stores,
};
