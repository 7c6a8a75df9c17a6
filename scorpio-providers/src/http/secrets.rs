//! Keeps keys out of what is kept of an answer: some servers repeat the key that they refuse.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

/// Shorter values are no secrets, and taking them out would garble the text.
const SHORTEST: usize = 8;

/// Texts that must not be shown.
#[derive(Clone, Default)]
pub(crate) struct Secrets(Vec<SecretString>);

impl Secrets {
    pub(crate) fn add(&mut self, secret: SecretString) {
        if secret.expose_secret().len() >= SHORTEST {
            self.0.push(secret);
        }
    }

    /// `text` without the secrets.
    pub(crate) fn redact(&self, text: &str) -> String {
        let redact = |text: String, secret: &SecretString| match secret.expose_secret() {
            secret if text.contains(secret) => text.replace(secret, "[redacted]"),
            _ => text,
        };
        self.0.iter().fold(text.to_owned(), redact)
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secrets").field("count", &self.0.len()).finish()
    }
}

#[cfg(test)]
mod tests;
