//! What every provider that is spoken to over HTTP needs: the client and its TLS, limits of time, transport errors without
//! addresses in them, `retry-after`, and bodies that are read up to a limit.

mod body;
mod client;
mod failure;
mod retry_after;
mod secrets;
mod timeouts;

pub(crate) use self::{
    body::read_body,
    client::{Client, build_client},
    failure::{broken_body, not_sent},
    retry_after::retry_after,
    secrets::Secrets,
    timeouts::{Phase, Timeouts},
};
