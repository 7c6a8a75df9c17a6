//! The rules by which histories and requests are judged, and what a vendor says of those that break one.

use serde::Serialize;
use serde_json::Value;

/// A rule of the vendors. Not every rule holds on every wire; the [crate's documentation](crate) has the table.
///
/// ```
/// use scorpio_testkit::Rule;
///
/// assert_eq!(Rule::CallsAnswered.number(), 1);
/// assert_eq!(Rule::from_number(12), Some(Rule::Headers));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Rule {
    /// 1: every call of a tool is answered exactly once, before anything else is said.
    CallsAnswered,
    /// 2: every result is that of a call.
    NoOrphanResults,
    /// 3: Responses: reasoning and what follows from it stay together, and encrypted content comes back byte for byte.
    ReasoningKept,
    /// 4: Anthropic: thinking comes first, whole, unchanged, and after the very conversation that it was thought in.
    ThinkingKept,
    /// 5: Gemini: the first call of a step has the signature that it was issued with.
    SignaturesKept,
    /// 6: parameters of sampling are not sent where they are refused.
    NoSampling,
    /// 7: limits of tokens are there where they must be, and agree with each other.
    TokenLimits,
    /// 8: Anthropic: there are at most four marks for the cache.
    CacheBreakpoints,
    /// 9: schemas keep to what the vendor takes.
    SchemaSubset,
    /// 10: roles are known, and alternate where they must.
    Roles,
    /// 11: tools have names that the vendor takes, and there are no two of one name.
    ToolNames,
    /// 12: there is a key, and where it is wanted a version.
    Headers,
    /// 13: the request is JSON, and has the fields that it must have, of the right type.
    Shape,
}

impl Rule {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 13] = [
        Self::CallsAnswered,
        Self::NoOrphanResults,
        Self::ReasoningKept,
        Self::ThinkingKept,
        Self::SignaturesKept,
        Self::NoSampling,
        Self::TokenLimits,
        Self::CacheBreakpoints,
        Self::SchemaSubset,
        Self::Roles,
        Self::ToolNames,
        Self::Headers,
        Self::Shape,
    ];

    /// Its number in the documentation, from 1.
    pub fn number(self) -> usize {
        Self::ALL.iter().position(|rule| *rule == self).map_or(0, |place| place + 1)
    }

    /// The rule of this number.
    pub fn from_number(number: usize) -> Option<Self> {
        number.checked_sub(1).and_then(|place| Self::ALL.get(place)).copied()
    }
}

/// What was wrong with a request, and what the vendor says of it.
///
/// ```
/// use scorpio_testkit::{Refusal, Rule};
///
/// # fn see(refusal: &Refusal) {
/// assert_eq!((refusal.rule, refusal.status), (Some(Rule::CallsAnswered), 400));
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Refusal {
    /// The rule that was broken. A refusal that the script asks for has none.
    pub rule: Option<Rule>,
    /// The status of HTTP.
    pub status: u16,
    /// The vendor's words.
    pub message: String,
    /// The vendor's word for this kind of error, such as `invalid_request_error` or `INVALID_ARGUMENT`.
    pub kind: Option<&'static str>,
    /// OpenAI's `code`.
    pub code: Option<&'static str>,
    /// OpenAI's `param`.
    pub param: Option<String>,
    /// Further details: of Anthropic an object, of Gemini a list.
    pub details: Option<Value>,
}

impl Refusal {
    /// A refusal with status 400.
    pub(crate) fn new(rule: Rule, message: impl Into<String>) -> Self {
        Self { rule: Some(rule), ..Self::of_status(400, message) }
    }

    /// A refusal that no rule asks for.
    pub(crate) fn of_status(status: u16, message: impl Into<String>) -> Self {
        Self {
            rule: None,
            status,
            message: message.into(),
            kind: None,
            code: None,
            param: None,
            details: None,
        }
    }

    pub(crate) fn status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    pub(crate) fn kind(self, kind: &'static str) -> Self {
        Self { kind: Some(kind), ..self }
    }

    pub(crate) fn code(self, code: &'static str) -> Self {
        Self { code: Some(code), ..self }
    }

    pub(crate) fn param(self, param: impl Into<String>) -> Self {
        Self { param: Some(param.into()), ..self }
    }

    pub(crate) fn details(self, details: Value) -> Self {
        Self { details: Some(details), ..self }
    }
}

/// What a request that keeps the rules tells for its answer.
#[derive(Debug, Default)]
pub(crate) struct Admission {
    /// What the answer is bound to: a seal of everything that was said before it.
    pub(crate) prefix: String,
    /// What the server left out of the history, in the vendor's form.
    pub(crate) transformations: Vec<Value>,
}
