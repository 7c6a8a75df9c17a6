//! Setting up providers by variables of the environment.

use std::{env, net::IpAddr, time::Duration};

use scorpio_core::model::{ModelError, ModelErrorKind};

use super::{OpenAi, OpenAiBuilder};

/// How long Ollama may take to load a model before it answers.
const MODEL_LOADING: Duration = Duration::from_secs(300);

/// Variables by name. Those that are empty count as not set.
pub(crate) struct Environment<'a>(&'a dyn Fn(&str) -> Option<String>);

impl Environment<'static> {
    /// The variables of this process.
    pub(crate) fn process() -> Self {
        // What is no Unicode becomes a character that is refused later, with the name of the variable.
        Self(&|name| env::var_os(name).map(|value| value.to_string_lossy().into_owned()))
    }
}

impl<'a> Environment<'a> {
    #[cfg(test)]
    pub(crate) fn new(variables: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self(variables)
    }

    pub(crate) fn get(&self, name: &str) -> Option<String> {
        (self.0)(name).filter(|value| !value.trim().is_empty())
    }

    /// OpenAI, or what stands in for it.
    pub(crate) fn openai(&self) -> Result<OpenAiBuilder, ModelError> {
        let key = self.get("OPENAI_API_KEY").ok_or_else(|| invalid("OPENAI_API_KEY is not set"))?;
        check_header("OPENAI_API_KEY", &key)?;
        let mut builder = OpenAi::builder().api_key(key);
        if let Some(url) = self.get("OPENAI_BASE_URL") {
            builder = builder.base_url(url);
        }
        if let Some(id) = self.get("OPENAI_ORG_ID") {
            check_header("OPENAI_ORG_ID", &id)?;
            builder = builder.organization(id);
        }
        if let Some(id) = self.get("OPENAI_PROJECT_ID") {
            check_header("OPENAI_PROJECT_ID", &id)?;
            builder = builder.project(id);
        }
        Ok(builder)
    }

    /// An Ollama.
    pub(crate) fn ollama(&self) -> Result<OpenAiBuilder, ModelError> {
        let host = self.get("OLLAMA_HOST").unwrap_or_default();
        let url = ollama_url(&host).ok_or_else(|| invalid("OLLAMA_HOST is no address"))?;
        Ok(OpenAi::builder()
            .id("ollama")
            .base_url(url)
            .headers_timeout(MODEL_LOADING)
            .first_token_timeout(MODEL_LOADING)
            .legacy_max_tokens(true))
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

fn check_header(name: &'static str, value: &str) -> Result<(), ModelError> {
    let is_visible = |c: char| c == ' ' || c.is_ascii_graphic();
    match value.trim().chars().all(is_visible) {
        true => Ok(()),
        false => {
            Err(invalid(format!("{name} holds a line break or another character that a header cannot carry")))
        }
    }
}

fn invalid(message: impl Into<std::borrow::Cow<'static, str>>) -> ModelError {
    ModelError::new(ModelErrorKind::Configuration, message)
}

#[cfg(test)]
mod tests;
