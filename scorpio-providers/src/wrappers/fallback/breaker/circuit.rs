//! The states of a circuit breaker. It is told the time, so it can be tested without one.

use std::time::Duration;

use scorpio_core::model::ModelErrorKind;
use tokio::time::Instant;

use super::{super::window::Window, BreakerPolicy, BreakerState};

#[derive(Debug)]
pub(super) struct Circuit {
    policy: BreakerPolicy,
    position: Position,
    /// Counts the changes of position. What calls of an earlier one come to says nothing of this one.
    era: u64,
    in_a_row: u32,
    window: Window,
    times_opened: u32,
    closed_at: Option<Instant>,
    last_error: Option<ModelErrorKind>,
}

#[derive(Debug, Clone, Copy)]
enum Position {
    Closed,
    Open { until: Instant },
    HalfOpen { probing: bool },
}

/// A call that was let through.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    era: u64,
    is_probe: bool,
}

impl Circuit {
    pub(super) fn new(policy: BreakerPolicy) -> Self {
        Self {
            policy,
            position: Position::Closed,
            era: 0,
            in_a_row: 0,
            window: Window::new(policy.window),
            times_opened: 0,
            closed_at: None,
            last_error: None,
        }
    }

    /// A call that takes no part in probing.
    pub(super) fn entry(&self) -> Entry {
        Entry { era: self.era, is_probe: false }
    }

    pub(super) fn admit(&mut self, now: Instant) -> Result<Entry, ModelErrorKind> {
        if let Position::Open { until } = self.position
            && until <= now
        {
            self.move_to(Position::HalfOpen { probing: false });
        }
        match &mut self.position {
            Position::Closed => Ok(self.entry()),
            Position::HalfOpen { probing } if !*probing => {
                *probing = true;
                Ok(Entry { era: self.era, is_probe: true })
            }
            // It opened because of an error.
            _ => Err(self.last_error.unwrap_or(ModelErrorKind::Overloaded)),
        }
    }

    pub(super) fn answers(&mut self, entry: &mut Entry, now: Instant) {
        if entry.is_probe && entry.era == self.era {
            self.closed_at = Some(now);
            self.move_to(Position::Closed);
            *entry = self.entry();
        }
    }

    pub(super) fn succeeded(&mut self, entry: &mut Entry, now: Instant) {
        self.answers(entry, now);
        if entry.era == self.era {
            self.in_a_row = 0;
            self.window.add(now, false);
        }
    }

    pub(super) fn failed(&mut self, entry: &mut Entry, error: ModelErrorKind, now: Instant, may_open: bool) {
        if entry.era != self.era {
            return;
        }
        self.last_error = Some(error);
        self.in_a_row = self.in_a_row.saturating_add(1);
        self.window.add(now, true);
        let opens = entry.is_probe || error == ModelErrorKind::Auth || self.fails_too_often();
        if may_open && opens {
            self.open(now);
        }
    }

    /// A call is over, whatever it came to.
    pub(super) fn leave(&mut self, entry: &Entry) {
        if let Position::HalfOpen { probing } = &mut self.position
            && entry.is_probe
            && entry.era == self.era
        {
            *probing = false;
        }
    }

    pub(super) fn state(&self, now: Instant) -> (BreakerState, u32, u32, Option<ModelErrorKind>) {
        let state = match self.position {
            Position::Closed => BreakerState::Closed,
            Position::Open { until } if now < until => BreakerState::Open { remaining: until - now },
            Position::Open { .. } | Position::HalfOpen { .. } => BreakerState::HalfOpen,
        };
        (state, self.in_a_row, self.times_opened, self.last_error)
    }

    fn fails_too_often(&self) -> bool {
        let (calls, failures) = self.window.counts();
        let share = f64::from(failures) >= self.policy.share * f64::from(calls);
        self.in_a_row >= self.policy.failures.max(1) || (calls >= self.policy.calls && share)
    }

    fn open(&mut self, now: Instant) {
        let stayed_closed = self.closed_at.map(|closed_at| now.saturating_duration_since(closed_at));
        if stayed_closed.is_some_and(|stayed| stayed >= self.policy.longest_open) {
            self.times_opened = 0;
        }
        self.closed_at = None;
        self.times_opened = self.times_opened.saturating_add(1);
        let time = self.policy.open.saturating_mul(self.times_opened).min(self.policy.longest_open);
        let until = now.checked_add(time).unwrap_or(now + Duration::from_secs(3600));
        self.move_to(Position::Open { until });
    }

    fn move_to(&mut self, position: Position) {
        self.position = position;
        self.era += 1;
        self.window.clear();
        if matches!(position, Position::Closed) {
            self.in_a_row = 0;
        }
    }
}
