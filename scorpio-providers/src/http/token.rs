//! Where a key comes from that changes while the program runs, such as the access tokens of a cloud.

use std::fmt;

use async_trait::async_trait;
use scorpio_core::model::ModelError;
use secrecy::SecretString;

/// Gives the token that a request is sent with. It is asked before each request, so it should keep what is still valid.
///
/// ```
/// use async_trait::async_trait;
/// use scorpio_core::model::{ModelError, ModelErrorKind};
/// use scorpio_providers::{SecretString, TokenSource};
///
/// /// A token that another program writes into a file.
/// #[derive(Debug)]
/// struct TokenFile(std::path::PathBuf);
///
/// #[async_trait]
/// impl TokenSource for TokenFile {
///     async fn token(&self) -> Result<SecretString, ModelError> {
///         let read = std::fs::read_to_string(&self.0);
///         let token = read.map_err(|error| {
///             ModelError::new(ModelErrorKind::Auth, "the token cannot be read").with_source(error)
///         })?;
///         Ok(token.trim().to_owned().into())
///     }
/// }
/// ```
#[async_trait]
pub trait TokenSource: fmt::Debug + Send + Sync + 'static {
    /// A token that is valid now.
    ///
    /// # Errors
    ///
    /// When there is none; the request is then not sent. Best of the kind [`Auth`](scorpio_core::model::ModelErrorKind::Auth).
    ///
    /// # Cancel safety
    ///
    /// The future is dropped when the time for the headers is up, or when nobody wants the answer any more.
    async fn token(&self) -> Result<SecretString, ModelError>;
}
