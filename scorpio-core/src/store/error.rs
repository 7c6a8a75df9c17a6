//! What can go wrong in a store.

use std::{borrow::Cow, error::Error as StdError, fmt};

use crate::{ErrorKind, Surface};

type Source = Box<dyn StdError + Send + Sync + 'static>;

/// What went wrong in a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// It is not there, or it is somebody else's.
    NotFound,
    /// The id, or what else must be unique, is taken.
    AlreadyExists,
    /// The version is not the expected one.
    Conflict {
        /// The version that it is.
        actual: u64,
    },
    /// Another run of the session is live.
    Busy,
    /// The lease is another's by now.
    Fenced,
    /// The database refuses what a transactional tool has to say to it.
    Rejected,
    /// The store cannot do what is asked of it.
    Unsupported,
    /// What is given cannot be stored or looked for. The message says why.
    Invalid,
    /// What is stored cannot be read.
    Corrupt,
    /// The store does not answer, or fails.
    Unavailable,
}

/// An error of a store. Its text is for operators; users see [`ScorpioError`](crate::ScorpioError)s.
///
/// ```
/// use scorpio_core::store::{StoreError, StoreErrorKind};
/// let error = StoreError::new(StoreErrorKind::Fenced, "run 7 has a new owner");
/// assert_eq!(error.kind(), StoreErrorKind::Fenced);
/// ```
pub struct StoreError(Box<Inner>);

struct Inner {
    kind: StoreErrorKind,
    message: Cow<'static, str>,
    source: Option<Source>,
}

impl StoreError {
    /// An error of this kind.
    pub fn new(kind: StoreErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner { kind, message: message.into(), source: None }))
    }

    /// The store does not answer, or fails.
    pub fn unavailable(source: impl Into<Source>) -> Self {
        Self::new(StoreErrorKind::Unavailable, "the store failed").with_source(source)
    }

    /// What is stored cannot be read.
    pub fn corrupt(what: impl Into<Cow<'static, str>>, source: impl Into<Source>) -> Self {
        Self::new(StoreErrorKind::Corrupt, what).with_source(source)
    }

    /// Adds what caused it.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Source>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// What went wrong.
    pub fn kind(&self) -> StoreErrorKind {
        self.0.kind
    }

    /// What a user is told: nothing about the store.
    pub(crate) fn public(&self) -> (ErrorKind, Surface, &'static str) {
        match self.0.kind {
            StoreErrorKind::NotFound => {
                (ErrorKind::NotFound, Surface::Chat, "There is no such conversation.")
            }
            StoreErrorKind::AlreadyExists => {
                (ErrorKind::Conflict, Surface::Chat, "Something with this id is there already.")
            }
            StoreErrorKind::Conflict { .. } => {
                (ErrorKind::Conflict, Surface::Chat, "The conversation has changed in the meantime.")
            }
            StoreErrorKind::Busy => {
                (ErrorKind::Conflict, Surface::Chat, "An answer is being written in this conversation.")
            }
            StoreErrorKind::Fenced => {
                (ErrorKind::Conflict, Surface::Chat, "Another process has taken over this answer.")
            }
            StoreErrorKind::Invalid => {
                (ErrorKind::BadRequest, Surface::Api, "This cannot be stored or looked for.")
            }
            StoreErrorKind::Rejected
            | StoreErrorKind::Unsupported
            | StoreErrorKind::Corrupt
            | StoreErrorKind::Unavailable => {
                (ErrorKind::Internal, Surface::Database, "Something went wrong. Please try again later.")
            }
        }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreError")
            .field("kind", &self.0.kind)
            .field("message", &self.0.message)
            .field("source", &self.0.source)
            .finish()
    }
}

impl StdError for StoreError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}
