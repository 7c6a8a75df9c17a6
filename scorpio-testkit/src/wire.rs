//! The wires: how a request says which one it is on, and what each module does for it.

use http::{Method, Uri};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    answer::{Answering, Event},
    conversation::Step,
    request::Request,
    rule::{Admission, Refusal},
    seal::Seal,
    turn::Turn,
};

/// How a vendor's API is spoken to.
///
/// ```
/// use scorpio_testkit::Wire;
///
/// assert_eq!(Wire::AnthropicMessages.name(), "anthropic-messages");
/// assert_eq!(Wire::ALL.len(), 4);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Wire {
    /// OpenAI Chat Completions.
    #[serde(rename = "openai-chat")]
    OpenAiChat,
    /// OpenAI Responses.
    #[serde(rename = "openai-responses")]
    OpenAiResponses,
    /// Anthropic Messages.
    AnthropicMessages,
    /// Gemini generateContent.
    GeminiGenerateContent,
}

/// Where a request goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Route {
    pub(crate) wire: Wire,
    /// The model, where the address names it.
    pub(crate) model: Option<String>,
    /// Whether the answer is streamed, where the address says so.
    pub(crate) streams: Option<bool>,
    /// Whether it is spoken as Vertex AI speaks it.
    pub(crate) vertex: bool,
}

impl Wire {
    /// All of them.
    pub const ALL: [Self; 4] =
        [Self::OpenAiChat, Self::OpenAiResponses, Self::AnthropicMessages, Self::GeminiGenerateContent];

    /// Its name, such as `openai-chat`.
    pub fn name(self) -> &'static str {
        match self {
            Self::OpenAiChat => "openai-chat",
            Self::OpenAiResponses => "openai-responses",
            Self::AnthropicMessages => "anthropic-messages",
            Self::GeminiGenerateContent => "gemini-generate-content",
        }
    }

    /// Holds a request to the rules of the vendor.
    pub(crate) fn judge(self, request: &Request, seal: &Seal) -> Result<Admission, Refusal> {
        match self {
            Self::OpenAiChat => crate::chat::judge(request),
            Self::OpenAiResponses => crate::responses::judge(request, seal),
            Self::AnthropicMessages => crate::anthropic::judge(request, seal),
            Self::GeminiGenerateContent => crate::gemini::judge(request, seal),
        }
    }

    /// The conversation that a body holds.
    pub(crate) fn conversation(self, body: &Value) -> Vec<Step> {
        match self {
            Self::OpenAiChat => crate::chat::conversation(body),
            Self::OpenAiResponses => crate::responses::conversation(body),
            Self::AnthropicMessages => crate::anthropic::conversation(body),
            Self::GeminiGenerateContent => crate::gemini::conversation(body),
        }
    }

    /// The answer, whole.
    pub(crate) fn whole(self, turn: &Turn, to: &Answering<'_>) -> Value {
        match self {
            Self::OpenAiChat => crate::chat::whole(turn, to),
            Self::OpenAiResponses => crate::responses::whole(turn, to),
            Self::AnthropicMessages => crate::anthropic::whole(turn, to),
            Self::GeminiGenerateContent => crate::gemini::whole(turn, to),
        }
    }

    /// The answer, event by event.
    pub(crate) fn events(self, turn: &Turn, to: &Answering<'_>) -> Vec<Event> {
        match self {
            Self::OpenAiChat => crate::chat::events(turn, to),
            Self::OpenAiResponses => crate::responses::events(turn, to),
            Self::AnthropicMessages => crate::anthropic::events(turn, to),
            Self::GeminiGenerateContent => crate::gemini::events(turn, to),
        }
    }

    /// The body of an error, as the vendor writes it.
    pub(crate) fn error(self, refusal: &Refusal, request_id: &str) -> Value {
        match self {
            Self::OpenAiChat | Self::OpenAiResponses => crate::openai::error(refusal),
            Self::AnthropicMessages => crate::anthropic::error(refusal, request_id),
            Self::GeminiGenerateContent => crate::gemini::error(refusal),
        }
    }

    /// An error in a stream that has begun.
    pub(crate) fn error_event(self, refusal: &Refusal, request_id: &str) -> Event {
        let error = self.error(refusal, request_id);
        match self {
            Self::OpenAiChat | Self::GeminiGenerateContent => Event::unnamed(error),
            Self::OpenAiResponses => crate::responses::error_event(refusal),
            Self::AnthropicMessages => Event::named("error", error),
        }
    }
}

impl Route {
    /// The route of a request, or nothing when no vendor has such an address.
    pub(crate) fn of(method: &Method, uri: &Uri) -> Option<Self> {
        if method != Method::POST {
            return None;
        }
        let path = uri.path();
        let of = |wire| Self { wire, model: None, streams: None, vertex: false };
        if path.ends_with("/chat/completions") {
            return Some(of(Wire::OpenAiChat));
        }
        if path.ends_with("/responses") {
            return Some(of(Wire::OpenAiResponses));
        }
        if path.ends_with("/v1/messages") {
            return Some(of(Wire::AnthropicMessages));
        }
        let (before, last) = path.rsplit_once("/models/")?;
        let (model, method) = last.rsplit_once(':')?;
        let (wire, streams) = match method {
            "streamGenerateContent" => (Wire::GeminiGenerateContent, true),
            "generateContent" => (Wire::GeminiGenerateContent, false),
            "streamRawPredict" => (Wire::AnthropicMessages, true),
            "rawPredict" => (Wire::AnthropicMessages, false),
            _ => return None,
        };
        let vertex = before.contains("/publishers/");
        Some(Self { wire, model: Some(model.to_owned()), streams: Some(streams), vertex })
    }
}

#[cfg(test)]
mod tests;
