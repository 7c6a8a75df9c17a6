//! The objects that the server streams, borrowed from its bytes. Everything is optional, for servers that only look like OpenAI.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::lenient::{List, Number, Text};

/// More items than this in one answer are a fault, and so are more pieces in one item.
pub(super) const MAX_ITEMS: usize = 4096;

/// An event of the stream. Which fields it has depends on its type.
#[derive(Debug, Deserialize)]
pub(super) struct StreamEvent<'a> {
    #[serde(borrow, default, rename = "type")]
    pub(super) kind: Text<'a>,
    #[serde(default)]
    pub(super) output_index: Number,
    #[serde(default)]
    pub(super) summary_index: Number,
    #[serde(borrow, default)]
    pub(super) item_id: Text<'a>,
    #[serde(borrow, default)]
    pub(super) delta: Text<'a>,
    #[serde(borrow, default)]
    pub(super) item: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) response: Option<&'a RawValue>,
}

/// The response: how it went, and all that is in it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct WholeResponse<'a> {
    #[serde(borrow)]
    pub(super) object: Text<'a>,
    #[serde(borrow)]
    pub(super) status: Text<'a>,
    #[serde(borrow)]
    pub(super) output: List<&'a RawValue, MAX_ITEMS>,
    #[serde(borrow)]
    pub(super) usage: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) error: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) incomplete_details: Option<Incomplete<'a>>,
    #[serde(borrow)]
    pub(super) input_transformations: List<&'a RawValue, MAX_ITEMS>,
}

/// Why a response is not complete.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Incomplete<'a> {
    #[serde(borrow)]
    pub(super) reason: Text<'a>,
}

/// An item of the output.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Item<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Text<'a>,
    #[serde(borrow)]
    pub(super) id: Text<'a>,
    #[serde(borrow)]
    pub(super) call_id: Text<'a>,
    #[serde(borrow)]
    pub(super) name: Text<'a>,
    #[serde(borrow)]
    pub(super) arguments: Text<'a>,
    #[serde(borrow)]
    pub(super) content: List<Content<'a>, MAX_ITEMS>,
    #[serde(borrow)]
    pub(super) summary: List<Content<'a>, MAX_ITEMS>,
}

/// A piece of what an item holds.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Content<'a> {
    #[serde(borrow)]
    pub(super) text: Text<'a>,
    #[serde(borrow)]
    pub(super) refusal: Text<'a>,
}

impl Item<'_> {
    /// The text of a message, or what can be read of reasoning.
    pub(super) fn text(&self) -> String {
        let joined = |contents: &[Content<'_>], between: &str| {
            let texts = contents.iter().flat_map(|content| [content.text.as_ref(), content.refusal.as_ref()]);
            texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(between)
        };
        let content = &self.content.0;
        if self.kind.as_ref() != "reasoning" {
            return joined(content, "");
        }
        let summary = joined(&self.summary.0, "\n\n");
        if summary.is_empty() { joined(content, "") } else { summary }
    }

    /// Whether the model refused in it.
    pub(super) fn refuses(&self) -> bool {
        self.content.0.iter().any(|content| !content.refusal.is_empty())
    }
}
