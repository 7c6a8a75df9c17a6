//! Chats: posting messages, streaming and stopping answers, and the history.

mod approvals;
mod begin;
mod branches;
mod buffer;
mod copies;
mod history;
mod live;
mod models;
mod request;
mod routes;
mod steer;
mod stored;
mod stream;
mod title;

pub(crate) use self::{live::LiveRuns, routes::routes};
