//! Final answers that have a shape.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use crate::{
    ErrorKind, Json, Outcome, Result, ScorpioError, Surface, model::OutputSchema, run::OutputCheck,
    tool::schema_of,
};

/// How often a model may mend an answer that does not fit.
const REPAIRS: u32 = 2;

/// A final answer that has a shape.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Output<T> {
    /// The answer.
    pub value: T,
    /// How the run went.
    pub outcome: Outcome,
}

impl<T: DeserializeOwned> Output<T> {
    pub(super) fn read(outcome: Outcome) -> Result<Self> {
        if !outcome.is_done() {
            let text = "The run was stopped before there was an answer.";
            return Err(ScorpioError::new(ErrorKind::Conflict, Surface::Chat, text));
        }
        match parse(&outcome.text()) {
            Ok(value) => Ok(Self { value, outcome }),
            Err(wrong) => Err(ScorpioError::internal(
                Surface::Model,
                "The model's answer does not have the shape that was asked for.",
            )
            .with_source(wrong)),
        }
    }
}

pub(super) fn check<T: DeserializeOwned + JsonSchema>() -> OutputCheck {
    let schema = Json::from(schema_of::<T>().as_value());
    check_by(OutputSchema::new(schema_name(&T::schema_name()), schema), |text| parse::<T>(text).map(drop))
}

pub(super) fn check_by(
    schema: OutputSchema,
    check: impl Fn(&str) -> Result<(), String> + Send + Sync + 'static,
) -> OutputCheck {
    OutputCheck { schema: Arc::new(schema), check: Box::new(check), repairs: REPAIRS }
}

/// Reads an answer, and says where it does not fit. Models like to wrap JSON in a fenced block even when told not to.
fn parse<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    let trimmed = text.trim();
    let fenced = trimmed.strip_prefix("```json").or_else(|| trimmed.strip_prefix("```"));
    let json = fenced.and_then(|rest| rest.strip_suffix("```")).unwrap_or(trimmed);
    let mut json = serde_json::Deserializer::from_str(json);
    serde_path_to_error::deserialize(&mut json)
        .map_err(|error| format!("at `{}`: {}", error.path(), error.inner()))
}

/// The name of a type as providers take it.
fn schema_name(name: &str) -> String {
    let allowed = |c: char| if c.is_ascii_alphanumeric() || c == '_' || c == '-' { c } else { '_' };
    name.chars().take(64).map(allowed).collect()
}
