//! The one place that turns what went wrong into an answer: `application/problem+json` of RFC 9457, with the code of the error,
//! and never its cause.

mod render;

use std::{borrow::Cow, error::Error as StdError, sync::Arc, time::Duration};

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use scorpio_core::{ErrorKind, ScorpioError, Surface, store::StoreError};
use serde::Serialize;

pub(crate) use self::render::finish;

/// A result of a handler.
pub(crate) type Result<T, E = Problem> = std::result::Result<T, E>;

/// One thing that is wrong with an input, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct FieldError {
    /// Where, such as `message.parts[0].text`. Empty for the whole.
    pub(crate) path: String,
    /// What.
    pub(crate) message: String,
}

impl FieldError {
    pub(crate) fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), message: message.into() }
    }
}

/// What went wrong, as an answer. [`finish`] writes its body, because only there the request's id is known.
#[derive(Debug, Clone)]
pub(crate) struct Problem(Arc<Parts>);

#[derive(Debug, Clone)]
struct Parts {
    status: StatusCode,
    code: String,
    detail: Cow<'static, str>,
    retry_after: Option<Duration>,
    errors: Vec<FieldError>,
    source: Option<Arc<ScorpioError>>,
}

/// What a user reads of faults that are none of their business.
const SOMETHING_WENT_WRONG: &str = "Something went wrong. Please try again later.";

impl Problem {
    pub(crate) fn new(kind: ErrorKind, surface: Surface, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::from(ScorpioError::new(kind, surface, detail))
    }

    pub(crate) fn bad_request(surface: Surface, errors: Vec<FieldError>) -> Self {
        let detail = match errors.as_slice() {
            [FieldError { path, message }] if path.is_empty() => message.clone(),
            [FieldError { path, message }] => format!("{path}: {message}"),
            _ => "The request couldn't be processed. Please check your input and try again.".to_owned(),
        };
        Self::new(ErrorKind::BadRequest, surface, detail).with_errors(errors)
    }

    /// One field of the input is wrong.
    pub(crate) fn field(surface: Surface, path: impl Into<String>, message: impl Into<String>) -> Self {
        Self::bad_request(surface, vec![FieldError::new(path, message)])
    }

    pub(crate) fn unauthorized(detail: &'static str) -> Self {
        Self::new(ErrorKind::Unauthorized, Surface::Auth, detail)
    }

    pub(crate) fn no_such_chat() -> Self {
        Self::new(ErrorKind::NotFound, Surface::Chat, "There is no such chat.")
    }

    /// What is asked about has changed since the client looked.
    pub(crate) fn stale(surface: Surface, detail: &'static str) -> Self {
        let mut problem = Self::new(ErrorKind::Conflict, surface, detail);
        Arc::make_mut(&mut problem.0).code = format!("stale:{}", surface.as_str());
        problem
    }

    /// A fault of this program, with its cause for the log.
    pub(crate) fn internal(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        let error = ScorpioError::new(ErrorKind::Internal, Surface::Api, SOMETHING_WENT_WRONG);
        Self::from(error.with_source(cause))
    }

    /// What a framework or a layer refused on its own.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        let (code, detail) = match status {
            StatusCode::NOT_FOUND => ("not_found:api", "There is nothing at this address."),
            StatusCode::METHOD_NOT_ALLOWED => {
                ("method_not_allowed:api", "This address does not take this method; see the Allow header.")
            }
            StatusCode::PAYLOAD_TOO_LARGE => ("too_large:api", "The request is too large."),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                ("unsupported_media_type:api", "Send it as application/json.")
            }
            StatusCode::SERVICE_UNAVAILABLE => ("offline:api", "The server cannot take this right now."),
            status if status.is_client_error() => ("bad_request:api", "The request couldn't be processed."),
            _ => ("internal:api", SOMETHING_WENT_WRONG),
        };
        let (retry_after, errors, source) = (None, Vec::new(), None);
        Self(Arc::new(Parts {
            status,
            code: code.to_owned(),
            detail: detail.into(),
            retry_after,
            errors,
            source,
        }))
    }

    #[must_use]
    pub(crate) fn with_retry_after(mut self, after: Duration) -> Self {
        Arc::make_mut(&mut self.0).retry_after = Some(after);
        self
    }

    #[must_use]
    fn with_errors(mut self, errors: Vec<FieldError>) -> Self {
        Arc::make_mut(&mut self.0).errors = errors;
        self
    }

    /// The same, said about another part of the server.
    #[must_use]
    pub(crate) fn on(mut self, surface: Surface) -> Self {
        let parts = Arc::make_mut(&mut self.0);
        let kind = parts.code.split(':').next().unwrap_or_default();
        if !parts.code.ends_with(":database") {
            parts.code = format!("{kind}:{}", surface.as_str());
        }
        self
    }
}

/// The HTTP status of a kind of error.
fn status_of(kind: ErrorKind) -> StatusCode {
    match kind {
        ErrorKind::BadRequest => StatusCode::BAD_REQUEST,
        ErrorKind::Unauthorized => StatusCode::UNAUTHORIZED,
        ErrorKind::Forbidden => StatusCode::FORBIDDEN,
        ErrorKind::NotFound => StatusCode::NOT_FOUND,
        ErrorKind::Conflict => StatusCode::CONFLICT,
        ErrorKind::Gone => StatusCode::GONE,
        ErrorKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorKind::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ErrorKind::RateLimit => StatusCode::TOO_MANY_REQUESTS,
        ErrorKind::Offline => StatusCode::SERVICE_UNAVAILABLE,
        // `Internal`, and kinds that a later core may add.
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl From<ScorpioError> for Problem {
    fn from(error: ScorpioError) -> Self {
        let hidden = error.surface() == Surface::Database;
        let detail = if hidden { SOMETHING_WENT_WRONG.to_owned() } else { error.message().to_owned() };
        Self(Arc::new(Parts {
            status: status_of(error.kind()),
            code: error.code(),
            detail: detail.into(),
            retry_after: error.retry_after(),
            errors: Vec::new(),
            source: Some(Arc::new(error)),
        }))
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        Self::from(ScorpioError::from(error))
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.0.status.into_response();
        let headers = response.headers_mut();
        if let Some(seconds) = self.0.retry_after.map(whole_seconds) {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.0.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// Rounded up: a client that comes back after this long is not too early.
fn whole_seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests;
