//! The HTTP client: rustls over ring, the certificates that the system trusts, no redirects.

use std::{net::IpAddr, sync::Arc, time::Duration};

use reqwest::{ClientBuilder, Url, redirect};
use rustls::{ClientConfig, RootCertStore, crypto};
use rustls_platform_verifier::Verifier;
use scorpio_core::model::{ModelError, ModelErrorKind};

pub(crate) use reqwest::Client;

/// A client that will speak to `url` alone.
pub(crate) fn build_client(url: &Url, connect_timeout: Duration) -> Result<Client, ModelError> {
    let builder = builder(url, connect_timeout)?;
    // A proxy of the environment cannot reach the loopback interface of this machine.
    build(if is_loopback(url) { builder.no_proxy() } else { builder })
}

/// The same, for what is reached without a proxy in any case.
pub(crate) fn build_direct_client(url: &Url, connect_timeout: Duration) -> Result<Client, ModelError> {
    build(builder(url, connect_timeout)?.no_proxy())
}

fn builder(url: &Url, connect_timeout: Duration) -> Result<ClientBuilder, ModelError> {
    let builder = Client::builder().redirect(redirect::Policy::none()).connect_timeout(connect_timeout);
    Ok(builder.tls_backend_preconfigured(tls(url)?))
}

fn build(builder: ClientBuilder) -> Result<Client, ModelError> {
    builder.build().map_err(|error| {
        ModelError::new(ModelErrorKind::Configuration, "the HTTP client could not be built")
            .with_source(error.without_url())
    })
}

fn tls(url: &Url) -> Result<ClientConfig, ModelError> {
    let provider = Arc::new(crypto::ring::default_provider());
    let config =
        ClientConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions();
    // A machine without certificates can still speak to a model of its own over plain HTTP.
    let config = if url.scheme() == "https" {
        let verifier = Verifier::new(provider).map_err(no_tls)?;
        config.map_err(no_tls)?.dangerous().with_custom_certificate_verifier(Arc::new(verifier))
    } else {
        config.map_err(no_tls)?.with_root_certificates(RootCertStore::empty())
    };
    let mut config = config.with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

fn no_tls(error: rustls::Error) -> ModelError {
    ModelError::new(ModelErrorKind::Configuration, format!("TLS could not be set up: {error}"))
        .with_source(error)
}

pub(crate) fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests;
