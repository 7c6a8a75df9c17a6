//! The body of an answer: pieces, pauses between them, and an end that need not be one.

use std::{
    collections::VecDeque,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Sleep, sleep};

use crate::fault::Ending;

/// The body of an answer. It may pause, break off with an error, or never end.
///
/// ```
/// use http_body_util::BodyExt;
/// use scorpio_testkit::AnswerBody;
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
/// let body = AnswerBody::from(r#"{"error": null}"#.to_owned());
/// assert_eq!(body.collect().await?.to_bytes(), r#"{"error": null}"#);
/// # Ok::<(), std::io::Error>(())
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct AnswerBody {
    pieces: VecDeque<Bytes>,
    pause: Duration,
    sleep: Option<Pin<Box<Sleep>>>,
    ending: Ending,
    /// Whether whoever sends the pieces had time to do so before the connection breaks.
    is_sent: bool,
}

impl AnswerBody {
    pub(crate) fn new(pieces: impl IntoIterator<Item = Bytes>, pause: Duration, ending: Ending) -> Self {
        Self { pieces: pieces.into_iter().collect(), pause, sleep: None, ending, is_sent: false }
    }
}

impl From<String> for AnswerBody {
    fn from(text: String) -> Self {
        Self::new([text.into()], Duration::ZERO, Ending::Ends)
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if !self.pause.is_zero() && !self.pieces.is_empty() {
            let pause = self.pause;
            let pausing = self.sleep.get_or_insert_with(|| Box::pin(sleep(pause)));
            ready!(pausing.as_mut().poll(cx));
            self.sleep = None;
        }
        if let Some(piece) = self.pieces.pop_front() {
            return Poll::Ready(Some(Ok(Frame::data(piece))));
        }
        match self.ending {
            Ending::Ends => Poll::Ready(None),
            Ending::Breaks if !self.is_sent => {
                self.is_sent = true;
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            Ending::Breaks => {
                self.ending = Ending::Ends;
                let error =
                    io::Error::new(io::ErrorKind::ConnectionReset, "the script resets the connection");
                Poll::Ready(Some(Err(error)))
            }
            // Whoever waits must have a limit of their own.
            Ending::Hangs => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.pieces.is_empty() && self.ending == Ending::Ends
    }

    fn size_hint(&self) -> SizeHint {
        let length = self.pieces.iter().map(Bytes::len).sum::<usize>();
        match self.ending {
            Ending::Ends => SizeHint::with_exact(u64::try_from(length).unwrap_or(u64::MAX)),
            _ => SizeHint::default(),
        }
    }
}
