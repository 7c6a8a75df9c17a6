//! Which models answer.

use std::path::Path;

use scorpio_core::model::ModelError;
use scorpio_providers::{Audience, ModelRegistry, ModelRegistryBuilder, Role, discover};

use crate::BoxError;

const DEMO: &str = "scripted:demo";

/// The models of a file, with one of them alone to talk to if it is named; without a file, the one that is named; and without either,
/// those that there are keys for, those of an Ollama that answers, or else the demo.
pub(crate) async fn registry(name: Option<&str>, file: Option<&Path>) -> Result<ModelRegistry, BoxError> {
    let name = name.map(str::trim).filter(|name| !name.is_empty());
    let file = file.filter(|file| !file.as_os_str().is_empty());
    let of_file = |error: ModelError| -> BoxError { format!("--models {error}").into() };
    let Some(name) = name else {
        return match file {
            Some(file) => ModelRegistry::read(file).map_err(of_file),
            None => Ok(discover().await?),
        };
    };
    let builder = match file {
        Some(file) => ModelRegistryBuilder::read(file).map_err(of_file)?,
        None => ModelRegistry::builder(),
    };
    let of_flag = |error: ModelError| -> BoxError { format!("--model {name}: {error}").into() };
    builder.only(name).build().map_err(of_flag)
}

/// Checks that all of them can be asked, the one that is named first, as far as that shows without asking.
pub(crate) fn check(registry: &ModelRegistry, name: Option<&str>) -> Result<(), BoxError> {
    if let (Some(name), Err(error)) = (name, registry.role(Role::Chat)) {
        return Err(format!("--model {name}: {error}").into());
    }
    registry.check().map_err(|error| {
        format!("not every model can be set up; `scorpio-server doctor` says more\n{error}").into()
    })
}

/// What whoever starts the server should know about the models.
pub(crate) fn hint(registry: &ModelRegistry) -> String {
    let Ok(chat) = registry.role(Role::Chat) else { return String::new() };
    let model = chat.model().to_string();
    let more = registry.choices_of(Audience::Registered).count().saturating_sub(1);
    if model == DEMO && more == 0 {
        return format!("{model} (follows a script; set OPENAI_API_KEY or --model to talk to a real one)");
    }
    if more == 0 { model } else { format!("{model}, and {more} more to choose from") }
}
