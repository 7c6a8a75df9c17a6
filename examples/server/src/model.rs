//! Which model answers.

use scorpio_core::model::Model;

use crate::BoxError;

const DEMO: &str = "scripted:demo";
const WITH_KEY: &str = "openai:gpt-5-mini";

/// The model of this name; without a name, one that there is a key for, and else the demo.
pub(crate) fn choose(name: Option<&str>) -> Result<Model, BoxError> {
    let has_key = std::env::var_os("OPENAI_API_KEY").is_some_and(|key| !key.is_empty());
    let named = name.map(str::trim).filter(|name| !name.is_empty());
    let name = named.unwrap_or(if has_key { WITH_KEY } else { DEMO });
    scorpio_providers::model(name).map_err(|error| format!("--model {name}: {error}").into())
}

/// What whoever starts the server should know about the model.
pub(crate) fn hint(model: &Model) -> &'static str {
    if model.to_string() == DEMO {
        " (follows a script; set OPENAI_API_KEY or --model to talk to a real one)"
    } else {
        ""
    }
}
