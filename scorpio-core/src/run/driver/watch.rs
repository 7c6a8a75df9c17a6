//! What can interrupt a run while it waits, and the heartbeat of its lease.

use std::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll, Waker, ready},
    time::Duration,
};

use jiff::Timestamp;
use tokio::time::{Instant, Sleep, sleep_until};
use tokio_util::{
    sync::{CancellationToken, WaitForCancellationFutureOwned},
    task::AbortOnDropHandle,
};

use crate::{
    StopReason,
    store::{Lease, Signal, Store, StoreError, StoredSignal},
};

/// Where a store says that the run was told something. It runs by itself: what it holds, such as a connection of a pool, must not stay held
/// for as long as the run is busy with something else.
type Told = AbortOnDropHandle<Result<(), StoreError>>;

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
    ttl: Duration,
    told: Option<Told>,
    is_told: bool,
    /// Asking failed. The next heartbeat tries again.
    is_deaf: bool,
    /// What the run was told and has not taken in yet.
    signals: Vec<StoredSignal>,
    /// The last signal that was fetched.
    fetched: u64,
}

impl Watch {
    pub(super) fn new(
        cancel: &CancellationToken,
        wall: Option<Duration>,
        store: Arc<dyn Store>,
        lease: Lease,
        ttl: Duration,
        signals_seen: u64,
    ) -> Self {
        let now = Instant::now();
        let deadline = wall.and_then(|wall| now.checked_add(wall));
        let beat = now + ttl / 3;
        Self {
            cancel: cancel.clone(),
            cancelled: Box::pin(cancel.clone().cancelled_owned()),
            deadline,
            timer: Box::pin(sleep_until(deadline.map_or(beat, |deadline| deadline.min(beat)))),
            waker: None,
            confirmed: now,
            store,
            lease,
            ttl,
            told: None,
            is_told: false,
            is_deaf: false,
            signals: Vec::new(),
            fetched: signals_seen,
        }
    }

    /// When the run will give up, for those who work for it.
    pub(super) fn deadline(&self) -> Option<Timestamp> {
        let left = self.deadline?.saturating_duration_since(Instant::now());
        Timestamp::now().checked_add(left.saturating_add(GRACE)).ok()
    }

    /// How often the lease is renewed.
    fn heartbeat(&self) -> Duration {
        self.ttl / 3
    }

    /// Makes sure that the run is still this process's before something new begins: a lease that has not been confirmed for long may be
    /// another's soon.
    pub(super) async fn assure(&mut self) -> Result<(), Interrupt> {
        let doubtful = |confirmed, ttl: Duration| confirmed + ttl * 2 / 3 <= Instant::now();
        while doubtful(self.confirmed, self.ttl) {
            self.renew(Instant::now()).await?;
            if !doubtful(self.confirmed, self.ttl) {
                return Ok(());
            }
            if self.cancel.is_cancelled() {
                return Err(Interrupt::Stop(StopReason::Cancelled));
            }
            if self.deadline.is_some_and(|deadline| deadline <= Instant::now()) {
                return Err(Interrupt::Stop(StopReason::WallClock));
            }
            tokio::time::sleep(self.heartbeat() / 10).await;
        }
        Ok(())
    }

    /// What the run was told since this was last asked.
    pub(super) fn take_signals(&mut self) -> Vec<StoredSignal> {
        std::mem::take(&mut self.signals)
    }

    /// The last signal that was fetched.
    pub(super) fn fetched(&self) -> u64 {
        self.fetched
    }

    /// Keeps signals that were fetched elsewhere for the next time that they are taken.
    pub(super) fn give_back(&mut self, signals: Vec<StoredSignal>) {
        self.fetched = signals.last().map_or(self.fetched, |signal| signal.seq.max(self.fetched));
        self.signals.extend(signals);
        (self.told, self.is_deaf) = (None, false);
    }

    /// Another lease of the same run.
    pub(super) fn take_lease(&mut self, lease: Lease) {
        self.lease = lease;
        self.confirmed();
    }

    /// A write has just confirmed the lease.
    pub(super) fn confirmed(&mut self) {
        self.confirmed = Instant::now();
    }

