//! The registry that the environment allows.

use std::time::SystemTime;

use scorpio_core::model::ModelError;

use super::{
    Assignment, ModelChoice, ModelRegistry, ModelRegistryBuilder, ProviderKind, ProviderSettings, Role,
    invalid, name::ModelName,
};
use crate::{
    doctor::{Patience, Probe},
    environment::Environment,
};

/// The variable that names a file.
const FILE: &str = "SCORPIO_MODELS";

/// What answers when there is no key.
const DEMO: &str = "scripted:demo";

/// The providers that are looked for, in this order, and a model of each that suits most chats.
const KEYED: [(ProviderKind, &str); 3] = [
    (ProviderKind::OpenAi, "openai:gpt-5-mini"),
    (ProviderKind::Anthropic, "anthropic:claude-sonnet-5"),
    (ProviderKind::Gemini, "gemini:gemini-3.6-flash"),
];

/// The models that the environment allows.
///
/// `SCORPIO_MODELS` may name a file for [`ModelRegistry::read`]. Without it, there is a model of every provider whose key is set, to choose
/// from; the first of these is that of all roles:
///
/// | variable | model |
/// |---|---|
/// | `OPENAI_API_KEY` | `openai:gpt-5-mini` |
/// | `ANTHROPIC_API_KEY` or `ANTHROPIC_AUTH_TOKEN` | `anthropic:claude-sonnet-5` |
/// | `GEMINI_API_KEY` or `GOOGLE_API_KEY`, or `GOOGLE_GENAI_USE_VERTEXAI` | `gemini:gemini-3.6-flash` |
///
/// Without any key it is `scripted:demo`, which follows a script. Nothing is sent anywhere; [`discover`] also looks for an Ollama.
///
/// ```no_run
/// use scorpio_providers::Role;
/// let registry = scorpio_providers::from_env()?;
/// println!("{} answers", registry.role(Role::Chat)?.model());
/// # Ok::<(), scorpio_core::model::ModelError>(())
/// ```
///
/// # Errors
///
/// When the file cannot be read or does not make sense, as [`ModelRegistry::read`] tells it.
pub fn from_env() -> Result<ModelRegistry, ModelError> {
    of_environment(&Environment::process())
}

/// As [`from_env`]; and when no key is set but an Ollama answers where `OLLAMA_HOST` says or at its usual address, the models that it has,
/// the one that was changed last first. It is given a second to answer.
///
/// # Errors
///
/// As [`from_env`].
///
/// # Cancel safety
///
/// Dropping the future ends the request to the Ollama; nothing else is under way.
pub async fn discover() -> Result<ModelRegistry, ModelError> {
    discover_in(&Environment::process()).await
}

pub(super) fn of_environment(environment: &Environment<'_>) -> Result<ModelRegistry, ModelError> {
    if let Some(file) = environment.get(FILE) {
        let named = |error: ModelError| invalid(format!("{FILE}: {error}"));
        return ModelRegistryBuilder::read(file)
            .and_then(|builder| builder.build_in(environment))
            .map_err(named);
    }
    let mut names = with_key(environment);
    if names.is_empty() {
        names.push(DEMO);
    }
    of_names(names, environment)
}

async fn discover_in(environment: &Environment<'_>) -> Result<ModelRegistry, ModelError> {
    if environment.get(FILE).is_some() || !with_key(environment).is_empty() {
        return of_environment(environment);
    }
    let names = installed(environment).await;
    if names.is_empty() {
        return of_environment(environment);
    }
    of_names(names.iter().map(String::as_str), environment)
}

/// The names of the models of an Ollama that answers, without those that only make embeddings.
async fn installed(environment: &Environment<'_>) -> Vec<String> {
    let probe =
        || Probe::new(ProviderSettings::new(ProviderKind::Ollama).listing(environment)?, Patience::SEARCH);
    let Ok(probe) = probe() else { return Vec::new() };
    let found = probe.ask(SystemTime::now).await;
    let models = found.ok().and_then(|found| found.models).unwrap_or_default();
    let talks = |name: &String| !name.contains("embed") && !name.contains("bge-") && !name.contains("minilm");
    models.into_iter().filter(talks).map(|name| format!("ollama:{name}")).collect()
}

fn with_key(environment: &Environment<'_>) -> Vec<&'static str> {
    let has_key = |kind: ProviderKind| {
        kind.key_variables().iter().any(|variable| environment.get(variable).is_some())
            || ProviderSettings::new(kind).is_on_vertex(environment)
    };
    KEYED.iter().filter(|(kind, _)| has_key(*kind)).map(|(_, name)| *name).collect()
}

/// The first model for everything, and all of them to choose from.
fn of_names<'a>(
    names: impl IntoIterator<Item = &'a str>,
    environment: &Environment<'_>,
) -> Result<ModelRegistry, ModelError> {
    let mut builder = ModelRegistry::builder();
    for (position, name) in names.into_iter().enumerate() {
        let assignment = Assignment::new(name);
        if position == 0 {
            builder = builder.role(Role::Chat, assignment.clone());
        }
        if let Ok(parsed) = ModelName::parse(name) {
            builder = builder.choice(ModelChoice::only(assignment, &parsed));
        }
    }
    builder.build_in(environment)
}

#[cfg(test)]
mod tests;
