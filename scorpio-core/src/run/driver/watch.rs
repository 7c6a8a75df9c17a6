//! What can interrupt a run while it waits, and the heartbeat of its lease.

use std::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use jiff::Timestamp;
use tokio::time::{Instant, Sleep, sleep_until};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use crate::{
    StopReason,
    run::start::LEASE,
    store::{Lease, Store, StoreError, StoreErrorKind},
};

/// How often a lease is renewed.
const HEARTBEAT: Duration = Duration::from_secs(10);

/// After this long without a confirmed renewal a driver stops by itself, so that it is quiet before anybody else may start.
const SILENCE: Duration = Duration::from_secs(20);

/// What others are told to end by is so much later than the run's own end, so that the run stops by its own clock, which is an outcome, and
/// not by an error of theirs.
const GRACE: Duration = Duration::from_millis(100);

#[derive(Debug)]
pub(super) enum Interrupt {
    /// Somebody, or the clock, stops the run.
    Stop(StopReason),
    /// The run is, or may be, somebody else's by now: nothing more may be written.
    Lost(StoreError),
}

pub(super) struct Watch {
    cancel: CancellationToken,
    cancelled: Pin<Box<WaitForCancellationFutureOwned>>,
    deadline: Option<Instant>,
    timer: Pin<Box<Sleep>>,
    /// Whom the two wake. A run waits for every piece of an answer, and asking them each time would change nothing.
    waker: Option<Waker>,
    confirmed: Instant,
    store: Arc<dyn Store>,
    lease: Lease,
}

impl Watch {
    pub(super) fn new(
        cancel: &CancellationToken,
        wall: Option<Duration>,
        store: Arc<dyn Store>,
        lease: Lease,
    ) -> Self {
        let now = Instant::now();
        let deadline = wall.and_then(|wall| now.checked_add(wall));
        let beat = now + HEARTBEAT;
        Self {
            cancel: cancel.clone(),
            cancelled: Box::pin(cancel.clone().cancelled_owned()),
            deadline,
            timer: Box::pin(sleep_until(deadline.map_or(beat, |deadline| deadline.min(beat)))),
            waker: None,
            confirmed: now,
            store,
            lease,
        }
    }

    /// A write has just confirmed the lease.
    pub(super) fn confirmed(&mut self) {
        self.confirmed = Instant::now();
    }

    /// When the run will give up, for those who work for it.
    pub(super) fn deadline(&self) -> Option<Timestamp> {
        let left = self.deadline?.saturating_duration_since(Instant::now());
        Timestamp::now().checked_add(left.saturating_add(GRACE)).ok()
    }

    /// Waits for `work`, unless something interrupts it.
    pub(super) async fn until<F: Future>(&mut self, work: F) -> Result<F::Output, Interrupt> {
        let mut work = pin!(work);
        loop {
            if self.cancel.is_cancelled() {
                return Err(Interrupt::Stop(StopReason::Cancelled));
            }
            let done = poll_fn(|cx| match work.as_mut().poll(cx) {
                Poll::Ready(done) => Poll::Ready(Some(done)),
                Poll::Pending => self.poll_alarm(cx).map(|()| None),
            });
            match done.await {
                Some(done) => return Ok(done),
                None if self.cancel.is_cancelled() => {}
                None => self.tick().await?,
            }
        }
    }

    /// Ready when the run is cancelled or the timer goes off.
    fn poll_alarm(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let is_set = self.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker()));
        if is_set && !self.timer.is_elapsed() && !self.cancel.is_cancelled() {
            return Poll::Pending;
        }
        self.waker = Some(cx.waker().clone());
        match self.cancelled.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(()),
            Poll::Pending => self.timer.as_mut().poll(cx),
        }
    }

    async fn tick(&mut self) -> Result<(), Interrupt> {
        let now = Instant::now();
        if self.deadline.is_some_and(|deadline| deadline <= now) {
            return Err(Interrupt::Stop(StopReason::WallClock));
        }
        if self.confirmed + HEARTBEAT <= now {
            self.renew(now).await?;
        }
        let retry = now + HEARTBEAT / 10;
        let beat = (self.confirmed + HEARTBEAT).max(retry);
        self.timer.as_mut().reset(self.deadline.map_or(beat, |deadline| deadline.min(beat)));
        // A timer that has gone off has forgotten whom it wakes.
        self.waker = None;
        Ok(())
    }

    async fn renew(&mut self, now: Instant) -> Result<(), Interrupt> {
        match self.store.renew(&self.lease, LEASE).await {
            Ok(()) => self.confirmed = now,
            Err(error) if error.kind() == StoreErrorKind::Unavailable && self.confirmed + SILENCE > now => {
                tracing::warn!(run = %self.lease.run, error = ?error, "the lease could not be renewed; trying again");
            }
            Err(error) => return Err(Interrupt::Lost(error)),
        }
        Ok(())
    }
}