    /// Waits for `work`, unless something interrupts it. What the run is told meanwhile is kept.
    pub(super) async fn until<F: Future>(&mut self, work: F) -> Result<F::Output, Interrupt> {
        let mut work = pin!(work);
        loop {
            if let Some(done) = self.until_told(work.as_mut()).await? {
                return Ok(done);
            }
        }
    }

    /// Waits for `work`, unless something interrupts it. Comes back with nothing when the run was told something.
    pub(super) async fn until_told<F: Future>(&mut self, work: F) -> Result<Option<F::Output>, Interrupt> {
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
                Some(done) => return Ok(Some(done)),
                None if self.cancel.is_cancelled() => {}
                None => {
                    if self.tick().await? {
                        return Ok(None);
                    }
                }
            }
        }
    }

    /// Ready when the run is cancelled, the timer goes off or the run is told something.
    fn poll_alarm(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let is_set = self.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker()));
        if !is_set || self.timer.is_elapsed() || self.cancel.is_cancelled() {
            self.waker = Some(cx.waker().clone());
            if self.cancelled.as_mut().poll(cx).is_ready() || self.timer.as_mut().poll(cx).is_ready() {
                return Poll::Ready(());
            }
        }
        self.poll_told(cx)
    }

    fn poll_told(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.is_deaf {
            return Poll::Pending;
        }
        let told = self.told.get_or_insert_with(|| {
            let (store, run, fetched) = (Arc::clone(&self.store), self.lease.run, self.fetched);
            AbortOnDropHandle::new(tokio::spawn(async move { store.signalled(run, fetched).await }))
        });
        let told = ready!(Pin::new(told).poll(cx));
        self.told = None;
        let failed: Box<dyn std::error::Error> = match told {
            Ok(Ok(())) => {
                self.is_told = true;
                return Poll::Ready(());
            }
            Ok(Err(error)) => error.into(),
            Err(panicked) => panicked.into(),
        };
        tracing::warn!(run = %self.lease.run, error = ?failed, "the store cannot say what the run is told; asking again");
        self.is_deaf = true;
        Poll::Pending
    }

    /// Fetches what the run was told. Answers whether there is something to take in.
    async fn fetch(&mut self) -> Result<bool, Interrupt> {
        let told = match self.store.signals(self.lease.run, self.fetched).await {
            Ok(told) => told,
            Err(error) => {
                tracing::warn!(run = %self.lease.run, error = ?error, "what the run is told could not be read; trying again");
                self.is_deaf = true;
                return Ok(false);
            }
        };
        self.fetched = told.last().map_or(self.fetched, |signal| signal.seq);
        let stop = told.iter().any(|signal| matches!(signal.signal, Signal::Stop));
        self.signals.extend(told);
        if stop { Err(Interrupt::Stop(StopReason::Cancelled)) } else { Ok(!self.signals.is_empty()) }
    }

    /// Deals with what went off. Answers whether the run was told something.
    async fn tick(&mut self) -> Result<bool, Interrupt> {
        if std::mem::take(&mut self.is_told) {
            return self.fetch().await;
        }
        let now = Instant::now();
        if self.deadline.is_some_and(|deadline| deadline <= now) {
            return Err(Interrupt::Stop(StopReason::WallClock));
        }
        if self.confirmed + self.heartbeat() <= now {
            self.renew(now).await?;
            self.is_deaf = false;
        }
        let retry = now + self.heartbeat() / 10;
        let beat = (self.confirmed + self.heartbeat()).max(retry);
        self.timer.as_mut().reset(self.deadline.map_or(beat, |deadline| deadline.min(beat)));
        // A timer that has gone off has forgotten whom it wakes.
        self.waker = None;
        Ok(false)
    }

    async fn renew(&mut self, now: Instant) -> Result<(), Interrupt> {
        match self.store.renew(&self.lease, self.ttl).await {
            Ok(()) => self.confirmed = now,
            // What goes on needs no store; whatever is next is durable before it begins, and so waits for it.
            Err(error) if error.is_outage() => {
                tracing::warn!(run = %self.lease.run, error = ?error, "the lease could not be renewed; trying again");
            }
            Err(error) => return Err(Interrupt::Lost(error)),
        }
        Ok(())
    }
}
