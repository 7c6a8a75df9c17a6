//! Variables of the environment, as far as providers are set up by them.

use std::env;

use scorpio_core::model::ModelError;

use crate::http::invalid;

/// Variables by name. Those that are empty count as not set.
pub(crate) struct Environment<'a>(&'a (dyn Fn(&str) -> Option<String> + Sync));

/// Whether a switch is on.
pub(crate) fn is_true(value: &str) -> bool {
    matches!(value.trim().to_ascii_lowercase().as_str(), "true" | "1")
}

impl Environment<'static> {
    /// The variables of this process.
    pub(crate) fn process() -> Self {
        // What is no Unicode becomes a character that is refused later, with the name of the variable.
        Self(&|name| env::var_os(name).map(|value| value.to_string_lossy().into_owned()))
    }
}

impl<'a> Environment<'a> {
    #[cfg(any(test, feature = "registry"))]
    pub(crate) fn new(variables: &'a (dyn Fn(&str) -> Option<String> + Sync)) -> Self {
        Self(variables)
    }

    pub(crate) fn get(&self, name: &str) -> Option<String> {
        (self.0)(name).filter(|value| !value.trim().is_empty())
    }

    /// What `read` makes of these variables, with one of them set to `value`.
    #[cfg(feature = "registry")]
    pub(crate) fn and<T>(&self, name: &str, value: &str, read: impl FnOnce(&Environment<'_>) -> T) -> T {
        let variable = |asked: &str| if asked == name { Some(value.to_owned()) } else { self.get(asked) };
        read(&Environment::new(&variable))
    }

    /// A variable that will be sent as a header.
    pub(crate) fn header(&self, name: &'static str) -> Result<Option<String>, ModelError> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let is_visible = |c: char| c == ' ' || c.is_ascii_graphic();
        if value.trim().chars().all(is_visible) {
            return Ok(Some(value));
        }
        Err(invalid(format!("{name} holds a line break or another character that a header cannot carry")))
    }
}
