//! Tools for models that have none: described in the instructions, and called in the text.

mod call;
mod history;
mod instructions;
mod text;

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use scorpio_core::{
    Part,
    model::{
        CallContext, Capabilities, FinishReason, LlmProvider, ModelError, ModelEvent, ModelRequest,
        ModelStream, PartKind, ProviderId, ToolChoice, WireKey,
    },
};

use self::text::Text;
use super::rewrite::{Output, Rewrite, Rewritten};

/// Between these stands a call.
const CALL: [&str; 2] = ["<tool_call>", "</tool_call>"];

/// Between these stands a result.
const RESULT: [&str; 2] = ["<tool_response>", "</tool_response>"];

/// A provider whose models call tools in their text, for models and servers that do not support tools.
///
/// The tools are described at the end of the instructions. A call is a JSON object between tags, as Hermes and Qwen were trained to write
/// it, and there may be several:
///
/// ```text
/// I look it up.
/// <tool_call>
/// {"name": "get_weather", "arguments": {"city": "Oslo"}}
/// </tool_call>
/// ```
///
/// Text before a call flows on as it comes; no more is held back than what may become a tag. A call comes whole, when its closing
/// tag does. Its JSON is taken as it is; where it is none, it is mended as [`ToolCallRepair`](crate::ToolCallRepair) does it, and where that
/// fails, what was written stays text. So does a call that breaks off. Results that a model makes up after its own calls are left out.
///
/// The history is told in the same way: past calls stand in the text of the answers, and their results in messages of the user, between
/// `<tool_response>` tags. Ids of calls are made here. A [`ToolChoice`] is told in words, which a model may not obey.
///
/// A request without tools, and without calls in its history, goes through as it is.
///
/// ```
/// use scorpio_core::{Agent, model::{Model, Scripted}, tool};
/// use scorpio_providers::PromptedTools;
///
/// /// Add two numbers.
/// #[tool]
/// fn add(a: f64, b: f64) -> f64 { a + b }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let toolless = Scripted::new()
///     .text("<tool_call>\n{\"name\": \"add\", \"arguments\": {\"a\": 2, \"b\": 40}}\n</tool_call>")
///     .text("It is 42.");
/// let provider = PromptedTools::new(toolless);
/// let agent = Agent::builder("calculator").with_model(Model::new(provider, "any")).tool(add).build()?;
/// assert_eq!(agent.run("What is 2 + 40?").await?.text(), "It is 42.");
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct PromptedTools {
    provider: Arc<dyn LlmProvider>,
}

impl PromptedTools {
    /// Lets the models of `provider` call tools.
    pub fn new(provider: impl LlmProvider) -> Self {
        Self::shared(Arc::new(provider))
    }

    /// Lets the models of a provider that others use too call tools.
    pub fn shared(provider: Arc<dyn LlmProvider>) -> Self {
        Self { provider }
    }
}

#[async_trait]
impl LlmProvider for PromptedTools {
    fn id(&self) -> &ProviderId {
        self.provider.id()
    }

    fn capabilities(&self, model: &str) -> Capabilities {
        let mut capabilities = self.provider.capabilities(model);
        capabilities.tools = true;
        capabilities
    }

    fn wire(&self, model: &str) -> WireKey {
        self.provider.wire(model)
    }

    async fn stream(&self, mut request: ModelRequest, cx: &CallContext) -> Result<ModelStream, ModelError> {
        if let Some(transcript) = history::in_words(&request.transcript) {
            request.transcript = transcript;
        }
        if request.tools.is_empty() || request.tool_choice == ToolChoice::None {
            request.tools = Arc::default();
            request.tool_choice = ToolChoice::Auto;
            return self.provider.stream(request, cx).await;
        }
        request.instructions = Some(instructions::with_tools(&request));
        request.tools = Arc::default();
        request.tool_choice = ToolChoice::Auto;
        request.parallel_tool_calls = None;
        let stream = self.provider.stream(request, cx).await?;
        Ok(Box::pin(Rewritten::new(stream, Calls::default())))
    }
}

impl fmt::Debug for PromptedTools {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PromptedTools").field("provider", &self.provider).finish()
    }
}

/// The texts of an answer that are open, by the provider's numbers.
#[derive(Default)]
struct Calls {
    texts: Vec<(u32, Text)>,
    /// A tool has been called.
    called: bool,
}

impl Rewrite for Calls {
    fn event(&mut self, event: ModelEvent, out: &mut Output) {
        let position =
            |index: u32, texts: &[(u32, Text)]| texts.iter().position(|(known, _)| *known == index);
        match event {
            ModelEvent::PartStart { index, kind: PartKind::Text } => {
                self.texts.push((index, Text::default()))
            }
            ModelEvent::Delta { index, text: delta } => {
                match self.texts.iter_mut().find(|(known, _)| *known == index) {
                    Some((_, text)) => text.push(delta, out),
                    None => out.pass(ModelEvent::Delta { index, text: delta }),
                }
            }
            ModelEvent::PartEnd { index, part } => match (position(index, &self.texts), *part) {
                (Some(position), Part::Text(part)) => {
                    self.called |= self.texts.swap_remove(position).1.end(part, out);
                }
                (_, part) => out.pass(ModelEvent::PartEnd { index, part: Box::new(part) }),
            },
            // The model does not know that it called a tool.
            ModelEvent::Finish { reason: FinishReason::Stop | FinishReason::Other } if self.called => {
                out.pass(ModelEvent::Finish { reason: FinishReason::ToolCalls });
            }
            event => out.pass(event),
        }
    }

    fn broken(&mut self, out: &mut Output) {
        for (_, text) in &mut self.texts {
            text.give_out(out);
        }
    }
}

const _: () = {
    const fn is_shared<T: Send + Sync + 'static>() {}
    is_shared::<PromptedTools>();
};
