//! Which tool calls run by themselves, which somebody is asked about, and which are refused.

use std::{fmt, sync::Arc};

use super::{Effects, ToolSpec};
use crate::{RunId, SessionId, ToolName};

/// What is to become of a tool call.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// It runs.
    Allow,
    /// Somebody is asked first: the run pauses until there is an answer.
    Ask,
    /// It does not run. The model is told why.
    Deny(String),
}

/// A tool call that a model asks for.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct ProposedCall<'a> {
    /// The session.
    pub session: &'a SessionId,
    /// The run.
    pub run: RunId,
    /// The tool's name, as the model wrote it.
    pub name: &'a ToolName,
    /// What the tool declares; `None` when there is no such tool.
    pub spec: Option<&'a ToolSpec>,
    /// The arguments, as the model wrote them: most often, but not always, a JSON object.
    pub arguments: &'a str,
}

/// Decides about tool calls before they run. It is asked once for each call, does no I/O, and must answer the same for the same call.
pub trait ApprovalPolicy: fmt::Debug + Send + Sync + 'static {
    /// What is to become of `call`.
    fn verdict(&self, call: &ProposedCall<'_>) -> Verdict;
}

type Judge = Arc<dyn Fn(&ProposedCall<'_>) -> Verdict + Send + Sync>;

/// The policies that ship.
///
/// ```
/// use scorpio_core::{Agent, model::{Demo, Model}, tool::{Approve, Verdict}};
/// let agent = Agent::builder("careful").with_model(Model::new(Demo::new(), "demo"));
/// let agent = agent.approve(Approve::destructive()).build()?;
///
/// let small_sums = Approve::when(|call| match call.name.as_str() {
///     "refund" if call.arguments.len() > 100 => Verdict::Deny("That is too much.".to_owned()),
///     "refund" => Verdict::Ask,
///     _ => Verdict::Allow,
/// });
/// # let _ = (agent, small_sums);
/// # Ok::<(), scorpio_core::ScorpioError>(())
/// ```
#[derive(Clone)]
pub struct Approve(Kind);

#[derive(Clone)]
enum Kind {
    Declared,
    Destructive,
    All,
    Named(Vec<String>),
    When(Judge),
}

impl Approve {
    /// Asks about tools that declare that they need approval. An agent without a policy does the same.
    pub const fn declared() -> Self {
        Self(Kind::Declared)
    }

    /// Asks about tools that declare it, and about all that write or send something out, which tools do unless they declare otherwise.
    pub const fn destructive() -> Self {
        Self(Kind::Destructive)
    }

    /// Asks about every tool.
    pub const fn all() -> Self {
        Self(Kind::All)
    }

    /// Asks about these tools, and about those that declare it.
    pub fn tools<T: Into<String>>(names: impl IntoIterator<Item = T>) -> Self {
        Self(Kind::Named(names.into_iter().map(Into::into).collect()))
    }

    /// Decides by a function, and asks about tools that declare it unless the function refuses them.
    pub fn when(judge: impl Fn(&ProposedCall<'_>) -> Verdict + Send + Sync + 'static) -> Self {
        Self(Kind::When(Arc::new(judge)))
    }
}

impl ApprovalPolicy for Approve {
    fn verdict(&self, call: &ProposedCall<'_>) -> Verdict {
        let effects = call.spec.map(|spec| spec.effects);
        let asks = match &self.0 {
            Kind::Declared => false,
            Kind::Destructive => matches!(effects, Some(Effects::Write | Effects::Egress)),
            Kind::All => call.spec.is_some(),
            Kind::Named(names) => names.iter().any(|name| *name == call.name.as_str()),
            Kind::When(judge) => match judge(call) {
                Verdict::Allow => false,
                Verdict::Ask => true,
                refused @ Verdict::Deny(_) => return refused,
            },
        };
        if asks || call.spec.is_some_and(|spec| spec.approval) { Verdict::Ask } else { Verdict::Allow }
    }
}

impl fmt::Debug for Approve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Declared => f.write_str("Approve::declared"),
            Kind::Destructive => f.write_str("Approve::destructive"),
            Kind::All => f.write_str("Approve::all"),
            Kind::Named(names) => f.debug_tuple("Approve::tools").field(names).finish(),
            Kind::When(_) => f.write_str("Approve::when"),
        }
    }
}
