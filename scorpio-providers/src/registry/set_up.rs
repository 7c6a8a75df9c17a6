//! From names and settings to providers that can be asked.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use scorpio_core::model::{LlmProvider, Model, ModelError, ModelParameters};

use super::{
    ConfiguredModel, KeySource, ProviderKind, ProviderSettings, invalid, name::ModelName,
    options::OptionTable,
};
#[cfg(any(feature = "anthropic", feature = "gemini"))]
use crate::GoogleCredentials;
use crate::{Fallback, Retry, environment::Environment};

/// The providers that need no declaration, because the environment sets them up.
const OF_ENVIRONMENT: [(&str, ProviderKind); 7] = [
    ("openai", ProviderKind::OpenAi),
    ("anthropic", ProviderKind::Anthropic),
    ("gemini", ProviderKind::Gemini),
    ("azure", ProviderKind::Azure),
    ("ollama", ProviderKind::Ollama),
    ("anthropic-vertex", ProviderKind::AnthropicVertex),
    ("gemini-vertex", ProviderKind::GeminiVertex),
];

/// The provider of the scripts that come along.
const SCRIPTED: &str = "scripted";

/// The most characters of a provider's name.
const LONGEST_NAME: usize = 64;

/// A provider of a registry.
#[derive(Debug, Clone)]
pub(crate) enum Provider {
    /// Declared, or of the environment.
    Settings(ProviderSettings),
    /// Made by the program.
    Ready(Arc<dyn LlmProvider>),
    /// The scripts that come along.
    Scripted,
}

/// Sets models up. Those of one provider share its connections.
pub(super) struct SetUp<'a> {
    environment: &'a Environment<'a>,
    providers: BTreeMap<Arc<str>, Provider>,
    options: OptionTable,
    made: HashMap<Arc<str>, Result<Arc<dyn LlmProvider>, String>>,
}

impl<'a> SetUp<'a> {
    pub(super) fn new(
        providers: BTreeMap<Arc<str>, Provider>,
        options: OptionTable,
        environment: &'a Environment<'a>,
    ) -> Self {
        Self { environment, providers, options, made: HashMap::new() }
    }

    pub(super) fn into_providers(self) -> BTreeMap<Arc<str>, Provider> {
        self.providers
    }

    /// Checks that the provider of a model is known.
    pub(super) fn expect_provider(&mut self, name: &ModelName) -> Result<(), String> {
        if self.providers.contains_key(name.provider()) {
            return Ok(());
        }
        let declared = self.providers.keys().map(AsRef::as_ref);
        let provider =
            provider_of_environment(name.provider()).ok_or_else(|| unknown(name.provider(), declared))?;
        self.providers.insert(name.provider().into(), provider);
        Ok(())
    }

    /// The models as one: each answers when those before it do not.
    pub(super) fn configured(
        &mut self,
        names: &[ModelName],
        parameters: &ModelParameters,
    ) -> Result<ConfiguredModel, String> {
        let mut models = Vec::new();
        for name in names {
            models.push(self.model(name).map_err(|wrong| format!("{name}: {wrong}"))?);
        }
        let model = match <[Model; 1]>::try_from(models) {
            Ok([model]) => model,
            Err(models) => Fallback::chain(models).map_err(|error| error.to_string())?.into_model(),
        };
        Ok(ConfiguredModel::new(model, parameters.clone()))
    }

    fn model(&mut self, name: &ModelName) -> Result<Model, String> {
        if let Some(Provider::Scripted) = self.providers.get(name.provider()) {
            let script = scorpio_core::model::builtin(name.as_str())
                .map_err(|_| "there is no such script, only `scripted:demo`".to_owned())?;
            return Ok(Model::shared(self.options.around(name, Arc::clone(script.provider())), name.model()));
        }
        let provider = match self.made.get(name.provider()) {
            Some(made) => made.clone()?,
            None => {
                let made = self.provider(name.provider());
                self.made.insert(name.provider().into(), made.clone());
                made?
            }
        };
        Ok(Model::shared(self.options.around(name, provider), name.model()))
    }

