//! S3, and the HTTP client that speaks to it: rustls over ring, the certificates that the system trusts.

use std::{sync::Arc, time::Duration};

use object_store::{
    ClientConfigKey, ClientOptions, RetryConfig,
    aws::{AmazonS3Builder, AmazonS3ConfigKey},
    client::{HttpClient, HttpConnector},
};
use rustls::{ClientConfig, crypto};
use rustls_platform_verifier::Verifier;
use scorpio_core::store::{StoreError, StoreErrorKind};

use super::{Layout, ObjectBlobStore, error::store_error};

/// How long to try, all in all, when S3 does not answer or asks to slow down.
const RETRY: Duration = Duration::from_secs(30);
const RETRIES: usize = 3;

/// How long a connection, and the next piece of an answer, may take.
const CONNECT: Duration = Duration::from_secs(5);
const READ: Duration = Duration::from_secs(30);

pub(super) fn open<'a>(
    bucket: &str,
    settings: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<ObjectBlobStore, StoreError> {
    let mut builder = AmazonS3Builder::from_env()
        .with_bucket_name(bucket)
        .with_retry(RetryConfig { max_retries: RETRIES, retry_timeout: RETRY, ..RetryConfig::default() })
        .with_http_connector(Connector);
    for (name, value) in settings {
        let no_setting =
            |error| StoreError::invalid(format!("S3 has no setting {name}")).with_source(store_error(error));
        let key: AmazonS3ConfigKey = name.parse().map_err(no_setting)?;
        builder = builder.with_config(key, value);
    }
    let objects = builder.build().map_err(|error| {
        let message = format!("the settings of S3 do not fit: {error}");
        StoreError::new(StoreErrorKind::Invalid, message).with_source(store_error(error))
    })?;
    Ok(ObjectBlobStore {
        objects: Arc::new(objects),
        folder: None,
        layout: Layout::Attribute,
        is_sorted: true,
    })
}

#[derive(Debug)]
struct Connector;

impl HttpConnector for Connector {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        let allow_http =
            options.get_config_value(&ClientConfigKey::AllowHttp).is_some_and(|value| value == "true");
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls().map_err(failed)?)
            .https_only(!allow_http)
            .connect_timeout(CONNECT)
            .read_timeout(READ)
            // An object that is compressed is to be stored and read as it is.
            .no_gzip()
            .no_brotli()
            .no_zstd()
            .no_deflate()
            .build();
        client.map(HttpClient::new).map_err(failed)
    }
}

fn tls() -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(crypto::ring::default_provider());
    let config =
        ClientConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions()?;
    let verifier = Verifier::new(provider)?;
    Ok(config.dangerous().with_custom_certificate_verifier(Arc::new(verifier)).with_no_client_auth())
}

fn failed(error: impl std::error::Error + Send + Sync + 'static) -> object_store::Error {
    object_store::Error::Generic { store: "S3", source: Box::new(error) }
}
