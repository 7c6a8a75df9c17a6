//! What is tried again, when, and what never is.

use std::time::Duration;

use futures::{FutureExt, StreamExt};
use jiff::Timestamp;
use scorpio_core::model::{
    CallContext, LlmProvider, ModelError, ModelErrorKind, ModelErrorKind::*, ModelEvent,
};
use scorpio_providers::{Retry, RetryBudget};
use tokio::time::Instant;

use crate::support::{KINDS, Puppet, Turn, error_of, items, items_of, request, retries, text_of, whole};

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// How many attempts a call makes that always fails so before its answer begins.
fn attempts_for(kind: ModelErrorKind) -> u32 {
    match kind {
        Unreachable | Truncated | Timeout | RateLimited | Overloaded => 3,
        Protocol => 2,
        _ => 1,
    }
}

#[tokio::test(start_paused = true)]
async fn every_error_at_every_position() {
    let preamble = || Turn::new().event(ModelEvent::Response(Box::default())).usage();
    for kind in KINDS {
        type Position = (&'static str, Box<dyn Fn() -> Turn + Send + Sync>, bool);
        let positions: [Position; 6] = [
            ("refused", Box::new(move || Turn::refuse(kind)), false),
            ("at once", Box::new(move || Turn::new().fail(kind)), false),
            ("after the preamble", Box::new(move || preamble().fail(kind)), false),
            ("after a start", Box::new(move || preamble().start().fail(kind)), true),
            ("after a delta", Box::new(move || Turn::new().start().delta("x").fail(kind)), true),
            ("after a part", Box::new(move || Turn::new().start().delta("x").end("x").fail(kind)), true),
        ];
        for (position, turn, delivered) in positions {
            let puppet = Puppet::new(move |_| turn());
            let items = items(&Retry::new(puppet.clone()).with_seed(1)).await;
            let attempts = if delivered { 1 } else { attempts_for(kind) };
            assert_eq!(puppet.calls(), attempts, "{kind:?} {position}");
            assert_eq!(error_of(&items), Some(kind), "{kind:?} {position}");
            assert!(items.last().unwrap().is_err(), "{kind:?} {position}");
            let announced: Vec<_> =
                retries(&items).into_iter().map(|(attempt, _, error)| (attempt, error)).collect();
            assert_eq!(announced, (2..=attempts).map(|attempt| (attempt, kind)).collect::<Vec<_>>());
            assert_eq!(puppet.live(), 0);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_ends_without_a_finish_is_tried_again_until_it_has_said_something() {
    let puppet = Puppet::new(|call| if call == 0 { Turn::new().usage() } else { Turn::text("Hi.") });
    let items = items(&Retry::new(puppet.clone())).await;
    assert_eq!((puppet.calls(), text_of(&items).as_str()), (2, "Hi."));

    let puppet = Puppet::new(|_| Turn::new().start().delta("Hal"));
    let items = whole(crate::support::items(&Retry::new(puppet.clone())).await);
    assert_eq!((puppet.calls(), items.len()), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn a_finish_without_parts_is_an_answer() {
    let puppet = Puppet::new(|_| Turn::new().usage().finish());
    assert_eq!(whole(items(&Retry::new(puppet.clone())).await).len(), 2);
    assert_eq!(puppet.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_retry_is_announced_before_its_wait() {
    let puppet = Puppet::new(|call| if call == 0 { Turn::refuse(Overloaded) } else { Turn::text("Hi.") });
    let retry = Retry::new(puppet.clone()).with_seed(7);
    let mut stream = retry.stream(request(), &CallContext::new()).await.unwrap();
    assert_eq!(puppet.calls(), 0, "the stream is there before the first attempt");
    let begun = Instant::now();
    let Some(Ok(ModelEvent::Retrying(retrying))) = stream.next().await else { panic!("no announcement") };
    assert_eq!((begun.elapsed(), puppet.calls()), (Duration::ZERO, 1));
    assert!(stream.next().await.unwrap().is_ok());
    // The clock of tokio counts whole milliseconds.
    let waited = begun.elapsed();
    assert!(waited >= retrying.after && waited <= retrying.after + Duration::from_millis(1), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn dropping_the_stream_ends_attempts_and_waits_at_once() {
    let slow = || Turn::text("Hi.").latency(seconds(5));
    let puppet = Puppet::new(move |call| if call == 0 { Turn::refuse(Overloaded) } else { slow() });
    let retry = Retry::new(puppet.clone());
    // Dropped before the first poll, in the wait, in the second attempt, and in the answer.
    for polls in 0..4 {
        let mut stream = retry.stream(request(), &CallContext::new()).await.unwrap();
        for _ in 0..polls {
            let _ = stream.next().now_or_never();
        }
        drop(stream);
        assert_eq!(puppet.live(), 0);
    }
    let mut stream = retry.stream(request(), &CallContext::new()).await.unwrap();
    assert!(stream.next().now_or_never().is_none());
    assert_eq!(puppet.live(), 1);
    drop(stream);
    assert_eq!(puppet.live(), 0);
}

fn asks_to_wait(wait: Duration) -> Puppet {
    Puppet::new(move |call| match call {
        0 => Turn::refuse(ModelError::new(RateLimited, "wait").with_retry_after(wait)),
        _ => Turn::text("Hi."),
    })
}

#[tokio::test(start_paused = true)]
async fn what_the_provider_asks_for_is_waited() {
    for asked in [0, 1, 30, 119, 120] {
        for seed in 0..20 {
            let items = items(&Retry::new(asks_to_wait(seconds(asked))).with_seed(seed)).await;
            let (_, wait, _) = retries(&items)[0];
            let latest = seconds(asked) + (seconds(asked) / 4).min(seconds(8));
            assert!(wait >= seconds(asked) && wait <= latest, "{asked}: {wait:?}");
        }
    }
    for asked in [Duration::from_millis(120_001), seconds(3600), Duration::MAX] {
        let puppet = asks_to_wait(asked);
        let items = items(&Retry::new(puppet.clone())).await;
        assert_eq!((puppet.calls(), error_of(&items)), (1, Some(RateLimited)));
        assert_eq!(items[0].as_ref().unwrap_err().retry_after(), Some(asked), "the caller learns how long");
    }
}

/// The largest distance between what was drawn and an even distribution from 0 to `longest` (Kolmogorov and Smirnov).
fn distance(mut drawn: Vec<Duration>, longest: Duration) -> f64 {
    drawn.sort();
    let count = drawn.len() as f64;
    let distance = |(rank, wait): (usize, &Duration)| {
        let expected = wait.as_secs_f64() / longest.as_secs_f64();
        (expected - rank as f64 / count).abs().max((expected - (rank + 1) as f64 / count).abs())
    };
    drawn.iter().enumerate().map(distance).fold(0.0, f64::max)
}

#[tokio::test(start_paused = true)]
async fn waits_are_spread_evenly() {
    const CALLS: usize = 1500;
    let overloaded = |status| ModelError::new(Overloaded, "busy").with_status(status);
    let cases: [(ModelError, [u64; 6]); 3] = [
        (overloaded(500), [500, 1000, 2000, 4000, 8000, 8000]),
        (overloaded(529), [1000, 2000, 4000, 8000, 8000, 8000]),
        (ModelError::new(RateLimited, "busy"), [1000, 2000, 4000, 8000, 8000, 8000]),
    ];
    for (error, longest) in cases {
        let (kind, status) = (error.kind(), error.status());
        let puppet = Puppet::new(move |_| {
            let error = ModelError::new(kind, "busy");
            Turn::refuse(if let Some(status) = status { error.with_status(status) } else { error })
        });
        let budget = RetryBudget::new(u32::MAX);
        let retry = Retry::new(puppet).with_seed(42).with_attempts(7).with_budget(budget);
        let mut waits = vec![Vec::with_capacity(CALLS); longest.len()];
        for _ in 0..CALLS {
            for (attempt, wait, _) in retries(&items(&retry).await) {
                waits[attempt as usize - 2].push(wait);
            }
        }
        for (waits, longest) in waits.into_iter().zip(longest) {
            let longest = Duration::from_millis(longest);
            assert!(waits.iter().all(|wait| *wait <= longest));
            // 1.63 / √n is the limit at a significance of 1 %.
            let (distance, limit) = (distance(waits, longest), 1.63 / (CALLS as f64).sqrt());
            assert!(distance < limit, "{kind:?}: {distance} is not below {limit}");
        }
    }
}

#[test]
fn the_measure_of_spread_finds_waits_that_are_not_even() {
    let even: Vec<_> = (0..1500).map(|n| Duration::from_micros(n * 333)).collect();
    assert!(distance(even.clone(), Duration::from_millis(500)) < 0.01);
    let equal_jitter = even.iter().map(|wait| Duration::from_millis(250) + *wait / 2).collect();
    assert!(distance(equal_jitter, Duration::from_millis(500)) > 0.4);
}

#[tokio::test(start_paused = true)]
async fn seeds_make_waits_repeatable() {
    let waits = async |seed| {
        let retry = Retry::new(Puppet::new(|_| Turn::refuse(Unreachable))).with_seed(seed);
        retries(&items(&retry).await)
    };
    assert_eq!(waits(3).await, waits(3).await);
    assert_ne!(waits(3).await, waits(4).await);
}

#[tokio::test(start_paused = true)]
async fn no_retry_begins_past_the_deadline() {
    let puppet = asks_to_wait(seconds(10));
    let soon = CallContext::new().with_deadline(Timestamp::now() + seconds(5));
    let items = items_of(&Retry::new(puppet.clone()), request(), &soon).await;
    assert_eq!((puppet.calls(), error_of(&items), retries(&items).len()), (1, Some(RateLimited), 0));

    let puppet = asks_to_wait(seconds(10));
    let late = CallContext::new().with_deadline(Timestamp::now() + seconds(60));
    assert_eq!(text_of(&items_of(&Retry::new(puppet), request(), &late).await), "Hi.");

    let puppet = Puppet::new(|_| Turn::refuse(Overloaded));
    let past = CallContext::new().with_deadline(Timestamp::now() - seconds(1));
    items_of(&Retry::new(puppet.clone()), request(), &past).await;
    assert_eq!(puppet.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_call_is_not_tried_again() {
    let puppet = Puppet::new(|_| Turn::refuse(Overloaded));
    let cx = CallContext::new();
    cx.cancel.cancel();
    items_of(&Retry::new(puppet.clone()), request(), &cx).await;
    assert_eq!(puppet.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_the_provider_says_about_retries_counts_for_more_than_the_kind() {
    for (kind, advice, attempts) in
        [(Overloaded, false, 1), (Protocol, false, 1), (InvalidRequest, true, 3), (Protocol, true, 3)]
    {
        let puppet = Puppet::new(move |_| Turn::refuse(ModelError::new(kind, "x").with_retryable(advice)));
        items(&Retry::new(puppet.clone())).await;
        assert_eq!(puppet.calls(), attempts, "{kind:?} {advice}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_budget_is_spent_and_earned() {
    let puppet = Puppet::new(|_| Turn::refuse(Overloaded));
    let retry = Retry::new(puppet.clone()).with_budget(RetryBudget::new(42));
    items(&retry.clone()).await;
    assert_eq!((puppet.calls(), retry.budget().tokens()), (3, 14));
    items(&retry.clone()).await;
    assert_eq!((puppet.calls(), retry.budget().tokens()), (5, 0), "one retry was left");
    items(&retry.clone()).await;
    assert_eq!(puppet.calls(), 6);

    let answering = Retry::new(Puppet::new(|_| Turn::text("Hi."))).with_budget(retry.budget().clone());
    for earned in 1..=13 {
        items(&answering).await;
        assert_eq!(retry.budget().tokens(), earned);
    }
    items(&retry).await;
    assert_eq!(puppet.calls(), 7, "13 tokens are not enough");
    items(&answering).await;
    items(&retry).await;
    assert_eq!((puppet.calls(), retry.budget().tokens()), (9, 0));
}

#[tokio::test(start_paused = true)]
async fn a_retry_that_helps_costs_nothing() {
    let puppet = Puppet::new(|call| if call % 3 < 2 { Turn::refuse(Unreachable) } else { Turn::text("Hi.") });
    let retry = Retry::new(puppet).with_budget(RetryBudget::new(100));
    assert_eq!(text_of(&items(&retry).await), "Hi.");
    assert_eq!(retry.budget().tokens(), 100 - 14);
    for _ in 0..200 {
        items(&Retry::new(Puppet::new(|_| Turn::text("Hi."))).with_budget(retry.budget().clone())).await;
    }
    assert_eq!(retry.budget().tokens(), 100, "it is never more than full");
}

#[tokio::test(start_paused = true)]
async fn it_answers_for_its_provider() {
    let retry = Retry::new(Puppet::new(|_| Turn::text("Hi.")));
    assert_eq!((&**retry.id(), retry.wire("clever")), ("puppet", "strings"));
    assert!(retry.capabilities("clever").vision && !retry.capabilities("simple").vision);
}
