//! How models are dealt with that cannot do by themselves what others can.

use std::{collections::BTreeMap, sync::Arc};

use scorpio_core::model::LlmProvider;

use super::name::ModelName;
use crate::{PromptedTools, ThinkTags, ToolCallRepair};

/// What is done for a model that needs it. Nothing is, unless it is said.
///
/// ```
/// use scorpio_providers::{ModelOptions, ModelRegistry, Role, ThinkTagOptions};
/// let thinks_in_its_text = ThinkTagOptions::new().with_starts_inside(true);
/// let registry = ModelRegistry::builder()
///     .role(Role::Chat, "ollama:deepseek-r1:8b")
///     .options("ollama:deepseek-r1*", ModelOptions::new().with_think_tags(thinks_in_its_text).with_prompted_tools(true))
///     .build()?;
/// assert!(registry.role(Role::Chat)?.model().provider().capabilities("deepseek-r1:8b").tools);
/// # Ok::<(), scorpio_core::model::ModelError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ModelOptions {
    /// It writes its thinking into its text: see [`ThinkTags`].
    pub think_tags: Option<ThinkTagOptions>,
    /// It has no tools, and is told of them in words: see [`PromptedTools`].
    pub prompted_tools: bool,
    /// Its tool calls are mended: see [`ToolCallRepair`].
    pub tool_call_repair: bool,
}

impl ModelOptions {
    /// Nothing is done.
    pub const fn new() -> Self {
        Self { think_tags: None, prompted_tools: false, tool_call_repair: false }
    }

    /// Takes its thinking out of its text.
    #[must_use]
    pub fn with_think_tags(mut self, tags: ThinkTagOptions) -> Self {
        self.think_tags = Some(tags);
        self
    }

    /// Sets whether it is told of tools in words.
    #[must_use]
    pub fn with_prompted_tools(mut self, prompted: bool) -> Self {
        self.prompted_tools = prompted;
        self
    }

    /// Sets whether its tool calls are mended.
    #[must_use]
    pub fn with_tool_call_repair(mut self, repair: bool) -> Self {
        self.tool_call_repair = repair;
        self
    }

    /// The provider, with what is done around it: a call in the thinking is none, so the thinking is taken out first.
    fn around(&self, mut provider: Arc<dyn LlmProvider>) -> Arc<dyn LlmProvider> {
        if let Some(ThinkTagOptions { open, close, starts_inside, anywhere }) = self.think_tags.clone() {
            let tags = ThinkTags::shared(provider).with_tags(open, close);
            provider = Arc::new(tags.with_starts_inside(starts_inside).with_anywhere(anywhere));
        }
        if self.prompted_tools {
            provider = Arc::new(PromptedTools::shared(provider));
        }
        if self.tool_call_repair {
            provider = Arc::new(ToolCallRepair::shared(provider));
        }
        provider
    }
}

/// Where the thinking of a model stands in its text: see [`ThinkTags`] for what is unset.
///
/// ```
/// use scorpio_providers::ThinkTagOptions;
/// let options = ThinkTagOptions::new().with_tags("<thinking>", "</thinking>");
/// assert_eq!(options.open, "<thinking>");
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ThinkTagOptions {
    /// The tag before it. Empty, it is `<think>`.
    pub open: String,
    /// The tag after it. Empty, it is `</think>`.
    pub close: String,
    /// Whether an answer begins with thinking that has no tag before it.
    pub starts_inside: bool,
    /// Whether tags count in the middle of a text too.
    pub anywhere: bool,
}

impl ThinkTagOptions {
    /// Thinking between `<think>` and `</think>`, at the beginning of a text.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the tags.
    #[must_use]
    pub fn with_tags(mut self, open: impl Into<String>, close: impl Into<String>) -> Self {
        (self.open, self.close) = (open.into(), close.into());
        self
    }

    /// Sets whether an answer begins with thinking that has no tag before it.
    #[must_use]
    pub fn with_starts_inside(mut self, inside: bool) -> Self {
        self.starts_inside = inside;
        self
    }

    /// Sets whether tags count in the middle of a text too.
    #[must_use]
    pub fn with_anywhere(mut self, anywhere: bool) -> Self {
        self.anywhere = anywhere;
        self
    }
}

/// Options by the names of models, or by how the names begin, with a `*` at the end.
#[derive(Debug, Default)]
pub(super) struct OptionTable(BTreeMap<String, ModelOptions>);

impl OptionTable {
    pub(super) fn insert(&mut self, models: String, options: ModelOptions) {
        self.0.insert(models, options);
    }

    /// What is wrong with one of the names.
    pub(super) fn check(&self) -> Result<(), String> {
        self.0.keys().try_for_each(|models| check_models(models))
    }

    /// The provider as it is for this model: its own options count, or else those of the longest beginning.
    pub(super) fn around(&self, name: &ModelName, provider: Arc<dyn LlmProvider>) -> Arc<dyn LlmProvider> {
        let begins =
            |models: &str| models.strip_suffix('*').is_some_and(|stem| name.as_str().starts_with(stem));
        let family =
            || self.0.iter().filter(|(models, _)| begins(models)).max_by_key(|(models, _)| models.len());
        let options = self.0.get(name.as_str()).or_else(|| family().map(|(_, options)| options));
        options.map_or_else(|| Arc::clone(&provider), |options| options.around(Arc::clone(&provider)))
    }
}

/// What is wrong with the names that options are for.
pub(super) fn check_models(models: &str) -> Result<(), String> {
    let stem = models.strip_suffix('*').unwrap_or(models);
    if (models.len() > stem.len() || ModelName::parse(models).is_ok()) && !stem.contains('*') {
        return Ok(());
    }
    Err(format!(
        "`{models}` is neither the name of a model nor the beginning of one with a `*` at the end, such as `ollama:qwen3*`"
    ))
}
