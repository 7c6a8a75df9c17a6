//! The server, asked through real HTTP.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod accounts;
mod approvals;
mod branches;
mod chats;
mod files;
mod harness;
mod hostile;
mod kill;
mod knowledge;
mod models;
mod ownership;
mod page;
mod process;
mod quota;
mod resume;
mod servers;
mod shutdown;
mod streams;
mod titles;
