//! The script: which turn answers which request.

mod file;

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};

pub use self::file::ScriptError;
use crate::{request::Request, turn::Turn, wire::Wire};

/// What the model says to whom.
///
/// | | the turn is chosen by | needs memory |
/// |---|---|---|
/// | [`in_order`](Self::in_order) | when the request comes | yes |
/// | [`by_history`](Self::by_history) | how many turns the assistant has had in the conversation | no |
/// | [`by_question`](Self::by_question) | what the user said last, and how many turns there were since | no |
/// | [`directed`](Self::directed) | a function of the request | as the function does |
///
/// Where no memory is needed, any number of conversations share a script, and so do processes that are killed and started again.
///
/// ```
/// use scorpio_testkit::{Dialogue, Script, Turn};
/// use serde_json::json;
///
/// let script = Script::by_question([
///     Dialogue::about("sum", [Turn::new().call("add", json!({"a": 2, "b": 40})), Turn::text("42.")]),
///     Dialogue::about("", [Turn::text("I only know sums.")]),
/// ]);
/// ```
#[derive(Clone)]
pub struct Script(pub(crate) Plan);

#[derive(Clone)]
pub(crate) enum Plan {
    InOrder(Arc<[Turn]>),
    ByHistory(Arc<[Turn]>),
    ByQuestion(Arc<[Dialogue]>),
    Directed(Arc<dyn Fn(&Request) -> Turn + Send + Sync>),
}

/// Turns that follow each other after a question.
///
/// ```
/// use scorpio_testkit::{Dialogue, Turn, Wire};
///
/// let dialogue = Dialogue::about("weather", [Turn::text("Sun.")]).on(Wire::OpenAiChat);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Dialogue {
    pub(crate) when: When,
    pub(crate) turns: Vec<Turn>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct When {
    /// What the user said last contains this.
    pub(crate) user: String,
    pub(crate) model: Option<String>,
    pub(crate) wire: Option<Wire>,
}

/// The turn that was chosen.
pub(crate) struct Chosen {
    pub(crate) number: usize,
    pub(crate) turn: Turn,
}

impl Script {
    /// The first request is answered with the first turn, and so on, whoever asks.
    pub fn in_order(turns: impl IntoIterator<Item = Turn>) -> Self {
        Self(Plan::InOrder(turns.into_iter().collect()))
    }

    /// A conversation without a turn of the assistant is answered with the first turn, and so on.
    pub fn by_history(turns: impl IntoIterator<Item = Turn>) -> Self {
        Self(Plan::ByHistory(turns.into_iter().collect()))
    }

    /// The first dialogue that fits what the user said last; of it the turn after those since then.
    pub fn by_question(dialogues: impl IntoIterator<Item = Dialogue>) -> Self {
        Self(Plan::ByQuestion(dialogues.into_iter().collect()))
    }

    /// Whatever the function says. It is called for requests that keep the rules, and must give the same turn for the same request if
    /// faults are to be played one after the other.
    pub fn directed(director: impl Fn(&Request) -> Turn + Send + Sync + 'static) -> Self {
        Self(Plan::Directed(Arc::new(director)))
    }

    /// Reads a script in the format that the [crate's documentation](crate) tells.
    ///
    /// # Errors
    ///
    /// When the text is no script; the error says where, and what is wrong.
    pub fn from_json(text: &str) -> Result<Self, ScriptError> {
        file::read(text)
    }

    /// The turn for a request, where it is not told by the order of requests.
    pub(crate) fn choose(&self, request: &Request) -> Option<Chosen> {
        let conversation = request.conversation();
        let (number, turn) = match &self.0 {
            Plan::InOrder(_) => return None,
            Plan::ByHistory(turns) => {
                let number = conversation.assistant_turns();
                (number, turns.get(number)?.clone())
            }
            Plan::ByQuestion(dialogues) => {
                let number = conversation.turns_since_user();
                let dialogue = dialogues.iter().find(|dialogue| dialogue.when.fits(request))?;
                (number, dialogue.turns.get(number)?.clone())
            }
            Plan::Directed(director) => (conversation.assistant_turns(), director(request)),
        };
        Some(Chosen { number, turn })
    }
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Plan::InOrder(turns) => f.debug_tuple("Script::in_order").field(turns).finish(),
            Plan::ByHistory(turns) => f.debug_tuple("Script::by_history").field(turns).finish(),
            Plan::ByQuestion(dialogues) => f.debug_tuple("Script::by_question").field(dialogues).finish(),
            Plan::Directed(_) => f.write_str("Script::directed(..)"),
        }
    }
}

impl Dialogue {
    /// What is said when the user's last words contain `words`; nothing is contained in everything.
    pub fn about(words: impl Into<String>, turns: impl IntoIterator<Item = Turn>) -> Self {
        let when = When { user: words.into(), ..When::default() };
        Self { when, turns: turns.into_iter().collect() }
    }

    /// Only on this wire.
    #[must_use]
    pub fn on(mut self, wire: Wire) -> Self {
        self.when.wire = Some(wire);
        self
    }

    /// Only of this model.
    #[must_use]
    pub fn by_model(mut self, model: impl Into<String>) -> Self {
        self.when.model = Some(model.into());
        self
    }
}

impl When {
    fn fits(&self, request: &Request) -> bool {
        self.wire.is_none_or(|wire| wire == request.wire())
            && self.model.as_deref().is_none_or(|model| model == request.model())
            && request.conversation().last_user().contains(&self.user)
    }
}

#[cfg(test)]
mod tests;
