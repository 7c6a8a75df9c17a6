//! Models by name, as `openai:gpt-5-mini`.

use scorpio_core::model::{Demo, Model, ModelError, ModelErrorKind};

const KNOWN: &str = "known are `openai:…`, `anthropic:…`, `gemini:…`, `azure:…`, `ollama:…`, `anthropic-vertex:…`, `gemini-vertex:…` and \
     `scripted:demo`";

/// The model of this name: a provider, a colon, and what the provider calls the model.
///
/// | name | provider | needs |
/// |---|---|---|
/// | `openai:gpt-5-mini` | OpenAI, or what `OPENAI_BASE_URL` names | `OPENAI_API_KEY`; see [`OpenAi::from_env`](crate::OpenAi::from_env) |
/// | `anthropic:claude-sonnet-5` | Anthropic, or what `ANTHROPIC_BASE_URL` names | `ANTHROPIC_API_KEY`; see [`Anthropic::from_env`](crate::Anthropic::from_env) |
/// | `gemini:gemini-3.6-flash` | Gemini, or what `GOOGLE_GEMINI_BASE_URL` names | `GEMINI_API_KEY` or `GOOGLE_API_KEY`; see [`Gemini::from_env`](crate::Gemini::from_env) |
/// | `anthropic-vertex:…`, `gemini-vertex:…` | Vertex AI | [credentials](crate::GoogleCredentials) of Google Cloud; see [`Anthropic::vertex_from_env`](crate::Anthropic::vertex_from_env) and [`Gemini::vertex_from_env`](crate::Gemini::vertex_from_env) |
/// | `azure:my-deployment` | the Azure at `AZURE_OPENAI_ENDPOINT` | `AZURE_OPENAI_API_KEY` |
/// | `ollama:llama3.2:3b` | the Ollama at `OLLAMA_HOST` | see [`OpenAi::ollama`](crate::OpenAi::ollama) |
/// | `scripted:demo` | a demo that follows a script | |
///
/// Models of one provider share its connections, as long as the environment stays the same. Calls that fail before they answer are tried
/// again, as [`Retry`](crate::Retry) does it.
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
        _ => of_provider(provider, model),
    }
}

#[cfg(feature = "http")]
fn of_provider(provider: &str, model: &str) -> Result<Model, ModelError> {
    Ok(Model::shared(shared::provider(provider)?, model))
}

#[cfg(not(feature = "http"))]
fn of_provider(provider: &str, _model: &str) -> Result<Model, ModelError> {
    Err(no_provider(provider))
}

/// There is none, or it was left out of this program.
fn no_provider(provider: &str) -> ModelError {
    match provider {
        "openai" | "azure" | "ollama" => {
            unknown(format!("`{provider}` needs the feature `openai` of scorpio-providers"))
        }
        "anthropic" | "gemini" | "anthropic-vertex" | "gemini-vertex" => {
            let feature = provider.trim_end_matches("-vertex");
            unknown(format!("`{provider}` needs the feature `{feature}` of scorpio-providers"))
        }
        _ => unknown(format!("there is no provider `{provider}`: {KNOWN}")),
    }
}

fn unknown(message: String) -> ModelError {
    ModelError::new(ModelErrorKind::Configuration, message)
}

/// The providers that were asked for by name. A client holds the certificates of the system and a pool of connections, so a thousand
/// agents should share one.
#[cfg(feature = "http")]
mod shared {
    use std::sync::{Arc, Mutex, PoisonError};

    use scorpio_core::model::{LlmProvider, ModelError};
    use secrecy::{ExposeSecret, SecretString};

    use super::no_provider;
    use crate::{Retry, environment::Environment};

    /// What the providers depend on.
    const VARIABLES: [&str; 27] = [
        "OPENAI_API_KEY",
        "OPENAI_BASE_URL",
        "OPENAI_ORG_ID",
        "OPENAI_PROJECT_ID",
        "OLLAMA_HOST",
        "ANTHROPIC_API_KEY",
        "ANTHROPIC_AUTH_TOKEN",
        "ANTHROPIC_BASE_URL",
        "GEMINI_API_KEY",
        "GOOGLE_API_KEY",
        "GOOGLE_GEMINI_BASE_URL",
        "AZURE_OPENAI_ENDPOINT",
        "AZURE_OPENAI_API_KEY",
        "AZURE_OPENAI_AD_TOKEN",
        "OPENAI_API_VERSION",
        "GOOGLE_GENAI_USE_VERTEXAI",
        "GOOGLE_CLOUD_PROJECT",
        "GOOGLE_CLOUD_LOCATION",
        "GOOGLE_VERTEX_BASE_URL",
        "GOOGLE_APPLICATION_CREDENTIALS",
        "CLOUDSDK_CONFIG",
        "HOME",
        "APPDATA",
        "GCE_METADATA_HOST",
        "ANTHROPIC_VERTEX_PROJECT_ID",
        "ANTHROPIC_VERTEX_BASE_URL",
        "CLOUD_ML_REGION",
    ];

    /// Programs that change their environment all the time must not keep every provider that they ever had.
    const KEPT: usize = 8;

    struct Shared {
        name: String,
        variables: SecretString,
        provider: Arc<dyn LlmProvider>,
    }

    static SHARED: Mutex<Vec<Shared>> = Mutex::new(Vec::new());

    pub(super) fn provider(name: &str) -> Result<Arc<dyn LlmProvider>, ModelError> {
        let environment = Environment::process();
        let values = VARIABLES.map(|variable| environment.get(variable).unwrap_or_default());
        let variables = SecretString::from(values.join("\n"));
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        let known = shared
            .iter()
            .find(|known| known.name == name && known.variables.expose_secret() == variables.expose_secret());
        if let Some(known) = known {
            return Ok(Arc::clone(&known.provider));
        }
        let provider: Arc<dyn LlmProvider> = Arc::new(Retry::shared(build(name, &environment)?));
        if shared.len() == KEPT {
            shared.remove(0);
        }
        shared.push(Shared { name: name.to_owned(), variables, provider: Arc::clone(&provider) });
        Ok(provider)
    }

    fn build(name: &str, environment: &Environment<'_>) -> Result<Arc<dyn LlmProvider>, ModelError> {
        match name {
            #[cfg(feature = "openai")]
            "openai" => Ok(Arc::new(environment.openai()?.build()?)),
            #[cfg(feature = "openai")]
            "azure" => Ok(Arc::new(environment.azure()?.build()?)),
            #[cfg(feature = "gemini")]
            "gemini" => Ok(Arc::new(environment.gemini()?.build()?)),
            #[cfg(feature = "openai")]
            "ollama" => Ok(Arc::new(environment.ollama()?.build()?)),
            #[cfg(feature = "anthropic")]
            "anthropic" => Ok(Arc::new(environment.anthropic()?.build()?)),
            #[cfg(feature = "gemini")]
            "gemini-vertex" => Ok(Arc::new(environment.gemini_vertex(None)?.build()?)),
            #[cfg(feature = "anthropic")]
            "anthropic-vertex" => Ok(Arc::new(environment.anthropic_vertex(None)?.build()?)),
            other => {
                let _ = environment;
                Err(no_provider(other))
            }
        }
    }
}

#[cfg(test)]
mod tests;
