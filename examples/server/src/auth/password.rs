//! Passwords: what is accepted, and Argon2id with the parameters of OWASP (19 MiB, two passes, one lane), at most two at once.

use std::sync::Arc;

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use scorpio_core::{ErrorKind, Surface};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use zxcvbn::matching::{Match, patterns::MatchPattern};

use crate::problem::{Problem, Result};

const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Hashes at once: each holds 19 MiB and a core.
const AT_ONCE: usize = 2;
/// Hashes that may wait.
const WAITING: usize = 16;
/// The most bytes of a password. Longer ones are refused, never cut.
const LONGEST: usize = 128;
/// A password that is found in fewer tries is as good as listed: repeated letters, rows of the keyboard, dates.
const FEWEST_GUESSES: u64 = 30_000;

/// Checks and hashes passwords.
#[derive(Debug)]
pub(crate) struct Passwords {
    hasher: Argon2<'static>,
    /// A hash of nobody's password: verifying it takes as long as a real one.
    dummy: String,
    admitted: Arc<Semaphore>,
    working: Arc<Semaphore>,
    min_length: usize,
}

impl Passwords {
    pub(crate) fn new(min_length: usize) -> Result<Self, argon2::password_hash::Error> {
        let params = Params::new(MEMORY_KIB, PASSES, LANES, None)?;
        let hasher = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let dummy = hasher.hash_password(b"nobody has this password")?.to_string();
        let (admitted, working) = (Semaphore::new(AT_ONCE + WAITING), Semaphore::new(AT_ONCE));
        Ok(Self { hasher, dummy, admitted: admitted.into(), working: working.into(), min_length })
    }

    /// Why a password may not be chosen. `email` is the account's.
    pub(super) fn complaint(&self, password: &SecretString, email: &str) -> Option<String> {
        let password = password.expose_secret();
        if password.chars().count() < self.min_length {
            return Some(format!("it must have at least {} characters", self.min_length));
        }
        if password.len() > LONGEST {
            return Some(format!("it must have at most {LONGEST} bytes"));
        }
        let local = email.split('@').next().unwrap_or_default();
        let entropy = zxcvbn::zxcvbn(password, &[email, local, "scorpio"]);
        let listed = matches!(entropy.sequence(), [whole] if is_in_a_list(whole));
        let common = listed || entropy.guesses() < FEWEST_GUESSES;
        common.then(|| "it is a password that many people use, or easily guessed".to_owned())
    }

    /// Hashes a password that was accepted.
    pub(super) async fn hash(&self, password: SecretString) -> Result<String> {
        let hasher = self.hasher.clone();
        let work =
            move || hasher.hash_password(password.expose_secret().as_bytes()).map(|hash| hash.to_string());
        self.work(work).await?.map_err(Problem::internal)
    }

    /// Whether the password is the one of `hash`. Without a hash the answer is no, after the same time.
    pub(super) async fn verify(&self, password: SecretString, hash: Option<String>) -> Result<bool> {
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.dummy.clone());
        let hasher = self.hasher.clone();
        let work = move || {
            let parsed = PasswordHash::new(&hash);
            parsed
                .is_ok_and(|hash| hasher.verify_password(password.expose_secret().as_bytes(), &hash).is_ok())
        };
        Ok(self.work(work).await? && known)
    }

    /// Whether `hash` was made with other parameters than those of today.
    pub(super) fn is_outdated(&self, hash: &str) -> bool {
        let today = self.dummy.split('$').take(4);
        !hash.split('$').take(4).eq(today)
    }

    /// Does `work` on a thread of its own when it is its turn. Too long a queue is refused.
    async fn work<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let busy = || {
            let detail = "Too many people are signing in right now. Please try again.";
            let problem = Problem::new(ErrorKind::Offline, Surface::Auth, detail);
            problem.with_retry_after(std::time::Duration::from_secs(1))
        };
        let admitted: OwnedSemaphorePermit =
            Arc::clone(&self.admitted).try_acquire_owned().map_err(|_| busy())?;
        let turn = Arc::clone(&self.working).acquire_owned().await.map_err(Problem::internal)?;
        let task = tokio::task::spawn_blocking(move || {
            // Held until the work is done, also when nobody waits for it any more.
            let _held = (admitted, turn);
            work()
        });
        task.await.map_err(Problem::internal)
    }
}

/// Whether all of a password is one entry of a list: of common passwords, words and names, or of what its owner is called, also
/// backwards or with digits for letters.
fn is_in_a_list(whole: &Match) -> bool {
    matches!(whole.pattern, MatchPattern::Dictionary(_))
}

#[cfg(test)]
mod tests;
