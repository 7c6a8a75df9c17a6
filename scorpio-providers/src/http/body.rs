//! Bodies that are read at once, up to a limit of size and of time.

use std::{future::poll_fn, pin::Pin, time::Duration};

use http_body::Body as _;
use reqwest::Body;
use tokio::time::{Instant, timeout_at};

/// What there is of a body up to `limit` bytes, after at most `time`.
///
/// # Cancel safety
///
/// What was read is lost when the future is dropped.
pub(crate) async fn read_body(mut body: Body, limit: usize, time: Duration) -> Vec<u8> {
    let deadline = Instant::now() + time;
    let mut bytes = Vec::new();
    while let Ok(Some(Ok(piece))) = timeout_at(deadline, next_piece(&mut body)).await {
        let room = limit - bytes.len();
        bytes.extend_from_slice(piece.get(..room).unwrap_or(&piece));
        if piece.len() >= room {
            break;
        }
    }
    bytes
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
