//! Who has documents gets the tool that searches them. Who has none is not asked to pay for its description in every prompt.

use std::sync::Arc;

use async_trait::async_trait;
use scorpio_core::tool::{SharedTool, ToolError, Toolset, ToolsetContext, erase};
use scorpio_tools::Knowledge;

/// `knowledge_search` for runs of those who have documents.
#[derive(Debug)]
pub(crate) struct OwnersKnowledge {
    knowledge: Knowledge,
    tool: SharedTool,
}

impl OwnersKnowledge {
    pub(crate) fn new(knowledge: Knowledge) -> Self {
        Self { tool: erase(knowledge.tool()), knowledge }
    }
}

#[async_trait]
impl Toolset for OwnersKnowledge {
    async fn tools(self: Arc<Self>, cx: &ToolsetContext) -> Result<Vec<SharedTool>, ToolError> {
        let some = self.knowledge.documents(&cx.owner, None, 1).await?;
        Ok(if some.documents.is_empty() { Vec::new() } else { vec![Arc::clone(&self.tool)] })
    }
}
