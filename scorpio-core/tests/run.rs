//! Runs, through the public face of the engine.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::{future::IntoFuture, sync::Arc, time::Duration};

use futures::{FutureExt, StreamExt};
use scorpio_core::{
    Agent, EventKind, Json, Limits, Message, MessageStatus, Outcome, OwnerId, Price, PriceTable, Role,
    RunEnd, SessionId, StopReason, ToolOutcome, Usage, dangling_tool_calls,
    model::{FinishReason, Model, ModelError, ModelErrorKind, OutputSchema, Scripted, ScriptedTurn},
    store::{ExecutionStatus, MemoryEventLog, MemoryStore, Store, ToolExecution},
    tool::{SharedTool, Tool, ToolContext, ToolError, ToolSpec, erase},
};

#[derive(serde::Deserialize, scorpio_core::schemars::JsonSchema)]
struct Nothing {}

/// A tool that does what the test says.
struct Does<F>(&'static str, F);

impl<F, R> Tool for Does<F>
where
    F: Fn(ToolContext) -> R + Send + Sync + 'static,
    R: Future<Output = Result<String, ToolError>> + Send,
{
    type Input = Nothing;
    type Output = String;

    fn spec(&self) -> ToolSpec {
        ToolSpec::new(self.0, "Does what the test says.")
    }

    async fn call(&self, cx: &ToolContext, _input: Nothing) -> Result<String, ToolError> {
        (self.1)(cx.clone()).await
    }
}

fn tool<F, R>(name: &'static str, does: F) -> SharedTool
where
    F: Fn(ToolContext) -> R + Send + Sync + 'static,
    R: Future<Output = Result<String, ToolError>> + Send + 'static,
{
    erase(Does(name, does))
}

struct Rig {
    agent: Agent,
    script: Scripted,
    store: Arc<MemoryStore>,
    session: SessionId,
}

impl Rig {
    fn new(script: Scripted, tools: impl IntoIterator<Item = SharedTool>) -> Self {
        Self::with(script, tools, Limits::new())
    }

    fn with(script: Scripted, tools: impl IntoIterator<Item = SharedTool>, limits: Limits) -> Self {
        let store = Arc::new(MemoryStore::new());
        let builder = Agent::builder("test").with_model(Model::new(script.clone(), "any"));
        let prices = PriceTable::new().with("scripted:any", Price { output: 1.0, ..Price::default() });
        let builder = builder.store(store.clone()).limits(limits).prices(prices);
        // What breaks off and is asked for again has tests of its own.
        let builder =
            tools.into_iter().fold(builder, |builder, tool| builder.shared_tool(tool)).stream_resets(0);
        Self { agent: builder.build().unwrap(), script, store, session: SessionId::new() }
    }

    async fn run(&self, text: &str) -> Outcome {
        self.agent.run(text).session(&self.session).await.unwrap()
    }

    async fn history(&self) -> Vec<Message> {
        let stored = self.store.messages(&OwnerId::local(), &self.session, 0, 10_000).await.unwrap();
        stored.into_iter().map(|stored| stored.message).collect()
    }

    async fn executions(&self) -> Vec<ToolExecution> {
        self.store.executions(&OwnerId::local(), &self.session, 1_000).await.unwrap()
    }

    /// What every run must leave behind.
    async fn assert_valid(&self) {
        let history = self.history().await;
        assert_eq!(dangling_tool_calls(&history), [], "{history:#?}");
        assert!(self.store.live_run(&OwnerId::local(), &self.session).await.unwrap().is_none());
    }
}

fn reason(outcome: &Outcome) -> Option<StopReason> {
    match outcome {
        Outcome::Stopped { reason, .. } => Some(*reason),
        _ => None,
    }
}

#[tokio::test]
async fn a_session_remembers() {
    let rig = Rig::new(Scripted::new().text("Hello, Ada.").text("Ada."), []);
    rig.run("I am Ada.").await;
    assert_eq!(rig.run("Who am I?").await.text(), "Ada.");
    let asked = &rig.script.requests()[1];
    let texts: Vec<String> = asked.transcript.messages().map(Message::text).collect();
    assert_eq!(texts, ["I am Ada.", "Hello, Ada.", "Who am I?"]);
    rig.assert_valid().await;
}

#[tokio::test]
async fn another_owner_cannot_use_a_session() {
    let rig = Rig::new(Scripted::new().text("Hello.").text("No."), []);
    rig.run("Hi.").await;
    let stranger = OwnerId::parse("stranger").unwrap();
    let error = rig.agent.run("Hi.").session(&rig.session).owner(stranger).await.unwrap_err();
    assert_eq!(error.code(), "not_found:chat");
    assert_eq!(rig.history().await.len(), 2);
}

#[tokio::test]
async fn tools_of_a_turn_run_side_by_side_and_answer_in_order() {
    let barrier = Arc::new(tokio::sync::Barrier::new(2));
    let meet = move |_| {
        let barrier = barrier.clone();
        async move {
            barrier.wait().await;
            Ok("met".to_owned())
        }
    };
    let turn = ScriptedTurn::new().tool_call("a", "meet", "{}").tool_call("b", "meet", "");
    let rig = Rig::new(Scripted::new().turn(turn).text("Both met."), [tool("meet", meet)]);
    assert_eq!(rig.run("Go.").await.text(), "Both met.");
    let history = rig.history().await;
    let answered: Vec<&str> = history[2].tool_results().map(|result| result.call_id.as_str()).collect();
    assert_eq!(answered, ["a", "b"]);
    let executions = rig.executions().await;
    assert!(executions.iter().all(|execution| execution.status == ExecutionStatus::Completed));
    assert_ne!(executions[0].idempotency_key, executions[1].idempotency_key);
    rig.assert_valid().await;
}

#[tokio::test(start_paused = true)]
async fn no_more_tools_run_at_once_than_allowed() {
    let running = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let most = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let (now, peak) = (running.clone(), most.clone());
    let busy = move |_| {
        let (now, peak) = (now.clone(), peak.clone());
        async move {
            use std::sync::atomic::Ordering::SeqCst;
            peak.fetch_max(now.fetch_add(1, SeqCst) + 1, SeqCst);
            tokio::time::sleep(Duration::from_millis(10)).await;
            now.fetch_sub(1, SeqCst);
            Ok(String::new())
        }
    };
    let turn = (0..20).fold(ScriptedTurn::new(), |turn, n| turn.tool_call(format!("c{n}"), "busy", "{}"));
    let script = Scripted::new().turn(turn).text("Done.");
    let agent = Agent::builder("test").with_model(Model::new(script, "any")).parallel_tools(5);
    let agent = agent.shared_tool(tool("busy", busy)).build().unwrap();
    assert!(agent.run("Go.").await.unwrap().is_done());
    assert_eq!(most.load(std::sync::atomic::Ordering::SeqCst), 5);
}

#[tokio::test(start_paused = true)]
async fn bad_tools_are_contained_and_the_model_goes_on() {
    let tools = [
        tool("panics", |_| async { panic!("boom: secret path /etc") }),
        tool("hangs", |_| std::future::pending()),
        tool("huge", |_| async { Ok("x".repeat(1_000_000)) }),
        tool("fails", |_| async { Err(std::io::Error::other("secret host").into()) }),
        tool("says_why", |_| async { Err(ToolError::new("There is no order 7.")) }),
    ];
    let turn = ScriptedTurn::new()
        .tool_call("1", "panics", "{}")
        .tool_call("2", "hangs", "{}")
        .tool_call("3", "huge", "{}")
        .tool_call("4", "fails", "{}")
        .tool_call("5", "says_why", "{}")
        .tool_call("6", "unheard_of", "{}")
        .tool_call("7", "fails", r#"{"a": 1"#);
    let rig = Rig::new(Scripted::new().turn(turn).text("On we go."), tools);
    assert_eq!(rig.run("Go.").await.text(), "On we go.");
    let history = rig.history().await;
    let shown: Vec<String> = history[2].tool_results().map(|result| result.output.display_text()).collect();
    assert_eq!(shown[0], "The tool crashed.");
    assert_eq!(shown[1], "The tool did not answer within 60s.");
    assert!(
        shown[2].len() < 300 * 1024
            && shown[2].contains("[Cut: these are the first 262144 of 1000002 bytes.]")
    );
    assert_eq!(shown[3], "The tool failed.");
    assert_eq!(shown[4], "There is no order 7.");
    assert!(
        shown[5].starts_with("There is no tool named `unheard_of`. There are: panics, hangs,"),
        "{}",
        shown[5]
    );
    assert!(shown[6].starts_with("The arguments are wrong: EOF while parsing"), "{}", shown[6]);
    let executions = rig.executions().await;
    assert!(executions[0].error.as_deref().unwrap().contains("boom"));
    assert!(executions[3].error.as_deref().unwrap().contains("secret host"));
    assert_eq!(executions[2].status, ExecutionStatus::Completed);
    assert_eq!(executions.iter().filter(|e| e.status == ExecutionStatus::Failed).count(), 6);
    rig.assert_valid().await;
}

#[tokio::test]
async fn calls_with_the_same_id_are_told_apart() {
    let turn = ScriptedTurn::new().tool_call("same", "echo", "{}").tool_call("same", "echo", "{}");
    let rig =
        Rig::new(Scripted::new().turn(turn).text("Ok."), [tool("echo", |_| async { Ok(String::new()) })]);
    rig.run("Go.").await;
    let history = rig.history().await;
    let called: Vec<&str> = history[1].tool_calls().map(|call| call.call_id.as_str()).collect();
    assert_eq!(called, ["same", "same-2"]);
    rig.assert_valid().await;
}

#[tokio::test]
async fn limits_are_outcomes_and_keep_the_work() {
    let calls =
        || ScriptedTurn::new().text("Let me see.").tool_call("c", "echo", "{}").usage(Usage::new(10, 5));
    let endless = || (0..5).fold(Scripted::new(), |script, _| script.turn(calls())).text("Never.");
    for (limits, expected, turns) in [
        (Limits::new().turns(3), StopReason::Turns, 3),
        (Limits::new().tool_calls(2), StopReason::ToolCalls, 3),
        (Limits::new().tokens(30), StopReason::Tokens, 2),
        (Limits::new().cost_usd(0.000_012), StopReason::Cost, 3),
    ] {
        let rig = Rig::with(endless(), [tool("echo", |_| async { Ok(String::new()) })], limits);
        let outcome = rig.run("Go.").await;
        assert_eq!(reason(&outcome), Some(expected));
        assert_eq!(outcome.report().turns, turns, "{expected:?}");
        assert_eq!(outcome.text(), "Let me see.");
        rig.assert_valid().await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_clock_stops_a_run() {
    let script =
        Scripted::new().turn(ScriptedTurn::new().text("One").delay(Duration::from_secs(600)).text("two"));
    let rig = Rig::with(script, [], Limits::new().wall(Duration::from_secs(5)));
    let outcome = rig.run("Go.").await;
    assert_eq!(reason(&outcome), Some(StopReason::WallClock));
    assert_eq!(outcome.text(), "One");
    assert_eq!(rig.history().await[1].status, MessageStatus::Stopped);
    rig.assert_valid().await;
}

#[tokio::test(start_paused = true)]
async fn cancel_keeps_the_partial_answer() {
    let slow = ScriptedTurn::new().paced(Duration::from_millis(50)).text("one two three four");
    let rig = Rig::new(Scripted::new().turn(slow).text("Back again."), []);
    let mut run = rig.agent.run("Count.").session(&rig.session).stream();
    let handle = run.handle();
    while let Some(event) = run.next().await {
        if matches!(&event.kind, EventKind::PartDelta(delta) if &*delta.text == "two ") {
            handle.cancel();
        }
    }
    let outcome = run.outcome().await.unwrap();
    assert_eq!(reason(&outcome), Some(StopReason::Cancelled));
    assert_eq!(outcome.text(), "one two ");
    assert!(!handle.steer("Too late."));
    rig.assert_valid().await;
    assert_eq!(rig.run("And?").await.text(), "Back again.");
}

/// A model that never lets anybody wait must not keep a cancel from being heard.
#[tokio::test]
async fn cancel_is_heard_while_everything_is_there_at_once() {
    let all_at_once = ScriptedTurn::new().deltas(std::iter::repeat_n("word ", 10_000));
    let model = Model::new(Scripted::new().turn(all_at_once), "any");
    let agent = Agent::builder("test").with_model(model).event_log(Arc::new(MemoryEventLog::new()));
    let mut run = agent.build().unwrap().run("Go.").stream();
    let handle = run.handle();
    while !matches!(run.next().await.unwrap().kind, EventKind::PartDelta(_)) {}
    handle.cancel();
    let outcome = run.outcome().await.unwrap();
    assert_eq!(reason(&outcome), Some(StopReason::Cancelled));
    assert!(outcome.text().len() < 1_000, "{} bytes came after the cancel", outcome.text().len());
}

#[tokio::test(start_paused = true)]
async fn cancel_in_the_middle_of_tools_tells_the_truth() {
    let script = Scripted::new()
        .turn(ScriptedTurn::new().tool_call("1", "quick", "{}").tool_call("2", "hangs", "{}"))
        .text("I see.");
    let tools =
        [tool("quick", |_| async { Ok("done".to_owned()) }), tool("hangs", |_| std::future::pending())];
    let rig = Rig::new(script, tools);
    let mut run = rig.agent.run("Go.").session(&rig.session).stream();
    let handle = run.handle();
    while let Some(event) = run.next().await {
        if matches!(&event.kind, EventKind::ToolFinished(finished) if finished.result.name == "quick") {
            handle.cancel();
        }
    }
    let history = rig.history().await;
    let status: Vec<ToolOutcome> = history[2].tool_results().map(|result| result.status).collect();
    assert_eq!(status, [ToolOutcome::Completed, ToolOutcome::Interrupted { started: true }]);
    assert_eq!(rig.executions().await[1].status, ExecutionStatus::OutcomeUnknown);
    rig.assert_valid().await;
    assert_eq!(rig.run("So?").await.text(), "I see.");
}

#[tokio::test]
async fn a_steered_message_joins_the_next_turn() {
    let script = Scripted::new().turn(ScriptedTurn::new().tool_call("1", "wait", "{}")).text("Blue, then.");
    let rig = Rig::new(script, [tool("wait", |_| async { Ok(String::new()) })]);
    let mut run = rig.agent.run("Paint it red.").session(&rig.session).stream();
    let handle = run.handle();
    while let Some(event) = run.next().await {
        if matches!(event.kind, EventKind::ToolStarted(_)) {
            assert!(handle.steer("No, blue."));
        }
    }
    let roles: Vec<Role> = rig.history().await.iter().map(|message| message.role).collect();
    assert_eq!(roles, [Role::User, Role::Assistant, Role::Tool, Role::User, Role::Assistant]);
    let seen = rig.script.requests()[1].transcript.messages().last().unwrap().text();
    assert_eq!(seen, "No, blue.");
}

#[tokio::test]
async fn a_model_that_fails_leaves_a_history_to_go_on_from() {
    let busy =
        || ModelError::new(ModelErrorKind::Overloaded, "secret host 10.0.0.7 is on fire").with_status(529);
    let script = Scripted::new()
        .turn(ScriptedTurn::new().refuse(busy()))
        .turn(ScriptedTurn::new().text("Half an ans").error(busy()))
        .turn(ScriptedTurn::new().text("Cut off").tool_call("1", "echo", "{").cut())
        .text("There.");
    let rig = Rig::new(script, [tool("echo", |_| async { Ok(String::new()) })]);
    for expected in ["offline:model", "offline:model", "offline:model"] {
        let error = rig.agent.run("Go.").session(&rig.session).await.unwrap_err();
        assert_eq!(error.code(), expected);
        assert!(!error.to_string().contains("10.0.0.7"), "{error}");
        assert!(error.model_error().is_some());
        rig.assert_valid().await;
    }
    assert_eq!(rig.run("Once more.").await.text(), "There.");
    let history = rig.history().await;
    let kept: Vec<String> =
        history.iter().filter(|m| m.status == MessageStatus::Failed).map(Message::text).collect();
    assert_eq!(kept, ["Half an ans", "Cut off"]);
}

#[tokio::test]
async fn a_call_that_ran_into_the_output_limit_is_not_run() {
    let turn = ScriptedTurn::new().tool_call("1", "echo", r#"{"a": "b"#).finish(FinishReason::Length);
    let rig = Rig::new(Scripted::new().turn(turn), [tool("echo", |_| async { panic!("must not run") })]);
    let outcome = rig.run("Go.").await;
    assert!(matches!(outcome, Outcome::Done { reason: FinishReason::Length, .. }));
    assert_eq!(rig.executions().await[0].status, ExecutionStatus::Cancelled);
    rig.assert_valid().await;
}

#[tokio::test]
async fn one_run_at_a_time() {
    let slow = ScriptedTurn::new().text("Wait").delay(Duration::from_secs(3600));
    let rig = Rig::new(Scripted::new().turn(slow).text("Now."), []);
    let mut first = rig.agent.run("One.").session(&rig.session).begin().await.unwrap();
    while !matches!(first.next().await.unwrap().kind, EventKind::PartDelta(_)) {}
    let error = rig.agent.run("Two.").session(&rig.session).begin().await.unwrap_err();
    assert_eq!(error.code(), "conflict:chat");
    drop(first);
    assert_eq!(rig.run("Three.").await.text(), "Now.");
    rig.assert_valid().await;
}

#[tokio::test]
async fn events_are_numbered_without_gaps_and_end_with_the_end() {
    let script =
        Scripted::new().turn(ScriptedTurn::new().reasoning("Hm.").tool_call("1", "talks", "{}")).text("Ok.");
    let talks = |cx: ToolContext| async move {
        cx.progress(scorpio_core::Json::string("half way"));
        cx.emit_data("chart", None, scorpio_core::Json::string("data"));
        Ok(String::new())
    };
    let rig = Rig::new(script, [tool("talks", talks)]);
    let events: Vec<_> = rig.agent.run("Go.").stream().collect().await;
    let numbers: Vec<u64> = events.iter().map(|event| event.seq).collect();
    assert_eq!(numbers, (1..=events.len() as u64).collect::<Vec<_>>());
    let kind = |event: &scorpio_core::Event| {
        serde_json::to_value(&event.kind).unwrap()["type"].as_str().unwrap().to_owned()
    };
    let kinds: Vec<String> = events.iter().map(|event| kind(event)).collect();
    assert_eq!(
        kinds,
        [
            "run_started",
            "turn_started",
            "part_started",
            "part_delta",
            "part_finished",
            "part_started",
            "part_delta",
            "part_finished",
            "turn_finished",
            "tool_started",
            "tool_progress",
            "data",
            "tool_finished",
            "turn_started",
            "part_started",
            "part_delta",
            "part_finished",
            "turn_finished",
            "run_finished"
        ]
    );
    for event in &events {
        let text = serde_json::to_string(event).unwrap();
        let back: scorpio_core::Event = serde_json::from_str(&text).unwrap();
        assert_eq!(back, **event);
    }
    assert!(matches!(&events.last().unwrap().kind, EventKind::RunFinished(end)
        if end.outcome == RunEnd::Done { reason: FinishReason::Stop }));
}

#[tokio::test]
async fn answering_again_replaces_the_answer() {
    let rig = Rig::new(Scripted::new().text("First.").text("Second."), []);
    rig.run("Tell me.").await;
    let again = rig.agent.run_again().session(&rig.session).branch_after(1).await.unwrap();
    assert_eq!(again.text(), "Second.");
    let texts: Vec<String> = rig.history().await.iter().map(Message::text).collect();
    assert_eq!(texts, ["Tell me.", "Second."]);
    assert_eq!(rig.script.requests()[1].transcript.messages().count(), 1);
}

#[tokio::test]
async fn a_shape_that_cannot_be_mended_is_an_error() {
    #[derive(Debug, serde::Deserialize, scorpio_core::schemars::JsonSchema)]
    struct Count {
        #[allow(dead_code)]
        count: u32,
    }
    let rig =
        Rig::new(Scripted::new().text("no").text("still no").text("```json\n{\"count\": \"x\"}\n```"), []);
    let error = rig.agent.run("Count.").output::<Count>().await.unwrap_err();
    assert_eq!(error.code(), "internal:model");
    let last = rig.script.requests()[2].transcript.messages().last().unwrap().text();
    assert!(last.contains("does not have the required shape"), "{last}");
}

#[tokio::test]
async fn a_shape_known_at_run_time_is_mended_by_the_model() {
    let rig = Rig::new(Scripted::new().text("soon").text("7"), []);
    let schema = OutputSchema::new("number", Json::parse(r#"{"type": "integer"}"#).unwrap());
    let is_number = |text: &str| text.parse::<u32>().map(drop).map_err(|error| error.to_string());
    let outcome = rig.agent.run("When?").shape(schema, is_number).await.unwrap();
    assert_eq!(outcome.text(), "7");
    assert_eq!(rig.script.requests().len(), 2);
}

#[tokio::test]
async fn a_handle_taken_from_a_request_stops_a_run_that_is_awaited() {
    let rig = Rig::new(Scripted::new().text("never"), []);
    let request = rig.agent.run("Hello.");
    request.handle().cancel();
    let outcome = request.await.unwrap();
    assert!(matches!(outcome, Outcome::Stopped { reason: StopReason::Cancelled, .. }));
}

/// Dropped at any poll, a run leaves a history that the next message can build on.
#[tokio::test(start_paused = true)]
async fn dropping_a_run_at_any_poll_leaves_a_valid_history() {
    let mut polls = 0;
    loop {
        let script = Scripted::new()
            .turn(
                ScriptedTurn::new()
                    .reasoning("Hm.")
                    .delay(Duration::from_millis(1))
                    .text("Let me look it up.")
                    .tool_call("1", "slow", "{}")
                    .delay(Duration::from_millis(1))
                    .tool_call("2", "quick", "{}"),
            )
            .turn(ScriptedTurn::new().paced(Duration::from_millis(1)).text("That is all."));
        let slow = |_| async {
            tokio::time::sleep(Duration::from_millis(3)).await;
            Ok("slow".to_owned())
        };
        let rig = Rig::new(script, [tool("slow", slow), tool("quick", |_| async { Ok("quick".to_owned()) })]);
        let mut run = Box::pin(rig.agent.run("Go.").session(&rig.session).into_future());
        let mut finished = false;
        for _ in 0..polls {
            if run.as_mut().now_or_never().is_some() {
                finished = true;
                break;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        drop(run);
        let after = Scripted::new().text("Still here.");
        let agent =
            Agent::builder("after").with_model(Model::new(after.clone(), "any")).store(rig.store.clone());
        let outcome = agent.build().unwrap().run("And now?").session(&rig.session).await.unwrap();
        assert_eq!(outcome.text(), "Still here.");
        let seen: Vec<Message> = after.requests()[0].transcript.messages().cloned().collect();
        assert_eq!(dangling_tool_calls(&seen), [], "dropped after {polls} polls");
        rig.assert_valid().await;
        if finished {
            assert!(polls > 5, "the run must be long enough to be cut in many places");
            return;
        }
        polls += 1;
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_wakes_whoever_polled_it_last() {
    let slow = ScriptedTurn::new().text("One, ").delay(Duration::from_secs(1)).text("two.");
    let rig = Rig::new(Scripted::new().turn(slow), []);
    let mut stream = rig.agent.run("Count.").stream();
    let mut texts = String::new();
    // This waker wakes nobody: it is forgotten once another task polls.
    while let Some(Some(event)) = stream.next().now_or_never() {
        if let EventKind::PartDelta(delta) = &event.kind {
            texts.push_str(&delta.text);
        }
    }
    assert_eq!(texts, "One, ");
    let outcome = tokio::spawn(stream.outcome()).await.unwrap().unwrap();
    assert_eq!(outcome.text(), "One, two.");
}
