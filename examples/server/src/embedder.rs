//! Which model compares documents.

use std::sync::Arc;

use scorpio_core::{
    embedding::{Embedder, WordHashEmbedder},
    model::ModelError,
};
use scorpio_providers::{GeminiEmbedder, ModelRegistry, OpenAiEmbedder, Role};

use crate::BoxError;

const OPENAI: &str = "text-embedding-3-small";
const GEMINI: &str = "gemini-embedding-001";
const DEMO: &str = "scripted:word-hash";

/// The one that is named, `none` of them, or else: with the demo the one that needs no key, and otherwise that of a provider whose key
/// is in the environment.
pub(crate) fn embedder(
    name: Option<&str>,
    models: &ModelRegistry,
) -> Result<Option<Arc<dyn Embedder>>, BoxError> {
    match name.map(str::trim).filter(|name| !name.is_empty()) {
        Some("none") => Ok(None),
        Some(name) => by_name(name).map(Some).map_err(|error| format!("--embedder {name}: {error}").into()),
        None if answers_by_script(models) => Ok(Some(Arc::new(WordHashEmbedder::new()))),
        None => Ok(openai(OPENAI).or_else(|_| gemini(GEMINI)).ok()),
    }
}

fn answers_by_script(models: &ModelRegistry) -> bool {
    models.role(Role::Chat).is_ok_and(|chat| &**chat.model().provider().id() == "scripted")
}

fn by_name(name: &str) -> Result<Arc<dyn Embedder>, String> {
    let embedder = match name.split_once(':') {
        _ if name == DEMO => return Ok(Arc::new(WordHashEmbedder::new())),
        Some(("openai", model)) if !model.is_empty() => openai(model),
        Some(("gemini", model)) if !model.is_empty() => gemini(model),
        _ => {
            return Err(format!(
                "there is no such embedder; there are openai:MODEL, gemini:MODEL, {DEMO} and none"
            ));
        }
    };
    embedder.map_err(|error| error.to_string())
}

fn openai(model: &str) -> Result<Arc<dyn Embedder>, ModelError> {
    Ok(Arc::new(OpenAiEmbedder::from_env(model)?))
}

fn gemini(model: &str) -> Result<Arc<dyn Embedder>, ModelError> {
    Ok(Arc::new(GeminiEmbedder::from_env(model)?))
}
