//! Which models a program uses and for what: roles, choices for people, prices. It is set up once, from code or from a file.

mod address;
mod builder;
mod choice;
mod file;
mod from_env;
mod name;
mod options;
mod provider;
mod role;
mod set_up;

use std::{collections::BTreeMap, path::Path, sync::Arc};

use scorpio_core::{
    PriceTable,
    model::{Model, ModelError, ModelErrorKind, ModelParameters},
};

pub(crate) use self::{address::Listing, name::ModelName, set_up::Provider};
pub use self::{
    builder::ModelRegistryBuilder,
    choice::{Audience, ModelChoice},
    from_env::{discover, from_env},
    name::Assignment,
    options::{ModelOptions, ThinkTagOptions},
    provider::{KeySource, ProviderKind, ProviderSettings},
    role::Role,
};

/// The models of a program, by role and by choice. Cloning it is cheap.
///
/// From code:
///
/// ```
/// use scorpio_core::Agent;
/// use scorpio_providers::{ModelRegistry, Role};
/// # fn main() -> scorpio_core::Result<()> {
/// let registry = ModelRegistry::builder().role(Role::Chat, "scripted:demo").build()?;
/// // Nothing was said about titles, so they come from the model of the chat.
/// let titles = registry.role(Role::Title)?;
/// assert_eq!(titles.model().to_string(), "scripted:demo");
/// let agent = Agent::builder("titles").with_model(titles.model().clone()).parameters(titles.parameters().clone());
/// # let _ = agent; Ok(()) }
/// ```
///
/// From a file:
///
/// ```
/// # use scorpio_providers::{Audience, ModelRegistry, Role};
/// let registry = ModelRegistry::parse(r#"
/// [roles.chat]
/// model = "scripted:demo"
///
/// [roles.title]
/// model = "groq:openai/gpt-oss-20b"
/// parameters = { max_output_tokens = 60 }
///
/// [[models]]                        # what people may choose; the first is the default
/// id = "demo"
/// name = "Demo"
/// model = "scripted:demo"
///
/// [[models]]
/// id = "large"
/// name = "Large"
/// description = "Slower, and better at hard questions."
/// model = ["groq:openai/gpt-oss-120b", "ollama:gpt-oss:120b"]   # the second answers when the first does not
/// for = "registered"
///
/// [providers.groq]
/// kind = "openai"                   # it speaks OpenAI's protocol
/// base_url = "https://api.groq.com/openai/v1"
/// api_key_env = "GROQ_API_KEY"      # or api_key_file; a key itself has no place here
///
/// [options."ollama:gpt-oss*"]       # what models need that cannot do it by themselves
/// repair_tool_calls = true
///
/// [prices."groq:openai/gpt-oss-*"]  # US dollars for a million tokens
/// input = 0.15
/// output = 0.6
/// "#)?;
/// assert_eq!(registry.choices_of(Audience::Guests).count(), 1);
/// assert!(registry.prices().price("groq:openai/gpt-oss-120b").is_some());
/// # Ok::<(), scorpio_core::model::ModelError>(())
/// ```
#[derive(Debug, Clone)]
pub struct ModelRegistry(Arc<Registered>);

#[derive(Debug)]
struct Registered {
    /// Those that were declared, and those that the models name.
    providers: BTreeMap<Arc<str>, Provider>,
    roles: BTreeMap<Role, Entry>,
    /// As many as there are choices, in their order.
    chosen: Vec<Entry>,
    choices: Vec<ModelChoice>,
    prices: PriceTable,
}

/// A model that is asked for, and what came of it.
#[derive(Debug)]
pub(crate) struct Entry {
    /// Whose model it is, for errors: "the role `chat`".
    pub(crate) what: String,
    pub(crate) names: Vec<ModelName>,
    pub(crate) configured: Result<ConfiguredModel, String>,
}

impl Entry {
    fn get(&self) -> Result<&ConfiguredModel, ModelError> {
        self.configured.as_ref().map_err(|wrong| invalid(format!("the model of {}, {wrong}", self.what)))
    }
}

/// A model that is ready to be asked, with what is sent along with each call.
#[derive(Debug, Clone)]
pub struct ConfiguredModel {
    model: Model,
    parameters: ModelParameters,
}

impl ConfiguredModel {
    /// A model, and what is sent along with each call.
    pub const fn new(model: Model, parameters: ModelParameters) -> Self {
        Self { model, parameters }
    }

    /// The model.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// What is sent along with each call.
    pub fn parameters(&self) -> &ModelParameters {
        &self.parameters
    }
}

/// A model, with nothing sent along.
impl From<Model> for ConfiguredModel {
    fn from(model: Model) -> Self {
        Self::new(model, ModelParameters::new())
    }
}

impl ModelRegistry {
    /// A registry that is described by code.
    pub fn builder() -> ModelRegistryBuilder {
        ModelRegistryBuilder::new()
    }

