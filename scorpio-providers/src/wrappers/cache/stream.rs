//! An answer that is kept when it comes to its finish.

use std::{
    mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use futures::{Stream, future::BoxFuture};
use scorpio_core::model::{ModelError, ModelEvent, ModelStream};

use super::{AnswerCache, CacheKey};

pub(super) struct KeptStream {
    inner: ModelStream,
    key: CacheKey,
    answers: Arc<dyn AnswerCache>,
    events: Vec<ModelEvent>,
    /// The finish, and the keeping of the answer that comes before it.
    keeping: Option<(BoxFuture<'static, ()>, ModelEvent)>,
}

impl KeptStream {
    pub(super) fn new(inner: ModelStream, key: CacheKey, answers: Arc<dyn AnswerCache>) -> Self {
        Self { inner, key, answers, events: Vec::new(), keeping: None }
    }

    fn keep(&mut self) -> BoxFuture<'static, ()> {
        let (key, answers) = (self.key, Arc::clone(&self.answers));
        let answer = mem::take(&mut self.events).into();
        Box::pin(async move { answers.put(key, answer).await })
    }
}

impl Stream for KeptStream {
    type Item = Result<ModelEvent, ModelError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if this.keeping.is_none() {
            let item = ready!(this.inner.as_mut().poll_next(cx));
            let Some(Ok(event)) = item else { return Poll::Ready(item) };
            if !matches!(event, ModelEvent::Retrying(_)) {
                this.events.push(event.clone());
            }
            if !matches!(event, ModelEvent::Finish { .. }) {
                return Poll::Ready(Some(Ok(event)));
            }
            this.keeping = Some((this.keep(), event));
        }
        if let Some((keeping, _)) = &mut this.keeping {
            ready!(keeping.as_mut().poll(cx));
        }
        Poll::Ready(this.keeping.take().map(|(_, finish)| Ok(finish)))
    }
}
