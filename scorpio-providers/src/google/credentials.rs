//! Credentials of Google Cloud, and the access tokens that come of them.

mod discovery;
mod exchange;
mod file;
mod jwt;

use std::{
    fmt,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use scorpio_core::model::ModelError;
#[cfg(doc)]
use scorpio_core::model::ModelErrorKind;
use secrecy::SecretString;
use tokio::time::Instant;

use self::exchange::Source;
use crate::{TokenSource, environment::Environment};

/// A token is exchanged for a new one so long before it expires. The metadata server gives a new one from five minutes before on, so this
/// must be less.
const REFRESH: Duration = Duration::from_secs(225);

/// A token that expires this soon may have expired when it arrives.
const LAST: Duration = Duration::from_secs(10);

/// Credentials of Google Cloud: a [`TokenSource`] for Vertex AI. Cloning them is cheap, and clones share their token.
///
/// | kind | where from |
/// |---|---|
/// | `service_account` | a JSON file with a private key: signs a JWT and exchanges it |
/// | `authorized_user` | the JSON file that `gcloud auth application-default login` writes: exchanges its refresh token |
/// | metadata server | asks the machine of Google Cloud that the program runs on |
///
/// A token is kept until 225 seconds before it expires. One call at a time fetches a new one; the others go on with the old one while it lasts, and
/// so do all when it cannot be fetched. Keys and tokens are never shown: not by `Debug`, not in errors.
///
/// ```no_run
/// use scorpio_providers::{Gemini, GoogleCredentials};
/// # fn main() -> Result<(), scorpio_core::model::ModelError> {
/// let credentials = GoogleCredentials::from_env()?;
/// let gemini = Gemini::vertex("my-project", "global").token_source(credentials).build()?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct GoogleCredentials(Arc<Inner>);

struct Inner {
    source: Source,
    project: Option<String>,
    quota_project: Option<String>,
    token: Mutex<Option<Token>>,
    /// Whoever holds it fetches a token.
    fetching: tokio::sync::Mutex<()>,
}

/// An access token.
#[derive(Clone)]
struct Token {
    value: SecretString,
    expires: Instant,
}

impl Token {
    fn lasts(&self, time: Duration) -> bool {
        self.expires.saturating_duration_since(Instant::now()) > time
    }
}

impl GoogleCredentials {
    /// The application default credentials, in the order of Google's own libraries: the file that `GOOGLE_APPLICATION_CREDENTIALS` names; the
    /// file that gcloud writes, in `CLOUDSDK_CONFIG` or in gcloud's usual folder; the metadata server, at `GCE_METADATA_HOST` if it is set.
    ///
    /// Files are read at once. Whether there is a metadata server shows when a token is asked for.
    ///
    /// # Errors
    ///
    /// [`ModelErrorKind::Configuration`] when a file cannot be read or used; the message names it and says what to do.
    pub fn from_env() -> Result<Self, ModelError> {
        Environment::process().google_credentials()
    }

    /// Credentials from a JSON file, of a service account or of a user.
    ///
    /// # Errors
    ///
    /// [`ModelErrorKind::Configuration`] when it cannot be read or used.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, ModelError> {
        file::read(path.as_ref())
    }

    /// Credentials from the text of such a file.
    ///
    /// # Errors
    ///
    /// As [`from_file`](Self::from_file).
    pub fn from_json(json: &str) -> Result<Self, ModelError> {
        file::parse(json)
    }

    /// The credentials of the machine of Google Cloud that the program runs on.
    ///
    /// # Errors
    ///
    /// [`ModelErrorKind::Configuration`] when `GCE_METADATA_HOST` is no host.
    pub fn metadata_server() -> Result<Self, ModelError> {
        Environment::process().metadata_server()
    }

    fn new(source: Source, project: Option<String>, quota_project: Option<String>) -> Self {
        let (token, fetching) = (Mutex::default(), tokio::sync::Mutex::default());
        Self(Arc::new(Inner { source, project, quota_project, token, fetching }))
    }

    /// The project that the credentials belong to, if they say so.
    pub fn project_id(&self) -> Option<&str> {
        self.0.project.as_deref()
    }

    /// The project whose quota is used, if the credentials name one. It goes in the header `x-goog-user-project`.
    pub fn quota_project_id(&self) -> Option<&str> {
        self.0.quota_project.as_deref()
    }

    fn current(&self) -> Option<Token> {
        self.0.token.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A new token, unless somebody has fetched one meanwhile.
    async fn fetched(&self) -> Result<SecretString, ModelError> {
        if let Some(token) = self.current().filter(|token| token.lasts(REFRESH)) {
            return Ok(token.value);
        }
        match self.0.source.fetch().await {
            Ok(token) => {
                let value = token.value.clone();
                *self.0.token.lock().unwrap_or_else(PoisonError::into_inner) = Some(token);
                Ok(value)
            }
            Err(error) => match self.current().filter(|token| token.lasts(LAST)) {
                Some(token) => {
                    tracing::warn!(?error, "no new token of Google; the old one is still valid");
                    Ok(token.value)
                }
                None => Err(error),
            },
        }
    }
}

#[async_trait]
impl TokenSource for GoogleCredentials {
    async fn token(&self) -> Result<SecretString, ModelError> {
        let current = self.current();
        if let Some(token) = current.as_ref().filter(|token| token.lasts(REFRESH)) {
            return Ok(token.value.clone());
        }
        if let Ok(_fetching) = self.0.fetching.try_lock() {
            return self.fetched().await;
        }
        // Somebody is at it.
        if let Some(token) = current.filter(|token| token.lasts(LAST)) {
            return Ok(token.value);
        }
        let _fetching = self.0.fetching.lock().await;
        self.fetched().await
    }
}

/// Tells whose they are, and no secret.
impl fmt::Debug for GoogleCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GoogleCredentials")
            .field("source", &self.0.source)
            .field("project", &self.0.project)
            .field("quota_project", &self.0.quota_project)
            .finish_non_exhaustive()
    }
}

const _: () = {
    const fn is_shared<T: Send + Sync + 'static>() {}
    is_shared::<GoogleCredentials>();
};
