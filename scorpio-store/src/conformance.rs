//! The suite that every store passes: those of Scorpio, and any that you write yourself.
//!
//! A backend is held to the whole contract of its trait by one line. The macro makes one test for each case, so a failure names
//! the promise that is broken:
//!
//! ```
//! use std::sync::Arc;
//! use scorpio_core::store::{MemoryStore, Store};
//!
//! async fn empty_store() -> Arc<dyn Store> {
//!     Arc::new(MemoryStore::new())
//! }
//!
//! scorpio_store::store_conformance!(empty_store);
//! # fn main() {}
//! ```
//!
//! Each case calls the function for a store of its own, which must be empty. When something must outlive the store, such as a
//! temporary directory, the function answers it along with the store: `(Arc<dyn Store>, TempDir)`.
//!
//! Each trait has a macro and, for programs without Rust's test harness, a [`Suite`] with the same cases:
//!
//! | trait | macro | suite |
//! |---|---|---|
//! | [`Store`] | [`store_conformance!`](crate::store_conformance) | [`STORE`] |
//! | [`EventLog`](scorpio_core::store::EventLog) | [`event_log_conformance!`](crate::event_log_conformance) | [`EVENT_LOG`] |
//! | [`AccountStore`](scorpio_core::store::AccountStore) | [`account_store_conformance!`](crate::account_store_conformance) | [`ACCOUNT_STORE`] |
//! | [`BlobStore`](scorpio_core::store::BlobStore) | [`blob_store_conformance!`](crate::blob_store_conformance) | [`BLOB_STORE`] |
//! | [`Cache`](scorpio_core::store::Cache) | [`cache_conformance!`](crate::cache_conformance) | [`CACHE`] |
//! | [`PubSub`](scorpio_core::store::PubSub) | [`pub_sub_conformance!`](crate::pub_sub_conformance) | [`PUB_SUB`] |
//! | [`RateLimiter`](scorpio_core::store::RateLimiter) | [`rate_limiter_conformance!`](crate::rate_limiter_conformance) | [`RATE_LIMITER`] |
//! | [`VectorStore`](scorpio_core::store::VectorStore) | [`vector_store_conformance!`](crate::vector_store_conformance) | [`VECTOR_STORE`] |
//!
//! A case of [`STORE`] makes many short sequences of random operations and holds the store against a model. The environment variable
//! `SCORPIO_CONFORMANCE_SEQUENCES` says how many; without it there are 200.
//!
//! # What the suite fixes beyond the docs of the traits
//!
//! - [`Store::begin_run`] fails with the first of these that holds: not found, conflict, already exists, busy. A failed call leaves
//!   nothing behind, not even a cut of the history.
//! - [`Store::commit`] refuses a message whose id the session has with `AlreadyExists`. A finished run is `Fenced`. A lease that has
//!   run out is good until somebody takes the run over.
//! - Times that a store makes, or is given outside of a message, are kept to the microsecond.
//! - A used refresh token is always `Reused`, also when its sign-in is revoked already.
//! - What was spent counts if it was spent later than `now - window`, and later than `since`; so `oldest + window` is the moment at
//!   which one more is allowed.

// Here, a case that does not hold is meant to panic: that is how a test fails.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod account;
mod blob_store;
mod cache;
mod event_log;
mod pub_sub;
mod random;
mod rate_limiter;
mod sample;
mod store;
mod vector;

use std::{any::Any, fmt, future::Future, pin::Pin, sync::Arc, time::Duration};

#[allow(unused_imports, reason = "for the links in the documentation")]
use scorpio_core::store::Store;

pub use self::{
    account::ACCOUNT_STORE, blob_store::BLOB_STORE, cache::CACHE, event_log::EVENT_LOG, pub_sub::PUB_SUB,
    rate_limiter::RATE_LIMITER, store::STORE, vector::VECTOR_STORE,
};

/// How long a case may take before it counts as hung; and how long for each of the short random sequences, when they are many.
const PATIENCE: Duration = Duration::from_secs(120);
const PATIENCE_PER_SEQUENCE: Duration = Duration::from_millis(200);

type CaseFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A named case: it panics when the promise does not hold.
struct Case<T: ?Sized> {
    name: &'static str,
    run: fn(Arc<T>) -> CaseFuture,
}

