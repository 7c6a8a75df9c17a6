//! Access tokens: JWTs signed with Ed25519 (RFC 8037, RFC 9068). The server is their only issuer, so it compares the header as a
//! whole instead of interpreting it: no other algorithm, key or critical extension can be asked for.

use std::{fmt, io};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ed25519_dalek::{Signature, Signer};
use jiff::Timestamp;
use scorpio_core::{AuthSessionId, UserId};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Seconds that an access token lives.
pub(crate) const LIFETIME: i64 = 15 * 60;
/// Seconds by which clocks may differ.
const LEEWAY: i64 = 30;
/// The most bytes of a token.
const LONGEST: usize = 4096;
const ISSUER: &str = "urn:scorpio:server";
const AUDIENCE: &str = "urn:scorpio:api";

/// The key that signs access tokens. `Debug` shows only its public name.
///
/// ```
/// use scorpio_server::SigningKey;
/// let key = SigningKey::from_seed([7; 32]);
/// assert_eq!(key.id(), SigningKey::from_seed([7; 32]).id());
/// ```
#[derive(Clone)]
pub struct SigningKey {
    key: ed25519_dalek::SigningKey,
    id: String,
}

impl SigningKey {
    /// A key from the randomness of the operating system.
    ///
    /// # Errors
    ///
    /// When the operating system has none.
    pub fn generate() -> io::Result<Self> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(io::Error::other)?;
        Ok(Self::from_seed(seed))
    }

    /// The key of an Ed25519 seed (RFC 8032), which must stay secret.
    pub fn from_seed(seed: [u8; 32]) -> Self {
        let key = ed25519_dalek::SigningKey::from_bytes(&seed);
        let digest = Sha256::digest(key.verifying_key().as_bytes());
        let id = URL_SAFE_NO_PAD.encode(digest.get(..9).unwrap_or_default());
        Self { key, id }
    }

    /// The secret that [`SigningKey::from_seed`] takes.
    pub fn to_seed(&self) -> [u8; 32] {
        self.key.to_bytes()
    }

    /// The name of the key, `kid` in tokens: derived from its public half.
    pub fn id(&self) -> &str {
        &self.id
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("id", &self.id).finish_non_exhaustive()
    }
}

/// What an access token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Claims {
    iss: String,
    aud: String,
    /// The user.
    pub(crate) sub: UserId,
    /// The sign-in.
    pub(crate) sid: AuthSessionId,
    jti: Uuid,
    iat: i64,
    nbf: i64,
    exp: i64,
}

/// Issues access tokens and checks them.
#[derive(Debug)]
pub(crate) struct AccessTokens {
    key: SigningKey,
    /// The first segment of every token of this key.
    header: String,
}

impl AccessTokens {
    pub(crate) fn new(key: SigningKey) -> Self {
        // The id is base64url, so it needs no escaping.
        let header = format!(r#"{{"alg":"EdDSA","typ":"at+jwt","kid":"{}"}}"#, key.id());
        Self { header: URL_SAFE_NO_PAD.encode(header), key }
    }

    pub(crate) fn issue(
        &self,
        user: UserId,
        sign_in: AuthSessionId,
        now: Timestamp,
    ) -> serde_json::Result<String> {
        let iat = now.as_second();
        let (iss, aud) = (ISSUER.to_owned(), AUDIENCE.to_owned());
        let exp = iat.saturating_add(LIFETIME);
        let claims = Claims { iss, aud, sub: user, sid: sign_in, jti: Uuid::now_v7(), iat, nbf: iat, exp };
        let payload = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&claims)?);
        let signed = format!("{}.{payload}", self.header);
        let signature = self.key.key.sign(signed.as_bytes());
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes())))
    }

    /// What a token says, if it is ours and stands at `now`.
    pub(crate) fn verify(&self, token: &str, now: Timestamp) -> Option<Claims> {
        if token.len() > LONGEST {
            return None;
        }
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, payload) = signed.split_once('.')?;
        if header != self.header {
            return None;
        }
        let signature = Signature::from_slice(&URL_SAFE_NO_PAD.decode(signature).ok()?).ok()?;
        self.key.key.verifying_key().verify_strict(signed.as_bytes(), &signature).ok()?;
        let claims: Claims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
        let now = now.as_second();
        let ours = claims.iss == ISSUER && claims.aud == AUDIENCE;
        let begun = claims.iat.max(claims.nbf) <= now.saturating_add(LEEWAY);
        let ended = claims.exp.saturating_add(LEEWAY) <= now;
        (ours && begun && !ended).then_some(claims)
    }
}

#[cfg(test)]
mod tests;