    /// A registry that a TOML file describes. [`ModelRegistry`] shows one.
    ///
    /// # Errors
    ///
    /// When the file cannot be read or does not make sense; the error names the file, the line and the key, and says what is allowed. That
    /// a key is missing is no error yet: see [`ModelRegistry::check`].
    pub fn read(path: impl AsRef<Path>) -> Result<Self, ModelError> {
        ModelRegistryBuilder::read(path)?.build()
    }

    /// A registry that a TOML text describes. Files of keys are looked for from the working directory.
    ///
    /// # Errors
    ///
    /// As [`ModelRegistry::read`].
    pub fn parse(toml: &str) -> Result<Self, ModelError> {
        ModelRegistryBuilder::parse(toml)?.build()
    }

    /// The model of a role, or that of the chat if the role has none of its own.
    ///
    /// # Errors
    ///
    /// When the model cannot be set up, as when its key is missing; the error names the role and the reason.
    pub fn role(&self, role: Role) -> Result<&ConfiguredModel, ModelError> {
        let entry = self.0.roles.get(&role).or_else(|| self.0.roles.get(&Role::Chat));
        entry.ok_or_else(|| invalid(format!("there is no model for the role `{role}`")))?.get()
    }

    /// Whether the role has a model of its own.
    pub fn has_role(&self, role: Role) -> bool {
        self.0.roles.contains_key(&role)
    }

    /// The models that people may choose, the default first. Unless some were described, it is the model of the chat alone.
    pub fn choices(&self) -> &[ModelChoice] {
        &self.0.choices
    }

    /// The models that `audience` may choose, its default first. There is at least one.
    pub fn choices_of(&self, audience: Audience) -> impl Iterator<Item = &ModelChoice> {
        self.0.choices.iter().filter(move |choice| choice.is_for(audience))
    }

    /// The choice with this id.
    pub fn choice(&self, id: &str) -> Option<&ModelChoice> {
        self.0.choices.iter().find(|choice| &*choice.id == id)
    }

    /// The model of a choice. Whether somebody may use it is for the caller to ask.
    ///
    /// # Errors
    ///
    /// When there is no such choice, or when its model cannot be set up.
    pub fn chosen(&self, id: &str) -> Result<&ConfiguredModel, ModelError> {
        let position = self.0.choices.iter().position(|choice| &*choice.id == id);
        let entry = position.and_then(|position| self.0.chosen.get(position));
        entry.ok_or_else(|| invalid(format!("there is no model `{id}` to choose")))?.get()
    }

    /// What models cost, as far as somebody said so.
    pub fn prices(&self) -> &PriceTable {
        &self.0.prices
    }

    /// Whether every model could be set up. It asks no server: [`doctor`](crate::doctor) does.
    ///
    /// # Errors
    ///
    /// [`ModelErrorKind::Configuration`] with all that is missing, a line for each model.
    pub fn check(&self) -> Result<(), ModelError> {
        let mut wrong: Vec<(&str, String)> = Vec::new();
        for entry in self.entries() {
            // The chat's model is often one to choose as well; its fault is one.
            if let (Err(reason), Err(error)) = (&entry.configured, entry.get())
                && !wrong.iter().any(|(known, _)| known == reason)
            {
                wrong.push((reason, error.to_string()));
            }
        }
        if wrong.is_empty() {
            return Ok(());
        }
        let lines: Vec<String> = wrong.into_iter().map(|(_, line)| line).collect();
        Err(invalid(lines.join("\n")))
    }

    pub(crate) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.0.roles.values().chain(&self.0.chosen)
    }

    pub(crate) fn providers(&self) -> &BTreeMap<Arc<str>, Provider> {
        &self.0.providers
    }
}

/// A registry of one model.
impl From<Model> for ModelRegistry {
    fn from(model: Model) -> Self {
        let text = model.to_string();
        let choices = ModelName::parse(&text).map(|name| ModelChoice::only(Assignment::new(&*text), &name));
        let entry = |what: &str| Entry {
            what: what.to_owned(),
            names: ModelName::parse(&text).into_iter().collect(),
            configured: Ok(ConfiguredModel::new(model.clone(), ModelParameters::new())),
        };
        let provider = (Arc::clone(model.provider().id()), Provider::Ready(Arc::clone(model.provider())));
        Self(Arc::new(Registered {
            providers: BTreeMap::from([provider]),
            roles: BTreeMap::from([(Role::Chat, entry("the role `chat`"))]),
            chosen: vec![entry("the choice")],
            choices: vec![
                choices.unwrap_or_else(|_| ModelChoice::new("model", text.as_str(), text.as_str())),
            ],
            prices: PriceTable::new(),
        }))
    }
}

fn invalid(message: impl Into<std::borrow::Cow<'static, str>>) -> ModelError {
    ModelError::new(ModelErrorKind::Configuration, message)
}

const _: () = {
    const fn is_shared<T: Send + Sync + 'static>() {}
    is_shared::<ModelRegistry>();
};

#[cfg(test)]
mod tests;
