//! What a tool finds out about a call that it may have made.

/// What became of a tool call that was started by a process that is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reconciled<T> {
    /// It took effect, and this is its answer.
    Done(T),
    /// It had no effect: it may be started again.
    NotDone,
    /// It cannot be told.
    Unknown,
}

impl<T> Reconciled<T> {
    /// Changes the answer, if there is one.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Reconciled<U> {
        match self {
            Self::Done(answer) => Reconciled::Done(change(answer)),
            Self::NotDone => Reconciled::NotDone,
            Self::Unknown => Reconciled::Unknown,
        }
    }
}
