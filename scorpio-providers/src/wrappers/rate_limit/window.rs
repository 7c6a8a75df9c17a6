//! What was begun in the last minute.

use std::{collections::VecDeque, time::Duration};

use tokio::time::Instant;

pub(super) const MINUTE: Duration = Duration::from_secs(60);

/// Calls that begin this close together are counted as one entry, so that there are never more than about 1,200.
const CLOSE: Duration = Duration::from_millis(50);

#[derive(Debug, Default)]
pub(super) struct Window {
    entries: VecDeque<Entry>,
    /// How many entries have left.
    left: u64,
    requests: u64,
    tokens: u64,
}

#[derive(Debug)]
struct Entry {
    began: Instant,
    /// When the last of it began.
    at: Instant,
    requests: u64,
    tokens: u64,
}

impl Window {
    /// When there will be room for a call of `tokens`: now, or later.
    pub(super) fn room(&mut self, now: Instant, tokens: u64, limits: (Option<u64>, Option<u64>)) -> Instant {
        self.forget(now);
        let (mut requests, mut used) = (self.requests, self.tokens);
        let mut at = now;
        for entry in &self.entries {
            let enough_requests = limits.0.is_none_or(|limit| requests < limit);
            let enough_tokens =
                limits.1.is_none_or(|limit| used.saturating_add(tokens) <= limit || used == 0);
            if enough_requests && enough_tokens {
                break;
            }
            requests = requests.saturating_sub(entry.requests);
            used = used.saturating_sub(entry.tokens);
            at = entry.at + MINUTE;
        }
        at
    }

    /// Counts a call, and returns the number of its entry.
    pub(super) fn add(&mut self, now: Instant, tokens: u64) -> u64 {
        self.requests += 1;
        self.tokens = self.tokens.saturating_add(tokens);
        match self.entries.back_mut() {
            Some(last) if now.saturating_duration_since(last.began) < CLOSE => {
                last.at = now;
                last.requests += 1;
                last.tokens = last.tokens.saturating_add(tokens);
            }
            _ => self.entries.push_back(Entry { began: now, at: now, requests: 1, tokens }),
        }
        self.left + self.entries.len() as u64 - 1
    }

    /// Replaces tokens of an entry. One that has left says nothing any more.
    pub(super) fn correct(&mut self, number: u64, counted: u64, real: u64) {
        let index = number.checked_sub(self.left).and_then(|index| usize::try_from(index).ok());
        let Some(entry) = index.and_then(|index| self.entries.get_mut(index)) else { return };
        entry.tokens = entry.tokens.saturating_sub(counted).saturating_add(real);
        self.tokens = self.tokens.saturating_sub(counted).saturating_add(real);
    }

    fn forget(&mut self, now: Instant) {
        let is_old = |entry: &Entry| now.saturating_duration_since(entry.at) >= MINUTE;
        while self.entries.front().is_some_and(is_old) {
            if let Some(entry) = self.entries.pop_front() {
                self.left += 1;
                self.requests -= entry.requests;
                self.tokens = self.tokens.saturating_sub(entry.tokens);
            }
        }
    }
}
