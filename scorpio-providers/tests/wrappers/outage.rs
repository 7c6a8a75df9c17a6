//! A thousand clients of a provider that is down, in virtual time.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use futures::future::join_all;
use scorpio_core::model::ModelErrorKind::Overloaded;
use scorpio_providers::{Retry, RetryBudget};
use tokio::time::{Instant, sleep};

use crate::support::{Numbers, Puppet, Turn, error_of, items, text_of};

const CLIENTS: u64 = 1000;

#[tokio::test(start_paused = true)]
async fn an_outage_costs_at_most_a_tenth_more_attempts() {
    for seed in 0..20 {
        let puppet = Puppet::new(|_| Turn::refuse(Overloaded).latency(Duration::from_millis(30)));
        let retry = Retry::new(puppet.clone()).with_seed(seed);
        let client = async |number: u64| {
            let mut numbers = Numbers::new(seed * CLIENTS + number);
            for _ in 0..3 {
                sleep(Duration::from_millis(numbers.below(10_000))).await;
                assert_eq!(error_of(&items(&retry).await), Some(Overloaded));
            }
        };
        join_all((0..CLIENTS).map(client)).await;
        let requests = 3 * CLIENTS as u32;
        assert!(puppet.calls() > requests, "the budget pays for some retries");
        assert!(f64::from(puppet.calls()) <= 1.1 * f64::from(requests), "{} attempts", puppet.calls());

        let (before, round) = (puppet.calls(), 500);
        join_all((0..round).map(|_| items(&retry))).await;
        assert_eq!(puppet.calls() - before, round, "once it is spent, nothing is retried");
    }
}

#[tokio::test(start_paused = true)]
async fn calls_that_succeed_now_and_then_do_not_pay_for_a_storm() {
    for seed in 0..10 {
        // One call in ten is answered.
        let puppet = Puppet::new(move |call| {
            let lucky = Numbers::new(seed << 32 | u64::from(call)).below(10) == 0;
            if lucky { Turn::text("Hi.") } else { Turn::refuse(Overloaded) }
        });
        let retry = Retry::new(puppet.clone()).with_seed(seed);
        while retry.budget().tokens() >= 14 {
            items(&retry).await;
        }
        let (before, requests) = (puppet.calls(), 5000);
        for _ in 0..requests {
            items(&retry).await;
        }
        let attempts = puppet.calls() - before;
        assert!(f64::from(attempts) <= 1.1 * f64::from(requests), "{attempts} attempts");
    }
}

/// The most calls in a tenth of a second, and how many there were.
fn busiest(times: &[Duration]) -> (usize, usize) {
    let mut counts = std::collections::HashMap::<u128, usize>::new();
    for time in times {
        *counts.entry(time.as_millis() / 100).or_default() += 1;
    }
    (counts.values().copied().max().unwrap_or_default(), times.len())
}

#[tokio::test(start_paused = true)]
async fn what_fails_together_does_not_come_back_together() {
    let asked = |wait: u64| Some(Duration::from_secs(wait));
    for (seed, retry_after) in [(1, None), (2, None), (3, asked(10)), (4, asked(60))] {
        let begun = Instant::now();
        let times: Arc<Mutex<Vec<Duration>>> = Arc::default();
        let puppet = Puppet::new({
            let times = Arc::clone(&times);
            move |_| {
                let at = begun.elapsed();
                if at.is_zero() {
                    let error = scorpio_core::model::ModelError::new(Overloaded, "busy").with_status(529);
                    return Turn::refuse(match retry_after {
                        Some(wait) => error.with_retry_after(wait),
                        None => error,
                    });
                }
                times.lock().unwrap().push(at);
                Turn::text("Hi.")
            }
        });
        let budget = RetryBudget::new(u32::MAX);
        let retry = Retry::new(puppet).with_seed(seed).with_budget(budget);
        let all = join_all((0..CLIENTS).map(|_| items(&retry))).await;
        assert!(all.iter().all(|items| text_of(items) == "Hi."));
        let (busiest, count) = busiest(&times.lock().unwrap());
        assert_eq!(count, CLIENTS as usize);
        // A second of spread has ten tenths, each with a hundred on average.
        assert!(busiest <= 150, "{busiest} calls in a tenth of a second");
    }
}
