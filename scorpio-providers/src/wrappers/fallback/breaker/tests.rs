//! Random sequences of calls, and what must hold after each step of them.

use std::{sync::Arc, time::Duration};

use fastrand::Rng;
use scorpio_core::model::ModelErrorKind::{Auth, Overloaded};
use tokio::time::{Instant, advance};

use super::{Breaker, BreakerPolicy, BreakerState, Ticket};

/// What calls since the breaker last closed came to, in order.
#[derive(Default)]
struct Log(Vec<(Instant, bool)>);

impl Log {
    fn must_open(&self, policy: &BreakerPolicy) -> bool {
        let failed_in_a_row = self.0.iter().rev().take_while(|(_, failed)| *failed).count();
        let recent = self.0.iter().filter(|(at, _)| at.elapsed() < policy.window);
        let (calls, failures) =
            recent.fold((0, 0), |(calls, failures), (_, failed)| (calls + 1, failures + u32::from(*failed)));
        failed_in_a_row >= policy.failures as usize || (calls >= policy.calls && failures * 2 >= calls)
    }
}

struct Held {
    ticket: Ticket,
    is_probe: bool,
    /// Which closed stretch it belongs to.
    stretch: u32,
}

#[tokio::test(start_paused = true)]
async fn random_sequences() {
    let policy = BreakerPolicy::default();
    let mut openings = 0;
    for seed in 0..300 {
        let mut rng = Rng::with_seed(seed);
        // From providers that hardly fail to such that hardly answer.
        let share_of_failures = rng.f64();
        let breaker = Arc::new(Breaker::new(policy));
        let (mut held, mut log, mut stretch): (Vec<Held>, _, _) = (Vec::new(), Log::default(), 0);
        for step in 0..400 {
            let (before, ..) = breaker.state(Instant::now());
            let context = format!("seed {seed}, step {step}, {before:?}");
            match rng.u32(0..10) {
                0..=3 => {
                    let probing = held.iter().any(|held| held.is_probe);
                    let admitted = breaker.admit(Instant::now());
                    let expected = match before {
                        BreakerState::Closed => true,
                        BreakerState::Open { .. } => false,
                        BreakerState::HalfOpen => !probing,
                    };
                    assert_eq!(admitted.is_ok(), expected, "{context}");
                    let is_probe = before == BreakerState::HalfOpen;
                    held.extend(admitted.ok().map(|ticket| Held { ticket, is_probe, stretch }));
                }
                // Whole seconds, so that the pieces of the window hide nothing.
                4 => advance(Duration::from_secs(rng.u64(1..40))).await,
                _ if held.is_empty() => {}
                5 => drop(held.swap_remove(rng.usize(..held.len()))),
                _ => {
                    let Held { mut ticket, is_probe, stretch: of } =
                        held.swap_remove(rng.usize(..held.len()));
                    let failed = rng.f64() < share_of_failures;
                    let error = if rng.u32(0..50) == 0 { Auth } else { Overloaded };
                    let counts = is_probe || of == stretch;
                    if is_probe && (!failed || rng.bool()) {
                        ticket.answers();
                        (log, stretch) = (Log::default(), stretch + 1);
                        assert_eq!(breaker.state(Instant::now()).0, BreakerState::Closed, "{context}");
                    } else if is_probe {
                        ticket.failed(error);
                        let (state, ..) = breaker.state(Instant::now());
                        assert!(matches!(state, BreakerState::Open { .. }), "{context}");
                        continue;
                    }
                    if counts {
                        log.0.push((Instant::now(), failed));
                    }
                    if failed {
                        ticket.failed(error)
                    } else {
                        ticket.succeeded()
                    }
                    let (after, in_a_row, times, _) = breaker.state(Instant::now());
                    if counts && failed && (error == Auth || log.must_open(&policy)) {
                        openings += 1;
                        stretch += 1;
                        log = Log::default();
                        let open = (policy.open * times).min(policy.longest_open);
                        assert_eq!(after, BreakerState::Open { remaining: open }, "{context}");
                    } else if counts {
                        assert_eq!(after, BreakerState::Closed, "{context}");
                        assert_eq!(in_a_row == 0, !failed, "{context}");
                    } else {
                        assert_eq!(after, before, "{context}: a call of before has no say");
                    }
                }
            }
        }
        // However it went, it recovers once everybody has gone.
        held.clear();
        advance(policy.longest_open).await;
        let probe = breaker.admit(Instant::now());
        assert!(probe.is_ok(), "seed {seed}");
        probe.unwrap().succeeded();
        assert_eq!(breaker.state(Instant::now()).0, BreakerState::Closed);
    }
    assert!(openings > 500, "the sequences open it only {openings} times");
}

#[tokio::test(start_paused = true)]
async fn openings_are_counted_from_one_again_after_a_good_time() {
    let policy = BreakerPolicy::default();
    let breaker = Arc::new(Breaker::new(policy));
    let times = || breaker.state(Instant::now()).2;
    let open = || breaker.admit(Instant::now()).unwrap().failed(Auth);
    open();
    advance(Duration::from_secs(30)).await;
    breaker.admit(Instant::now()).unwrap().succeeded();
    advance(Duration::from_secs(299)).await;
    open();
    assert_eq!(times(), 2);
    advance(Duration::from_secs(60)).await;
    breaker.admit(Instant::now()).unwrap().succeeded();
    advance(Duration::from_secs(300)).await;
    open();
    assert_eq!(times(), 1);
}

#[tokio::test(start_paused = true)]
async fn who_is_always_let_through_opens_nothing_and_closes_nothing() {
    let breaker = Arc::new(Breaker::new(BreakerPolicy::default()));
    for _ in 0..20 {
        breaker.always_admit().failed(Auth);
    }
    assert_eq!(breaker.state(Instant::now()).0, BreakerState::Closed);
    breaker.admit(Instant::now()).unwrap().failed(Auth);
    breaker.always_admit().succeeded();
    assert!(matches!(breaker.state(Instant::now()).0, BreakerState::Open { .. }));
}
