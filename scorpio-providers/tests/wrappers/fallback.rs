//! Which route answers, and when one is left alone.

use std::time::Duration;

use futures::{FutureExt, StreamExt, future::join_all};
use jiff::Timestamp;
use scorpio_core::{
    Agent, EventKind, Origin,
    model::{CallContext, LlmProvider, Model, ModelErrorKind, ModelErrorKind::*, ModelEvent},
};
use scorpio_providers::{BreakerPolicy, BreakerState, Fallback, Retry};
use tokio::time::advance;

use crate::support::{
    KINDS, Puppet, Turn, error_of, fallbacks, items, items_of, request, retries, text_of, whole,
};

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn answers(text: &'static str) -> Puppet {
    Puppet::named("second", move |_, _| Turn::text(text))
}

fn fails(kind: ModelErrorKind) -> Puppet {
    Puppet::named("first", move |_, _| Turn::refuse(kind))
}

/// A chain of two, `first:large` and `second:small`.
fn chain(first: &Puppet, second: &Puppet) -> Fallback {
    Fallback::new(Model::new(first.clone(), "large")).or(Model::new(second.clone(), "small"))
}

fn breaker(chain: &Fallback) -> BreakerState {
    chain.states()[0].breaker
}

fn origin_of_second() -> Origin {
    Origin::new("second", "strings", "small")
}

