//! The objects that a server streams, borrowed from its bytes. Everything is optional and most things may be of another type
//! than documented, because some server out there sends them so.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{Error, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

use crate::lenient::{Content, List, Number, Text};

/// More calls than this in one event are a fault.
const MAX_CALLS: usize = 4096;

/// One event of a stream, or a whole answer: the two differ in `delta` and `message` alone.
#[derive(Debug, Deserialize)]
pub(crate) struct Chunk<'a> {
    #[serde(borrow, default)]
    pub(crate) choices: FirstChoice<'a>,
    #[serde(borrow, default)]
    pub(crate) usage: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(crate) error: Option<&'a RawValue>,
}

/// The first of the answers that were asked for, which is one: the choice with the index 0.
#[derive(Debug, Default)]
pub(crate) struct FirstChoice<'a>(pub(crate) Option<Choice<'a>>);

impl<'de: 'a, 'a> Deserialize<'de> for FirstChoice<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FirstVisitor;

        impl<'de> Visitor<'de> for FirstVisitor {
            type Value = Option<Choice<'de>>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of choices")
            }

            fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
                Ok(None)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut first = None;
                while let Some(choice) = list.next_element::<Choice<'de>>()? {
                    if first.is_none() && choice.index.or_zero() == 0 {
                        first = Some(choice);
                    }
                }
                Ok(first)
            }
        }

        deserializer.deserialize_any(FirstVisitor).map(Self)
    }
}

/// One of the answers.
#[derive(Debug, Deserialize)]
pub(crate) struct Choice<'a> {
    #[serde(default)]
    pub(crate) index: Number,
    /// In a box, as it is large and serde moves it about.
    #[serde(borrow, default)]
    pub(crate) delta: Option<Box<Delta<'a>>>,
    #[serde(borrow, default)]
    pub(crate) message: Option<Box<Delta<'a>>>,
    #[serde(borrow, default)]
    pub(crate) finish_reason: Text<'a>,
}

/// A piece of the answer.
#[derive(Debug, Deserialize)]
pub(crate) struct Delta<'a> {
    #[serde(borrow, default)]
    pub(crate) content: Content<'a>,
    /// What DeepSeek, vLLM and many others call it.
    #[serde(borrow, default)]
    pub(crate) reasoning_content: Text<'a>,
    /// What OpenRouter, Groq and newer versions of vLLM and Ollama call it.
    #[serde(borrow, default)]
    pub(crate) reasoning: Text<'a>,
    #[serde(borrow, default)]
    pub(crate) refusal: Text<'a>,
    #[serde(borrow, default)]
    pub(crate) tool_calls: List<CallDelta<'a>, MAX_CALLS>,
}

/// A piece of a tool call. Id and name come with the first piece alone.
#[derive(Debug, Deserialize)]
pub(crate) struct CallDelta<'a> {
    #[serde(default)]
    pub(crate) index: Number,
    #[serde(borrow, default)]
    pub(crate) id: Text<'a>,
    #[serde(borrow, default)]
    pub(crate) function: Option<FunctionDelta<'a>>,
}

/// The function of a piece of a tool call.
#[derive(Debug, Deserialize)]
pub(crate) struct FunctionDelta<'a> {
    #[serde(borrow, default)]
    pub(crate) name: Text<'a>,
    /// A string of JSON; some servers send the JSON itself.
    #[serde(borrow, default)]
    pub(crate) arguments: Option<&'a RawValue>,
}

/// What a call cost.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct UsageCounts {
    pub(crate) prompt_tokens: Number,
    pub(crate) completion_tokens: Number,
    pub(crate) total_tokens: Number,
    pub(crate) prompt_tokens_details: Option<PromptDetails>,
    pub(crate) completion_tokens_details: Option<CompletionDetails>,
    /// DeepSeek's name for `cached_tokens`.
    pub(crate) prompt_cache_hit_tokens: Number,
    /// Moonshot's place for it.
    pub(crate) cached_tokens: Number,
}

/// Where the input came from.
#[derive(Debug, Default, Clone, Copy, Deserialize)]
#[serde(default)]
pub(crate) struct PromptDetails {
    pub(crate) cached_tokens: Number,
    pub(crate) cache_write_tokens: Number,
}

/// What the output was spent on.
#[derive(Debug, Default, Clone, Copy, Deserialize)]
#[serde(default)]
pub(crate) struct CompletionDetails {
    pub(crate) reasoning_tokens: Number,
}
