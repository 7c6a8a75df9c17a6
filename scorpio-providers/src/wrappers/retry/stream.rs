//! The attempts of one call.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use futures::Stream;
use scorpio_core::model::{
    CallContext, ModelError, ModelErrorKind, ModelEvent, ModelRequest, ModelStream, Retrying,
};
use tokio::time::{Instant, Sleep, sleep};

use super::Retry;
use crate::wrappers::{
    attempt::{Attempt, Progress},
    deadline::deadline,
};

pub(super) struct RetryStream {
    state: State,
    retry: Retry,
    request: ModelRequest,
    cx: CallContext,
    deadline: Option<Instant>,
    retries: u32,
    /// An answer that broke the rules of its format has been asked for again.
    forgave_protocol: bool,
}

enum State {
    Trying(Attempt),
    Waiting(Pin<Box<Sleep>>),
    Answering(ModelStream),
    Ended,
}

impl RetryStream {
    pub(super) fn new(retry: Retry, request: ModelRequest, cx: &CallContext) -> Self {
        let first = Attempt::new(&retry.provider, request.clone(), cx);
        Self {
            state: State::Trying(first),
            retry,
            request,
            cx: cx.clone(),
            deadline: deadline(cx),
            retries: 0,
            forgave_protocol: false,
        }
    }

    /// How long to wait before the next attempt, if there is one.
    fn next_wait(&mut self, error: &ModelError) -> Option<Duration> {
        if self.retries.saturating_add(1) >= self.retry.attempts || self.cx.cancel.is_cancelled() {
            return None;
        }
        if !error.is_retryable() {
            let garbled = error.kind() == ModelErrorKind::Protocol && error.retry_advice().is_none();
            if !garbled || self.forgave_protocol {
                return None;
            }
        }
        let wait = self.retry.wait(error, self.retries)?;
        let begins = Instant::now().checked_add(wait)?;
        if self.deadline.is_some_and(|deadline| deadline <= begins) || !self.retry.budget.take() {
            return None;
        }
        self.forgave_protocol |= error.kind() == ModelErrorKind::Protocol;
        self.retries += 1;
        Some(wait)
    }

    fn failed(&mut self, error: ModelError) -> Result<ModelEvent, ModelError> {
        let Some(wait) = self.next_wait(&error) else {
            self.state = State::Ended;
            return Err(error);
        };
        let attempt = self.retries + 1;
        tracing::info!(provider = %self.retry.provider.id(), attempt, ?wait, ?error, "a model is asked again");
        self.state = State::Waiting(Box::pin(sleep(wait)));
        Ok(ModelEvent::Retrying(Box::new(Retrying::new(attempt, wait, error.kind()))))
    }
}

impl Stream for RetryStream {
    type Item = Result<ModelEvent, ModelError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            match &mut this.state {
                State::Answering(stream) => return stream.as_mut().poll_next(cx),
                State::Trying(attempt) => {
                    return Poll::Ready(Some(match ready!(attempt.poll(cx)) {
                        Progress::Preamble(event) => Ok(event),
                        Progress::Answers { first, rest } => {
                            this.retry.budget.answered(this.retries > 0);
                            this.state = State::Answering(rest);
                            Ok(first)
                        }
                        Progress::Failed(error) => this.failed(error),
                    }));
                }
                State::Waiting(wait) => {
                    ready!(wait.as_mut().poll(cx));
                    let next = Attempt::new(&this.retry.provider, this.request.clone(), &this.cx);
                    this.state = State::Trying(next);
                }
                State::Ended => return Poll::Ready(None),
            }
        }
    }
}
