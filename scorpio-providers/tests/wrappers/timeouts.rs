//! Which limit of time ends a call, and when.

use std::time::Duration;

use futures::StreamExt;
use jiff::Timestamp;
use scorpio_core::model::{CallContext, LlmProvider, ModelErrorKind, ModelEvent};
use scorpio_providers::{Retry, Timeouts};
use tokio::time::{Instant, advance, sleep};

use crate::support::{Item, Puppet, Turn, error_of, items, items_of, request, retries, text_of};

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn delta(text: &str) -> ModelEvent {
    ModelEvent::Delta { index: 0, text: text.into() }
}

/// How long it took until the time was up, and what the error says.
async fn passed(turn: fn() -> Turn, set: fn(Timeouts) -> Timeouts) -> (u64, String) {
    let puppet = Puppet::new(move |_| turn());
    let begun = Instant::now();
    let mut items = items(&set(Timeouts::new(puppet.clone()))).await;
    let error = items.pop().unwrap().unwrap_err();
    assert_eq!(error.kind(), ModelErrorKind::Timeout);
    assert_eq!(puppet.live(), 0, "what timed out was dropped");
    (begun.elapsed().as_secs(), error.to_string())
}

fn says(seconds: u64, text: &str) -> (u64, String) {
    (seconds, text.to_owned())
}

#[tokio::test(start_paused = true)]
async fn each_phase_has_its_limit() {
    let silent = || Turn::new().latency(seconds(3600));
    assert_eq!(passed(silent, |t| t).await, says(30, "no answer to the request within 30 s"));
    assert_eq!(
        passed(silent, |t| t.with_call(seconds(2))).await,
        says(2, "no answer to the request within 2 s")
    );

    let headers_only = || Turn::new().latency(seconds(20)).after(seconds(3600), delta("x"));
    assert_eq!(passed(headers_only, |t| t).await, says(140, "no first token within 120 s"));

    // What is no part of the answer does not count as its first token.
    let polite = || {
        (0..10).fold(Turn::new(), |turn, _| turn.after(seconds(20), ModelEvent::Usage(Default::default())))
    };
    assert_eq!(passed(polite, |t| t).await, says(120, "no first token within 120 s"));

    let stalls = || {
        Turn::new().latency(seconds(10)).start().after(seconds(50), delta("x")).after(seconds(61), delta("y"))
    };
    assert_eq!(passed(stalls, |t| t).await, says(120, "no further piece of the answer within 60 s"));
    let quick = passed(stalls, |t| t.with_idle(seconds(5))).await;
    assert_eq!(
        quick,
        says(15, "no further piece of the answer within 5 s"),
        "the timer of a phase before was later"
    );

    let drips = || (0..100).fold(Turn::new().start(), |turn, _| turn.after(seconds(30), delta("x")));
    assert_eq!(passed(drips, |t| t).await, says(900, "no end of the answer within 900 s"));
    assert_eq!(
        passed(silent, |t| t.with_total(seconds(7))).await,
        says(7, "no end of the answer within 7 s")
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_in_time_passes_untouched() {
    let turn = || {
        let slow = Turn::new().latency(seconds(29)).usage().after(
            seconds(119),
            ModelEvent::PartStart { index: 0, kind: scorpio_core::model::PartKind::Text },
        );
        let slow = (0..12).fold(slow, |turn, _| turn.after(seconds(59), delta("x")));
        slow.end("x").finish()
    };
    let plain: Vec<Item> = items(&Puppet::new(move |_| turn())).await;
    let timed = items(&Timeouts::new(Puppet::new(move |_| turn()))).await;
    let events = |items: Vec<Item>| items.into_iter().map(Result::unwrap).collect::<Vec<_>>();
    assert_eq!(events(timed), events(plain));
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_takes_its_time_is_no_idle_provider() {
    let puppet = Puppet::new(|_| Turn::text("Hi.").after(seconds(1), ModelEvent::Usage(Default::default())));
    let mut stream = Timeouts::new(puppet).stream(request(), &CallContext::new()).await.unwrap();
    while let Some(item) = stream.next().await {
        assert!(item.is_ok());
        sleep(seconds(100)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_deadline_of_the_call_ends_it() {
    let puppet = Puppet::new(|_| Turn::new().start().after(seconds(50), delta("x")));
    let cx = CallContext::new().with_deadline(Timestamp::now() + seconds(20));
    let begun = Instant::now();
    let items = items_of(&Timeouts::new(puppet), request(), &cx).await;
    let error = items.last().unwrap().as_ref().unwrap_err();
    assert_eq!(error.to_string(), "no end of the answer before the call's deadline");
    assert!((19..=20).contains(&begun.elapsed().as_secs()));
}

#[tokio::test(start_paused = true)]
async fn limits_may_be_endless() {
    let puppet = Puppet::new(|_| Turn::text("Hi.").latency(seconds(100_000)));
    let endless = Timeouts::new(puppet).with_call(Duration::MAX).with_total(Duration::MAX);
    assert_eq!(text_of(&items(&endless).await), "Hi.");
}

#[tokio::test(start_paused = true)]
async fn what_timed_out_is_tried_again() {
    let puppet = Puppet::new(|call| match call {
        0 => Turn::new().latency(seconds(3600)),
        1 => Turn::new().usage().after(seconds(3600), delta("x")),
        _ => Turn::text("Hi."),
    });
    let items = items(&Retry::new(Timeouts::new(puppet))).await;
    assert_eq!((retries(&items).len(), text_of(&items).as_str(), error_of(&items)), (2, "Hi.", None));
}

#[tokio::test(start_paused = true)]
async fn dropping_ends_the_call_at_once() {
    let puppet = Puppet::new(|_| Turn::text("Hi.").latency(seconds(5)));
    let timeouts = Timeouts::new(puppet.clone());
    let cx = CallContext::new();
    let mut call = timeouts.stream(request(), &cx);
    assert!(futures::poll!(&mut call).is_pending());
    assert_eq!(puppet.live(), 1);
    drop(call);
    assert_eq!(puppet.live(), 0);
    advance(seconds(1)).await;
    let stream = timeouts.stream(request(), &cx).await.unwrap();
    assert_eq!(puppet.live(), 1);
    drop(stream);
    assert_eq!(puppet.live(), 0);
}
