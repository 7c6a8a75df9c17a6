//! Where credentials are looked for, and the settings that the environment has for Vertex AI.

use std::path::PathBuf;

use scorpio_core::model::ModelError;

use super::{GoogleCredentials, exchange::Source, file};
use crate::{environment::Environment, http::invalid};

/// The variable that names a file.
const FILE: &str = "GOOGLE_APPLICATION_CREDENTIALS";

/// The file that gcloud writes into its folder.
const WELL_KNOWN: &str = "application_default_credentials.json";

/// The usual host of the metadata server.
const METADATA: &str = "metadata.google.internal";

impl Environment<'_> {
    /// The application default credentials.
    pub(crate) fn google_credentials(&self) -> Result<GoogleCredentials, ModelError> {
        if let Some(path) = self.get(FILE) {
            return file::read(path.as_ref()).map_err(|error| invalid(format!("{FILE}: {error}")));
        }
        match self.well_known_file().filter(|path| path.is_file()) {
            Some(path) => file::read(&path),
            None => self.metadata_server(),
        }
    }

    /// What the metadata server knows.
    pub(crate) fn metadata_server(&self) -> Result<GoogleCredentials, ModelError> {
        let host = self.get("GCE_METADATA_HOST");
        let source = Source::metadata(host.as_deref().unwrap_or(METADATA))?;
        Ok(GoogleCredentials::new(source, None, None))
    }

    fn well_known_file(&self) -> Option<PathBuf> {
        let folder = match self.get("CLOUDSDK_CONFIG") {
            Some(folder) => PathBuf::from(folder),
            None if cfg!(windows) => PathBuf::from(self.get("APPDATA")?).join("gcloud"),
            None => PathBuf::from(self.get("HOME")?).join(".config").join("gcloud"),
        };
        Some(folder.join(WELL_KNOWN))
    }

    /// The project of Google Cloud: the first of these variables that is set, or that of the credentials.
    pub(crate) fn google_project(
        &self,
        variables: &[&'static str],
        credentials: Option<&GoogleCredentials>,
    ) -> Result<String, ModelError> {
        let of_credentials = || credentials.and_then(GoogleCredentials::project_id).map(str::to_owned);
        let set = variables.iter().find_map(|variable| self.get(variable));
        set.or_else(of_credentials)
            .map(|project| project.trim().to_owned())
            .ok_or_else(|| invalid(format!("{} is not set", variables.first().copied().unwrap_or_default())))
    }
}

#[cfg(test)]
mod tests;
