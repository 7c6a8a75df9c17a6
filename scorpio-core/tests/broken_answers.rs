//! Answers that break off, are tried again, or come from another model than the one that was asked.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use futures::StreamExt;
use jiff::Timestamp;
use scorpio_core::{
    Agent, Event, EventKind, Json, Limits, MessageStatus, Origin, Price, PriceTable, SessionId, Usage,
    model::{
        CallContext, Capabilities, FellBack, FinishReason, LlmProvider, Model, ModelError, ModelErrorKind,
        ModelEvent, ModelRequest, ModelStream, ProviderId, ResponseInfo, Retrying, Scripted, ScriptedTurn,
        WireKey,
    },
};

fn broken(kind: ModelErrorKind) -> ScriptedTurn {
    ScriptedTurn::new().text("Half").error(ModelError::new(kind, "broken"))
}

fn agent(script: &Scripted) -> Agent {
    let prices = PriceTable::new().with("other:b", Price { output: 1e6, ..Price::default() });
    Agent::builder("test").with_model(Model::new(script.clone(), "any")).prices(prices).build().unwrap()
}

/// The events of a run, by what they are, and how it ended.
async fn watch(script: &Scripted) -> (Vec<Arc<Event>>, scorpio_core::Result<String>) {
    let mut run = agent(script).run("Go.").stream();
    let mut events = Vec::new();
    while let Some(event) = run.next().await {
        events.push(event);
    }
    (events, run.outcome().await.map(|outcome| outcome.text()))
}

