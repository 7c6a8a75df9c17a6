//! Models by name, as `openai:gpt-5-mini`.

#[cfg(any(feature = "openai", feature = "anthropic"))]
use std::sync::Arc;

use scorpio_core::model::{Demo, Model, ModelError, ModelErrorKind};

const KNOWN: &str = "known are `openai:…`, `ollama:…`, `anthropic:…` and `scripted:demo`";

/// The model of this name: a provider, a colon, and what the provider calls the model.
///
/// | name | provider | needs |
/// |---|---|---|
/// | `openai:gpt-5-mini` | OpenAI, or what `OPENAI_BASE_URL` names | `OPENAI_API_KEY`; see [`OpenAi::from_env`](crate::OpenAi::from_env) |
/// | `ollama:llama3.2:3b` | the Ollama at `OLLAMA_HOST` | see [`OpenAi::ollama`](crate::OpenAi::ollama) |
/// | `anthropic:claude-sonnet-5-5` | Anthropic, or what `ANTHROPIC_BASE_URL` names | `ANTHROPIC_API_KEY`; see [`Anthropic::from_env`](crate::Anthropic::from_env) |
/// | `scripted:demo` | a demo that follows a script | |
///
/// Models of one provider share its connections, as long as the environment stays the same.
///
/// ```
/// let model = scorpio_providers::model("scripted:demo")?;
/// assert_eq!(model.to_string(), "scripted:demo");
///
/// let error = scorpio_providers::model("gpt-5-mini").unwrap_err();
/// assert!(error.to_string().contains("write `openai:gpt-5-mini`"));
/// # Ok::<(), scorpio_core::model::ModelError>(())
/// ```
///
/// # Errors
///
/// [`ModelErrorKind::Configuration`] when the name is not one of these, or when the provider lacks something; the message says what.
pub fn model(name: &str) -> Result<Model, ModelError> {
    let Some((provider, model)) = name.split_once(':') else {
        return Err(unknown(format!("`{name}` names no provider: write `openai:{name}`; {KNOWN}")));
    };
    if model.is_empty() {
        return Err(unknown(format!("`{name}` names no model of `{provider}`")));
    }
    match (provider, model) {
        ("scripted", "demo") => Ok(Model::new(Demo::new(), "demo")),
        ("scripted", other) => Err(unknown(format!("there is no script `{other}`, only `scripted:demo`"))),
        ("openai" | "ollama", _) => of_openai(provider, model),
        ("anthropic", _) => of_anthropic(model),
        _ => Err(unknown(format!("there is no provider `{provider}`: {KNOWN}"))),
    }
}

#[cfg(feature = "openai")]
fn of_openai(provider: &str, model: &str) -> Result<Model, ModelError> {
    let provider = shared::provider(provider, &shared::OPENAI, |environment| match provider {
        "ollama" => Ok(Arc::new(environment.ollama()?.build()?)),
        _ => Ok(Arc::new(environment.openai()?.build()?)),
    })?;
    Ok(Model::shared(provider, model))
}

#[cfg(not(feature = "openai"))]
fn of_openai(provider: &str, _model: &str) -> Result<Model, ModelError> {
    Err(unknown(format!("`{provider}` needs the feature `openai` of scorpio-providers")))
}

#[cfg(feature = "anthropic")]
fn of_anthropic(model: &str) -> Result<Model, ModelError> {
    let provider = shared::provider("anthropic", &shared::ANTHROPIC, |environment| {
        Ok(Arc::new(environment.anthropic()?.build()?))
    })?;
    Ok(Model::shared(provider, model))
}

#[cfg(not(feature = "anthropic"))]
fn of_anthropic(_model: &str) -> Result<Model, ModelError> {
    Err(unknown("`anthropic` needs the feature `anthropic` of scorpio-providers".to_owned()))
}

fn unknown(message: String) -> ModelError {
    ModelError::new(ModelErrorKind::Configuration, message)
}

/// The providers that were asked for by name. A client holds the certificates of the system and a pool of connections, so a thousand
/// agents should share one.
#[cfg(any(feature = "openai", feature = "anthropic"))]
mod shared {
    use std::sync::{Arc, Mutex, PoisonError};

    use scorpio_core::model::{LlmProvider, ModelError};
    use secrecy::{ExposeSecret, SecretString};

    use crate::environment::Environment;

    /// What OpenAI and Ollama depend on.
    #[cfg(feature = "openai")]
    pub(super) const OPENAI: [&str; 5] =
        ["OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OLLAMA_HOST"];

    /// What Anthropic depends on.
    #[cfg(feature = "anthropic")]
    pub(super) const ANTHROPIC: [&str; 3] =
        ["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL"];

    /// Programs that change their environment all the time must not keep every provider that they ever had.
    const KEPT: usize = 8;

    struct Shared {
        name: String,
        variables: SecretString,
        provider: Arc<dyn LlmProvider>,
    }

    static SHARED: Mutex<Vec<Shared>> = Mutex::new(Vec::new());

    /// The provider `name`, which depends on `variables` and is built by `build` unless there is one.
    pub(super) fn provider(
        name: &str,
        variables: &[&str],
        build: impl FnOnce(&Environment<'_>) -> Result<Arc<dyn LlmProvider>, ModelError>,
    ) -> Result<Arc<dyn LlmProvider>, ModelError> {
        let environment = Environment::process();
        let values: Vec<String> =
            variables.iter().map(|variable| environment.get(variable).unwrap_or_default()).collect();
        let variables = SecretString::from(values.join("\n"));
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        let known = shared
            .iter()
            .find(|known| known.name == name && known.variables.expose_secret() == variables.expose_secret());
        if let Some(known) = known {
            return Ok(Arc::clone(&known.provider));
        }
        let provider = build(&environment)?;
        if shared.len() == KEPT {
            shared.remove(0);
        }
        shared.push(Shared { name: name.to_owned(), variables, provider: Arc::clone(&provider) });
        Ok(provider)
    }
}

#[cfg(test)]
mod tests;
