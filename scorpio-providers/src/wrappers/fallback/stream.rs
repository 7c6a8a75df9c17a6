//! The routes of one call.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use futures::Stream;
use scorpio_core::model::{
    CallContext, FellBack, ModelError, ModelErrorKind, ModelEvent, ModelRequest, ModelStream,
};
use tokio::time::Instant;

use super::{breaker::Ticket, route::Route};
use crate::wrappers::{
    attempt::{Attempt, Progress},
    deadline::deadline,
};

pub(super) struct FallbackStream {
    state: State,
    /// Those that have not been asked, in order.
    routes: std::vec::IntoIter<Arc<Route>>,
    request: ModelRequest,
    cx: CallContext,
    deadline: Option<Instant>,
}

enum State {
    /// Looks for the next route, after the one before it failed with this.
    Choosing(Option<ModelErrorKind>),
    Trying(Attempt, Option<Ticket>),
    Answering(ModelStream, Option<Ticket>),
    Ended,
}

impl FallbackStream {
    pub(super) fn new(routes: Vec<Arc<Route>>, request: ModelRequest, cx: &CallContext) -> Self {
        let (routes, cx, deadline) = (routes.into_iter(), cx.clone(), deadline(cx));
        Self { state: State::Choosing(None), routes, request, cx, deadline }
    }

    /// Begins to ask the next route that is not to be passed over. The event says that it is not the first.
    fn choose(&mut self, mut failure: Option<ModelErrorKind>) -> Option<ModelEvent> {
        while let Some(route) = self.routes.next() {
            let is_last = self.routes.len() == 0;
            let ticket = match route.admit(is_last) {
                Ok(ticket) => ticket,
                Err(error) => {
                    failure = Some(error);
                    continue;
                }
            };
            let model = route.model();
            let mut request = self.request.clone();
            request.model = Arc::clone(model.name());
            self.state = State::Trying(Attempt::new(model.provider(), request, &self.cx), Some(ticket));
            let fell_back = |error| ModelEvent::FellBack(Box::new(FellBack::new(route.origin(), error)));
            return failure.map(fell_back);
        }
        self.state = State::Ended;
        None
    }

    /// The route failed before its answer began. None when another is asked.
    fn failed(&mut self, error: ModelError, ticket: Option<Ticket>) -> Option<ModelError> {
        let kind = error.kind();
        report(ticket, kind);
        let is_late = self.deadline.is_some_and(|deadline| deadline <= Instant::now());
        let moves_on = is_fault_of_route(kind) && self.routes.len() > 0;
        if !moves_on || is_late || self.cx.cancel.is_cancelled() {
            self.state = State::Ended;
            return Some(error);
        }
        tracing::warn!(?error, "a model failed; the next of its chain is asked");
        self.state = State::Choosing(Some(kind));
        None
    }
}

impl Stream for FallbackStream {
    type Item = Result<ModelEvent, ModelError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            match &mut this.state {
                State::Answering(stream, ticket) => {
                    let item = ready!(stream.as_mut().poll_next(cx));
                    observe(ticket, item.as_ref());
                    return Poll::Ready(item);
                }
                State::Choosing(failure) => {
                    let failure = *failure;
                    if let Some(event) = this.choose(failure) {
                        return Poll::Ready(Some(Ok(event)));
                    }
                }
                State::Trying(attempt, ticket) => match ready!(attempt.poll(cx)) {
                    Progress::Preamble(event) => return Poll::Ready(Some(Ok(event))),
                    Progress::Answers { first, rest } => {
                        let mut ticket = ticket.take();
                        if let Some(ticket) = &mut ticket {
                            ticket.answers();
                        }
                        if matches!(first, ModelEvent::Finish { .. }) {
                            succeed(&mut ticket);
                        }
                        this.state = State::Answering(rest, ticket);
                        return Poll::Ready(Some(Ok(first)));
                    }
                    Progress::Failed(error) => {
                        let ticket = ticket.take();
                        if let Some(error) = this.failed(error, ticket) {
                            return Poll::Ready(Some(Err(error)));
                        }
                    }
                },
                State::Ended => return Poll::Ready(None),
            }
        }
    }
}

/// Tells the breaker when an answer is over.
fn observe(ticket: &mut Option<Ticket>, item: Option<&Result<ModelEvent, ModelError>>) {
    match item {
        Some(Ok(ModelEvent::Finish { .. })) => succeed(ticket),
        Some(Ok(_)) => {}
        Some(Err(error)) => report(ticket.take(), error.kind()),
        None => report(ticket.take(), ModelErrorKind::Truncated),
    }
}

fn succeed(ticket: &mut Option<Ticket>) {
    if let Some(ticket) = ticket.take() {
        ticket.succeeded();
    }
}

fn report(ticket: Option<Ticket>, error: ModelErrorKind) {
    if let Some(ticket) = ticket.filter(|_| is_fault_of_route(error)) {
        ticket.failed(error);
    }
}

/// Whether another route might answer. The table in the documentation of [`Fallback`](super::Fallback) says why.
fn is_fault_of_route(error: ModelErrorKind) -> bool {
    !matches!(error, ModelErrorKind::InvalidRequest | ModelErrorKind::ContextOverflow)
}
