//! One exchange, and its line in the file.

use std::time::Duration;

use scorpio_core::{
    Json,
    model::{ModelError, ModelErrorKind, ModelEvent},
};
use serde::{Deserialize, Serialize};

use super::redact::Redactor;
use crate::wrappers::form::{digest, hex};

const VERSION: u32 = 1;

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Line {
    #[serde(rename = "scorpio_cassette")]
    version: u32,
    pub(super) digest: String,
    pub(super) provider: String,
    pub(super) wire: String,
    pub(super) request: Json,
    events: Vec<Json>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<Failure>,
}

/// An error without what caused it, which has no form of its own.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Failure {
    kind: ModelErrorKind,
    message: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retry_after: Option<Duration>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retry_advice: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    /// The call failed, so there was no stream.
    #[serde(default)]
    pub(super) at_call: bool,
}

/// A request in the form in which it is compared.
pub(super) struct Asked {
    pub(super) digest: String,
    pub(super) form: String,
}

impl Asked {
    pub(super) fn new(form: &str, redactor: &Redactor) -> Self {
        let form = redactor.json(form);
        Self { digest: hex(&digest(&[&form])), form }
    }
}

impl Line {
    /// The text of the line, with its line break.
    pub(super) fn write(
        provider: &str,
        wire: &str,
        asked: &Asked,
        events: &[ModelEvent],
        error: Option<Failure>,
        redactor: &Redactor,
    ) -> Result<String, serde_json::Error> {
        let events =
            redactor.events(events).iter().map(|event| written(event, redactor)).collect::<Result<_, _>>()?;
        let error = match error {
            Some(error) => Some(serde_json::from_str(&redactor.json(&serde_json::to_string(&error)?))?),
            None => None,
        };
        // Line breaks stand between tokens only: within strings they are escaped.
        let request = Json::parse(asked.form.replace(['\n', '\r'], " "))?;
        let (digest, provider, wire) = (asked.digest.clone(), provider.to_owned(), wire.to_owned());
        let line = Self { version: VERSION, digest, provider, wire, request, events, error };
        Ok(serde_json::to_string(&line)? + "\n")
    }

    /// Reads a line.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Version {
            scorpio_cassette: u32,
        }
        let said = |error: serde_json::Error| format!("it is no whole exchange: {error}");
        let version: Version = serde_json::from_str(text).map_err(said)?;
        if version.scorpio_cassette != VERSION {
            return Err(format!("it has version {}, and only {VERSION} is known", version.scorpio_cassette));
        }
        serde_json::from_str(text).map_err(said)
    }

    pub(super) fn events(&self) -> Result<Vec<ModelEvent>, String> {
        let read = |json: &Json| match json.get().starts_with('"') {
            true => json.to::<String>().and_then(|text| serde_json::from_str(&text)),
            false => json.to(),
        };
        self.events
            .iter()
            .map(read)
            .collect::<Result<_, _>>()
            .map_err(|error| format!("it has an event that is none: {error}"))
    }
}

fn written(event: &ModelEvent, redactor: &Redactor) -> Result<Json, serde_json::Error> {
    let json = redactor.json(&serde_json::to_string(event)?);
    if json.contains(['\n', '\r']) { Ok(Json::string(&json)) } else { Json::parse(json) }
}

impl Failure {
    pub(super) fn of(error: &ModelError, at_call: bool) -> Self {
        Self {
            kind: error.kind(),
            message: error.message().to_owned(),
            status: error.status(),
            request_id: error.request_id().map(str::to_owned),
            retry_after: error.retry_after(),
            retry_advice: error.retry_advice(),
            body: error.body().map(str::to_owned),
            at_call,
        }
    }

    pub(super) fn to_error(&self) -> ModelError {
        let mut error = ModelError::new(self.kind, self.message.clone());
        if let Some(status) = self.status {
            error = error.with_status(status);
        }
        if let Some(id) = &self.request_id {
            error = error.with_request_id(id);
        }
        if let Some(after) = self.retry_after {
            error = error.with_retry_after(after);
        }
        if let Some(advice) = self.retry_advice {
            error = error.with_retryable(advice);
        }
        if let Some(body) = &self.body {
            error = error.with_body(body);
        }
        error
    }
}