#[tokio::test(start_paused = true)]
async fn every_error_at_every_position() {
    for kind in KINDS {
        type Position = (&'static str, Box<dyn Fn() -> Turn + Send + Sync>, bool);
        let info = || ModelEvent::Response(Box::default());
        let positions: [Position; 5] = [
            ("refused", Box::new(move || Turn::refuse(kind)), false),
            ("at once", Box::new(move || Turn::new().fail(kind)), false),
            ("after the preamble", Box::new(move || Turn::new().event(info()).usage().fail(kind)), false),
            ("after a start", Box::new(move || Turn::new().usage().start().fail(kind)), true),
            ("after a delta", Box::new(move || Turn::new().start().delta("x").fail(kind)), true),
        ];
        for (position, turn, delivered) in positions {
            let (first, second) = (Puppet::named("first", move |_, _| turn()), answers("Hi."));
            let chain = chain(&first, &second);
            let items = items(&chain).await;
            let fault_of_request = matches!(kind, InvalidRequest | ContextOverflow);
            let falls = !delivered && !fault_of_request;
            assert_eq!((first.calls(), second.calls()), (1, u32::from(falls)), "{kind:?} {position}");
            let expected = if falls { vec![(origin_of_second(), kind)] } else { Vec::new() };
            assert_eq!(fallbacks(&items), expected, "{kind:?} {position}");
            assert_eq!(error_of(&items), (!falls).then_some(kind), "{kind:?} {position}");
            let state = &chain.states()[0];
            let (failures, opened) = match kind {
                InvalidRequest | ContextOverflow => (0, 0),
                Auth => (1, 1),
                _ => (1, 0),
            };
            assert_eq!((state.failures, state.times_opened), (failures, opened), "{kind:?} {position}");
            assert_eq!((first.live(), second.live()), (0, 0));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_ends_without_a_finish_falls_back_until_it_has_said_something() {
    let second = answers("Hi.");
    let empty = Puppet::named("first", |_, _| Turn::new().usage());
    assert_eq!(text_of(&items(&chain(&empty, &second)).await), "Hi.");

    let cut = Puppet::named("first", |_, _| Turn::new().start().delta("Hal"));
    let chain = chain(&cut, &second);
    assert_eq!(whole(items(&chain).await).len(), 2);
    assert_eq!((second.calls(), chain.states()[0].last_error), (1, Some(Truncated)));
}

#[tokio::test(start_paused = true)]
async fn each_route_is_asked_for_its_own_model() {
    let models = ["a", "b", "c"].map(|name| {
        let puppet = Puppet::named(name, move |_, request| {
            assert_eq!(*request.model, *format!("{name}-model"));
            if name == "c" { Turn::text("Hi.") } else { Turn::refuse(Overloaded) }
        });
        Model::new(puppet, format!("{name}-model"))
    });
    let chain = Fallback::chain(models).unwrap();
    let to = |name: &str| Origin::new(name, "strings", format!("{name}-model"));
    let items = items(&chain).await;
    assert_eq!(fallbacks(&items), [(to("b"), Overloaded), (to("c"), Overloaded)]);
    assert_eq!(text_of(&items), "Hi.");
}

#[tokio::test(start_paused = true)]
async fn a_chain_is_its_first_route() {
    let first = Puppet::named("first", |_, _| Turn::text("Hi."));
    let chain = Fallback::new(Model::new(first, "clever")).or(Model::new(answers("Hi."), "small"));
    assert_eq!((&**chain.id(), chain.wire("whatever")), ("first", "strings"));
    assert!(chain.capabilities("whatever").vision);
    assert_eq!(chain.into_model().to_string(), "first:clever");
}

#[tokio::test(start_paused = true)]
async fn when_all_fail_the_last_says_why() {
    let second = Puppet::new(|_| Turn::refuse(NotFound));
    let items = items(&chain(&fails(Overloaded), &second)).await;
    assert_eq!((error_of(&items), fallbacks(&items).len(), items.len()), (Some(NotFound), 1, 2));
}

#[tokio::test(start_paused = true)]
async fn a_chain_holds_one_to_five_models() {
    let models = |count| (0..count).map(|_| Model::new(fails(Overloaded), "m"));
    assert_eq!(Fallback::chain(models(0)).unwrap_err().kind(), Configuration);
    assert_eq!(Fallback::chain(models(6)).unwrap_err().kind(), Configuration);
    let chain = Fallback::chain(models(5)).unwrap();
    assert_eq!((fallbacks(&items(&chain).await).len(), chain.states().len()), (4, 5));
    let longer = chain.or(Model::new(answers("Hi."), "m"));
    assert_eq!(error_of(&items(&longer).await), Some(Configuration));
}

#[tokio::test(start_paused = true)]
async fn nothing_falls_back_past_the_deadline_or_a_cancel() {
    let second = answers("Hi.");
    let slow = Puppet::named("first", |_, _| Turn::refuse(Overloaded).latency(seconds(10)));
    let cx = CallContext::new().with_deadline(Timestamp::now() + seconds(5));
    let late = items_of(&chain(&slow, &second), request(), &cx).await;
    assert_eq!((error_of(&late), second.calls()), (Some(Overloaded), 0));

    let cx = CallContext::new();
    cx.cancel.cancel();
    let cancelled = items_of(&chain(&fails(Overloaded), &second), request(), &cx).await;
    assert_eq!((error_of(&cancelled), second.calls()), (Some(Overloaded), 0));
}

#[tokio::test(start_paused = true)]
async fn five_failures_in_a_row_open_for_half_a_minute_and_longer_each_time() {
    let (first, second) = (fails(Overloaded), answers("Hi."));
    let chain = chain(&first, &second);
    for call in 1..=5 {
        assert_eq!(breaker(&chain), BreakerState::Closed);
        items(&chain).await;
        assert_eq!(first.calls(), call);
    }
    for times in 1..=12 {
        let open = seconds((30 * times).min(300));
        assert_eq!(breaker(&chain), BreakerState::Open { remaining: open });
        assert_eq!(chain.states()[0].times_opened as u64, times);
        advance(open - Duration::from_millis(1)).await;
        let (calls, passed_over) = (first.calls(), items(&chain).await);
        assert_eq!(fallbacks(&passed_over), [(origin_of_second(), Overloaded)]);
        assert_eq!((first.calls(), text_of(&passed_over).as_str()), (calls, "Hi."));
        advance(Duration::from_millis(1)).await;
        assert_eq!(breaker(&chain), BreakerState::HalfOpen);
        assert_eq!(text_of(&items(&chain).await), "Hi.");
        assert_eq!(first.calls(), calls + 1, "one probe");
    }
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_answers_closes() {
    let first = Puppet::named("first", |call, _| match call {
        0..5 => Turn::refuse(Unreachable),
        _ => Turn::text("First."),
    });
    let chain = chain(&first, &answers("Second."));
    for _ in 0..5 {
        items(&chain).await;
    }
    advance(seconds(30)).await;
    let answer = items(&chain).await;
    assert_eq!((text_of(&answer).as_str(), fallbacks(&answer).len()), ("First.", 0));
    assert_eq!((breaker(&chain), chain.states()[0].failures), (BreakerState::Closed, 0));
}

#[tokio::test(start_paused = true)]
async fn half_of_ten_failures_in_a_minute_open() {
    let alternating = || {
        Puppet::named(
            "first",
            |call, _| if call % 2 == 0 { Turn::text("Hi.") } else { Turn::refuse(Overloaded) },
        )
    };
    let second = answers("Hi.");
    let quick = chain(&alternating(), &second);
    for call in 0..10 {
        assert_eq!(breaker(&quick), BreakerState::Closed, "after {call} calls");
        items(&quick).await;
        advance(seconds(5)).await;
    }
    assert!(matches!(breaker(&quick), BreakerState::Open { .. }));

    // Ten calls never stand within a minute.
    let slow = chain(&alternating(), &second);
    for _ in 0..60 {
        items(&slow).await;
        advance(seconds(7)).await;
    }
    assert_eq!(breaker(&slow), BreakerState::Closed);

    // Less than half of them fail.
    let mostly =
        Puppet::named(
            "first",
            |call, _| if call % 5 < 3 { Turn::text("Hi.") } else { Turn::refuse(Overloaded) },
        );
    let mostly = chain(&mostly, &second);
    for _ in 0..100 {
        items(&mostly).await;
    }
    assert_eq!(breaker(&mostly), BreakerState::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_refused_key_opens_at_once() {
    let (first, second) = (fails(Auth), answers("Hi."));
    let chain = chain(&first, &second);
    items(&chain).await;
    assert_eq!(breaker(&chain), BreakerState::Open { remaining: seconds(30) });
    let passed_over = items(&chain).await;
    assert_eq!((fallbacks(&passed_over), first.calls()), (vec![(origin_of_second(), Auth)], 1));
}

#[tokio::test(start_paused = true)]
async fn the_last_route_is_always_asked() {
    for kind in [Overloaded, Auth] {
        let (first, second) = (fails(kind), fails(kind));
        let chain = chain(&first, &second);
        for _ in 0..50 {
            items(&chain).await;
        }
        assert_eq!(second.calls(), 50);
        assert_eq!(chain.states()[1].breaker, BreakerState::Closed);
        assert!(first.calls() <= 5);

        let alone = Fallback::new(Model::new(first.clone(), "large"));
        let before = first.calls();
        for _ in 0..50 {
            items(&alone).await;
        }
        assert_eq!((first.calls() - before, alone.states()[0].breaker), (50, BreakerState::Closed));
    }
}

#[tokio::test(start_paused = true)]
async fn answers_that_break_off_open_too() {
    let first = Puppet::named("first", |_, _| Turn::new().start().delta("Hal").fail(Truncated));
    let second = answers("Hi.");
    let chain = chain(&first, &second);
    for _ in 0..5 {
        assert_eq!(error_of(&items(&chain).await), Some(Truncated));
    }
    assert_eq!((second.calls(), text_of(&items(&chain).await).as_str()), (0, "Hi."));
}

#[tokio::test(start_paused = true)]
async fn one_probe_at_a_time() {
    let first = Puppet::named("first", |call, _| match call {
        0..5 => Turn::refuse(Overloaded),
        _ => Turn::text("First.").latency(seconds(2)),
    });
    let second = answers("Second.");
    let chain = chain(&first, &second);
    for _ in 0..5 {
        items(&chain).await;
    }
    advance(seconds(30)).await;
    let together = join_all((0..100).map(|_| items(&chain))).await;
    let by_first = together.iter().filter(|items| text_of(items) == "First.").count();
    assert_eq!((by_first, first.calls()), (1, 6));
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_is_dropped_frees_its_place_wherever_it_was() {
    let answer = || {
        Turn::new()
            .usage()
            .start()
            .delta("Hi.")
            .end("Hi.")
            .after(seconds(1), ModelEvent::Usage(Default::default()))
    };
    for steps in 0..10 {
        let first = Puppet::named("first", move |call, _| match call {
            0..5 => Turn::refuse(Overloaded),
            _ => answer().finish().latency(seconds(1)),
        });
        let chain = chain(&first, &answers("Second."));
        for _ in 0..5 {
            items(&chain).await;
        }
        advance(seconds(30)).await;
        let mut probe = chain.stream(request(), &CallContext::new()).await.unwrap();
        for step in 0..steps {
            let _ = probe.next().now_or_never();
            if step == 1 {
                advance(seconds(1)).await;
            }
        }
        drop(probe);
        assert_eq!(first.live(), 0);
        let next = items(&chain).await;
        assert_eq!((text_of(&next).as_str(), fallbacks(&next).len()), ("Hi.", 0), "after {steps} steps");
        assert_eq!((breaker(&chain), chain.states()[0].failures), (BreakerState::Closed, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_call_of_before_comes_to_says_nothing_of_the_probe() {
    // The first call hangs on while five others open the breaker, and ends while it is open.
    for (late, ends_well) in [(Turn::text as fn(&str) -> Turn, true), (|_| Turn::refuse(Auth), false)] {
        let first = Puppet::named("first", move |call, _| match call {
            0 => late("Late.").latency(seconds(10)),
            _ => Turn::refuse(Overloaded),
        });
        let chain = chain(&first, &answers("Second."));
        let slow = items(&chain);
        let others = async {
            for _ in 0..5 {
                items(&chain).await;
            }
            assert_eq!(breaker(&chain), BreakerState::Open { remaining: seconds(30) });
        };
        let (slow, ()) = futures::join!(slow, others);
        assert_eq!(text_of(&slow), if ends_well { "Late." } else { "Second." });
        assert_eq!(breaker(&chain), BreakerState::Open { remaining: seconds(20) });
        assert_eq!(chain.states()[0].times_opened, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn the_policy_can_be_set() {
    let first = fails(Overloaded);
    let policy =
        BreakerPolicy::default().with_failures(2).with_open(seconds(7)).with_longest_open(seconds(10));
    let chain = chain(&first, &answers("Hi.")).with_breaker(policy);
    items(&chain).await;
    items(&chain).await;
    assert_eq!(breaker(&chain), BreakerState::Open { remaining: seconds(7) });
    advance(seconds(7)).await;
    items(&chain).await;
    assert_eq!(breaker(&chain), BreakerState::Open { remaining: seconds(10) });
}

#[tokio::test(start_paused = true)]
async fn routes_that_try_again_do_so_before_the_next_is_asked() {
    let (first, second) = (fails(Overloaded), answers("Hi."));
    let large = Model::new(Retry::new(first.clone()), "large");
    let chain = Fallback::new(large).or(Model::new(Retry::new(second), "small"));
    let items = items(&chain).await;
    assert_eq!((first.calls(), retries(&items).len(), fallbacks(&items).len()), (3, 2, 1));
    assert_eq!((text_of(&items).as_str(), chain.states()[0].failures), ("Hi.", 1));
}

#[tokio::test(start_paused = true)]
async fn an_agent_shows_what_happens_and_knows_who_answered() {
    let large = Model::new(Retry::new(fails(Overloaded)), "large");
    let chain = Fallback::new(large).or(Model::new(answers("Hi."), "small"));
    let agent = Agent::builder("test").with_model(chain.into_model()).build().unwrap();
    let mut events = agent.run("Hello?").stream();
    let mut seen = Vec::new();
    while let Some(event) = events.next().await {
        match &event.kind {
            EventKind::Retrying(retrying) => seen.push(format!("attempt {}", retrying.attempt)),
            EventKind::FellBack(fell_back) => {
                seen.push(format!("{}:{}", fell_back.provider, fell_back.model))
            }
            EventKind::PartDelta(delta) => seen.push(delta.text.to_string()),
            _ => {}
        }
    }
    assert_eq!(seen, ["attempt 2", "attempt 3", "second:small", "Hi."]);
}
