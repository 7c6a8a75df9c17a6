//! The tools that every agent can use.

use std::sync::Arc;

use async_trait::async_trait;
use scorpio_core::tool::{SharedTool, ToolError, Toolset, ToolsetContext, erase};

use crate::{WorldClock, calculate};

/// [`calculate`](struct@calculate) and [`current_time`](struct@crate::current_time), as a toolset.
///
/// ```
/// use std::sync::Arc;
/// use scorpio_core::{OwnerId, SessionId, tool::{Extensions, Toolset, ToolsetContext}};
///
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// let cx = ToolsetContext::new(SessionId::new(), OwnerId::local(), Extensions::new());
/// let tools = Arc::new(scorpio_tools::everyday()).tools(&cx).await.unwrap();
/// let names: Vec<_> = tools.iter().map(|tool| tool.spec().name.as_str()).collect();
/// assert_eq!(names, ["calculate", "current_time"]);
/// # });
/// ```
#[derive(Debug, Clone, Default)]
pub struct Everyday {
    clock: Arc<WorldClock>,
}

/// The tools that every agent can use, by the clock of this machine.
pub fn everyday() -> Everyday {
    Everyday::default()
}

impl Everyday {
    /// Goes by another clock: the one of a test, say.
    #[must_use]
    pub fn with_clock(mut self, clock: WorldClock) -> Self {
        self.clock = Arc::new(clock);
        self
    }
}

#[async_trait]
impl Toolset for Everyday {
    async fn tools(self: Arc<Self>, cx: &ToolsetContext) -> Result<Vec<SharedTool>, ToolError> {
        let mut tools = vec![erase(calculate)];
        tools.extend(Arc::clone(&self.clock).tools(cx).await?);
        Ok(tools)
    }
}
