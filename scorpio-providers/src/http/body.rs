//! Bodies that are read at once, up to a limit of size and of time.

use std::{future::poll_fn, pin::Pin, time::Duration};

use http_body::Body as _;
use reqwest::Body;
use tokio::time::{Instant, timeout_at};

/// What there was of a body.
#[derive(Debug)]
pub(crate) struct ReadBody {
    /// Its first bytes, up to the limit.
    pub(crate) bytes: Vec<u8>,
    /// What kept it from being whole.
    pub(crate) cut: Option<Cut>,
}

/// Why a body is not whole.
#[derive(Debug)]
pub(crate) enum Cut {
    /// It is longer than the limit.
    TooLarge,
    /// It took too long.
    TooSlow,
    /// The connection broke.
    Broken(reqwest::Error),
}

/// Reads a body for at most `time`.
///
/// # Cancel safety
///
/// What was read is lost when the future is dropped.
pub(crate) async fn read_body(mut body: Body, limit: usize, time: Duration) -> ReadBody {
    let deadline = Instant::now() + time;
    let mut bytes = Vec::new();
    loop {
        let cut = match timeout_at(deadline, next_piece(&mut body)).await {
            Err(_) => Some(Cut::TooSlow),
            Ok(None) => None,
            Ok(Some(Err(error))) => Some(Cut::Broken(error)),
            Ok(Some(Ok(piece))) => {
                let room = limit - bytes.len();
                bytes.extend_from_slice(piece.get(..room).unwrap_or(&piece));
                if piece.len() <= room {
                    continue;
                }
                Some(Cut::TooLarge)
            }
        };
        return ReadBody { bytes, cut };
    }
}

async fn next_piece(body: &mut Body) -> Option<Result<bytes::Bytes, reqwest::Error>> {
    loop {
        match poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)).await? {
            // Trailers say nothing that is wanted.
            Ok(frame) => match frame.into_data() {
                Ok(data) => return Some(Ok(data)),
                Err(_) => continue,
            },
            Err(error) => return Some(Err(error)),
        }
    }
}
