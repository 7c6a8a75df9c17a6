//! Which messages of a session are its history: the branch that is current, as ranges of sequence numbers.

use mongodb::bson::{Document, doc};
use serde::{Deserialize, Serialize};

#[cfg(test)]
mod tests;

/// The sequence numbers of the current branch, in ranges that rise. There is one more range for each place where the branch goes on after
/// numbers that others have.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct History(Vec<Range>);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Range {
    first: i64,
    last: i64,
}

impl History {
    /// The last message, or 0.
    pub(super) fn last(&self) -> i64 {
        self.0.last().map_or(0, |range| range.last)
    }

    pub(super) fn contains(&self, seq: i64) -> bool {
        let after = self.0.partition_point(|range| range.first <= seq);
        after.checked_sub(1).and_then(|at| self.0.get(at)).is_some_and(|range| seq <= range.last)
    }

    /// Adds a message at the end.
    pub(super) fn push(&mut self, seq: i64) {
        match self.0.last_mut().filter(|range| range.last + 1 == seq) {
            Some(range) => range.last = seq,
            None => self.0.push(Range { first: seq, last: seq }),
        }
    }

    /// Leaves the branch after `seq`.
    pub(super) fn cut(&mut self, seq: i64) {
        self.0.retain(|range| range.first <= seq);
        if let Some(range) = self.0.last_mut() {
            range.last = range.last.min(seq);
        }
    }

    /// The filter for the messages after `seq`. `None` when there are none.
    pub(super) fn after(&self, seq: i64) -> Option<Document> {
        let ranges: Vec<Document> = (self.0.iter())
            .filter(|range| range.last > seq)
            .map(|range| doc! { "seq": { "$gte": range.first.max(seq.saturating_add(1)), "$lte": range.last } })
            .collect();
        match ranges.as_slice() {
            [] => None,
            [range] => Some(range.clone()),
            _ => Some(doc! { "$or": ranges }),
        }
    }
}

impl FromIterator<i64> for History {
    fn from_iter<I: IntoIterator<Item = i64>>(seqs: I) -> Self {
        let mut history = Self::default();
        seqs.into_iter().for_each(|seq| history.push(seq));
        history
    }
}
