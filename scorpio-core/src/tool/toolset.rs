//! Groups of tools, fixed or found out when a run begins.

use std::{fmt, sync::Arc};

use async_trait::async_trait;

use super::{Extensions, SharedTool, ToolError};
use crate::{OwnerId, SessionId};

/// For whom tools are wanted.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ToolsetContext {
    /// The session of the run.
    pub session: SessionId,
    /// Whose session it is.
    pub owner: OwnerId,
    /// What the program attached to the run.
    pub extensions: Extensions,
}

impl ToolsetContext {
    /// A run of `session`.
    pub fn new(session: SessionId, owner: OwnerId, extensions: Extensions) -> Self {
        Self { session, owner, extensions }
    }
}

/// Several tools that share state, or tools that are only known when a run begins. `#[toolset]` on an `impl` block makes one of a
/// type's methods.
#[async_trait]
pub trait Toolset: Send + Sync + 'static {
    /// The tools for a run.
    ///
    /// # Errors
    ///
    /// When they cannot be had. The run goes on without them, and says so in the log.
    async fn tools(self: Arc<Self>, cx: &ToolsetContext) -> Result<Vec<SharedTool>, ToolError>;
}

impl fmt::Debug for dyn Toolset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Toolset")
    }
}