    fn provider(&self, name: &str) -> Result<Arc<dyn LlmProvider>, String> {
        match self.providers.get(name) {
            Some(Provider::Ready(provider)) => Ok(Arc::clone(provider)),
            Some(Provider::Settings(settings)) => {
                let provider = settings.build(name, self.environment).map_err(|error| error.to_string())?;
                // All models of a provider share a budget of retries, as they share its fate.
                let retry = Retry::shared(provider);
                Ok(Arc::new(match settings.attempts {
                    Some(attempts) => retry.with_attempts(attempts),
                    None => retry,
                }))
            }
            Some(Provider::Scripted) | None => Err(format!("there is no provider `{name}`")),
        }
    }
}

impl ProviderSettings {
    fn build(&self, name: &str, environment: &Environment<'_>) -> Result<Arc<dyn LlmProvider>, ModelError> {
        let _ = environment;
        self.check_vertex()?;
        match self.kind {
            #[cfg(feature = "openai")]
            ProviderKind::OpenAi | ProviderKind::Azure | ProviderKind::Ollama => {
                Ok(Arc::new(self.openai(environment)?.id(name).build()?))
            }
            #[cfg(feature = "gemini")]
            ProviderKind::Gemini => Ok(Arc::new(self.gemini(environment)?.id(name).build()?)),
            #[cfg(feature = "anthropic")]
            ProviderKind::Anthropic => Ok(Arc::new(self.anthropic(environment)?.id(name).build()?)),
            #[cfg(feature = "gemini")]
            ProviderKind::GeminiVertex => {
                let builder =
                    self.on_vertex(environment, |environment| environment.gemini_vertex(self.credentials()?));
                Ok(Arc::new(
                    self.base_url
                        .iter()
                        .fold(builder?, |builder, url| builder.base_url(url))
                        .id(name)
                        .build()?,
                ))
            }
            #[cfg(feature = "anthropic")]
            ProviderKind::AnthropicVertex => {
                let builder = self
                    .on_vertex(environment, |environment| environment.anthropic_vertex(self.credentials()?));
                Ok(Arc::new(
                    self.base_url
                        .iter()
                        .fold(builder?, |builder, url| builder.base_url(url))
                        .id(name)
                        .build()?,
                ))
            }
            #[allow(unreachable_patterns)]
            kind => {
                Err(invalid(format!("`{name}` needs the feature `{}` of scorpio-providers", kind.feature())))
            }
        }
    }

    #[cfg(feature = "openai")]
    fn openai(&self, environment: &Environment<'_>) -> Result<crate::OpenAiBuilder, ModelError> {
        let key = self.key.as_ref().map(|key| key.read(environment)).transpose()?;
        let builder = match (self.kind, &self.base_url) {
            (ProviderKind::Ollama, Some(url)) => {
                environment.and("OLLAMA_HOST", url, |environment| environment.ollama())?
            }
            (ProviderKind::Ollama, None) => environment.ollama()?,
            (ProviderKind::Azure, Some(url)) => crate::OpenAi::azure(url),
            (ProviderKind::Azure, None) => match &key {
                Some(key) => {
                    environment.and("AZURE_OPENAI_API_KEY", key, |environment| environment.azure())?
                }
                None => environment.azure()?,
            },
            (_, Some(url)) => crate::OpenAi::builder().base_url(url),
            (_, None) => match &key {
                Some(key) => environment.and("OPENAI_API_KEY", key, |environment| environment.openai())?,
                None => environment.openai()?,
            },
        };
        Ok(match key {
            Some(key) => builder.api_key(key),
            None => builder,
        })
    }
}

#[cfg(any(feature = "anthropic", feature = "gemini"))]
impl ProviderSettings {
    /// The credentials that are set.
    pub(crate) fn credentials(&self) -> Result<Option<GoogleCredentials>, ModelError> {
        self.credentials_file.as_ref().map(GoogleCredentials::from_file).transpose()
    }

    /// What `read` makes of the environment with the project and the location that are set.
    fn on_vertex<T>(&self, environment: &Environment<'_>, read: impl FnOnce(&Environment<'_>) -> T) -> T {
        let variable = |name: &str| {
            let set = match name {
                "ANTHROPIC_VERTEX_PROJECT_ID" | "GOOGLE_CLOUD_PROJECT" => &self.project,
                "CLOUD_ML_REGION" | "GOOGLE_CLOUD_LOCATION" => &self.location,
                _ => &None,
            };
            set.clone().or_else(|| environment.get(name))
        };
        read(&Environment::new(&variable))
    }
}

