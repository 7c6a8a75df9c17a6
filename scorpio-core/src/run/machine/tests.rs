use super::*;
use crate::tool::ToolCatalog;
use crate::{Json, Provenance, ToolCallPart, ToolOutcome, store::ExecutionStatus};

fn machine(limits: Limits) -> RunMachine {
    RunMachine::new(RunId::new(), SessionId::new(), limits)
}

fn now() -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap()
}

fn answered(parts: Vec<Part>, reason: FinishReason) -> Input {
    let answer = ModelAnswer { parts, usage: Usage::new(3, 4), reason, origin: None, response: None };
    Input::Answered { answer, origin: Origin::new("p", "w", "m"), cost_usd: Some(0.5) }
}

fn call(id: &str) -> Part {
    Part::ToolCall(ToolCallPart::new(id, "tool", "{}"))
}

fn finished(index: u32, id: &str) -> Input {
    let result = ToolResultPart::new(
        id.into(),
        "tool",
        Json::string("ok"),
        ToolOutcome::Completed,
        Provenance::System,
    );
    Input::ToolFinished { index, result, error: None }
}

impl RunMachine {
    /// Applies an input to a copy that went through storage, so that every test shows that a run can move between processes.
    fn take(&mut self, input: Input) -> Result<Applied, MachineError> {
        let stored = serde_json::to_string(self).unwrap();
        let mut other: RunMachine = serde_json::from_str(&stored).unwrap();
        assert_eq!(other, *self);
        let applied = other.apply(input, &Rules::new(&ToolCatalog::default()), now());
        *self = other;
        applied
    }
}

#[test]
fn an_answer_without_calls_ends_the_run() {
    let mut machine = machine(Limits::new());
    let applied =
        machine.take(answered(vec![Part::text("Hi.", Provenance::Model)], FinishReason::Stop)).unwrap();
    assert_eq!(applied.append.len(), 1);
    assert_eq!(applied.append[0].id, *machine.message_id());
    assert_eq!(machine.next(), Step::Done(RunEnd::Done { reason: FinishReason::Stop }));
    assert_eq!((machine.usage().total(), machine.cost_usd()), (7, 0.5));
}

#[test]
fn results_are_appended_when_the_last_tool_has_answered() {
    let mut machine = machine(Limits::new());
    machine.take(answered(vec![call("a"), call("b")], FinishReason::ToolCalls)).unwrap();
    machine.take(Input::ToolStarted { index: 0 }).unwrap();
    machine.take(Input::ToolStarted { index: 1 }).unwrap();
    let first = machine.take(finished(1, "b")).unwrap();
    assert!(first.append.is_empty());
    assert_eq!(first.executions[0].status, ExecutionStatus::Completed);
    let second = machine.take(finished(0, "a")).unwrap();
    let answered: Vec<&str> = second.append[0].tool_results().map(|result| result.call_id.as_str()).collect();
    assert_eq!(answered, ["a", "b"]);
    assert!(matches!(machine.next(), Step::CallModel { turn: 2, .. }));
}

#[test]
fn what_does_not_fit_is_refused_and_changes_nothing() {
    let mut machine = machine(Limits::new());
    let before = machine.clone();
    assert!(machine.take(finished(0, "a")).is_err());
    assert!(machine.take(Input::ToolStarted { index: 0 }).is_err());
    assert_eq!(machine, before);
    machine.take(answered(vec![call("a")], FinishReason::ToolCalls)).unwrap();
    let before = machine.clone();
    assert!(machine.take(answered(Vec::new(), FinishReason::Stop)).is_err());
    assert!(machine.take(finished(7, "a")).is_err());
    assert_eq!(machine, before);
    machine
        .take(Input::Stop { reason: StopReason::Cancelled, partial: Vec::new(), usage: Usage::default() })
        .unwrap();
    assert!(machine.take(Input::Steered(Message::user("Hi."))).is_err());
    assert!(machine.take(Input::Failed { partial: Vec::new() }).is_err());
}

#[test]
fn an_interrupted_turn_says_which_tools_had_started() {
    let mut machine = machine(Limits::new());
    machine.take(answered(vec![call("a"), call("b"), call("c")], FinishReason::ToolCalls)).unwrap();
    machine.take(Input::ToolStarted { index: 0 }).unwrap();
    machine.take(Input::ToolStarted { index: 1 }).unwrap();
    machine.take(finished(0, "a")).unwrap();
    let applied = machine.take(Input::Interrupted { partial: Vec::new() }).unwrap();
    let status: Vec<ToolOutcome> = applied.append[0].tool_results().map(|result| result.status).collect();
    let interrupted = |started| ToolOutcome::Interrupted { started };
    assert_eq!(status, [ToolOutcome::Completed, interrupted(true), interrupted(false)]);
    let changed: Vec<ExecutionStatus> = applied.executions.iter().map(|execution| execution.status).collect();
    assert_eq!(changed, [ExecutionStatus::OutcomeUnknown, ExecutionStatus::Cancelled]);
    assert_eq!(machine.next(), Step::Done(RunEnd::Interrupted));
}

#[test]
fn messages_that_wait_are_never_lost() {
    let waiting = Message::user("Wait, one more thing.");
    let cases = [
        answered(vec![Part::text("Done.", Provenance::Model)], FinishReason::Stop),
        answered(vec![call("a")], FinishReason::Length),
        Input::Stop { reason: StopReason::Cancelled, partial: Vec::new(), usage: Usage::default() },
        Input::Failed { partial: vec![Part::text("Half", Provenance::Model)] },
    ];
    for input in cases {
        let mut machine = machine(Limits::new());
        machine.take(Input::Steered(waiting.clone())).unwrap();
        let applied = machine.take(input).unwrap();
        assert_eq!(applied.append.last().unwrap().text(), waiting.text());
    }
}

#[test]
fn a_format_of_the_future_is_refused_by_name() {
    let stored = serde_json::to_string(&machine(Limits::new())).unwrap();
    let newer = stored.replace(r#""version":2"#, r#""version":3"#);
    let error = serde_json::from_str::<RunMachine>(&newer).unwrap_err().to_string();
    assert!(error.contains("written in format 3; this version of Scorpio reads formats 1 to 2"), "{error}");
}

#[test]
fn keys_differ_by_call_and_stay_the_same_across_attempts() {
    let mut machine = machine(Limits::new());
    let planned =
        machine.take(answered(vec![call("a"), call("b")], FinishReason::ToolCalls)).unwrap().executions;
    assert_ne!(planned[0].idempotency_key, planned[1].idempotency_key);
    let started = machine.take(Input::ToolStarted { index: 0 }).unwrap().executions;
    assert_eq!(started[0].idempotency_key, planned[0].idempotency_key);
    assert_eq!(started[0].attempts, 1);
}
