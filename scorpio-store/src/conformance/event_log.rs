//! The cases of [`EventLog`].

mod expiry;
mod following;
mod reading;

use std::sync::Arc;

use scorpio_core::{
    Event, EventKind, PartDelta, RunEnd, RunFinished, RunId, SessionId, Usage,
    store::{EventLog, EventLogStream},
};

use super::sample::now;

super::suite! {
    /// Everything that an [`EventLog`] promises.
    EVENT_LOG: EventLog,
    /// Makes one test for each promise of an [`EventLog`](scorpio_core::store::EventLog).
    ///
    /// It takes the path of an async function that answers an empty log as `Arc<dyn EventLog>`, or as a pair with something that
    /// must outlive it. Use it once in a module.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use scorpio_core::store::{EventLog, MemoryEventLog};
    /// async fn empty_log() -> Arc<dyn EventLog> {
    ///     Arc::new(MemoryEventLog::new())
    /// }
    ///
    /// scorpio_store::event_log_conformance!(empty_log);
    /// # fn main() {}
    /// ```
    event_log_conformance!,
    reading {
        every_kind_of_event_comes_back_byte_for_byte,
        unknown_events_survive,
        what_was_appended_is_read_at_once,
        after_and_limit_make_pages,
        an_unknown_run_has_no_events,
        runs_are_kept_apart,
        events_that_are_there_are_left_as_they_are,
        an_overlap_adds_only_what_is_new,
        appending_nothing_changes_nothing,
        many_small_appends_are_all_kept,
        one_large_append_is_kept,
        many_runs_at_once_do_not_mix,
    }
    following {
        a_follower_gets_what_is_there_and_ends,
        a_follower_gets_events_as_they_come,
        a_follower_goes_on_from_the_middle,
        a_follower_from_the_end_ends_at_once,
        two_followers_get_the_same,
        a_slow_follower_misses_nothing,
        a_dropped_follower_disturbs_nobody,
        followers_of_different_runs_are_kept_apart,
        a_follower_can_join_at_every_event,
        a_follower_beside_a_fast_writer_misses_nothing,
    }
    expiry {
        old_events_are_forgotten_and_counted,
        what_is_not_old_stays,
        expiring_an_empty_log_counts_nothing,
        an_expired_run_can_go_on,
    }
    [$]
}

/// A run whose events are to be logged.
struct Run {
    session: SessionId,
    id: RunId,
}

impl Run {
    fn new() -> Self {
        Self { session: SessionId::new(), id: RunId::new() }
    }

    fn event(&self, seq: u64, kind: EventKind) -> Arc<Event> {
        Arc::new(Event::new(self.session.clone(), self.id, seq, now(), kind))
    }

    fn delta(&self, seq: u64) -> Arc<Event> {
        let text = format!("word {seq} ").into();
        self.event(seq, EventKind::PartDelta(PartDelta { turn: 1, index: 0, text }))
    }

    fn deltas(&self, seqs: impl IntoIterator<Item = u64>) -> Vec<Arc<Event>> {
        seqs.into_iter().map(|seq| self.delta(seq)).collect()
    }

    fn finish(&self, seq: u64) -> Arc<Event> {
        let outcome = RunEnd::Interrupted;
        self.event(seq, EventKind::RunFinished(RunFinished { outcome, usage: Usage::new(1, 2) }))
    }

    /// Appends deltas up to the one before `last`, and the end.
    async fn log_all(&self, log: &dyn EventLog, last: u64) -> Vec<Arc<Event>> {
        let mut events = self.deltas(1..last);
        events.push(self.finish(last));
        log.append(self.id, &events).await.unwrap();
        events
    }
}

async fn collect(stream: EventLogStream) -> Vec<Arc<Event>> {
    futures::TryStreamExt::try_collect(stream).await.unwrap()
}

async fn next(stream: &mut EventLogStream) -> Option<Arc<Event>> {
    futures::StreamExt::next(stream).await.map(|event| event.unwrap())
}

fn seqs(events: &[Arc<Event>]) -> Vec<u64> {
    events.iter().map(|event| event.seq).collect()
}
