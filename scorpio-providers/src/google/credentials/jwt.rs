//! JSON web tokens that are signed with the key of a service account (RFC 7519, RS256).

use std::{fmt, sync::Arc, time::SystemTime};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use rustls::{
    SignatureAlgorithm, SignatureScheme,
    crypto::ring::sign::any_supported_type,
    pki_types::{PrivateKeyDer, pem::PemObject},
    sign::SigningKey,
};
use scorpio_core::model::{ModelError, ModelErrorKind};
use secrecy::SecretString;
use serde::Serialize;

use crate::http::invalid;

/// How long a token is good for, in seconds: as long as Google allows.
const LIFETIME: u64 = 3600;

/// What signs.
pub(super) struct Signer {
    key: Arc<dyn SigningKey>,
    key_id: Option<String>,
}

#[derive(Serialize)]
struct Header<'a> {
    alg: &'static str,
    typ: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<&'a str>,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    scope: &'a str,
    aud: &'a str,
    iat: u64,
    exp: u64,
}

impl Signer {
    /// Signs with an RSA key in PEM.
    pub(super) fn new(pem: &str, key_id: Option<String>) -> Result<Self, ModelError> {
        // What went wrong is not told: it could quote the key.
        let unusable = || invalid("the `private_key` of the credentials is no RSA key in PEM");
        let der = PrivateKeyDer::from_pem_slice(pem.as_bytes()).map_err(|_| unusable())?;
        let key = any_supported_type(&der).map_err(|_| unusable())?;
        if key.algorithm() != SignatureAlgorithm::RSA {
            return Err(unusable());
        }
        Ok(Self { key, key_id })
    }

    /// A token by which `issuer` asks `audience` for access to `scope`.
    pub(super) fn sign(&self, issuer: &str, scope: &str, audience: &str) -> Result<SecretString, ModelError> {
        let failed = || ModelError::new(ModelErrorKind::Auth, "a token could not be signed");
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_err(|_| failed())?.as_secs();
        let header = Header { alg: "RS256", typ: "JWT", kid: self.key_id.as_deref() };
        let claims = Claims { iss: issuer, scope, aud: audience, iat: now, exp: now + LIFETIME };
        let header = serde_json::to_vec(&header).map_err(|_| failed())?;
        let claims = serde_json::to_vec(&claims).map_err(|_| failed())?;
        let mut token = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let signer = self.key.choose_scheme(&[SignatureScheme::RSA_PKCS1_SHA256]).ok_or_else(failed)?;
        let signature = signer.sign(token.as_bytes()).map_err(|_| failed())?;
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        Ok(token.into())
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer").field("key_id", &self.key_id).finish_non_exhaustive()
    }
}
