//! Google's Vertex AI, where Gemini and Claude can be had: its addresses, and what gives the tokens for them.

mod credentials;

use reqwest::Url;
use scorpio_core::model::ModelError;

pub use self::credentials::GoogleCredentials;
use crate::http::{invalid, with_path};

/// A place on Vertex AI.
#[derive(Debug, Clone)]
pub(crate) struct Vertex {
    base: Url,
    project: String,
    location: String,
}

impl Vertex {
    /// The address of the service for a location.
    pub(crate) fn host(location: &str) -> String {
        match location {
            "global" => "https://aiplatform.googleapis.com".to_owned(),
            // Places that span several regions.
            "us" | "eu" => format!("https://aiplatform.{location}.rep.googleapis.com"),
            location => format!("https://{location}-aiplatform.googleapis.com"),
        }
    }

    /// The place of `project` in `location`, under a base address.
    pub(crate) fn new(base: Url, project: String, location: String) -> Result<Self, ModelError> {
        check_name("project", &project)?;
        check_name("location", &location)?;
        Ok(Self { base, project, location })
    }

    /// The base address.
    pub(crate) fn base(&self) -> &Url {
        &self.base
    }

    /// The address of a method of a model of `publisher`.
    pub(crate) fn url(&self, publisher: &str, model: &str, method: &str) -> Result<Url, ModelError> {
        if model.is_empty() || model.contains(['/', ':', '?', '#']) {
            return Err(invalid(format!("`{model}` is no name of a model on Vertex AI")));
        }
        let call = format!("{model}:{method}");
        let Self { base, project, location } = self;
        let path =
            ["v1", "projects", project, "locations", location, "publishers", publisher, "models", &call];
        Ok(with_path(base, path))
    }
}

fn check_name(what: &str, name: &str) -> Result<(), ModelError> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':');
    if !name.is_empty() && name.chars().all(is_plain) {
        return Ok(());
    }
    Err(invalid(format!("`{name}` is no {what} of Google Cloud")))
}
