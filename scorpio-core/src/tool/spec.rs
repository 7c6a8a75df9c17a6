//! What a tool declares about itself.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{Json, Trust};

/// What a restart may do with a call that was started and has no result.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RetryClass {
    /// It has no effect; it may run any number of times.
    Pure,
    /// Running it again with the same idempotency key has no further effect.
    Idempotent,
    /// It must never run twice.
    #[default]
    AtMostOnce,
    /// Its effect is what it [says to the database](crate::tool::ToolContext::execute) of the store, in the transaction that records its
    /// answer: it happens exactly once.
    Transactional,
}

impl RetryClass {
    /// Whether a call that was started and has no result may run again by itself.
    pub const fn may_run_again(self) -> bool {
        !matches!(self, Self::AtMostOnce)
    }
}

/// What becomes of a call that was started and of which nobody knows whether it took effect, if it must not run twice.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum UnknownOutcome {
    /// Somebody is asked whether it may run again; the run waits.
    #[default]
    Ask,
    /// The tool finds out by [`Tool::reconcile`](crate::tool::Tool::reconcile). Where it cannot, somebody is asked.
    Probe,
    /// The model is told that the outcome is unknown, and the run goes on.
    Fail,
}

/// What a tool can do to the world.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Effects {
    /// Nothing: it computes.
    None,
    /// It reads what not everybody may read.
    ReadPrivate,
    /// It changes something.
    #[default]
    Write,
    /// It sends something out.
    Egress,
}

/// Everything that a tool declares.
///
/// ```
/// use std::time::Duration;
/// use scorpio_core::tool::{RetryClass, ToolSpec};
/// let spec = ToolSpec::new("find_orders", "Look up the orders of a customer.")
///     .with_retry(RetryClass::Idempotent)
///     .with_timeout(Duration::from_secs(10));
/// assert_eq!(spec.name, "find_orders");
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ToolSpec {
    /// Its name: a letter or `_`, then letters, digits, `_` and `-`, at most 64.
    pub name: String,
    /// What the model is told about it.
    pub description: String,
    /// The JSON schema of its arguments, an object.
    pub parameters: Json,
    /// What a restart may do with it.
    pub retry: RetryClass,
    /// What becomes of a call that must not run twice and whose outcome is unknown after a crash.
    pub unknown_outcome: UnknownOutcome,
    /// Whether somebody is asked before it runs, whatever the agent's policy.
    pub approval: bool,
    /// What it can do to the world.
    pub effects: Effects,
    /// Whether its answers may be believed.
    pub trust: Trust,
    /// How long it may take. Unset, the agent's default of 60 seconds holds.
    pub timeout: Option<Duration>,
    /// How many bytes of its answer the model is shown. Unset, the agent's default of 256 KiB holds.
    pub output_limit: Option<usize>,
}

impl ToolSpec {
    /// A tool that takes no arguments, as far as is known yet, and declares nothing.
    pub fn new(name: impl Into<String>, description: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            description: description.into(),
            parameters: Json::from(&serde_json::json!({"type": "object", "properties": {}})),
            retry: RetryClass::default(),
            unknown_outcome: UnknownOutcome::default(),
            approval: false,
            effects: Effects::default(),
            trust: Trust::default(),
            timeout: None,
            output_limit: None,
        }
    }

    /// Sets the schema of the arguments.
    #[must_use]
    pub fn with_parameters(mut self, schema: Json) -> Self {
        self.parameters = schema;
        self
    }

    /// Sets what a restart may do with it.
    #[must_use]
    pub fn with_retry(mut self, retry: RetryClass) -> Self {
        self.retry = retry;
        self
    }

    /// Sets what becomes of a call that must not run twice and whose outcome is unknown after a crash.
    #[must_use]
    pub fn with_unknown_outcome(mut self, policy: UnknownOutcome) -> Self {
        self.unknown_outcome = policy;
        self
    }

    /// Sets whether somebody is asked before it runs.
    #[must_use]
    pub fn with_approval(mut self, needed: bool) -> Self {
        self.approval = needed;
        self
    }

    /// Sets what it can do to the world.
    #[must_use]
    pub fn with_effects(mut self, effects: Effects) -> Self {
        self.effects = effects;
        self
    }

    /// Sets whether its answers may be believed.
    #[must_use]
    pub fn with_trust(mut self, trust: Trust) -> Self {
        self.trust = trust;
        self
    }

    /// Sets how long it may take.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Sets how many bytes of its answer the model is shown.
    #[must_use]
    pub fn with_output_limit(mut self, bytes: usize) -> Self {
        self.output_limit = Some(bytes);
        self
    }

    /// Whether the name is one that every provider takes.
    pub(crate) fn has_valid_name(&self) -> bool {
        let mut bytes = self.name.bytes();
        let first = bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_');
        first && self.name.len() <= 64 && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
    }
}
