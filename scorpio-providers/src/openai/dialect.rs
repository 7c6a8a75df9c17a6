//! Where servers that speak Chat Completions differ in what they want.

use reqwest::Url;
use scorpio_core::model::Capabilities;

/// The role of the message that holds the instructions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum InstructionsRole {
    /// `system`, which every server knows.
    System,
    /// `developer`, which OpenAI puts in its place from the o-series and GPT-5 on.
    Developer,
}

impl InstructionsRole {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Developer => "developer",
        }
    }
}

/// What a server wants.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dialect {
    /// Whether it is OpenAI itself, whose models have names that say something.
    pub(crate) is_openai: bool,
    /// The role of the instructions, if the program chose one.
    pub(crate) instructions_role: Option<InstructionsRole>,
    /// Whether summaries of the reasoning are asked for.
    pub(crate) reasoning_summaries: bool,
    /// `max_tokens` in place of `max_completion_tokens`.
    pub(crate) legacy_max_tokens: bool,
}

impl Dialect {
    /// Whether `url` belongs to OpenAI, one of its regions among them.
    pub(crate) fn is_openai(url: &Url) -> bool {
        url.host_str().is_some_and(|host| host == "api.openai.com" || host.ends_with(".api.openai.com"))
    }

    /// OpenAI says: with o1 models and newer, `developer` replaces `system`. Other servers may not know the word.
    pub(crate) fn instructions_role(&self, model: &str) -> InstructionsRole {
        match self.instructions_role {
            Some(role) => role,
            None if self.is_openai && reasons(model) => InstructionsRole::Developer,
            None => InstructionsRole::System,
        }
    }

    /// Whether a model may reason, as far as its name tells: those that are known not to refuse to be asked for it.
    pub(crate) fn may_reason(&self, model: &str) -> bool {
        !["gpt-3", "gpt-4", "chatgpt", "ft:gpt-3", "ft:gpt-4"].iter().any(|old| model.starts_with(old))
    }

    /// What a model can do, by its name.
    pub(crate) fn capabilities(&self, model: &str) -> Capabilities {
        let mut capabilities = Capabilities::all();
        if !self.is_openai {
            // Nobody knows; only documents are known to be OpenAI's own.
            capabilities.documents = false;
            return capabilities;
        }
        let is_old = model.starts_with("gpt-3.5") || model == "gpt-4" || model.starts_with("gpt-4-");
        capabilities.reasoning = reasons(model);
        capabilities.vision = !is_old || model.starts_with("gpt-4-turbo");
        capabilities.json_schema = !is_old;
        capabilities.documents = !is_old;
        capabilities
    }
}

/// Whether it is a model of the o-series or of GPT-5 and later.
fn reasons(model: &str) -> bool {
    let number = |text: &str| {
        let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        text.get(..digits).and_then(|digits| digits.parse::<u32>().ok())
    };
    match model.strip_prefix("gpt-") {
        Some(version) => number(version).is_some_and(|version| version >= 5),
        None => model.strip_prefix('o').and_then(number).is_some(),
    }
}

#[cfg(test)]
mod tests;
