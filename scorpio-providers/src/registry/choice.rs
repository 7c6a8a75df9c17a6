//! Models that people may choose between.

use std::{fmt, sync::Arc};

use serde::Deserialize;

use super::{Assignment, name::ModelName};

/// The most characters of an id.
const LONGEST_ID: usize = 128;

/// Who may use something. Whoever is registered may use what guests may.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Audience {
    /// Everybody, guests among them.
    #[default]
    Guests,
    /// Those who have registered.
    Registered,
}

/// A model that people may choose, under a name that means something to them.
///
/// ```
/// use scorpio_providers::{Audience, ModelChoice};
/// let choice = ModelChoice::new("deep", "Deep thought", "anthropic:claude-opus-5")
///     .with_description("Thinks for long. For hard questions.")
///     .with_audience(Audience::Registered);
/// assert!(!choice.is_for(Audience::Guests));
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ModelChoice {
    /// What programs call it: 1 to 128 ASCII letters, digits and `-_.:/`.
    pub id: Arc<str>,
    /// What people call it.
    pub name: Arc<str>,
    /// What it is good for, in a sentence.
    pub description: Option<Arc<str>>,
    /// Who may use it.
    pub audience: Audience,
    /// Which model it is.
    pub assignment: Assignment,
}

impl ModelChoice {
    /// A model that everybody may use.
    pub fn new(
        id: impl Into<Arc<str>>,
        name: impl Into<Arc<str>>,
        assignment: impl Into<Assignment>,
    ) -> Self {
        let (id, name, assignment) = (id.into(), name.into(), assignment.into());
        Self { id, name, description: None, audience: Audience::Guests, assignment }
    }

    /// Sets what it is good for.
    #[must_use]
    pub fn with_description(mut self, description: impl Into<Arc<str>>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Sets who may use it.
    #[must_use]
    pub fn with_audience(mut self, audience: Audience) -> Self {
        self.audience = audience;
        self
    }

    /// Whether `audience` may use it.
    pub fn is_for(&self, audience: Audience) -> bool {
        audience >= self.audience
    }

    /// The choice of those who have none: a model under the name that its provider gives it.
    pub(crate) fn only(assignment: Assignment, first: &ModelName) -> Self {
        let name = if first.as_str() == "scripted:demo" { "Demo" } else { first.model() };
        Self::new(first.as_str(), name, assignment)
    }
}

impl fmt::Display for ModelChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.id)
    }
}

/// What is wrong with an id.
pub(crate) fn check_id(id: &str) -> Result<(), String> {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || "-_.:/".contains(c);
    match (1..=LONGEST_ID).contains(&id.len()) && id.chars().all(is_allowed) {
        true => Ok(()),
        false => Err(format!("`{id}` is no id: 1 to {LONGEST_ID} ASCII letters, digits and `-_.:/`")),
    }
}
