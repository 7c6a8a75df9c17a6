//! The body of a stream: what its reader has not taken yet, up to a limit. A reader that takes nothing for too long is cut off, so that it
//! costs no more than that; it may come back to where it was.

use std::{io, sync::Arc, time::Duration};

use bytes::Bytes;
use futures::{Stream, stream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_util::sync::CancellationToken;

/// How many bytes may wait for a reader.
const CAPACITY: u32 = 1024 * 1024;

#[derive(Debug)]
pub(super) struct Sender {
    pieces: mpsc::UnboundedSender<(Bytes, OwnedSemaphorePermit)>,
    room: Arc<Semaphore>,
    patience: Duration,
    cut: CancellationToken,
}

/// The reader is gone, or was cut off.
#[derive(Debug)]
pub(super) struct Gone;

struct Receiver {
    pieces: mpsc::UnboundedReceiver<(Bytes, OwnedSemaphorePermit)>,
    cut: CancellationToken,
}

/// A buffer whose reader may take nothing for as long as `patience` once it is full.
pub(super) fn channel(patience: Duration) -> (Sender, impl Stream<Item = Result<Bytes, io::Error>> + Send) {
    let (sender, pieces) = mpsc::unbounded_channel();
    let (room, cut) = (Arc::new(Semaphore::new(CAPACITY as usize)), CancellationToken::new());
    let receiver = Some(Receiver { pieces, cut: cut.clone() });
    let body = stream::unfold(receiver, async |receiver| {
        let mut receiver = receiver?;
        let next = tokio::select! {
            biased;
            () = receiver.cut.cancelled() => {
                let slow = io::Error::new(io::ErrorKind::TimedOut, "the reader is too slow");
                return Some((Err(slow), None));
            }
            next = receiver.pieces.recv() => next,
        };
        // Its room is free once it is taken.
        next.map(|(piece, _room)| (Ok(piece), Some(receiver)))
    });
    (Sender { pieces: sender, room, patience, cut }, body)
}

impl Sender {
    /// Puts a piece into the buffer, once there is room for it.
    pub(super) async fn send(&mut self, piece: String) -> Result<(), Gone> {
        let size = u32::try_from(piece.len()).unwrap_or(CAPACITY).min(CAPACITY);
        let room = tokio::select! {
            () = self.pieces.closed() => return Err(Gone),
            room = tokio::time::timeout(self.patience, Arc::clone(&self.room).acquire_many_owned(size)) => room,
        };
        let Ok(Ok(room)) = room else {
            tracing::debug!("a reader that is too slow is cut off");
            self.cut.cancel();
            return Err(Gone);
        };
        self.pieces.send((piece.into(), room)).map_err(|_| Gone)
    }

    /// Ready when nobody reads any more.
    pub(super) async fn closed(&self) {
        self.pieces.closed().await;
    }
}

#[cfg(test)]
mod tests {
    use futures::StreamExt;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(30);

    #[tokio::test(start_paused = true)]
    async fn a_reader_that_takes_nothing_is_cut_off_and_a_slow_one_is_not() {
        let (mut sender, body) = channel(PATIENCE);
        let mut body = std::pin::pin!(body);
        let piece = "x".repeat(CAPACITY as usize / 2);
        sender.send(piece.clone()).await.unwrap();
        sender.send(piece.clone()).await.unwrap();
        let late = async {
            tokio::time::sleep(PATIENCE / 2).await;
            body.next().await.unwrap().unwrap()
        };
        let (sent, taken) = tokio::join!(sender.send(piece.clone()), late);
        assert!(sent.is_ok());
        assert_eq!(taken.len(), piece.len());
        assert!(sender.send(piece).await.is_err());
        assert_eq!(body.next().await.unwrap().unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert!(body.next().await.is_none());
    }

    #[tokio::test]
    async fn a_piece_larger_than_the_buffer_passes() {
        let (mut sender, body) = channel(PATIENCE);
        let mut body = std::pin::pin!(body);
        sender.send("x".repeat(3 * CAPACITY as usize)).await.unwrap();
        drop(sender);
        assert_eq!(body.next().await.unwrap().unwrap().len(), 3 * CAPACITY as usize);
        assert!(body.next().await.is_none());
    }

    #[tokio::test]
    async fn it_is_known_when_nobody_reads() {
        let (mut sender, body) = channel(PATIENCE);
        drop(body);
        sender.closed().await;
        assert!(sender.send("x".to_owned()).await.is_err());
    }
}
