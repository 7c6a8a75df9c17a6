//! The objects that the server streams, borrowed from its bytes. Each event is a whole response, of which it brings a piece.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::lenient::{First, List, Text};

/// More parts than this in one answer are a fault.
pub(super) const MAX_PARTS: usize = 65_536;

/// A response whose parts are read as `P`: nearly all of them are plain text, and those that are not are wanted as they were written, too.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", bound(deserialize = "P: Deserialize<'de>"))]
pub(super) struct Response<'a, P> {
    #[serde(default = "First::none")]
    pub(super) candidates: First<Candidate<'a, P>>,
    #[serde(borrow, default)]
    pub(super) usage_metadata: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) prompt_feedback: Option<PromptFeedback<'a>>,
    #[serde(borrow, default)]
    pub(super) error: Option<&'a RawValue>,
}

/// One of the answers. Only the first is asked for.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", bound(deserialize = "P: Deserialize<'de>"))]
pub(super) struct Candidate<'a, P> {
    #[serde(default = "Option::default")]
    pub(super) content: Option<Content<P>>,
    #[serde(borrow, default)]
    pub(super) finish_reason: Text<'a>,
    #[serde(borrow, default)]
    pub(super) finish_message: Text<'a>,
    #[serde(borrow, default)]
    pub(super) continuation_token: Option<&'a RawValue>,
}

/// The content of an answer.
#[derive(Debug, Deserialize)]
#[serde(bound(deserialize = "P: Deserialize<'de>"))]
pub(super) struct Content<P> {
    #[serde(default = "List::default")]
    pub(super) parts: List<P, MAX_PARTS>,
}

/// A part of the content.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WirePart<'a> {
    #[serde(borrow, default)]
    pub(super) text: Option<Text<'a>>,
    #[serde(default)]
    pub(super) thought: Option<bool>,
    #[serde(borrow, default)]
    pub(super) thought_signature: Text<'a>,
    #[serde(borrow, default)]
    pub(super) function_call: Option<Box<FunctionCall<'a>>>,
}

impl<'a, P> Response<'a, P> {
    /// The parts of the first answer.
    pub(super) fn parts(&self) -> &[P] {
        let content = self.candidates.0.as_ref().and_then(|candidate| candidate.content.as_ref());
        content.map(|content| content.parts.0.as_slice()).unwrap_or_default()
    }
}

impl WirePart<'_> {
    /// Whether it is a text and no more, which does not depend on how it was written.
    pub(super) fn is_plain(&self) -> bool {
        self.text.is_some() && self.thought_signature.is_empty() && self.function_call.is_none()
    }
}

/// A call of a function.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct FunctionCall<'a> {
    #[serde(borrow)]
    pub(super) id: Text<'a>,
    #[serde(borrow)]
    pub(super) name: Text<'a>,
    #[serde(borrow)]
    pub(super) args: Option<&'a RawValue>,
}

/// What is said of the prompt.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct PromptFeedback<'a> {
    #[serde(borrow)]
    pub(super) block_reason: Text<'a>,
}