fn text_since_the_last_reset(events: &[Arc<Event>]) -> String {
    let mut text = String::new();
    for event in events {
        match &event.kind {
            EventKind::StreamReset(_) => text.clear(),
            EventKind::PartDelta(delta) => text.push_str(&delta.text),
            _ => {}
        }
    }
    text
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_breaks_off_is_asked_for_again() {
    for kind in [ModelErrorKind::Truncated, ModelErrorKind::Overloaded, ModelErrorKind::Protocol] {
        let script = Scripted::new().turn(broken(kind)).turn(broken(kind)).text("Whole.");
        let (events, text) = watch(&script).await;
        assert_eq!(text.unwrap(), "Whole.", "{kind:?}");
        assert_eq!(text_since_the_last_reset(&events), "Whole.");
        let requests = script.requests();
        assert_eq!(requests.len(), 3);
        // Nothing of what broke off is in the history.
        assert_eq!(requests[2].transcript.messages().count(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn what_broke_off_is_paid_for_all_the_same() {
    let half = || {
        let error = ModelError::new(ModelErrorKind::Truncated, "broken");
        ScriptedTurn::new().event(ModelEvent::Usage(Usage::new(10, 3))).text("Half").error(error)
    };
    let whole = ScriptedTurn::new().text("Whole.").usage(Usage::new(10, 5));
    let script = Scripted::new().turn(half()).turn(half()).turn(whole);
    let outcome = agent(&script).run("Go.").await.unwrap();
    assert_eq!(*outcome.usage(), Usage::new(30, 11));

    // What the provider itself said of an answer that came at once is kept.
    let mut usage = Usage::new(1, 2);
    usage.raw = Some(Json::parse(r#"{"in" : 1}"#).unwrap());
    let script = Scripted::new().turn(ScriptedTurn::new().text("Whole.").usage(usage.clone()));
    let session = SessionId::new();
    let agent = agent(&script);
    agent.run("Go.").session(&session).await.unwrap();
    let _ = agent.run("Again.").session(&session).await;
    let seen = &script.requests()[1].transcript;
    assert_eq!(seen.messages().nth(1).unwrap().usage.as_ref(), Some(&usage));
}

#[tokio::test]
async fn what_the_provider_said_of_an_answer_stays_with_it() {
    let mut info = ResponseInfo::default();
    info.request_id = Some("req_7".to_owned());
    let event = ModelEvent::Response(Box::new(info.clone()));
    let script = Scripted::new().turn(ScriptedTurn::new().event(event).text("Hello.")).text("Bye.");
    let (session, agent) = (SessionId::new(), agent(&script));
    agent.run("Go.").session(&session).await.unwrap();
    agent.run("And now?").session(&session).await.unwrap();
    let seen = &script.requests()[1].transcript;
    assert_eq!(seen.messages().nth(1).unwrap().response.as_deref(), Some(&info));
    assert_eq!(seen.messages().next().unwrap().response, None);
}

#[derive(Debug)]
struct Clockwatcher(Scripted, Arc<Mutex<Vec<Option<Timestamp>>>>);

#[async_trait::async_trait]
impl LlmProvider for Clockwatcher {
    fn id(&self) -> &ProviderId {
        self.0.id()
    }

    fn capabilities(&self, model: &str) -> Capabilities {
        self.0.capabilities(model)
    }

    fn wire(&self, model: &str) -> WireKey {
        self.0.wire(model)
    }

    async fn stream(&self, request: ModelRequest, cx: &CallContext) -> Result<ModelStream, ModelError> {
        self.1.lock().unwrap().push(cx.deadline);
        self.0.stream(request, cx).await
    }
}

#[tokio::test(start_paused = true)]
async fn a_provider_knows_when_the_run_will_give_up() {
    let seen = Arc::default();
    let turns =
        Scripted::new().text("One.").turn(ScriptedTurn::new().delay(Duration::from_secs(90)).text("Two."));
    let provider = Clockwatcher(turns, Arc::clone(&seen));
    let agent = Agent::builder("test").with_model(Model::new(provider, "any")).build().unwrap();
    agent.run("Go.").await.unwrap();
    let begun = Timestamp::now();
    let outcome = agent.run("Go.").limits(Limits::new().wall(Duration::from_secs(60))).await.unwrap();
    assert!(!outcome.is_done(), "the run stops by its own clock");
    let seen = seen.lock().unwrap();
    assert_eq!(seen[0], None);
    let left = seen[1].unwrap().duration_since(begun).as_secs_f64();
    assert!((60.0..62.0).contains(&left), "{left}");
}

#[tokio::test(start_paused = true)]
async fn after_two_resets_the_run_fails_and_keeps_what_there_was() {
    let cut = || ScriptedTurn::new().text("Half").cut();
    let script = Scripted::new().turn(cut()).turn(cut()).turn(cut()).text("Too late.");
    let session = SessionId::new();
    let agent = agent(&script);
    assert!(agent.run("Go.").session(&session).await.is_err());
    assert_eq!(script.remaining(), 1);
    assert_eq!(agent.run("And now?").session(&session).await.unwrap().text(), "Too late.");
    let seen = &script.requests()[3].transcript;
    let half = seen.messages().nth(1).unwrap();
    assert_eq!((half.text().as_str(), half.status), ("Half", MessageStatus::Failed));
}

#[tokio::test(start_paused = true)]
async fn what_another_try_cannot_mend_is_not_asked_again() {
    for kind in [ModelErrorKind::Auth, ModelErrorKind::Quota, ModelErrorKind::InvalidRequest] {
        let script = Scripted::new().turn(broken(kind)).text("Never.");
        assert!(agent(&script).run("Go.").await.is_err());
        assert_eq!(script.remaining(), 1, "{kind:?}");
    }
    // Before anything was said, it is the provider's to try again.
    let script = Scripted::new()
        .turn(ScriptedTurn::new().error(ModelError::new(ModelErrorKind::Overloaded, "busy")))
        .text("Never.");
    assert!(agent(&script).run("Go.").await.is_err());
    assert_eq!(script.remaining(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_cancel_is_heard_between_two_tries() {
    let slow = ModelError::new(ModelErrorKind::Overloaded, "busy").with_retry_after(Duration::from_secs(60));
    let script = Scripted::new().turn(ScriptedTurn::new().text("Half").error(slow)).text("Never.");
    let mut run = agent(&script).run("Go.").stream();
    let handle = run.handle();
    let begun = tokio::time::Instant::now();
    while let Some(event) = run.next().await {
        if let EventKind::StreamReset(_) = event.kind {
            handle.cancel();
        }
    }
    assert!(!run.outcome().await.unwrap().is_done());
    assert!(begun.elapsed() < Duration::from_secs(1));
}

#[tokio::test]
async fn whoever_answers_in_place_of_another_signs_the_message() {
    let to = Origin::new("other", "wire", "b");
    let script = Scripted::new().turn(
        ScriptedTurn::new()
            .event(ModelEvent::Retrying(Box::new(Retrying::new(
                2,
                Duration::from_millis(300),
                ModelErrorKind::Overloaded,
            ))))
            .event(ModelEvent::FellBack(Box::new(FellBack::new(to.clone(), ModelErrorKind::Overloaded))))
            .text("Hello.")
            .usage(scorpio_core::Usage::new(1, 2)),
    );
    let mut run = agent(&script).run("Go.").stream();
    let mut told = Vec::new();
    while let Some(event) = run.next().await {
        match &event.kind {
            EventKind::Retrying(retrying) => told.push(format!("{} {}", retrying.attempt, retrying.after_ms)),
            EventKind::FellBack(fell_back) => {
                told.push(format!("{}:{}", fell_back.provider, fell_back.model))
            }
            _ => {}
        }
    }
    assert_eq!(told, ["2 300", "other:b"]);
    let outcome = run.outcome().await.unwrap();
    let answer = outcome.report().messages().next().unwrap();
    assert_eq!(answer.origin, Some(to));
    assert_eq!(outcome.report().cost_usd, 2.0);
}

#[tokio::test]
async fn a_model_that_pauses_is_asked_to_go_on() {
    let pause = ScriptedTurn::new().text("One, ").finish(FinishReason::Paused);
    let script = Scripted::new().turn(pause).text("two.");
    let outcome = agent(&script).run("Count.").await.unwrap();
    assert_eq!((outcome.text().as_str(), outcome.report().turns), ("two.", 2));
    assert_eq!(script.requests()[1].transcript.messages().count(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_broke_off_is_kept_when_no_other_try_says_anything() {
    let refused = ScriptedTurn::new().refuse(ModelError::new(ModelErrorKind::Auth, "no"));
    let script = Scripted::new().turn(broken(ModelErrorKind::Truncated)).turn(refused).text("There.");
    let session = SessionId::new();
    let agent = agent(&script);
    assert!(agent.run("Go.").session(&session).await.is_err());
    agent.run("And now?").session(&session).await.unwrap();
    let kept = script.requests()[2].transcript.messages().nth(1).unwrap().text();
    assert_eq!(kept, "Half");
}
