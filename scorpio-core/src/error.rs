//! The one error of the crate. It answers questions; what a user may read and what an operator needs are kept apart.

use std::{borrow::Cow, error::Error as StdError, fmt, time::Duration};

use crate::{
    model::{ModelError, ModelErrorKind},
    store::StoreError,
};

/// A result of this crate.
pub type Result<T, E = ScorpioError> = std::result::Result<T, E>;

type Source = Box<dyn StdError + Send + Sync + 'static>;

/// What kind of thing went wrong: the part of a code before the colon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The input is wrong; the same input will fail again.
    BadRequest,
    /// Nobody is signed in.
    Unauthorized,
    /// Somebody is signed in who may not do this.
    Forbidden,
    /// It does not exist, or it is somebody else's.
    NotFound,
    /// It clashes with the present state.
    Conflict,
    /// It was there once and is not any more.
    Gone,
    /// The input is larger than allowed.
    TooLarge,
    /// The input is of a media type that is not taken.
    UnsupportedMediaType,
    /// Too much in too short a time.
    RateLimit,
    /// A service that this depends on does not answer.
    Offline,
    /// A fault of the program.
    Internal,
}

impl ErrorKind {
    /// The spelling used in codes.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BadRequest => "bad_request",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::Conflict => "conflict",
            Self::Gone => "gone",
            Self::TooLarge => "too_large",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::RateLimit => "rate_limit",
            Self::Offline => "offline",
            Self::Internal => "internal",
        }
    }
}

/// Where it went wrong: the part of a code after the colon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Surface {
    /// The interface in general.
    Api,
    /// Sign-in and accounts.
    Auth,
    /// Sessions, messages and runs.
    Chat,
    /// Resumable streams.
    Stream,
    /// The list of sessions.
    History,
    /// A model or its provider.
    Model,
    /// Tools.
    Tool,
    /// Documents that are searched.
    Knowledge,
    /// The store. Its faults are never shown to users.
    Database,
}

impl Surface {
    /// The spelling used in codes.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Auth => "auth",
            Self::Chat => "chat",
            Self::Stream => "stream",
            Self::History => "history",
            Self::Model => "model",
            Self::Tool => "tool",
            Self::Knowledge => "knowledge",
            Self::Database => "database",
        }
    }
}

/// An error of Scorpio.
///
/// `Display` gives the code and the public message, which are safe to show to a user. The cause, which may hold paths, hosts or
/// text of a database, is reached through [`std::error::Error::source`] alone and belongs in a log.
///
/// ```
/// use scorpio_core::{ErrorKind, ScorpioError, Surface};
/// let error = ScorpioError::new(ErrorKind::NotFound, Surface::Chat, "There is no such chat.");
/// assert_eq!(error.code(), "not_found:chat");
/// assert_eq!(error.to_string(), "not_found:chat: There is no such chat.");
/// ```
pub struct ScorpioError(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    surface: Surface,
    message: Cow<'static, str>,
    retry_after: Option<Duration>,
    source: Option<Source>,
}

impl ScorpioError {
    /// An error with a message that a user may read.
    pub fn new(kind: ErrorKind, surface: Surface, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner { kind, surface, message: message.into(), retry_after: None, source: None }))
    }

    /// Adds what caused it, for the operator.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Source>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Adds when another try makes sense.
    #[must_use]
    pub fn with_retry_after(mut self, after: Duration) -> Self {
        self.0.retry_after = Some(after);
        self
    }

    /// What kind of thing went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Where it went wrong.
    pub fn surface(&self) -> Surface {
        self.0.surface
    }

    /// `kind:surface`, such as `rate_limit:chat`.
    pub fn code(&self) -> String {
        format!("{}:{}", self.0.kind.as_str(), self.0.surface.as_str())
    }

    /// The sentence that a user may read.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// When another try makes sense, if that is known.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Whether the same call may succeed later.
    pub fn is_retryable(&self) -> bool {
        matches!(self.0.kind, ErrorKind::RateLimit | ErrorKind::Offline)
    }

    /// The model's error behind this one, if that is what happened.
    pub fn model_error(&self) -> Option<&ModelError> {
        self.0.source.as_deref().and_then(|source| source.downcast_ref())
    }

    pub(crate) fn internal(surface: Surface, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Internal, surface, message)
    }
}

impl fmt::Display for ScorpioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.0.kind.as_str(), self.0.surface.as_str(), self.0.message)
    }
}

impl fmt::Debug for ScorpioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScorpioError")
            .field("code", &self.code())
            .field("message", &self.0.message)
            .field("retry_after", &self.0.retry_after)
            .field("source", &self.0.source)
            .finish()
    }
}

impl StdError for ScorpioError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

impl From<ModelError> for ScorpioError {
    fn from(error: ModelError) -> Self {
        // How the program is set up concerns whoever starts it, and that is who sees this one.
        let message = match error.kind() {
            ModelErrorKind::Configuration => Cow::Owned(error.to_string()),
            _ => Cow::Borrowed(error.public_message()),
        };
        let retry_after = error.retry_after();
        let converted = Self::new(error.kind().error_kind(), Surface::Model, message).with_source(error);
        match retry_after {
            Some(after) => converted.with_retry_after(after),
            None => converted,
        }
    }
}

impl From<StoreError> for ScorpioError {
    fn from(error: StoreError) -> Self {
        let (kind, surface, message) = error.public();
        Self::new(kind, surface, message).with_source(error)
    }
}
