//! Chats: posting messages, streaming and stopping answers, and the history.

mod begin;
mod history;
mod live;
mod models;
mod request;
mod routes;
mod stored;
mod stream;
mod title;

pub(crate) use self::{live::LiveRuns, routes::routes};
