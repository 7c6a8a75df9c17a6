//! The objects that the server streams, borrowed from its bytes. Everything is optional, for servers that only look like Anthropic.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::lenient::{List, Number, Text};

/// More blocks than this in one answer are a fault, and so are more pieces in what else is a list.
pub(super) const MAX_BLOCKS: usize = 4096;

/// An event of the stream. Which fields it has depends on its type.
#[derive(Debug, Deserialize)]
pub(super) struct StreamEvent<'a> {
    #[serde(borrow, default, rename = "type")]
    pub(super) kind: Text<'a>,
    #[serde(default)]
    pub(super) index: Number,
    /// In a box, as it is large and serde moves it about.
    #[serde(borrow, default)]
    pub(super) delta: Option<Box<Delta<'a>>>,
    #[serde(borrow, default)]
    pub(super) content_block: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) message: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) usage: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) input_transformations: List<Transformation<'a>, MAX_BLOCKS>,
}

/// Something that the API changed in the history before the model read it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Transformation<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Text<'a>,
    #[serde(borrow)]
    pub(super) path: Text<'a>,
    #[serde(borrow)]
    pub(super) reason: Text<'a>,
}

/// A piece of a block, or what is said of the message at its end.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Delta<'a> {
    #[serde(borrow, default, rename = "type")]
    pub(super) kind: Text<'a>,
    #[serde(borrow, default)]
    pub(super) text: Text<'a>,
    #[serde(borrow, default)]
    pub(super) thinking: Text<'a>,
    #[serde(borrow, default)]
    pub(super) signature: Text<'a>,
    #[serde(borrow, default)]
    pub(super) partial_json: Text<'a>,
    #[serde(borrow, default)]
    pub(super) citation: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) stop_reason: Text<'a>,
}

/// A message: its beginning in a stream, or all of it when the server does not stream.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct WholeMessage<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Text<'a>,
    #[serde(borrow)]
    pub(super) content: List<&'a RawValue, MAX_BLOCKS>,
    #[serde(borrow)]
    pub(super) stop_reason: Text<'a>,
    #[serde(borrow)]
    pub(super) usage: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) input_transformations: List<Transformation<'a>, MAX_BLOCKS>,
}

/// A block as it begins, or all of it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct BlockStart<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Text<'a>,
    #[serde(borrow)]
    pub(super) text: Text<'a>,
    #[serde(borrow)]
    pub(super) thinking: Text<'a>,
    #[serde(borrow)]
    pub(super) signature: Text<'a>,
    #[serde(borrow)]
    pub(super) id: Text<'a>,
    #[serde(borrow)]
    pub(super) name: Text<'a>,
    #[serde(borrow)]
    pub(super) input: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) citations: List<&'a RawValue, MAX_BLOCKS>,
}
