//! How credentials become access tokens.

use std::{fmt, time::Duration};

use reqwest::{
    Method, Url,
    header::{CONTENT_TYPE, HeaderMap, HeaderValue},
};
use scorpio_core::model::{ModelError, ModelErrorKind};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tokio::time::Instant;

use super::{Token, jwt::Signer};
use crate::http::{Connection, Endpoint, Secrets, Timeouts, build_direct_client, invalid};

/// What the tokens are for: everything in Google Cloud that the account may do. Vertex AI knows nothing narrower.
const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";

/// The header that tells a metadata server from whatever else may answer, in both directions.
const FLAVOR: &str = "metadata-flavor";

/// The most bytes of an answer.
const LARGEST: usize = 64 << 10;

/// How long Google's servers may take.
const TIMEOUTS: [Duration; 2] = [Duration::from_secs(5), Duration::from_secs(20)];

/// How long a metadata server may take, which is near or does not exist.
const METADATA_TIMEOUTS: [Duration; 2] = [Duration::from_secs(2), Duration::from_secs(10)];

/// What is assumed of a token that does not say how long it is valid.
const SHORT: f64 = 300.0;

/// Where tokens come from.
pub(super) enum Source {
    ServiceAccount {
        email: String,
        signer: Signer,
        server: Server,
    },
    AuthorizedUser {
        client_id: String,
        client_secret: SecretString,
        refresh_token: SecretString,
        server: Server,
    },
    Metadata {
        server: Server,
    },
}

pub(super) struct Server {
    endpoint: Endpoint,
    url: Url,
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    expires_in: Option<f64>,
}

/// An error of OAuth 2 (RFC 6749, section 5.2).
#[derive(Default, Deserialize)]
#[serde(default)]
struct Refused {
    error: String,
    error_description: String,
}

impl Source {
    pub(super) fn service_account(email: String, signer: Signer, url: Url) -> Result<Self, ModelError> {
        Ok(Self::ServiceAccount { email, signer, server: Server::new(url, TIMEOUTS, false)? })
    }

    pub(super) fn authorized_user(
        client_id: String,
        client_secret: String,
        refresh_token: String,
        url: Url,
    ) -> Result<Self, ModelError> {
        let (client_secret, refresh_token) = (client_secret.into(), refresh_token.into());
        let server = Server::new(url, TIMEOUTS, false)?;
        Ok(Self::AuthorizedUser { client_id, client_secret, refresh_token, server })
    }

    /// The metadata server at `host`, which may have a port.
    pub(super) fn metadata(host: &str) -> Result<Self, ModelError> {
        let text =
            format!("http://{}/computeMetadata/v1/instance/service-accounts/default/token", host.trim());
        let url = Url::parse(&text)
            .ok()
            .filter(|url| url.path().starts_with("/computeMetadata/") && url.username().is_empty());
        let url = url.ok_or_else(|| invalid(format!("GCE_METADATA_HOST: `{host}` is no host")))?;
        Ok(Self::Metadata { server: Server::new(url, METADATA_TIMEOUTS, true)? })
    }

    /// A new token.
    pub(super) async fn fetch(&self) -> Result<Token, ModelError> {
        match self {
            Self::ServiceAccount { email, signer, server } => {
                let assertion = signer.sign(email, SCOPE, server.url.as_str())?;
                let grant = "urn:ietf:params:oauth:grant-type:jwt-bearer";
                let form = [("grant_type", grant), ("assertion", assertion.expose_secret())];
                let granted = server.post(&form).await;
                granted.map_err(|error| {
                    refused(error, &form, &format!("the service account `{email}`"), KEY_HINT)
                })
            }
            Self::AuthorizedUser { client_id, client_secret, refresh_token, server } => {
                let form = [
                    ("grant_type", "refresh_token"),
                    ("client_id", client_id),
                    ("client_secret", client_secret.expose_secret()),
                    ("refresh_token", refresh_token.expose_secret()),
                ];
                let granted = server.post(&form).await;
                granted.map_err(|error| refused(error, &form, "the user's credentials", LOGIN_HINT))
            }
            Self::Metadata { server } => server.ask_metadata().await.map_err(no_metadata),
        }
    }
}

const KEY_HINT: &str = "See whether its key still exists, and whether this machine's clock is right";

const LOGIN_HINT: &str = "Run `gcloud auth application-default login` again";

