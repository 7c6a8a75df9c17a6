//! What can go wrong between here and a model.

use std::{borrow::Cow, error::Error as StdError, fmt, time::Duration};

use serde::{Deserialize, Serialize};

use crate::ErrorKind;

type Source = Box<dyn StdError + Send + Sync + 'static>;

/// What went wrong with a model call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ModelErrorKind {
    /// The provider could not be reached, or the connection broke.
    Unreachable,
    /// The answer ended before it was whole.
    Truncated,
    /// A limit of time was passed.
    Timeout,
    /// The provider refuses for now.
    RateLimited,
    /// The account has no money or no quota left; waiting does not help.
    Quota,
    /// The provider is overloaded or has a fault.
    Overloaded,
    /// The key is missing, wrong, or may not do this.
    Auth,
    /// There is no such model or address.
    NotFound,
    /// The provider will not take this request, however often it is sent.
    InvalidRequest,
    /// The history is longer than the model can read.
    ContextOverflow,
    /// The answer breaks the rules of its format.
    Protocol,
    /// The answer is larger than allowed.
    TooLarge,
    /// The program is set up wrongly: an unknown provider, a malformed address.
    Configuration,
}

/// An error of a model call. Show [`ModelError::public_message`] to users, and keep `Display`, which may quote the provider, for logs.
///
/// ```
/// use scorpio_core::model::{ModelError, ModelErrorKind};
/// let error = ModelError::new(ModelErrorKind::RateLimited, "slow down").with_status(429);
/// assert!(error.is_retryable());
/// assert_eq!(error.status(), Some(429));
/// ```
pub struct ModelError(Box<Inner>);

struct Inner {
    kind: ModelErrorKind,
    message: Cow<'static, str>,
    status: Option<u16>,
    request_id: Option<String>,
    retry_after: Option<Duration>,
    retry_advice: Option<bool>,
    body: Option<String>,
    source: Option<Source>,
}

impl ModelError {
    /// An error of this kind; `message` is for the operator.
    pub fn new(kind: ModelErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        let message = message.into();
        Self(Box::new(Inner {
            kind,
            message,
            status: None,
            request_id: None,
            retry_after: None,
            retry_advice: None,
            body: None,
            source: None,
        }))
    }

    /// Sets the HTTP status.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.0.status = Some(status);
        self
    }

    /// Sets the provider's id of the request.
    #[must_use]
    pub fn with_request_id(mut self, id: impl Into<String>) -> Self {
        self.0.request_id = Some(id.into());
        self
    }

    /// Sets how long the provider asks to wait.
    #[must_use]
    pub fn with_retry_after(mut self, after: Duration) -> Self {
        self.0.retry_after = Some(after);
        self
    }

    /// Sets what the provider itself says about sending the request again, as some do with the header `x-should-retry`. It counts for
    /// more than the kind.
    ///
    /// ```
    /// use scorpio_core::model::{ModelError, ModelErrorKind};
    /// let error = ModelError::new(ModelErrorKind::RateLimited, "come back next month").with_retryable(false);
    /// assert!(!error.is_retryable());
    /// ```
    #[must_use]
    pub fn with_retryable(mut self, retryable: bool) -> Self {
        self.0.retry_advice = Some(retryable);
        self
    }

    /// Keeps the body of the answer.
    #[must_use]
    pub fn with_body(mut self, body: impl Into<String>) -> Self {
        self.0.body = Some(body.into());
        self
    }

    /// Keeps what caused it.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Source>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// What went wrong.
    pub fn kind(&self) -> ModelErrorKind {
        self.0.kind
    }

    /// What went wrong, in words for the operator, without the status and the id of the request that `Display` adds.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Whether the same request may succeed when it is sent again: what the provider says about it, or else what is usual for the kind.
    pub fn is_retryable(&self) -> bool {
        use ModelErrorKind::{Overloaded, RateLimited, Timeout, Truncated, Unreachable};
        let usual = matches!(self.0.kind, Unreachable | Truncated | Timeout | RateLimited | Overloaded);
        self.0.retry_advice.unwrap_or(usual)
    }

    /// What the provider itself says about sending the request again, if it does.
    pub fn retry_advice(&self) -> Option<bool> {
        self.0.retry_advice
    }

    /// How long the provider asks to wait.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// The HTTP status, if there was an answer.
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// The provider's id of the request, to quote to its support.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// The body of the answer, at most its first 8 KiB.
    pub fn body(&self) -> Option<&str> {
        self.0.body.as_deref()
    }

    /// A sentence that a user may read: it names no host, key or text of the provider.
    pub fn public_message(&self) -> &'static str {
        match self.0.kind {
            ModelErrorKind::Unreachable => "The model could not be reached. Please try again.",
            ModelErrorKind::Truncated => "The model's answer broke off. Please try again.",
            ModelErrorKind::Timeout => "The model took too long to answer. Please try again.",
            ModelErrorKind::RateLimited => "The model is busy. Please try again in a moment.",
            ModelErrorKind::Quota => "The account for this model has no quota left.",
            ModelErrorKind::Overloaded => "The model's service has a problem. Please try again.",
            ModelErrorKind::Auth => "The model's service refused the key that it was given.",
            ModelErrorKind::NotFound => "The model's service does not know this model.",
            ModelErrorKind::InvalidRequest => "The model's service refused this request.",
            ModelErrorKind::ContextOverflow => "The conversation is too long for this model.",
            ModelErrorKind::Protocol => "The model's service sent an answer that could not be read.",
            ModelErrorKind::TooLarge => "The model's answer was too large.",
            ModelErrorKind::Configuration => "The model is not set up correctly.",
        }
    }
}

impl ModelErrorKind {
    /// The kind of the [`ScorpioError`](crate::ScorpioError) that it becomes.
    pub const fn error_kind(self) -> ErrorKind {
        match self {
            Self::RateLimited => ErrorKind::RateLimit,
            Self::InvalidRequest | Self::ContextOverflow => ErrorKind::BadRequest,
            Self::NotFound => ErrorKind::NotFound,
            Self::Auth | Self::Configuration | Self::Protocol | Self::TooLarge => ErrorKind::Internal,
            Self::Unreachable | Self::Truncated | Self::Timeout | Self::Quota | Self::Overloaded => {
                ErrorKind::Offline
            }
        }
    }
}

impl fmt::Display for ModelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        if let Some(status) = self.0.status {
            write!(f, " (status {status})")?;
        }
        if let Some(id) = &self.0.request_id {
            write!(f, " (request {id})")?;
        }
        Ok(())
    }
}

impl fmt::Debug for ModelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ModelError")
            .field("kind", &self.0.kind)
            .field("message", &self.0.message)
            .field("status", &self.0.status)
            .field("request_id", &self.0.request_id)
            .field("retry_after", &self.0.retry_after)
            .field("source", &self.0.source)
            .finish_non_exhaustive()
    }
}

impl StdError for ModelError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}
