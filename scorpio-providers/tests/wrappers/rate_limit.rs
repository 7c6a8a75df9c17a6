//! How often a provider is asked, in which order, and who is sent away.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use futures::{StreamExt, future::join_all};
use jiff::Timestamp;
use scorpio_core::{
    Usage,
    model::{CallContext, LlmProvider, ModelError, ModelErrorKind, ModelEvent, ModelRequest},
};
use scorpio_providers::RateLimit;
use tokio::time::{Instant, sleep};

use crate::support::{Numbers, Puppet, Turn, ask, items, items_of, request, text_of};

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

type Times = Arc<Mutex<Vec<(Duration, String)>>>;

/// A provider that notes when it was asked what, and says that it used `tokens`.
fn noting(tokens: u64) -> (Puppet, Times) {
    let (begun, times) = (Instant::now(), Times::default());
    let noted = Arc::clone(&times);
    let puppet = Puppet::named("puppet", move |_, request| {
        let text = request.transcript.messages().map(scorpio_core::Message::text).collect();
        noted.lock().unwrap().push((begun.elapsed(), text));
        Turn::new().start().end("").event(ModelEvent::Usage(Usage::new(tokens, 0))).finish()
    });
    (puppet, times)
}

fn of_tokens(tokens: u32) -> ModelRequest {
    request().with_max_output_tokens(tokens - 1)
}

fn error(items: &[Result<ModelEvent, ModelError>]) -> (ModelErrorKind, u64) {
    let error = items.last().unwrap().as_ref().unwrap_err();
    (error.kind(), error.retry_after().unwrap().as_secs())
}