/// All cases of one trait.
///
/// ```
/// use std::sync::Arc;
/// use scorpio_core::store::{MemoryStore, Store};
/// use scorpio_store::conformance::STORE;
///
/// let empty = || async { Arc::new(MemoryStore::new()) as Arc<dyn Store> };
/// STORE.run("leases::a_stale_lease_cannot_commit", empty);
/// assert!(STORE.names().count() > 50);
/// ```
pub struct Suite<T: ?Sized + 'static> {
    cases: &'static [Case<T>],
}

impl<T: ?Sized + Send + Sync + 'static> Suite<T> {
    /// The names of the cases, which say what they hold the backend to.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.cases.iter().map(|case| case.name)
    }

    /// Runs a case on what `make` makes, on a runtime of its own with two threads.
    ///
    /// # Panics
    ///
    /// When the promise does not hold, when the case does not end within two minutes (more when `SCORPIO_CONFORMANCE_SEQUENCES` asks for
    /// more than 600 sequences), and when there is no such case.
    pub fn run<S: Into<Subject<T>>, F: Future<Output = S>>(&self, name: &str, make: impl FnOnce() -> F) {
        let case = self.cases.iter().find(|case| case.name == name).expect("there is no case of this name");
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        runtime.expect("a runtime starts").block_on(async {
            let Subject { inner, guard } = make().await.into();
            let Some(inner) = inner else { return };
            let sequences = u32::try_from(store::sequences()).unwrap_or(u32::MAX);
            let patience = PATIENCE.max(PATIENCE_PER_SEQUENCE.saturating_mul(sequences));
            let done = tokio::time::timeout(patience, (case.run)(inner)).await;
            assert!(done.is_ok(), "{name} did not end within {patience:?}");
            drop(guard);
        });
    }
}

impl<T: ?Sized> fmt::Debug for Suite<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.cases.iter().map(|case| case.name)).finish()
    }
}

/// A backend under test, with whatever must outlive it.
///
/// ```
/// use std::sync::Arc;
/// use scorpio_core::store::{EventLog, MemoryEventLog};
/// use scorpio_store::conformance::Subject;
/// let log: Arc<dyn EventLog> = Arc::new(MemoryEventLog::new());
/// let subject = Subject::from((log, "a guard, such as a temporary directory"));
/// # let _ = subject;
/// ```
pub struct Subject<T: ?Sized> {
    inner: Option<Arc<T>>,
    guard: Box<dyn Any>,
}

impl<T: ?Sized> Subject<T> {
    /// Nothing to run a case on: the case passes without having tested anything. It is for a laptop without the server that a backend
    /// talks to; the caller says so where it is seen, and sees to it that this does not happen in CI.
    pub fn absent() -> Self {
        Self { inner: None, guard: Box::new(()) }
    }
}

impl<T: ?Sized> From<Arc<T>> for Subject<T> {
    fn from(inner: Arc<T>) -> Self {
        Self { inner: Some(inner), guard: Box::new(()) }
    }
}

impl<T: ?Sized, G: 'static> From<(Arc<T>, G)> for Subject<T> {
    fn from((inner, guard): (Arc<T>, G)) -> Self {
        Self { inner: Some(inner), guard: Box::new(guard) }
    }
}

impl<T: ?Sized> fmt::Debug for Subject<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subject").finish_non_exhaustive()
    }
}

/// Declares the cases of a trait, once for [`Suite`] and once for the macro that makes tests of them.
macro_rules! suite {
    (
        $(#[$doc:meta])* $suite:ident: $trait:ident,
        $(#[$macro_doc:meta])* $macro_name:ident!,
        $($module:ident { $($case:ident,)* })*
        [$dollar:tt]
    ) => {
        $(#[$doc])*
        pub static $suite: $crate::conformance::Suite<dyn $trait> = $crate::conformance::Suite {
            cases: &[$($($crate::conformance::Case {
                name: concat!(stringify!($module), "::", stringify!($case)),
                run: |subject| Box::pin($module::$case(subject)),
            },)*)*],
        };

        $(#[$macro_doc])*
        #[macro_export]
        macro_rules! $macro_name {
            ($dollar make:path) => {
                $(mod $module {
                    #[allow(unused_imports)]
                    use super::*;
                    $(#[test]
                    fn $case() {
                        let name = concat!(stringify!($module), "::", stringify!($case));
                        $crate::conformance::$suite.run(name, $dollar make);
                    })*
                })*
            };
        }
    };
}
use suite;
