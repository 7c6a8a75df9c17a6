//! Describes a registry, step by step.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use scorpio_core::{
    PriceTable,
    model::{LlmProvider, ModelError},
};

use super::{
    Assignment, Audience, Entry, ModelChoice, ModelRegistry, ProviderSettings, Registered, Role,
    choice::check_id,
    file, invalid,
    name::ModelName,
    options::{ModelOptions, OptionTable},
    set_up::{Provider, SetUp, check_provider_name},
};
use crate::environment::Environment;

/// Describes a [`ModelRegistry`]. A model for [`Role::Chat`], or one to choose, is required.
///
/// ```
/// use scorpio_core::{Price, PriceTable, model::{Model, Scripted}};
/// use scorpio_providers::{Audience, ModelChoice, ModelRegistry, Role};
/// let script = Scripted::new().text("Hello.");
/// let registry = ModelRegistry::builder()
///     .ready_provider(std::sync::Arc::new(script))
///     .role(Role::Chat, "scripted:any")
///     .choice(ModelChoice::new("quick", "Quick", "scripted:any"))
///     .choice(ModelChoice::new("deep", "Deep", "scripted:deep").with_audience(Audience::Registered))
///     .prices(PriceTable::new().with("scripted:*", Price { input: 1.0, ..Price::default() }))
///     .build()?;
/// registry.check()?;
/// assert_eq!(registry.choices_of(Audience::Registered).count(), 2);
/// # Ok::<(), scorpio_core::model::ModelError>(())
/// ```
#[derive(Debug, Default)]
#[must_use]
pub struct ModelRegistryBuilder {
    providers: BTreeMap<Arc<str>, Provider>,
    roles: BTreeMap<Role, Assignment>,
    choices: Vec<ModelChoice>,
    options: OptionTable,
    prices: PriceTable,
}

impl ModelRegistryBuilder {
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// Begins with what a TOML file says; what is said afterwards replaces it.
    ///
    /// # Errors
    ///
    /// As [`ModelRegistry::read`].
    pub fn read(path: impl AsRef<Path>) -> Result<Self, ModelError> {
        file::read(path.as_ref())
    }

    /// Begins with what a TOML text says.
    ///
    /// # Errors
    ///
    /// As [`ModelRegistry::parse`].
    pub fn parse(toml: &str) -> Result<Self, ModelError> {
        file::parse(toml, None)
    }

    /// Adds a provider under a name: the part of a model's name before the colon.
    pub fn provider(mut self, name: impl Into<Arc<str>>, settings: ProviderSettings) -> Self {
        self.providers.insert(name.into(), Provider::Settings(settings));
        self
    }

    /// Adds a provider that is set up already, under its own name.
    pub fn ready_provider(mut self, provider: Arc<dyn LlmProvider>) -> Self {
        self.providers.insert(Arc::clone(provider.id()), Provider::Ready(provider));
        self
    }

    /// Sets the model of a role.
    pub fn role(mut self, role: Role, assignment: impl Into<Assignment>) -> Self {
        self.roles.insert(role, assignment.into());
        self
    }

    /// Adds a model that people may choose. The first one that somebody may use is their default.
    pub fn choice(mut self, choice: ModelChoice) -> Self {
        self.choices.push(choice);
        self
    }

    /// Has one model talk to everybody, in place of all choices: what else was said of providers, roles and prices stays.
    pub fn only(mut self, assignment: impl Into<Assignment>) -> Self {
        self.choices.clear();
        self.role(Role::Chat, assignment)
    }

    /// Sets what is done for models that need it: `models` is the name of one, or the beginning of several with a `*` at the end, such as
    /// `ollama:qwen3*`. The name counts for more than a beginning, and a longer beginning for more than a shorter one.
    pub fn options(mut self, models: impl Into<String>, options: ModelOptions) -> Self {
        self.options.insert(models.into(), options);
        self
    }

    /// Sets what models cost, in place of what was said before.
    pub fn prices(mut self, prices: PriceTable) -> Self {
        self.prices = prices;
        self
    }

    /// Sets the models up, as far as they can be.
    ///
    /// # Errors
    ///
    /// When the description makes no sense: no model at all, a name that is none, a provider that is not known, an id that is there twice,
    /// nothing for guests to choose.
    pub fn build(self) -> Result<ModelRegistry, ModelError> {
        self.build_in(&Environment::process())
    }

    pub(crate) fn build_in(mut self, environment: &Environment<'_>) -> Result<ModelRegistry, ModelError> {
        self.settle()?;
        let mut set_up = SetUp::new(self.providers, self.options, environment);
        let mut roles = BTreeMap::new();
        for (role, assignment) in &self.roles {
            roles.insert(*role, entry(&mut set_up, format!("the role `{role}`"), assignment)?);
        }
        let mut chosen = Vec::new();
        for choice in &self.choices {
            chosen.push(entry(&mut set_up, format!("the choice `{choice}`"), &choice.assignment)?);
        }
        let providers = set_up.into_providers();
        let Self { choices, prices, .. } = self;
        Ok(ModelRegistry(Arc::new(Registered { providers, roles, chosen, choices, prices })))
    }

    /// Checks what was said, and fills in what follows from it.
    fn settle(&mut self) -> Result<(), ModelError> {
        for (name, provider) in &self.providers {
            if matches!(provider, Provider::Settings(_)) {
                check_provider_name(name).map_err(invalid)?;
            }
        }
        self.options.check().map_err(invalid)?;
        for (position, choice) in self.choices.iter().enumerate() {
            check_id(&choice.id).map_err(invalid)?;
            if self.choices.iter().take(position).any(|other| other.id == choice.id) {
                return Err(invalid(format!("there are two choices with the id `{choice}`")));
            }
        }
        if self.choices.is_empty() {
            let chat = self.roles.get(&Role::Chat).ok_or_else(|| {
                invalid("there is no model: say which one has the role `chat`, or name one to choose")
            })?;
            let names = chat.parsed("the role `chat`")?;
            let first =
                names.first().ok_or_else(|| invalid("the role `chat` has an empty list of models"))?;
            self.choices.push(ModelChoice::only(chat.clone(), first));
        }
        let default = self.choices.iter().find(|choice| choice.is_for(Audience::Guests));
        let default = default.ok_or_else(|| {
            invalid("guests have no model to choose: let at least one of the choices be for guests")
        })?;
        self.roles.entry(Role::Chat).or_insert_with(|| default.assignment.clone());
        Ok(())
    }
}

fn entry(set_up: &mut SetUp<'_>, what: String, assignment: &Assignment) -> Result<Entry, ModelError> {
    let names: Vec<ModelName> = assignment.parsed(&what)?;
    if names.is_empty() {
        return Err(invalid(format!("{what} has an empty list of models")));
    }
    for name in &names {
        set_up.expect_provider(name).map_err(|wrong| invalid(format!("the model of {what}: {wrong}")))?;
    }
    let configured = set_up.configured(&names, assignment.parameters());
    Ok(Entry { what, names, configured })
}
