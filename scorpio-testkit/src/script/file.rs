//! The format of a script in JSON.

use serde::Deserialize;

use super::{Dialogue, Script};
use crate::turn::Turn;

/// Why a text is no script.
///
/// ```
/// use scorpio_testkit::Script;
///
/// let error = Script::from_json(r#"{"choose": "in_order", "turns": [{"say": [{"text": 5}]}]}"#).unwrap_err();
/// assert!(error.to_string().contains("turns[0].say[0].text"), "{error}");
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScriptError {
    /// A value is missing, unknown, or of another type.
    #[error("the script is wrong at `{path}`: {source}")]
    #[non_exhaustive]
    Value {
        /// Where in the script, such as `turns[0].say`; `.` is the whole.
        path: String,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// The parts of the script do not go together.
    #[error("the script is wrong: {0}")]
    Plan(&'static str),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    choose: Choice,
    turns: Option<Vec<Turn>>,
    dialogues: Option<Vec<Dialogue>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Choice {
    InOrder,
    ByHistory,
    ByQuestion,
}

pub(super) fn read(text: &str) -> Result<Script, ScriptError> {
    let mut json = serde_json::Deserializer::from_str(text);
    let written: Written = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        ScriptError::Value { path, source: error.into_inner() }
    })?;
    json.end().map_err(|source| ScriptError::Value { path: ".".to_owned(), source })?;
    match (written.choose, written.turns, written.dialogues) {
        (Choice::InOrder, Some(turns), None) => Ok(Script::in_order(turns)),
        (Choice::ByHistory, Some(turns), None) => Ok(Script::by_history(turns)),
        (Choice::ByQuestion, None, Some(dialogues)) => Ok(Script::by_question(dialogues)),
        (Choice::ByQuestion, ..) => Err(ScriptError::Plan(
            "`by_question` wants `dialogues`, each with `when` and `turns`, and no `turns` beside them",
        )),
        _ => Err(ScriptError::Plan("`in_order` and `by_history` want `turns`, and no `dialogues`")),
    }
}
