//! The seam to model providers: one trait whose only required call streams, and the types that cross it.

mod assemble;
mod demo;
mod error;
mod event;
mod request;
mod scripted;
mod transcript;

use std::{fmt, pin::Pin, sync::Arc};

use async_trait::async_trait;
use futures::{Stream, StreamExt};
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

pub use self::{
    assemble::{Assembler, ModelAnswer},
    demo::Demo,
    error::{ModelError, ModelErrorKind},
    event::{Allowance, FellBack, FinishReason, ModelEvent, PartKind, ResponseInfo, Retrying},
    request::{ModelParameters, ModelRequest, OutputSchema, PromptCache, ToolChoice},
    scripted::{Scripted, ScriptedTurn},
    transcript::{Encoded, Entry, Transcript, WireKey},
};
use crate::RunId;

/// The name of a provider, such as `openai`. It is the part of a model's name before the colon.
pub type ProviderId = Arc<str>;

/// What flows back from a model. It ends after [`ModelEvent::Finish`] or after an error; one that ends otherwise was cut.
pub type ModelStream = Pin<Box<dyn Stream<Item = Result<ModelEvent, ModelError>> + Send>>;

/// What a model can take and give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    /// It can call tools.
    pub tools: bool,
    /// It can see images.
    pub vision: bool,
    /// It shows its reasoning.
    pub reasoning: bool,
    /// It can be held to a JSON schema.
    pub json_schema: bool,
    /// It can read documents such as PDF.
    pub documents: bool,
}

impl Capabilities {
    /// Text and tools and nothing else.
    pub const fn basic() -> Self {
        Self { tools: true, vision: false, reasoning: false, json_schema: false, documents: false }
    }

    /// Everything.
    pub const fn all() -> Self {
        Self { tools: true, vision: true, reasoning: true, json_schema: true, documents: true }
    }
}

/// What a call is made for: not part of what the model sees.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CallContext {
    /// The run that asks, if one does.
    pub run: Option<RunId>,
    /// Cancelled when nobody wants the answer any more. A provider need not watch it: its stream is dropped as well.
    pub cancel: CancellationToken,
    /// When the run that asks will give up.
    pub deadline: Option<Timestamp>,
}

impl CallContext {
    /// A call on its own, outside of any run.
    pub fn new() -> Self {
        Self { run: None, cancel: CancellationToken::new(), deadline: None }
    }

    /// A call of `run`.
    #[must_use]
    pub fn with_run(mut self, run: RunId) -> Self {
        self.run = Some(run);
        self
    }

    /// Sets the token that tells when nobody wants the answer any more.
    #[must_use]
    pub fn with_cancel(mut self, cancel: CancellationToken) -> Self {
        self.cancel = cancel;
        self
    }

    /// Sets when the run that asks will give up.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Timestamp) -> Self {
        self.deadline = Some(deadline);
        self
    }
}

impl Default for CallContext {
    fn default() -> Self {
        Self::new()
    }
}

/// A model provider. Wrappers such as a retry are providers too.
#[async_trait]
pub trait LlmProvider: fmt::Debug + Send + Sync + 'static {
    /// The provider's name.
    fn id(&self) -> &ProviderId;

    /// What `model` can do, as far as the provider knows.
    fn capabilities(&self, model: &str) -> Capabilities;

    /// The name of the wire format that `model` is spoken to with: the middle of an [`Origin`](crate::Origin).
    fn wire(&self, model: &str) -> WireKey;

    /// Asks a model and streams its answer.
    ///
    /// # Errors
    ///
    /// When the request cannot be sent or is refused. Errors after the first byte of the answer come out of the stream.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future or the stream ends the request; the provider stops generating when its connection closes.
    async fn stream(&self, request: ModelRequest, cx: &CallContext) -> Result<ModelStream, ModelError>;
}

/// Asks a model and waits for the whole answer: the fold of [`LlmProvider::stream`].
///
/// ```
/// use scorpio_core::model::{self, CallContext, ModelRequest, Scripted, Transcript};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), model::ModelError> {
/// let provider = Scripted::new().text("Hello.");
/// let request = ModelRequest::new("any", Transcript::new());
/// let answer = model::complete(&provider, request, &CallContext::new()).await?;
/// assert_eq!(answer.text(), "Hello.");
/// # Ok(()) }
/// ```
///
/// # Errors
///
/// As [`LlmProvider::stream`], and [`ModelErrorKind::Truncated`] when the stream ends without a finish.
pub async fn complete(
    provider: &dyn LlmProvider,
    request: ModelRequest,
    cx: &CallContext,
) -> Result<ModelAnswer, ModelError> {
    let mut stream = provider.stream(request, cx).await?;
    let mut assembler = Assembler::new();
    while let Some(event) = stream.next().await {
        assembler.push(&event?)?;
    }
    assembler.finish()
}

/// A provider and the name of one of its models.
///
/// ```
/// use scorpio_core::model::{Model, Scripted};
/// let model = Model::new(Scripted::new().text("Hi."), "test");
/// assert_eq!(model.to_string(), "scripted:test");
/// ```
#[derive(Debug, Clone)]
pub struct Model {
    provider: Arc<dyn LlmProvider>,
    name: Arc<str>,
}

impl Model {
    /// The model `name` of `provider`.
    pub fn new(provider: impl LlmProvider, name: impl Into<Arc<str>>) -> Self {
        Self::shared(Arc::new(provider), name)
    }

    /// The model `name` of a provider that others use too.
    pub fn shared(provider: Arc<dyn LlmProvider>, name: impl Into<Arc<str>>) -> Self {
        Self { provider, name: name.into() }
    }

    /// The provider.
    pub fn provider(&self) -> &Arc<dyn LlmProvider> {
        &self.provider
    }

    /// The model's name, without the provider's.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }
}

/// `provider:model`.
impl fmt::Display for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.provider.id(), self.name)
    }
}

/// The models that need no provider crate: `scripted:demo`.
///
/// # Errors
///
/// [`ModelErrorKind::Configuration`] for any other name.
pub fn builtin(name: &str) -> Result<Model, ModelError> {
    match name {
        "scripted:demo" => Ok(Model::new(Demo::new(), "demo")),
        other => Err(ModelError::new(
            ModelErrorKind::Configuration,
            format!(
                "there is no model `{other}` here; without provider features there is only `scripted:demo`"
            ),
        )),
    }
}
