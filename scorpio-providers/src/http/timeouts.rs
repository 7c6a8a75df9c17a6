//! How long each phase of a call may take.

use std::{fmt, time::Duration};

use scorpio_core::model::{ModelError, ModelErrorKind};

/// The limits of time of a call. The defaults are those of most providers' own clients, shortened where those wait for minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Timeouts {
    /// For a connection, TLS included.
    pub(crate) connect: Duration,
    /// From the request to the status line, the connection included.
    pub(crate) headers: Duration,
    /// From the status line to the first thing that the model says.
    pub(crate) first_token: Duration,
    /// From one piece of the answer to the next.
    pub(crate) idle: Duration,
    /// For everything.
    pub(crate) total: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            headers: Duration::from_secs(30),
            first_token: Duration::from_secs(120),
            idle: Duration::from_secs(60),
            total: Duration::from_secs(900),
        }
    }
}

impl Timeouts {
    pub(crate) fn of(&self, phase: Phase) -> Duration {
        match phase {
            Phase::Connect => self.connect,
            Phase::Headers => self.headers,
            Phase::FirstToken => self.first_token,
            Phase::Idle => self.idle,
            Phase::Total => self.total,
        }
    }
}

/// The phase of a call whose time is up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    Connect,
    Headers,
    FirstToken,
    Idle,
    Total,
}

impl Phase {
    /// The error that the time is up.
    pub(crate) fn passed(self, timeouts: &Timeouts) -> ModelError {
        let seconds = timeouts.of(self).as_secs_f32();
        ModelError::new(ModelErrorKind::Timeout, format!("{self} within {seconds} s"))
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "no connection",
            Self::Headers => "no answer to the request",
            Self::FirstToken => "no first token",
            Self::Idle => "no further piece of the answer",
            Self::Total => "no end of the answer",
        })
    }
}
