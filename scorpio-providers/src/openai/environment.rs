//! OpenAI and Ollama, set up by variables of the environment.

use std::{net::IpAddr, time::Duration};

use async_trait::async_trait;
use scorpio_core::model::ModelError;
use secrecy::SecretString;

use super::{OpenAi, OpenAiBuilder};
use crate::{TokenSource, environment::Environment, http::invalid};

/// How long Ollama may take to load a model before it answers.
const MODEL_LOADING: Duration = Duration::from_secs(300);

/// A token that stays the same for as long as the program runs.
#[derive(Debug)]
struct FixedToken(SecretString);

#[async_trait]
impl TokenSource for FixedToken {
    async fn token(&self) -> Result<SecretString, ModelError> {
        Ok(self.0.clone())
    }
}

impl Environment<'_> {
    /// OpenAI, or what stands in for it.
    pub(crate) fn openai(&self) -> Result<OpenAiBuilder, ModelError> {
        let key = self.header("OPENAI_API_KEY")?.ok_or_else(|| invalid("OPENAI_API_KEY is not set"))?;
        let mut builder = OpenAi::builder().api_key(key);
        if let Some(url) = self.get("OPENAI_BASE_URL") {
            builder = builder.base_url(url);
        }
        if let Some(id) = self.header("OPENAI_ORG_ID")? {
            builder = builder.organization(id);
        }
        if let Some(id) = self.header("OPENAI_PROJECT_ID")? {
            builder = builder.project(id);
        }
        Ok(builder)
    }

    /// An Azure.
    pub(crate) fn azure(&self) -> Result<OpenAiBuilder, ModelError> {
        let endpoint = self.get("AZURE_OPENAI_ENDPOINT");
        let endpoint = endpoint.ok_or_else(|| invalid("AZURE_OPENAI_ENDPOINT is not set"))?;
        let mut builder = OpenAi::azure(endpoint);
        match (self.header("AZURE_OPENAI_API_KEY")?, self.header("AZURE_OPENAI_AD_TOKEN")?) {
            (Some(key), _) => builder = builder.api_key(key),
            (None, Some(token)) => builder = builder.token_source(FixedToken(token.into())),
            (None, None) => return Err(invalid("AZURE_OPENAI_API_KEY is not set")),
        }
        if let Some(version) = self.get("OPENAI_API_VERSION") {
            builder = builder.azure_api_version(version);
        }
        Ok(builder)
    }

    /// An Ollama.
    pub(crate) fn ollama(&self) -> Result<OpenAiBuilder, ModelError> {
        let url = self.ollama_url()?;
        Ok(OpenAi::builder()
            .id("ollama")
            .base_url(url)
            .headers_timeout(MODEL_LOADING)
            .first_token_timeout(MODEL_LOADING)
            .legacy_max_tokens(true))
    }

    /// The base address of the Ollama's OpenAI-compatible interface.
    pub(crate) fn ollama_url(&self) -> Result<String, ModelError> {
        let host = self.get("OLLAMA_HOST").unwrap_or_default();
        ollama_url(&host).ok_or_else(|| invalid("OLLAMA_HOST is no address"))
    }
}

/// The base address of the Ollama at `host`, which is read as Ollama's own `envconfig.Host` reads it.
fn ollama_url(host: &str) -> Option<String> {
    let host = host.trim().trim_matches(['"', '\'']);
    let (scheme, rest, default_port) = match host.split_once("://") {
        None => ("http", host, 11434),
        Some(("http", rest)) => ("http", rest, 80),
        Some(("https", rest)) => ("https", rest, 443),
        Some(_) => return None,
    };
    let (address, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (host, port) = host_and_port(address);
    let port = port.and_then(|port| port.parse::<u16>().ok()).unwrap_or(default_port);
    // A server listens at these; a client cannot ask them.
    let host = match host.trim_matches(['[', ']']) {
        "" | "0.0.0.0" => "127.0.0.1",
        "::" => "::1",
        host => host,
    };
    let host = match host.parse() {
        Ok(IpAddr::V6(address)) => format!("[{address}]"),
        _ => host.to_owned(),
    };
    let path = path.trim_matches('/');
    let slash = if path.is_empty() { "" } else { "/" };
    Some(format!("{scheme}://{host}:{port}{slash}{path}/v1"))
}

/// Tells the colons of an IPv6 address from that of a port.
fn host_and_port(address: &str) -> (&str, Option<&str>) {
    match address.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => (host, Some(port)),
        _ => (address, None),
    }
}

#[cfg(test)]
mod tests;
