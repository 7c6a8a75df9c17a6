//! Keeps keys out of what is kept of an answer: some servers repeat the key that they refuse.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

use secrecy::{ExposeSecret, SecretString};

/// Shorter values are no secrets, and taking them out would garble the text.
const SHORTEST: usize = 8;

/// So many tokens are remembered. An answer may speak of one that others have followed since.
const TOKENS: usize = 4;

/// Texts that must not be shown.
#[derive(Default)]
pub(crate) struct Secrets {
    lasting: Vec<SecretString>,
    /// Those that were sent last, the newest at the end.
    tokens: Mutex<VecDeque<SecretString>>,
}

impl Secrets {
    pub(crate) fn add(&mut self, secret: &SecretString) {
        // As it is sent: a key that was read from a file may end with a line break.
        let secret = secret.expose_secret().trim();
        if secret.len() >= SHORTEST {
            self.lasting.push(secret.into());
        }
    }

    /// Adds a token, one of many that come and go.
    pub(crate) fn add_token(&self, token: &SecretString) {
        let token = token.expose_secret().trim();
        let mut tokens = self.tokens();
        if token.len() < SHORTEST || tokens.iter().any(|known| known.expose_secret() == token) {
            return;
        }
        if tokens.len() == TOKENS {
            tokens.pop_front();
        }
        tokens.push_back(token.into());
    }

    /// `text` without the secrets.
    pub(crate) fn redact(&self, text: &str) -> String {
        let redact = |text: String, secret: &SecretString| match secret.expose_secret() {
            secret if text.contains(secret) => text.replace(secret, "[redacted]"),
            _ => text,
        };
        self.lasting.iter().chain(self.tokens().iter()).fold(text.to_owned(), redact)
    }

    fn tokens(&self) -> MutexGuard<'_, VecDeque<SecretString>> {
        // What a panic left behind is as good as it was.
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secrets").field("count", &(self.lasting.len() + self.tokens().len())).finish()
    }
}

#[cfg(test)]
mod tests;
