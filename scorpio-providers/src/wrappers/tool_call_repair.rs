//! Mends the tool calls of models that cannot quite write them.

mod arguments;
mod names;

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use scorpio_core::{
    Part, ToolCallPart,
    model::{
        CallContext, Capabilities, LlmProvider, ModelError, ModelEvent, ModelRequest, ModelStream, PartKind,
        ProviderId, WireKey,
    },
    tool::ToolCatalog,
};

use super::rewrite::{Output, Rewrite, Rewritten};

/// A provider that mends the tool calls of its models, for models that are too weak to keep to the rules.
///
/// | what | becomes |
/// |---|---|
/// | the name of a tool in other letters or signs: `Get-Weather`, `getWeather`, `functions.get_weather` | the tool's name |
/// | a name with one letter wrong, too many, too few, or two swapped, but not in its first word and not in its digits | the tool's name |
/// | arguments in a block of Markdown, or in a JSON string | what stands in it |
/// | an argument that is a JSON string, where the schema wants an object or a list and the string holds one | what stands in it |
/// | other quotes, names without quotes, `True`, `False` and `None`, commas that lack or are too many, comments, line breaks in strings, backslashes that escape nothing, brackets that lack at the end or are too many there | JSON |
///
/// A name is mended only if it can mean no other tool. Its first word says what it does, so `get_user` never becomes `set_user`.
/// Arguments are mended only if they can be read in one way, and no value is ever made up: a string that is not closed and a number at
/// the very end, which both may have been cut, stay as they are. A call that cannot be mended goes on as it is, and whoever runs the tools tells the model
/// what is wrong with it. Arguments of more than 256 KiB are not looked at.
///
/// A call that carries an item of the provider's own ([`native`](ToolCallPart::native)) keeps its arguments and name, for what was signed must go back
/// as it came. The pieces of the arguments stream as the model writes them; the finished part is the mended one. What was mended is
/// logged by `tracing`, at the level of information.
///
/// ```
/// use scorpio_core::{Agent, model::{Model, Scripted, ScriptedTurn}, tool};
/// use scorpio_providers::ToolCallRepair;
///
/// /// Add two numbers.
/// #[tool]
/// fn add(a: f64, b: f64) -> f64 { a + b }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let weak = Scripted::new().turn(ScriptedTurn::new().tool_call("call_1", "Add", "{'a': 2, 'b': 40,}")).text("It is 42.");
/// let provider = ToolCallRepair::new(weak);
/// let agent = Agent::builder("calculator").with_model(Model::new(provider, "any")).tool(add).build()?;
/// assert_eq!(agent.run("What is 2 + 40?").await?.text(), "It is 42.");
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct ToolCallRepair {
    provider: Arc<dyn LlmProvider>,
}

impl ToolCallRepair {
    /// Mends the calls of the models of `provider`.
    pub fn new(provider: impl LlmProvider) -> Self {
        Self::shared(Arc::new(provider))
    }

    /// Mends the calls of the models of a provider that others use too.
    pub fn shared(provider: Arc<dyn LlmProvider>) -> Self {
        Self { provider }
    }
}

#[async_trait]
impl LlmProvider for ToolCallRepair {
    fn id(&self) -> &ProviderId {
        self.provider.id()
    }

    fn capabilities(&self, model: &str) -> Capabilities {
        self.provider.capabilities(model)
    }

    fn wire(&self, model: &str) -> WireKey {
        self.provider.wire(model)
    }

    async fn stream(&self, request: ModelRequest, cx: &CallContext) -> Result<ModelStream, ModelError> {
        let repair = Repair {
            provider: Arc::clone(self.provider.id()),
            model: Arc::clone(&request.model),
            tools: Arc::clone(&request.tools),
        };
        let stream = self.provider.stream(request, cx).await?;
        Ok(if repair.tools.is_empty() { stream } else { Box::pin(Rewritten::new(stream, repair)) })
    }
}

impl fmt::Debug for ToolCallRepair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ToolCallRepair").field("provider", &self.provider).finish()
    }
}

struct Repair {
    provider: ProviderId,
    model: Arc<str>,
    tools: Arc<ToolCatalog>,
}

impl Repair {
    fn mend(&self, call: &mut ToolCallPart) {
        if call.native.is_some() {
            return;
        }
        let mut what = Vec::new();
        if let Some(name) = names::meant(&call.name, &self.tools) {
            what.push("name");
            call.name = name.into();
        }
        let tool = self.tools.get(&call.name);
        if let Some(mended) = arguments::mended(&call.arguments, tool.map(|tool| &tool.spec().parameters)) {
            what.extend(mended.what);
            call.arguments = mended.arguments.into();
        }
        if !what.is_empty() {
            let (provider, model, call_id, tool) = (&self.provider, &self.model, &call.call_id, &call.name);
            tracing::info!(%provider, %model, %call_id, %tool, ?what, "a tool call was mended");
        }
    }
}

impl Rewrite for Repair {
    fn event(&mut self, event: ModelEvent, out: &mut Output) {
        out.pass(match event {
            ModelEvent::PartStart { index, kind: PartKind::ToolCall { call_id, name } } => {
                let name = names::meant(&name, &self.tools).map_or(name, Into::into);
                ModelEvent::PartStart { index, kind: PartKind::ToolCall { call_id, name } }
            }
            ModelEvent::PartEnd { index, mut part } => {
                if let Part::ToolCall(call) = &mut *part {
                    self.mend(call);
                }
                ModelEvent::PartEnd { index, part }
            }
            event => event,
        });
    }

    fn broken(&mut self, _: &mut Output) {}
}

const _: () = {
    const fn is_shared<T: Send + Sync + 'static>() {}
    is_shared::<ToolCallRepair>();
};
