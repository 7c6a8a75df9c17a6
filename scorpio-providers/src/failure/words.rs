//! The objects in which servers describe an error, borrowed from their bytes. Everything is optional and most things may be of another
//! type than documented.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::lenient::{List, Text};

/// Of more details than this none is read.
pub(super) const MAX_DETAILS: usize = 256;

/// An error, in a body or in the middle of a stream.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ErrorObject<'a> {
    #[serde(borrow)]
    pub(super) message: Text<'a>,
    #[serde(borrow, rename = "type")]
    pub(super) kind: Text<'a>,
    /// A word, or with some servers the status as a number or as a string of digits.
    #[serde(borrow)]
    pub(super) code: Option<&'a RawValue>,
    /// With Google the kind of the error as a word, with others its number.
    #[serde(borrow)]
    pub(super) status: Option<&'a RawValue>,
    /// An object with Anthropic, a list of objects with Google.
    #[serde(borrow)]
    pub(super) details: Option<&'a RawValue>,
}

/// The body of an error.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ErrorBody<'a> {
    #[serde(borrow)]
    pub(super) error: Option<&'a RawValue>,
}

/// What Anthropic adds.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct AnthropicDetails<'a> {
    #[serde(borrow)]
    pub(super) error_code: Text<'a>,
}

/// What Google adds, one of several.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct GoogleDetail<'a> {
    /// The word of an `ErrorInfo`.
    #[serde(borrow)]
    pub(super) reason: Text<'a>,
    /// How long a `RetryInfo` says to wait, as in `3.5s`.
    #[serde(borrow, rename = "retryDelay")]
    pub(super) retry_delay: Text<'a>,
    /// What a `QuotaFailure` names.
    #[serde(borrow)]
    pub(super) violations: List<GoogleViolation<'a>, MAX_DETAILS>,
}

/// A quota that is used up.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct GoogleViolation<'a> {
    #[serde(borrow, rename = "quotaId")]
    pub(super) quota_id: Text<'a>,
}
