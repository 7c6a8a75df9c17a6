//! What goes wrong: a refusal in place of an answer, or an answer that breaks off.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{rule::Refusal, wire::Wire};

/// A fault. It comes in place of a turn or in the middle of it; how a turn has several is told at [`Turn::fault`](crate::Turn::fault).
///
/// ```
/// use scorpio_testkit::{Fault, Turn};
///
/// let turn = Turn::text("At last.")
///     .fault(Fault::rate_limited().retry_after_ms(20))
///     .fault(Fault::overloaded())
///     .fault(Fault::truncated().after_events(3));
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    pub(crate) kind: FaultKind,
    /// The status of HTTP, where another than the vendor's is wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<u16>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) headers: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) message: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) after_events: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) after_bytes: Option<usize>,
}

/// The kinds of faults, by their names in a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FaultKind {
    RateLimited,
    Quota,
    Overloaded,
    Status,
    ErrorEvent,
    Truncated,
    Reset,
    Hang,
    HangBeforeHeaders,
    NotJson,
    WebPage,
}

/// What a fault does to the stream of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The stream just ends.
    Ends,
    /// The connection breaks.
    Breaks,
    /// Nothing comes any more.
    Hangs,
}

impl Fault {
    fn new(kind: FaultKind) -> Self {
        Self {
            kind,
            status: None,
            headers: BTreeMap::new(),
            message: None,
            after_events: None,
            after_bytes: None,
        }
    }

    /// Too many requests: status 429.
    pub fn rate_limited() -> Self {
        Self::new(FaultKind::RateLimited)
    }

    /// The quota is used up: a 429 that no wait will cure.
    pub fn quota() -> Self {
        Self::new(FaultKind::Quota)
    }

    /// Too busy: status 529 of Anthropic, 503 of the others.
    pub fn overloaded() -> Self {
        Self::new(FaultKind::Overloaded)
    }

    /// This status, with an error in the vendor's form.
    pub fn status(status: u16) -> Self {
        Self { status: Some(status), ..Self::new(FaultKind::Status) }
    }

    /// An error in the stream, after status 200.
    pub fn error_event() -> Self {
        Self::new(FaultKind::ErrorEvent)
    }

    /// The stream ends before the answer does, as if all were well.
    pub fn truncated() -> Self {
        Self::new(FaultKind::Truncated)
    }

    /// The connection breaks in the middle of the answer.
    pub fn reset() -> Self {
        Self::new(FaultKind::Reset)
    }

    /// In the middle of the answer nothing comes any more.
    pub fn hang() -> Self {
        Self::new(FaultKind::Hang)
    }

    /// Nothing comes at all.
    pub fn hang_before_headers() -> Self {
        Self::new(FaultKind::HangBeforeHeaders)
    }

    /// An event that is no JSON.
    pub fn not_json() -> Self {
        Self::new(FaultKind::NotJson)
    }

    /// A page to sign in, with status 200, as some networks give it.
    pub fn web_page() -> Self {
        Self::new(FaultKind::WebPage)
    }

    /// The header `retry-after-ms`.
    #[must_use]
    pub fn retry_after_ms(self, milliseconds: u64) -> Self {
        self.header("retry-after-ms", milliseconds.to_string())
    }

    /// The header `Retry-After`: seconds, or a date.
    #[must_use]
    pub fn retry_after(self, value: impl Into<String>) -> Self {
        self.header("retry-after", value)
    }

    /// A header.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.insert(name.into().to_lowercase(), value.into());
        self
    }

    /// What the server says of it.
    #[must_use]
    pub fn message(mut self, message: impl Into<String>) -> Self {
        self.message = Some(message.into());
        self
    }

    /// How many events of the answer come before it. Without this and the next it is half of them.
    #[must_use]
    pub fn after_events(mut self, events: usize) -> Self {
        self.after_events = Some(events);
        self
    }

    /// How many bytes of the answer come before it, be it in the middle of a character.
    #[must_use]
    pub fn after_bytes(mut self, bytes: usize) -> Self {
        self.after_bytes = Some(bytes);
        self
    }

    /// The error in place of an answer, for faults that are one.
    pub(crate) fn refusal(&self, wire: Wire) -> Option<Refusal> {
        let refusal = match self.kind {
            FaultKind::RateLimited => self.named(429, "This request would exceed the rate limit."),
            FaultKind::Quota => self.out_of_quota(wire),
            FaultKind::Overloaded => {
                let status = if wire == Wire::AnthropicMessages { 529 } else { 503 };
                self.named(status, "Overloaded")
            }
            FaultKind::Status => self.named(500, "The server had an error while processing your request."),
            _ => return None,
        };
        Some(refusal)
    }

    /// The error of an error event.
    pub(crate) fn in_stream(&self, wire: Wire) -> Refusal {
        let status = if wire == Wire::AnthropicMessages { 529 } else { 503 };
        self.named(status, "Overloaded")
    }

    /// What the fault does to the stream.
    pub(crate) fn ending(&self) -> Ending {
        match self.kind {
            FaultKind::Reset => Ending::Breaks,
            FaultKind::Hang => Ending::Hangs,
            _ => Ending::Ends,
        }
    }

    fn named(&self, status: u16, message: &str) -> Refusal {
        let message = self.message.as_deref().unwrap_or(message);
        Refusal::of_status(self.status.unwrap_or(status), message)
    }

    fn out_of_quota(&self, wire: Wire) -> Refusal {
        let refusal =
            self.named(429, "You exceeded your current quota, please check your plan and billing details.");
        match wire {
            Wire::OpenAiChat | Wire::OpenAiResponses => {
                refusal.kind("insufficient_quota").code("insufficient_quota")
            }
            Wire::AnthropicMessages => refusal.details(json!({"error_code": "enforced_spend_limit_reached"})),
            Wire::GeminiGenerateContent => refusal.details(json!([{
                "@type": "type.googleapis.com/google.rpc.QuotaFailure",
                "violations": [{"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier"}],
            }])),
        }
    }

    pub(crate) fn to_json(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}
