//! Refresh tokens: 256 random bits, of which the store has only the SHA-256.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use crate::problem::{Problem, Result};

/// A refresh token, as the cookie carries it. `Debug` hides it.
#[derive(Debug, Clone)]
pub(super) struct RefreshToken(SecretString);

impl RefreshToken {
    pub(super) fn generate() -> Result<Self> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(Problem::internal)?;
        Ok(Self(URL_SAFE_NO_PAD.encode(bytes).into()))
    }

    /// A token that a client sent, if it has the form of one.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        (bytes.len() == 32).then(|| Self(text.to_owned().into()))
    }

    pub(super) fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.expose_secret()).into()
    }

    pub(super) fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}