impl Server {
    fn new(url: Url, [connect, total]: [Duration; 2], is_near: bool) -> Result<Self, ModelError> {
        let mut connection = Connection::new(url.as_str());
        connection.timeouts = Timeouts { connect, headers: total, total, ..Timeouts::default() };
        if is_near {
            connection.client = Some(build_direct_client(&url, connect)?);
        }
        Ok(Self { endpoint: connection.build(HeaderMap::new())?.0, url })
    }

    async fn post(&self, form: &[(&str, &str)]) -> Result<Token, ModelError> {
        let mut encoded = Url::parse("form:").map_err(|_| invalid("a form cannot be written"))?;
        encoded.query_pairs_mut().extend_pairs(form);
        let body = encoded.query().unwrap_or_default().as_bytes().to_vec();
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        let begun = Instant::now();
        let fetched = self.endpoint.exchange(Method::POST, self.url.clone(), headers, body, LARGEST).await?;
        granted(&fetched.body, begun)
    }

    async fn ask_metadata(&self) -> Result<Token, ModelError> {
        let mut headers = HeaderMap::new();
        headers.insert(FLAVOR, HeaderValue::from_static("Google"));
        let begun = Instant::now();
        let fetched =
            self.endpoint.exchange(Method::GET, self.url.clone(), headers, Vec::new(), LARGEST).await?;
        if fetched.headers.get(FLAVOR).is_none_or(|flavor| flavor != "Google") {
            return Err(ModelError::new(
                ModelErrorKind::Auth,
                "what answers is no metadata server of Google Cloud",
            ));
        }
        granted(&fetched.body, begun)
    }
}

/// The token in an answer to what was asked at `begun`. The answer is never quoted.
fn granted(body: &[u8], begun: Instant) -> Result<Token, ModelError> {
    let unreadable =
        || ModelError::new(ModelErrorKind::Protocol, "the answer of the token server holds no token");
    let Granted { access_token, expires_in } = serde_json::from_slice(body).map_err(|_| unreadable())?;
    let lasts = Duration::try_from_secs_f64(expires_in.unwrap_or(SHORT).min(24.0 * 3600.0));
    let expires = lasts.ok().and_then(|lasts| begun.checked_add(lasts)).ok_or_else(unreadable)?;
    if access_token.trim().is_empty() {
        return Err(unreadable());
    }
    Ok(Token { value: access_token.into(), expires })
}

/// What a token server says of credentials that it does not take. Faults of its own stay what they are, for another try to pass.
fn refused(error: ModelError, form: &[(&str, &str)], whose: &str, what_to_do: &str) -> ModelError {
    let status = error.status().unwrap_or_default();
    if !(400..500).contains(&status) || matches!(status, 408 | 429) {
        return error;
    }
    let mut secrets = Secrets::default();
    for (_, value) in form.iter().filter(|(name, _)| !matches!(*name, "grant_type" | "client_id")) {
        secrets.add(&(*value).into());
    }
    let body = error.body().unwrap_or_default();
    let Refused { error: code, error_description } = serde_json::from_str(body).unwrap_or_default();
    let says = match (code.as_str(), error_description.as_str()) {
        ("", _) => format!("status {status}"),
        (code, "") => code.to_owned(),
        (code, description) => format!("{code}: {description}"),
    };
    let says: String = secrets.redact(&says).chars().take(500).collect();
    let message = format!("Google refuses {whose} ({says}). {what_to_do}");
    ModelError::new(ModelErrorKind::Auth, message).with_status(status)
}

/// Whoever comes to the metadata server has found nothing else. One that is only starting may answer the next time.
fn no_metadata(error: ModelError) -> ModelError {
    let message = match (error.kind(), error.status()) {
        (ModelErrorKind::Unreachable | ModelErrorKind::Timeout, _) => {
            "there are no credentials of Google Cloud: GOOGLE_APPLICATION_CREDENTIALS is not set, `gcloud auth application-default \
             login` has left none, and no metadata server answers"
        }
        (_, Some(404)) => "the metadata server knows no service account of this machine",
        _ => return error,
    };
    let may_pass = error.is_retryable();
    ModelError::new(ModelErrorKind::Auth, message).with_retryable(may_pass).with_source(error)
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ServiceAccount { email, .. } => f.debug_tuple("ServiceAccount").field(email).finish(),
            Self::AuthorizedUser { .. } => f.write_str("AuthorizedUser"),
            Self::Metadata { server } => f.debug_tuple("Metadata").field(&server.url.host_str()).finish(),
        }
    }
}
