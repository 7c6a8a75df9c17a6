//! What a transport error means. The address is taken out of every one: it may hold a secret.

use std::error::Error as StdError;

use scorpio_core::model::{ModelError, ModelErrorKind};

use super::{Phase, Timeouts};

/// The request did not reach the server, or its answer did not begin.
pub(crate) fn not_sent(error: reqwest::Error, timeouts: &Timeouts) -> ModelError {
    let error = error.without_url();
    if error.is_connect() && error.is_timeout() {
        return Phase::Connect.passed(timeouts).with_source(error);
    }
    if error.is_timeout() {
        return ModelError::new(ModelErrorKind::Timeout, "the HTTP client's own time is up")
            .with_source(error);
    }
    // Another try would meet the same certificate.
    if let Some(tls) = find::<rustls::Error>(&error)
        && matches!(tls, rustls::Error::InvalidCertificate(_))
    {
        let message = format!("the server's certificate is not trusted: {tls}");
        return ModelError::new(ModelErrorKind::Configuration, message).with_source(error);
    }
    if error.is_redirect() {
        return ModelError::new(ModelErrorKind::Configuration, "the server redirects").with_source(error);
    }
    if error.is_builder() {
        let message = format!("the request could not be built: {}", deepest(&error));
        return ModelError::new(ModelErrorKind::Configuration, message).with_source(error);
    }
    let place = if error.is_connect() { "no connection" } else { "the connection broke before the answer" };
    let message = format!("{place}: {}", deepest(&error));
    ModelError::new(ModelErrorKind::Unreachable, message).with_source(error)
}

/// The body broke off.
pub(crate) fn broken_body(error: reqwest::Error) -> ModelError {
    let error = error.without_url();
    let message = format!("the connection broke in the middle of the answer: {}", deepest(&error));
    ModelError::new(ModelErrorKind::Truncated, message).with_source(error)
}

/// The first error of type `E` in the chain. An `io::Error` hides the one that it wraps from its `source`.
fn find<'a, E: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        let wrapped = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        next = match wrapped {
            Some(wrapped) => Some(wrapped),
            None => error.source(),
        };
    }
    None
}

fn deepest(error: &dyn StdError) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}
