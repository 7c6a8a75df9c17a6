//! The moments of a run at which an outage begins, and how they are met.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use async_trait::async_trait;
use futures::{StreamExt, stream};
use scorpio_core::{
    Message,
    model::{
        CallContext, Capabilities, LlmProvider, ModelError, ModelEvent, ModelRequest, ModelStream,
        ProviderId, WireKey,
    },
};
use tokio::sync::Notify;

use super::Outage;

/// A moment of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    BeforeModel,
    DuringStream,
    /// The model has asked for tools, and the store does not know of it yet.
    BeforeTool,
    /// A tool has taken effect, and the store does not know of it yet.
    AfterTool,
    /// The last answer is there, and the store does not know of it yet.
    AtFinish,
}

impl Moment {
    pub const ALL: [Self; 5] =
        [Self::BeforeModel, Self::DuringStream, Self::BeforeTool, Self::AfterTool, Self::AtFinish];
}

/// Begins an outage when a run is at a moment for the first time.
pub struct Trap {
    moment: Moment,
    outage: Arc<dyn Outage>,
    is_sprung: AtomicBool,
    /// It has begun.
    pub(super) sprung: Notify,
}

impl Trap {
    pub fn new(moment: Moment, outage: Arc<dyn Outage>) -> Self {
        Self { moment, outage, is_sprung: AtomicBool::new(false), sprung: Notify::new() }
    }

    /// The run is at this moment.
    pub async fn reach(&self, moment: Moment) {
        if moment == self.moment && !self.is_sprung.swap(true, Ordering::AcqRel) {
            self.outage.begin().await;
            self.sprung.notify_one();
        }
    }
}

/// A provider that tells a trap where the run is.
pub struct Trapped {
    inner: Arc<dyn LlmProvider>,
    trap: Arc<Trap>,
}

impl Trapped {
    pub fn new(inner: Arc<dyn LlmProvider>, trap: Arc<Trap>) -> Self {
        Self { inner, trap }
    }
}

impl std::fmt::Debug for Trapped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.inner.fmt(f)
    }
}

/// How many results of tools the model has seen when it gives its last answer.
const RESULTS: usize = 6;

#[async_trait]
impl LlmProvider for Trapped {
    fn id(&self) -> &ProviderId {
        self.inner.id()
    }

    fn capabilities(&self, model: &str) -> Capabilities {
        self.inner.capabilities(model)
    }

    fn wire(&self, model: &str) -> WireKey {
        self.inner.wire(model)
    }

    async fn stream(&self, request: ModelRequest, cx: &CallContext) -> Result<ModelStream, ModelError> {
        self.trap.reach(Moment::BeforeModel).await;
        let results = request.transcript.messages().flat_map(Message::tool_results).count();
        let last = if results == RESULTS { Moment::AtFinish } else { Moment::BeforeTool };
        let answer = self.inner.stream(request, cx).await?;
        let events = stream::unfold((answer, Arc::clone(&self.trap)), move |(mut answer, trap)| async move {
            let Some(event) = answer.next().await else {
                trap.reach(last).await;
                return None;
            };
            if matches!(event, Ok(ModelEvent::Delta { .. })) {
                trap.reach(Moment::DuringStream).await;
            }
            Some((event, (answer, trap)))
        });
        Ok(Box::pin(events))
    }
}
