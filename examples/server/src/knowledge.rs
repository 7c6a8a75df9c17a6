//! Documents that people add for their chats to draw on: the API, and the tool that the model gets.

mod owners;
mod routes;
mod view;

pub(crate) use self::{owners::OwnersKnowledge, routes::routes};
