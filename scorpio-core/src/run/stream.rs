//! A run as its caller holds it: a stream of events, and a handle to stop and steer it.

use std::{
    collections::VecDeque,
    fmt,
    future::Future,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

use futures::{Stream, StreamExt, task::AtomicWaker};
use tokio_util::sync::CancellationToken;

use super::{Outcome, emitter::Queue};
use crate::{Event, Message, Result, RunId};

/// Stops and steers a run. It works from any task, and does nothing once the run is over.
#[derive(Debug, Clone)]
pub struct RunHandle {
    run: RunId,
    cancel: CancellationToken,
    inbox: Inbox,
}

impl RunHandle {
    pub(crate) fn new(run: RunId) -> Self {
        Self { run, cancel: CancellationToken::new(), inbox: Inbox::default() }
    }

    /// The run.
    pub fn run_id(&self) -> RunId {
        self.run
    }

    /// Stops the run. What was done until then is kept, and the outcome is [`Outcome::Stopped`].
    pub fn cancel(&self) {
        self.cancel.cancel();
    }

    /// Adds a message to the run: the model sees it at its next turn. Answers whether the run takes it; once the run is over, the
    /// message belongs into a run of its own.
    pub fn steer(&self, message: impl Into<Message>) -> bool {
        self.inbox.push(message.into())
    }

    pub(super) fn cancellation(&self) -> &CancellationToken {
        &self.cancel
    }

    pub(super) fn inbox(&self) -> &Inbox {
        &self.inbox
    }
}

/// Messages on their way into a run.
#[derive(Debug, Clone, Default)]
pub(super) struct Inbox(Arc<Mutex<Waiting>>);

#[derive(Debug, Default)]
pub(super) struct Waiting {
    pub(super) messages: Vec<Message>,
    pub(super) closed: bool,
}

impl Inbox {
    fn push(&self, message: Message) -> bool {
        let mut waiting = self.lock();
        if !waiting.closed {
            waiting.messages.push(message);
        }
        !waiting.closed
    }

    /// While this is held no message comes in: what is decided with it in hand is decided for all messages that were taken.
    pub(super) fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A run that is going, as a stream of its events.
///
/// Polling it drives the run. The stream ends after [`RunFinished`](crate::EventKind::RunFinished), or without it when the run could not
/// begin; [`RunStream::outcome`] tells how it went.
///
/// # Cancel safety
///
/// Dropping it cancels the run. The history stays valid: an answer that was being written is kept as far as it went, and calls of
/// tools that had not answered are answered with the truth about them.
///
/// ```
/// use futures::StreamExt;
/// use scorpio_core::{Agent, EventKind, model::{Model, Scripted}};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> scorpio_core::Result<()> {
/// let model = Model::new(Scripted::new().text("Hello there."), "any");
/// let agent = Agent::builder("greeter").with_model(model).build()?;
/// let mut run = agent.run("Hi.").stream();
/// while let Some(event) = run.next().await {
///     if let EventKind::PartDelta(delta) = &event.kind {
///         print!("{}", delta.text);
///     }
/// }
/// assert!(run.outcome().await?.is_done());
/// # Ok(()) }
/// ```
#[must_use = "a run does nothing unless its stream is polled"]
pub struct RunStream {
    handle: RunHandle,
    queue: Queue,
    /// What has been taken out of the queue.
    events: VecDeque<Arc<Event>>,
    drive: Option<Pin<Box<dyn Future<Output = Result<Outcome>> + Send>>>,
    outcome: Option<Result<Outcome>>,
    news: Arc<News>,
    /// Tells `news`.
    waker: Waker,
}

/// Whether what the run waits for has happened. Whoever has taken an event comes back for the next at once, and to ask the whole
/// run again before there is news would cost as much as the event.
#[derive(Debug)]
struct News {
    is_there: AtomicBool,
    caller: AtomicWaker,
}

impl Wake for News {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.is_there.store(true, Ordering::Release);
        self.caller.wake();
    }
}

impl RunStream {
    pub(crate) fn new(
        handle: RunHandle,
        queue: Queue,
        drive: Pin<Box<dyn Future<Output = Result<Outcome>> + Send>>,
    ) -> Self {
        let news = Arc::new(News { is_there: AtomicBool::new(true), caller: AtomicWaker::new() });
        let waker = Waker::from(Arc::clone(&news));
        Self { handle, queue, events: VecDeque::new(), drive: Some(drive), outcome: None, news, waker }
    }

    /// A handle to stop and steer the run.
    pub fn handle(&self) -> RunHandle {
        self.handle.clone()
    }

    /// Drives the run to its end and tells how it went.
    ///
    /// # Errors
    ///
    /// When the run could not begin, the model failed for good, or the store failed.
    pub async fn outcome(mut self) -> Result<Outcome> {
        while self.next().await.is_some() {}
        self.outcome.take().unwrap_or_else(|| {
            Err(crate::ScorpioError::internal(crate::Surface::Chat, "The run ended without an outcome."))
        })
    }
}

impl Stream for RunStream {
    type Item = Arc<Event>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Arc<Event>>> {
        let this = &mut *self;
        if let Some(event) = this.events.pop_front() {
            return Poll::Ready(Some(event));
        }
        if let Some(drive) = &mut this.drive
            && this.news.is_there.swap(false, Ordering::AcqRel)
        {
            if let Poll::Ready(outcome) = drive.as_mut().poll(&mut Context::from_waker(&this.waker)) {
                this.drive = None;
                this.outcome = Some(outcome);
            }
            this.queue.take(&mut this.events);
            if let Some(event) = this.events.pop_front() {
                return Poll::Ready(Some(event));
            }
        }
        if this.drive.is_none() {
            return Poll::Ready(None);
        }
        this.news.caller.register(cx.waker());
        // There may be news from before it was known whom to tell.
        if this.news.is_there.load(Ordering::Acquire) {
            cx.waker().wake_by_ref();
        }
        Poll::Pending
    }
}

impl fmt::Debug for RunStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunStream").field("run", &self.handle.run).finish_non_exhaustive()
    }
}
