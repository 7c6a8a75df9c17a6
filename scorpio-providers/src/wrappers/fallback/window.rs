//! How many calls went well and how many failed of late.

use std::{collections::VecDeque, time::Duration};

use tokio::time::Instant;

/// How many pieces a window has: they leave it one at a time.
const PIECES: u32 = 60;

/// The calls of a stretch of time that ends now, counted in sixtieths of it.
#[derive(Debug)]
pub(super) struct Window {
    length: Duration,
    pieces: VecDeque<Piece>,
}

#[derive(Debug)]
struct Piece {
    began: Instant,
    calls: u32,
    failures: u32,
}

impl Window {
    pub(super) fn new(length: Duration) -> Self {
        Self { length, pieces: VecDeque::new() }
    }

    pub(super) fn add(&mut self, now: Instant, failed: bool) {
        self.forget(now);
        let piece = self.length / PIECES;
        let is_full = |last: &Piece| now.saturating_duration_since(last.began) >= piece;
        if self.pieces.back().is_none_or(is_full) {
            self.pieces.push_back(Piece { began: now, calls: 0, failures: 0 });
        }
        if let Some(last) = self.pieces.back_mut() {
            last.calls = last.calls.saturating_add(1);
            last.failures = last.failures.saturating_add(u32::from(failed));
        }
    }

    /// The calls in the window, and how many of them failed.
    pub(super) fn counts(&self) -> (u32, u32) {
        self.pieces.iter().fold((0, 0), |(calls, failures), piece| {
            (piece.calls.saturating_add(calls), piece.failures.saturating_add(failures))
        })
    }

    pub(super) fn clear(&mut self) {
        self.pieces.clear();
    }

    fn forget(&mut self, now: Instant) {
        let is_old = |piece: &Piece| now.saturating_duration_since(piece.began) >= self.length;
        while self.pieces.front().is_some_and(is_old) {
            self.pieces.pop_front();
        }
    }
}
