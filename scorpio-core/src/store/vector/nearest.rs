//! The best of a scan: what a store without an index needs to answer a query.

use std::{cmp::Ordering, collections::BinaryHeap};

use crate::VectorId;

/// Keeps the best of what it is offered: the highest scores, and among equal ones the lowest ids.
///
/// ```
/// use scorpio_core::{VectorId, store::Nearest};
/// let mut nearest = Nearest::new(2, None);
/// for (id, score) in [("a", 0.1), ("b", 0.9), ("c", 0.5)] {
///     nearest.offer(score, &VectorId::parse(id).unwrap(), || id);
/// }
/// let found: Vec<_> = nearest.into_sorted().map(|(score, _, value)| (score, value)).collect();
/// assert_eq!(found, [(0.9, "b"), (0.5, "c")]);
/// ```
#[derive(Debug)]
pub struct Nearest<T> {
    limit: usize,
    min_score: Option<f32>,
    /// The worst is on top.
    heap: BinaryHeap<Scored<T>>,
}

#[derive(Debug)]
struct Scored<T> {
    score: f32,
    id: VectorId,
    value: T,
}

impl<T> Nearest<T> {
    /// Keeps at most `limit`, with a score of at least `min_score`.
    pub fn new(limit: usize, min_score: Option<f32>) -> Self {
        Self { limit, min_score, heap: BinaryHeap::new() }
    }

    /// Whether a score is too low to be kept whatever its id.
    pub fn is_too_low(&self, score: f32) -> bool {
        let is_below_worst = || self.heap.peek().is_some_and(|worst| score < worst.score);
        self.limit == 0
            || self.min_score.is_some_and(|min| score < min)
            || (self.heap.len() >= self.limit && is_below_worst())
    }

    /// Offers one. Its value is made only if it is kept for now.
    pub fn offer(&mut self, score: f32, id: &VectorId, value: impl FnOnce() -> T) {
        if self.is_too_low(score) {
            return;
        }
        if self.heap.len() >= self.limit {
            let is_better =
                self.heap.peek().is_some_and(|worst| rank(score, id, worst.score, &worst.id).is_lt());
            if !is_better {
                return;
            }
            self.heap.pop();
        }
        self.heap.push(Scored { score, id: id.clone(), value: value() });
    }

    /// What was kept, the best first, with its score and id.
    pub fn into_sorted(self) -> impl Iterator<Item = (f32, VectorId, T)> {
        self.heap.into_sorted_vec().into_iter().map(|kept| (kept.score, kept.id, kept.value))
    }
}

/// The better one is the lesser.
fn rank(score: f32, id: &VectorId, other_score: f32, other_id: &VectorId) -> Ordering {
    other_score.total_cmp(&score).then_with(|| id.cmp(other_id))
}

impl<T> Ord for Scored<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        rank(self.score, &self.id, other.score, &other.id)
    }
}

impl<T> PartialOrd for Scored<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> PartialEq for Scored<T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl<T> Eq for Scored<T> {}
