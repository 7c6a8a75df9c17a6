//! What every provider that is spoken to over HTTP needs: setting it up, asking the server, limits of time and size, and errors
//! without addresses and keys in them.

mod body;
mod client;
mod connection;
mod decoder;
mod endpoint;
mod failure;
mod response_info;
mod retry_after;
mod secrets;
mod stream;
mod timeouts;
mod token;
mod transport;

pub(crate) use self::stream::ResponseStream;
use self::{
    body::read_body,
    client::{Client, build_client},
    failure::{broken_body, not_sent},
    stream::Clock,
    timeouts::Phase,
};
pub(crate) use self::{
    client::{build_direct_client, is_loopback},
    connection::{Connection, connection_methods, header_value, invalid, with_path},
    decoder::{Answer, Decoder},
    endpoint::Endpoint,
    response_info::{request_id, response_info},
    retry_after::retry_after,
    secrets::Secrets,
    timeouts::Timeouts,
};
pub use self::{
    token::TokenSource,
    transport::{Transport, TransportBody},
};