#[cfg(feature = "anthropic")]
impl ProviderSettings {
    fn anthropic(&self, environment: &Environment<'_>) -> Result<crate::AnthropicBuilder, ModelError> {
        let key = self.key.as_ref().map(|key| key.read(environment)).transpose()?;
        let builder = match (&self.base_url, &key) {
            (Some(url), _) => crate::Anthropic::builder().base_url(url),
            (None, Some(key)) => {
                environment.and("ANTHROPIC_API_KEY", key, |environment| environment.anthropic())?
            }
            (None, None) => environment.anthropic()?,
        };
        Ok(match key {
            Some(key) => builder.api_key(key),
            None => builder,
        })
    }
}

#[cfg(feature = "gemini")]
impl ProviderSettings {
    fn gemini(&self, environment: &Environment<'_>) -> Result<crate::GeminiBuilder, ModelError> {
        let key = self.key.as_ref().map(|key| key.read(environment)).transpose()?;
        let builder = match (&self.base_url, &key) {
            (Some(url), _) => crate::Gemini::builder().base_url(url),
            (None, Some(key)) => {
                environment.and("GOOGLE_API_KEY", key, |environment| environment.gemini())?
            }
            (None, None) => environment.gemini()?,
        };
        Ok(match key {
            Some(key) => builder.api_key(key),
            None => builder,
        })
    }
}

impl ProviderSettings {
    /// Checks that what is set has a meaning for its kind.
    fn check_vertex(&self) -> Result<(), ModelError> {
        let is_vertex = matches!(self.kind, ProviderKind::AnthropicVertex | ProviderKind::GeminiVertex);
        let is_placed = self.project.is_some() || self.location.is_some() || self.credentials_file.is_some();
        match (is_vertex, is_placed, &self.key) {
            (true, _, Some(_)) => Err(invalid("Vertex AI takes no key: name a file of credentials, or none")),
            (false, true, _) => {
                Err(invalid("a project, a location and a file of credentials are for providers on Vertex AI"))
            }
            _ => Ok(()),
        }
    }
}

impl ProviderKind {
    /// The feature that brings the provider.
    const fn feature(self) -> &'static str {
        match self {
            Self::OpenAi | Self::Azure | Self::Ollama => "openai",
            Self::Anthropic | Self::AnthropicVertex => "anthropic",
            Self::Gemini | Self::GeminiVertex => "gemini",
        }
    }
}

impl KeySource {
    /// The key.
    pub(crate) fn read(&self, environment: &Environment<'_>) -> Result<String, ModelError> {
        let key = match self {
            Self::Variable(name) => {
                environment.get(name).ok_or_else(|| invalid(format!("{name} is not set")))?
            }
            Self::File(path) => std::fs::read_to_string(path).map_err(|error| {
                invalid(format!("the key cannot be read from {}: {error}", path.display())).with_source(error)
            })?,
        };
        let key = key.trim();
        if key.is_empty() {
            return Err(invalid(format!("{self} holds no key")));
        }
        if !key.chars().all(|c| c.is_ascii_graphic()) {
            return Err(invalid(format!("{self} holds more than a key: a space, a line break or the like")));
        }
        Ok(key.to_owned())
    }
}

/// The provider of this name that needs no declaration.
pub(crate) fn provider_of_environment(name: &str) -> Option<Provider> {
    if name == SCRIPTED {
        return Some(Provider::Scripted);
    }
    let known = OF_ENVIRONMENT.iter().find(|(known, _)| *known == name);
    known.map(|(_, kind)| Provider::Settings(ProviderSettings::new(*kind)))
}

/// That there is no such provider, and which there are.
pub(super) fn unknown<'a>(name: &str, declared: impl Iterator<Item = &'a str>) -> String {
    let mut known: Vec<&str> =
        OF_ENVIRONMENT.iter().map(|(name, _)| *name).chain([SCRIPTED]).chain(declared).collect();
    known.sort_unstable();
    known.dedup();
    format!("there is no provider `{name}`: declare it, or take one of `{}`", known.join("`, `"))
}

/// What is wrong with the name of a provider.
pub(super) fn check_provider_name(name: &str) -> Result<(), String> {
    let is_allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    if (1..=LONGEST_NAME).contains(&name.len()) && name.chars().all(is_allowed) {
        return Ok(());
    }
    Err(format!(
        "`{name}` is no name for a provider: 1 to {LONGEST_NAME} small ASCII letters, digits, `-` and `_`"
    ))
}
