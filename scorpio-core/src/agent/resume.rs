//! A run that is to go on.

use std::{future::IntoFuture, sync::Arc};

use tracing::Instrument;

use super::{Definition, output};
use crate::{
    ErrorKind, Outcome, OwnerId, Result, RunId, ScorpioError, Surface,
    model::OutputSchema,
    run::{self, Decisions, OutputCheck, Queue, Resume, RunHandle, RunStream},
    store::Decision,
    tool::{BoxFuture, Extensions},
};

/// A run that waits for somebody's decision, or whose process is gone, and is to go on. Await it for its [`Outcome`], or stream it.
///
/// ```
/// use scorpio_core::{Agent, Decision, model::{Model, Scripted, ScriptedTurn}, tool};
///
/// /// Send an e-mail.
/// #[tool(approval)]
/// fn send(to: String) -> String { format!("sent to {to}") }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> scorpio_core::Result<()> {
/// let call = ScriptedTurn::new().tool_call("call-1", "send", r#"{"to": "ada"}"#);
/// let script = Scripted::new().turn(call).text("Done.");
/// let agent = Agent::builder("clerk").with_model(Model::new(script, "any")).tool(send).build()?;
///
/// let outcome = agent.run("Write to Ada.").await?;
/// let (run, call) = (outcome.report().run, outcome.pending()[0].clone());
/// assert_eq!(&*call.arguments, r#"{"to": "ada"}"#);
///
/// let outcome = agent.resume(run).decide(&call.call_id, Decision::approve()).await?;
/// assert_eq!(outcome.text(), "Done.");
/// # Ok(()) }
/// ```
///
/// # Cancel safety
///
/// As a [`RunRequest`](crate::RunRequest). Decisions that were delivered stay delivered.
#[derive(Debug)]
#[must_use = "a run does nothing unless it is awaited or streamed"]
pub struct ResumeRequest {
    agent: Arc<Definition>,
    handle: RunHandle,
    owner: OwnerId,
    extensions: Extensions,
    decisions: Decisions,
    output: Option<OutputCheck>,
}

impl ResumeRequest {
    pub(super) fn new(agent: Arc<Definition>, run: RunId) -> Self {
        Self {
            agent,
            handle: RunHandle::new(run),
            owner: OwnerId::local(),
            extensions: Extensions::new(),
            decisions: Decisions::default(),
            output: None,
        }
    }

    /// Sets whose run it is. Unset, it is [`OwnerId::local`]'s.
    pub fn owner(mut self, owner: OwnerId) -> Self {
        self.owner = owner;
        self
    }

    /// Attaches a value that tools reach, as [`RunRequest::with`](crate::RunRequest::with) does: values do not outlive a process.
    pub fn with<T: Send + Sync + 'static>(mut self, value: T) -> Self {
        self.extensions.insert(value);
        self
    }

    /// Decides about a call that waits, by the id that the model gave it or by that of the approval.
    pub fn decide(mut self, call: impl AsRef<str>, decision: Decision) -> Self {
        self.decisions.add(call.as_ref(), decision);
        self
    }

    /// Sets who decides, in the program's own words. It is kept with the decision.
    pub fn by(mut self, name: impl Into<String>) -> Self {
        self.decisions.by = Some(name.into());
        self
    }

    /// Asks for a final answer of a shape, as [`RunRequest::shape`](crate::RunRequest::shape) does: what checks it does not outlive a
    /// process.
    pub fn shape(
        mut self,
        schema: OutputSchema,
        check: impl Fn(&str) -> Result<(), String> + Send + Sync + 'static,
    ) -> Self {
        self.output = Some(output::check_by(schema, check));
        self
    }

    /// A handle to stop and steer the run.
    pub fn handle(&self) -> RunHandle {
        self.handle.clone()
    }

    /// The run as a stream of its events from here on. It goes on when it is first polled.
    pub fn stream(self) -> RunStream {
        let queue = Queue::default();
        let handle = self.handle.clone();
        let drive = self.go_on(Some(queue.clone()));
        RunStream::new(handle, queue, Box::pin(drive))
    }

    /// Takes the run over, and gives it as a stream of events: once this returns, the decisions are durable and the run is this process's.
    ///
    /// # Errors
    ///
    /// As awaiting the request.
    pub async fn begin(self) -> Result<RunStream> {
        let queue = Queue::default();
        let handle = self.handle.clone();
        let span = self.span();
        let resumed = self.take_over(Some(queue.clone())).instrument(span.clone()).await?;
        Ok(RunStream::new(handle, queue, Box::pin(resumed.drive().instrument(span))))
    }

    async fn go_on(self, queue: Option<Queue>) -> Result<Outcome> {
        let span = self.span();
        async move { self.take_over(queue).await?.drive().await }.instrument(span).await
    }

    async fn take_over(self, queue: Option<Queue>) -> Result<run::Resumed> {
        let Self { agent, handle, owner, extensions, decisions, output } = self;
        let store = Arc::clone(&agent.store);
        let decided = !decisions.is_empty();
        decisions.send(&*store, &owner, handle.run_id()).await?;
        let resume = Resume { agent, owner, handle, extensions, output, dead: None, queue };
        run::resume(resume).await.map_err(|error| match error.kind() {
            ErrorKind::Conflict if decided => {
                let text = "Another process drives this run. It has been told the decision.";
                ScorpioError::new(ErrorKind::Conflict, Surface::Chat, text).with_source(error)
            }
            _ => error,
        })
    }

    fn span(&self) -> tracing::Span {
        tracing::info_span!(
            "invoke_agent",
            gen_ai.operation.name = "invoke_agent",
            gen_ai.agent.name = %self.agent.name,
            run = %self.handle.run_id(),
        )
    }
}

impl IntoFuture for ResumeRequest {
    type Output = Result<Outcome>;
    type IntoFuture = BoxFuture<'static, Result<Outcome>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.go_on(None))
    }
}
