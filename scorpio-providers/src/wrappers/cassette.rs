//! Conversations with a provider on disk: [`Record`] writes them down, [`Replay`] gives them again without a network.
//!
//! A cassette is a file of JSON Lines, one exchange a line. Exchanges are appended, each with a single write, so several recorders may share
//! a file.
//!
//! | field | what it is |
//! |---|---|
//! | `scorpio_cassette` | the version of the format, 1 |
//! | `digest` | SHA-256 of `request` as it was before it was made readable: what an exchange is found by |
//! | `provider`, `wire` | who was asked |
//! | `request` | the request as the model sees it, for people to read |
//! | `events` | the events of the answer in order, in the JSON form of `ModelEvent`. One whose JSON has a line break in it, because an item of the provider was kept as it came, is written as a JSON string of that JSON |
//! | `error` | what the exchange failed with, if it did; `at_call` says that there was no stream |
//!
//! An answer that neither finished nor failed was cut off, and is replayed as such.

mod compare;
mod line;
mod record;
mod redact;
mod replay;
mod wire;

pub use self::{record::Record, replay::Replay};
