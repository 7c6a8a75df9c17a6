//! Files of credentials.

use std::path::Path;

use reqwest::Url;
use scorpio_core::model::ModelError;
use serde::Deserialize;

use super::{GoogleCredentials, exchange::Source, jwt::Signer};
use crate::http::{invalid, is_loopback};

/// The most bytes of a file. Those that Google writes have 3,000.
const LARGEST: u64 = 1 << 20;

/// Where tokens are exchanged unless a file says otherwise.
const TOKEN_URI: &str = "https://oauth2.googleapis.com/token";

/// The only cloud that Vertex AI is reached in.
const UNIVERSE: &str = "googleapis.com";

/// Everything that a file may say. No `Debug`: half of it is secret.
#[derive(Deserialize)]
struct Written {
    #[serde(rename = "type")]
    kind: String,
    project_id: Option<String>,
    quota_project_id: Option<String>,
    universe_domain: Option<String>,
    token_uri: Option<String>,
    client_email: Option<String>,
    private_key_id: Option<String>,
    private_key: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
    refresh_token: Option<String>,
}

/// The credentials in the file at `path`.
pub(super) fn read(path: &Path) -> Result<GoogleCredentials, ModelError> {
    let shown = path.display();
    let unreadable = |error: std::io::Error| {
        invalid(format!("the credentials cannot be read from {shown}: {error}")).with_source(error)
    };
    if std::fs::metadata(path).map_err(unreadable)?.len() > LARGEST {
        return Err(invalid(format!("{shown} is larger than {LARGEST} bytes")));
    }
    let json = std::fs::read_to_string(path).map_err(unreadable)?;
    parse(&json).map_err(|error| invalid(format!("{shown}: {error}")))
}

/// The credentials that the text describes.
pub(super) fn parse(json: &str) -> Result<GoogleCredentials, ModelError> {
    // What serde says may quote the file, so only the place is told.
    let written: Written = serde_json::from_str(json).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        invalid(format!("these are no credentials of Google Cloud (line {line}, column {column})"))
    })?;
    if let Some(universe) = written.universe_domain.as_deref().filter(|universe| *universe != UNIVERSE) {
        return Err(invalid(format!("the credentials are for the cloud `{universe}`, not for `{UNIVERSE}`")));
    }
    let url = token_url(written.token_uri.as_deref().unwrap_or(TOKEN_URI))?;
    let of = |name: &str, value: Option<String>| {
        let lacks = || invalid(format!("the credentials lack `{name}`"));
        value.filter(|value| !value.is_empty()).ok_or_else(lacks)
    };
    let source = match written.kind.as_str() {
        "service_account" => {
            let email = of("client_email", written.client_email)?;
            let key = of("private_key", written.private_key)?;
            Source::service_account(email, Signer::new(&key, written.private_key_id)?, url)?
        }
        "authorized_user" => Source::authorized_user(
            of("client_id", written.client_id)?,
            of("client_secret", written.client_secret)?,
            of("refresh_token", written.refresh_token)?,
            url,
        )?,
        other => {
            return Err(invalid(format!(
                "credentials of the type `{other}` are not supported: use those of a service account, run `gcloud auth \
                 application-default login`, or give a token source of your own"
            )));
        }
    };
    Ok(GoogleCredentials::new(source, written.project_id, written.quota_project_id))
}

/// Where tokens are exchanged. A refresh token goes there, so it must not go in the clear.
fn token_url(text: &str) -> Result<Url, ModelError> {
    let url = Url::parse(text).map_err(|error| invalid(format!("`token_uri` is no address: {error}")))?;
    if url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url)) {
        return Ok(url);
    }
    Err(invalid("`token_uri` must begin with `https://`"))
}
