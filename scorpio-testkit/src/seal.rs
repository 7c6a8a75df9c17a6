//! Seals: what a vendor signs, encrypts or makes up, made from what it stands for and a key. Whoever has the key can check a seal without
//! having issued it, so that a restarted server, and another one, judge alike.

use std::fmt::Write as _;

use base64::{Engine, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;

/// The bytes of a seal.
const LENGTH: usize = 16;

/// Makes seals.
#[derive(Clone)]
pub(crate) struct Seal(Hmac<Sha256>);

impl Seal {
    pub(crate) fn new(key: &[u8]) -> Self {
        // A key of any length is one for HMAC: the empty one never comes to be.
        Self(Hmac::new_from_slice(key).unwrap_or_else(|_| Hmac::new(&Default::default())))
    }

    /// The seal of these parts. `purpose` keeps apart what is sealed for different ends.
    pub(crate) fn of(&self, purpose: &str, parts: &[&str]) -> [u8; LENGTH] {
        let mut hmac = self.0.clone();
        for part in std::iter::once(&purpose).chain(parts) {
            hmac.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            hmac.update(part.as_bytes());
        }
        let mut seal = [0; LENGTH];
        seal.iter_mut().zip(hmac.finalize().into_bytes()).for_each(|(to, from)| *to = from);
        seal
    }

    /// A seal in hexadecimal digits, 32 of them.
    pub(crate) fn hex(&self, purpose: &str, parts: &[&str]) -> String {
        self.of(purpose, parts).iter().fold(String::new(), |mut out, byte| {
            // Writing to a string cannot fail.
            let _ = write!(out, "{byte:02x}");
            out
        })
    }

    /// The first hexadecimal digits of a seal.
    pub(crate) fn short(&self, purpose: &str, parts: &[&str], digits: usize) -> String {
        let mut hex = self.hex(purpose, parts);
        hex.truncate(digits);
        hex
    }

    /// Several seals behind each other, as base64.
    pub(crate) fn base64(seals: &[[u8; LENGTH]]) -> String {
        BASE64_STANDARD.encode(seals.concat())
    }

    /// The seals that a text of base64 holds, or nothing when it is none of this kit.
    pub(crate) fn read<const N: usize>(text: &str) -> Option<[[u8; LENGTH]; N]> {
        let bytes = BASE64_STANDARD.decode(text).ok()?;
        if bytes.len() != N * LENGTH {
            return None;
        }
        let mut seals = [[0; LENGTH]; N];
        seals.iter_mut().flatten().zip(bytes).for_each(|(to, from)| *to = from);
        Some(seals)
    }

    /// The seal of a conversation that `value` was added to.
    pub(crate) fn chain(&self, before: &str, value: &Value) -> String {
        self.hex("chain", &[before, &canonical(value).to_string()])
    }
}

impl std::fmt::Debug for Seal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seal")
    }
}

/// The value with the fields of objects in the order of their names, however it was written.
pub(crate) fn canonical(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let mut sorted: Vec<_> = fields.iter().collect();
            sorted.sort_by(|one, other| one.0.cmp(other.0));
            Value::Object(sorted.into_iter().map(|(key, value)| (key.clone(), canonical(value))).collect())
        }
        Value::Array(items) => items.iter().map(canonical).collect(),
        _ => value.clone(),
    }
}
