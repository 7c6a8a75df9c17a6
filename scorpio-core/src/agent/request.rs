//! A run that is asked for and has not begun.

use std::{future::IntoFuture, sync::Arc};

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use tracing::Instrument;

use super::{Definition, Output, output};
use crate::{
    Limits, Message, Outcome, OwnerId, Result, RunId, SessionId,
    model::OutputSchema,
    run::{self, OutputCheck, Queue, RunHandle, RunStream, Start},
    tool::{BoxFuture, Extensions},
};

/// A run that is asked for. Await it for its [`Outcome`], or stream it.
///
/// # Cancel safety
///
/// Dropping what it becomes cancels the run; see [`RunStream`].
#[derive(Debug)]
#[must_use = "a run does nothing unless it is awaited or streamed"]
pub struct RunRequest {
    agent: Arc<Definition>,
    handle: RunHandle,
    session: Option<SessionId>,
    owner: OwnerId,
    input: Option<Message>,
    branch_after: Option<u64>,
    limits: Limits,
    extensions: Extensions,
    output: Option<OutputCheck>,
}

impl RunRequest {
    pub(super) fn new(agent: Arc<Definition>, input: Option<Message>) -> Self {
        let limits = agent.limits.clone();
        Self {
            agent,
            handle: RunHandle::new(RunId::new()),
            session: None,
            owner: OwnerId::local(),
            input,
            branch_after: None,
            limits,
            extensions: Extensions::new(),
            output: None,
        }
    }

    /// Sets the session, which is made if it is not there. Unset, the run has a session of its own.
    pub fn session(mut self, session: &SessionId) -> Self {
        self.session = Some(session.clone());
        self
    }

    /// Sets whose session it is. Unset, it is [`OwnerId::local`]'s.
    pub fn owner(mut self, owner: OwnerId) -> Self {
        self.owner = owner;
        self
    }

    /// Sets the run's id. Handles that were taken before are of no use.
    pub fn run_id(mut self, run: RunId) -> Self {
        self.handle = RunHandle::new(run);
        self
    }

    /// A handle to stop and steer the run, also before it begins and where it is awaited instead of streamed.
    pub fn handle(&self) -> RunHandle {
        self.handle.clone()
    }

    /// Goes on after the message with the sequence number `seq`, 0 for the beginning, and leaves what came after it as a branch of its own:
    /// [`Store::switch_branch`](crate::store::Store::switch_branch) goes back to it.
    pub fn branch_after(mut self, seq: u64) -> Self {
        self.branch_after = Some(seq);
        self
    }

    /// Sets how much this run may use, in place of what the agent says.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Attaches a value that tools reach through [`ToolContext::get`](crate::tool::ToolContext::get), such as the current user.
    pub fn with<T: Send + Sync + 'static>(mut self, value: T) -> Self {
        self.extensions.insert(value);
        self
    }

    /// Asks for a final answer of a shape that is only known at run time. `check` says what is wrong with a text; the model may then
    /// mend it twice. An answer that does not fit even then is the run's answer all the same: check it once more.
    /// [`RunRequest::output`] is for shapes that are Rust types.
    pub fn shape(
        mut self,
        schema: OutputSchema,
        check: impl Fn(&str) -> Result<(), String> + Send + Sync + 'static,
    ) -> Self {
        self.output = Some(output::check_by(schema, check));
        self
    }

    /// The run as a stream of events. It begins when it is first polled.
    pub fn stream(self) -> RunStream {
        let (start, queue) = self.watched();
        let handle = start.handle.clone();
        let span = span(&start);
        let drive = async move { run::begin(start).await?.drive().await };
        RunStream::new(handle, queue, Box::pin(drive.instrument(span)))
    }

    /// Begins the run, and gives it as a stream of events: once this returns, the input is durable.
    ///
    /// # Errors
    ///
    /// When the run cannot begin: another one of the session is live, a message with the input's id is there already, the session is
    /// somebody else's, or the store fails.
    pub async fn begin(self) -> Result<RunStream> {
        let (start, queue) = self.watched();
        let handle = start.handle.clone();
        let span = span(&start);
        let driver = run::begin(start).instrument(span.clone()).await?;
        Ok(RunStream::new(handle, queue, Box::pin(driver.drive().instrument(span))))
    }

    /// Runs and reads the final answer as a `T`. The model is given the schema; when its answer does not fit, it is told why
    /// and may mend it twice.
    ///
    /// ```
    /// use scorpio_core::{Agent, model::{Model, Scripted}, schemars};
    /// #[derive(serde::Deserialize, schemars::JsonSchema)]
    /// struct Order { item: String, count: u32 }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> scorpio_core::Result<()> {
    /// let script = Scripted::new()
    ///     .text(r#"{"item": "tea", "count": "two"}"#)
    ///     .text(r#"{"item": "tea", "count": 2}"#);
    /// let agent = Agent::builder("clerk").with_model(Model::new(script, "any")).build()?;
    /// let order = agent.run("Two teas, please.").output::<Order>().await?.value;
    /// assert_eq!((order.item.as_str(), order.count), ("tea", 2));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// As awaiting the request, and when the last answer does not fit either or the run was stopped before there was one.
    pub async fn output<T: DeserializeOwned + JsonSchema>(self) -> Result<Output<T>> {
        let mut start = self.start(None);
        start.output = Some(output::check::<T>());
        let span = span(&start);
        let outcome = async move { run::begin(start).await?.drive().await }.instrument(span).await?;
        Output::read(outcome)
    }

    fn watched(self) -> (Start, Queue) {
        let queue = Queue::default();
        (self.start(Some(queue.clone())), queue)
    }

    fn start(self, queue: Option<Queue>) -> Start {
        let input = self.input.map(|message| message.with_run(self.handle.run_id()));
        Start {
            agent: self.agent,
            session: self.session.unwrap_or_else(SessionId::new),
            owner: self.owner,
            input,
            branch_after: self.branch_after,
            limits: self.limits,
            extensions: self.extensions,
            output: self.output,
            handle: self.handle,
            queue,
        }
    }
}

/// The span of a run, with the attribute names of OpenTelemetry's conventions for generative AI.
fn span(start: &Start) -> tracing::Span {
    tracing::info_span!(
        "invoke_agent",
        gen_ai.operation.name = "invoke_agent",
        gen_ai.agent.name = %start.agent.name,
        gen_ai.provider.name = %start.agent.model.provider().id(),
        gen_ai.request.model = %start.agent.model.name(),
        gen_ai.conversation.id = %start.session,
        run = %start.handle.run_id(),
    )
}

impl IntoFuture for RunRequest {
    type Output = Result<Outcome>;
    type IntoFuture = BoxFuture<'static, Result<Outcome>>;

    fn into_future(self) -> Self::IntoFuture {
        let start = self.start(None);
        let span = span(&start);
        Box::pin(async move { run::begin(start).await?.drive().await }.instrument(span))
    }
}
