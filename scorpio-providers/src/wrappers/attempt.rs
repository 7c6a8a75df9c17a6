//! One call of a provider, up to the first part of its answer.

use std::{
    fmt, mem,
    sync::Arc,
    task::{Context, Poll, ready},
};

use futures::future::BoxFuture;
use scorpio_core::model::{
    CallContext, LlmProvider, ModelError, ModelErrorKind, ModelEvent, ModelRequest, ModelStream,
};

/// A call whose answer has not begun. Dropping it ends the call.
pub(super) enum Attempt {
    Calling(BoxFuture<'static, Result<ModelStream, ModelError>>),
    Reading(ModelStream),
    Ended,
}

/// What a call has come to.
pub(super) enum Progress {
    /// Something that comes before the answer and takes nothing back when the call is made again.
    Preamble(ModelEvent),
    /// The answer begins. There is no other try from now on.
    Answers { first: ModelEvent, rest: ModelStream },
    /// The call failed, or its stream ended, before the answer began.
    Failed(ModelError),
}

impl Attempt {
    pub(super) fn new(provider: &Arc<dyn LlmProvider>, request: ModelRequest, cx: &CallContext) -> Self {
        let (provider, cx) = (Arc::clone(provider), cx.clone());
        Self::Calling(Box::pin(async move { provider.stream(request, &cx).await }))
    }

    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Progress> {
        if let Self::Calling(call) = self {
            match ready!(call.as_mut().poll(cx)) {
                Ok(stream) => *self = Self::Reading(stream),
                Err(error) => return self.fail(error),
            }
        }
        let Self::Reading(stream) = self else { return self.fail(truncated()) };
        match ready!(stream.as_mut().poll_next(cx)) {
            Some(Ok(event)) if is_preamble(&event) => Poll::Ready(Progress::Preamble(event)),
            Some(Ok(first)) => match mem::replace(self, Self::Ended) {
                Self::Reading(rest) => Poll::Ready(Progress::Answers { first, rest }),
                _ => self.fail(truncated()),
            },
            Some(Err(error)) => self.fail(error),
            None => self.fail(truncated()),
        }
    }

    /// Ends the call at once: its connection is not held while others are tried.
    fn fail(&mut self, error: ModelError) -> Poll<Progress> {
        *self = Self::Ended;
        Poll::Ready(Progress::Failed(error))
    }
}

impl fmt::Debug for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Calling(_) => "Calling",
            Self::Reading(_) => "Reading",
            Self::Ended => "Ended",
        })
    }
}

/// Whether `event` is no piece of the answer itself.
pub(super) fn is_preamble(event: &ModelEvent) -> bool {
    use ModelEvent::{FellBack, Response, Retrying, Usage};
    matches!(event, Usage(_) | Response(_) | Retrying(_) | FellBack(_))
}

/// The stream ended without a finish.
pub(super) fn truncated() -> ModelError {
    ModelError::new(ModelErrorKind::Truncated, "the provider's stream ended without a finish")
}