#[tokio::test(start_paused = true)]
async fn no_minute_has_more_calls_than_allowed() {
    for seed in 0..20 {
        let (puppet, times) = noting(1);
        let limit = 10;
        let provider =
            RateLimit::new(puppet).with_requests_per_minute(limit as u64).with_longest_wait(seconds(3600));
        let mut numbers = Numbers::new(seed);
        let starts: Vec<_> = (0..100).map(|_| Duration::from_millis(numbers.below(300_000))).collect();
        join_all(starts.into_iter().map(async |start| {
            sleep(start).await;
            assert!(items(&provider).await.iter().all(Result::is_ok));
        }))
        .await;
        let times = times.lock().unwrap();
        assert_eq!(times.len(), 100);
        for window in times.windows(limit + 1) {
            assert!(window[limit].0 - window[0].0 >= seconds(60), "seed {seed}: {window:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn no_minute_has_more_tokens_than_allowed_and_none_is_wasted() {
    let (puppet, times) = noting(100);
    let provider = RateLimit::new(puppet).with_tokens_per_minute(1000).with_longest_wait(seconds(3600));
    // A hundred are estimated, and a hundred are used.
    let ask = async |_| items_of(&provider, of_tokens(100), &CallContext::new()).await;
    join_all((0..50).map(ask)).await;
    let times: Vec<_> = times.lock().unwrap().iter().map(|(at, _)| at.as_secs()).collect();
    let expected: Vec<_> = (0..50).map(|call| call / 10 * 60).collect();
    assert_eq!(times, expected);
}

#[tokio::test(start_paused = true)]
async fn the_real_usage_takes_the_place_of_the_estimate() {
    // Nine hundred are estimated, and ten are used: they all fit into the first minute, one after the other.
    let (puppet, times) = noting(10);
    let provider = RateLimit::new(puppet).with_tokens_per_minute(1000).with_longest_wait(seconds(3600));
    for _ in 0..10 {
        items_of(&provider, of_tokens(900), &CallContext::new()).await;
    }
    assert_eq!(times.lock().unwrap().last().unwrap().0, Duration::ZERO);

    // The first of two that wait is woken when the call before it turns out to be small.
    let puppet = Puppet::new(|_| {
        Turn::new().start().after(seconds(5), ModelEvent::Usage(Usage::new(10, 0))).end("x").finish()
    });
    let provider = RateLimit::new(puppet).with_tokens_per_minute(1000);
    let begun = Instant::now();
    join_all((0..2).map(async |_| items_of(&provider, of_tokens(900), &CallContext::new()).await)).await;
    assert_eq!(begun.elapsed(), seconds(10));

    // Ten are estimated, and a thousand are used: the next has to wait.
    let (puppet, times) = noting(1000);
    let provider = RateLimit::new(puppet).with_tokens_per_minute(1000);
    for _ in 0..2 {
        items_of(&provider, of_tokens(10), &CallContext::new()).await;
    }
    assert_eq!(times.lock().unwrap().last().unwrap().0, seconds(60));
}

#[tokio::test(start_paused = true)]
async fn a_call_larger_than_a_minute_waits_for_an_empty_one() {
    let (puppet, times) = noting(5000);
    let provider = RateLimit::new(puppet).with_tokens_per_minute(1000);
    for _ in 0..2 {
        assert!(items_of(&provider, of_tokens(5000), &CallContext::new()).await.iter().all(Result::is_ok));
    }
    assert_eq!(times.lock().unwrap().iter().map(|(at, _)| at.as_secs()).collect::<Vec<_>>(), [0, 60]);
}

#[tokio::test(start_paused = true)]
async fn calls_go_in_the_order_in_which_they_came() {
    let (puppet, times) = noting(1);
    let provider = RateLimit::new(puppet).with_requests_per_minute(1).with_longest_wait(seconds(3600));
    join_all((0..20).map(async |number| {
        items_of(&provider, ask(&number.to_string()), &CallContext::new()).await;
    }))
    .await;
    let order: Vec<_> = times.lock().unwrap().iter().map(|(at, text)| (at.as_secs(), text.clone())).collect();
    let expected: Vec<_> = (0..20).map(|number| (60 * number, number.to_string())).collect();
    assert_eq!(order, expected);
}

#[tokio::test(start_paused = true)]
async fn who_would_wait_too_long_is_told_when_to_come_back() {
    let (puppet, _) = noting(1);
    let provider = RateLimit::new(puppet.clone()).with_requests_per_minute(1).with_longest_wait(seconds(20));
    items(&provider).await;
    sleep(seconds(10)).await;
    let begun = Instant::now();
    assert_eq!(error(&items(&provider).await), (ModelErrorKind::RateLimited, 50));
    assert_eq!((begun.elapsed(), puppet.calls()), (Duration::ZERO, 1), "it need not wait to learn that");
    sleep(seconds(30)).await;
    assert!(items(&provider).await.iter().all(Result::is_ok), "20 s are not too long");
    assert_eq!(begun.elapsed(), seconds(50));

    // The second in the queue learns it when its patience ends.
    let patient = RateLimit::new(puppet.clone()).with_requests_per_minute(1).with_longest_wait(seconds(70));
    items(&patient).await;
    let begun = Instant::now();
    let all = join_all((0..2).map(|_| items(&patient))).await;
    assert!(all[0].iter().all(Result::is_ok));
    assert_eq!(error(&all[1]).0, ModelErrorKind::RateLimited);
    assert!(begun.elapsed() <= seconds(70));

    let hurried = CallContext::new().with_deadline(Timestamp::now() + seconds(5));
    let begun = Instant::now();
    assert_eq!(error(&items_of(&patient, request(), &hurried).await).0, ModelErrorKind::RateLimited);
    assert!(begun.elapsed() <= seconds(5));
}

#[tokio::test(start_paused = true)]
async fn who_goes_away_leaves_the_place_to_the_next() {
    let (puppet, times) = noting(1);
    let provider = RateLimit::new(puppet).with_requests_per_minute(1).with_longest_wait(seconds(3600));
    items(&provider).await;
    let cx = CallContext::new();
    // The first of the queue and one in its middle give up.
    let mut first = provider.stream(request(), &cx);
    let mut second = provider.stream(request(), &cx);
    let mut third = provider.stream(request(), &cx);
    for call in [&mut first, &mut second, &mut third] {
        assert!(futures::poll!(call).is_pending());
    }
    drop(second);
    drop(first);
    let stream = third.await.unwrap();
    assert_eq!(times.lock().unwrap().last().unwrap().0, seconds(60));
    drop(stream);
    items(&provider).await;
    assert_eq!(times.lock().unwrap().last().unwrap().0, seconds(120), "a call that was dropped was a call");
}

#[tokio::test(start_paused = true)]
async fn without_limits_nothing_waits() {
    let (puppet, times) = noting(1_000_000);
    let provider = RateLimit::new(puppet);
    join_all((0..1000).map(|_| items(&provider))).await;
    assert!(times.lock().unwrap().iter().all(|(at, _)| at.is_zero()));
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_fails_or_is_dropped_keeps_its_estimate() {
    for (turn, drops) in [(Turn::new as fn() -> Turn, false), (Turn::new, true)] {
        let puppet = Puppet::new(move |_| {
            turn().event(ModelEvent::Usage(Usage::new(1, 0))).start().fail(ModelErrorKind::Overloaded)
        });
        let provider = RateLimit::new(puppet).with_tokens_per_minute(1000);
        let mut stream = provider.stream(of_tokens(900), &CallContext::new()).await.unwrap();
        if drops {
            stream.next().await;
            drop(stream);
        } else {
            assert_eq!(text_of(&stream.collect::<Vec<_>>().await), "");
        }
        let begun = Instant::now();
        items_of(&provider, of_tokens(900), &CallContext::new()).await;
        assert_eq!(begun.elapsed(), seconds(60));
    }
}
