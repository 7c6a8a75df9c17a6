//! The wires that are measured one by one.

use clap::ValueEnum;

/// A wire.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, ValueEnum)]
pub(crate) enum Wire {
    /// OpenAI Chat Completions.
    #[default]
    Chat,
    /// OpenAI Responses.
    Responses,
    /// Anthropic Messages.
    Anthropic,
    /// Gemini generateContent.
    Gemini,
}

impl Wire {
    /// Its spelling on the command line.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Responses => "responses",
            Self::Anthropic => "anthropic",
            Self::Gemini => "gemini",
        }
    }

    /// The address to stream from under `base`, where the server is.
    pub(crate) fn url(self, base: &str, model: &str) -> String {
        match self {
            Self::Chat => format!("{base}/v1/chat/completions"),
            Self::Responses => format!("{base}/v1/responses"),
            Self::Anthropic => format!("{base}/v1/messages"),
            Self::Gemini => format!("{base}/v1beta/models/{model}:streamGenerateContent?alt=sse"),
        }
    }

    /// The wire that is spoken at `path`, the name of the client taken off, and the model if the path names it.
    pub(crate) fn of_path(path: &str) -> Option<(Self, Option<&str>)> {
        match path {
            "v1/chat/completions" => Some((Self::Chat, None)),
            "v1/responses" => Some((Self::Responses, None)),
            "v1/messages" => Some((Self::Anthropic, None)),
            _ => {
                let model = path.strip_prefix("v1beta/models/")?.strip_suffix(":streamGenerateContent")?;
                Some((Self::Gemini, Some(model)))
            }
        }
    }
}
