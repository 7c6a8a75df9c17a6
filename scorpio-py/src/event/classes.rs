//! The classes of events, and what each reads from the engine's.

use std::sync::Arc;

use jiff::Timestamp;
use pyo3::{
    exceptions::PyRuntimeError,
    prelude::*,
    types::{PyString, PyTuple},
};
use scorpio_core::{self as core, EventKind, RunEnd, ToolOutcome, model::PartKind};

use super::CallName;
use crate::{approval, json, usage::Usage};

/// What is left to say when an event's class and kind differ, which the translator rules out.
fn mismatch() -> PyErr {
    PyRuntimeError::new_err("the event is of another kind")
}

fn time<'py>(py: Python<'py>, at: Timestamp) -> PyResult<Bound<'py, PyAny>> {
    let datetime = py.import("datetime")?;
    let utc = datetime.getattr("timezone")?.getattr("utc")?;
    let seconds = at.as_microsecond() as f64 / 1e6;
    datetime.getattr("datetime")?.call_method1("fromtimestamp", (seconds, utc))
}

fn representation(event: &Bound<'_, PyAny>) -> PyResult<String> {
    let class = event.get_type();
    let mut text = format!("{}(seq={}", class.name()?, event.getattr("seq")?);
    for field in class.getattr("__match_args__")?.cast::<PyTuple>()? {
        let field = field.cast::<PyString>()?.clone();
        text.push_str(&format!(", {field}={}", event.getattr(&field)?.repr()?));
    }
    text.push(')');
    Ok(text)
}

/// Declares the class of an event: its name, its `type`, the payload that it reads, its fields.
macro_rules! event_class {
    (
        $(#[$doc:meta])*
        $class:ident($tag:literal) = $kind:ident($payload:ident);
        $($fields:tt)*
    ) => {
        event_class! { $(#[$doc])* $class($tag) = $kind($payload), _known: (); $($fields)* }
    };
    (
        $(#[$doc:meta])*
        $class:ident($tag:literal) = $kind:ident($payload:ident), $known:ident: $known_type:ty;
        $($(#[$field_doc:meta])* $field:ident: $type:ty = |$py:ident| $value:expr;)*
    ) => {
        $(#[$doc])*
        #[derive(Debug)]
        #[pyclass(frozen, module = "scorpio")]
        pub(crate) struct $class {
            pub(super) event: Arc<core::Event>,
            /// What the translator knows about it.
            pub(super) known: $known_type,
        }

        #[pymethods]
        impl $class {
            #[classattr]
            fn __match_args__(py: Python<'_>) -> PyResult<Bound<'_, PyTuple>> {
                let fields: &[&str] = &[$(stringify!($field)),*];
                PyTuple::new(py, fields)
            }

            /// What happened.
            #[getter]
            #[pyo3(name = "type")]
            fn event_type(&self) -> &'static str {
                $tag
            }

            /// Its place in the run, from 1.
            #[getter]
            fn seq(&self) -> u64 {
                self.event.seq
            }

            /// The run.
            #[getter]
            fn run_id(&self) -> String {
                self.event.run.to_string()
            }

            /// The session of the run.
            #[getter]
            fn session(&self) -> &str {
                self.event.session.as_str()
            }

            /// When it happened.
            #[getter]
            fn at<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
                time(py, self.event.at)
            }

            /// The engine's own form of it, as JSON text.
            fn to_json(&self) -> PyResult<String> {
                serde_json::to_string(&*self.event).map_err(|error| PyRuntimeError::new_err(error.to_string()))
            }

            fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
                representation(slf.as_any())
            }

            $(
                $(#[$field_doc])*
                #[getter]
                #[allow(unused_variables)]
                fn $field<'py>(&'py self, $py: Python<'py>) -> PyResult<$type> {
                    let EventKind::$kind($payload) = &self.event.kind else { return Err(mismatch()) };
                    let $known = &self.known;
                    $value
                }
            )*
        }
    };
}

event_class! {
    /// The run begins.
    RunStarted("run_started") = RunStarted(started);
    /// The id of the assistant message that answers: that of the first turn.
    message_id: &'py str = |py| Ok(started.message_id.as_str());
}

event_class! {
    /// The model is asked.
    TurnStarted("turn_started") = TurnStarted(started);
    /// Which turn, from 1.
    turn: u32 = |py| Ok(started.turn);
    /// The id of the message that the model writes.
    message_id: &'py str = |py| Ok(started.message_id.as_str());
}

event_class! {
    /// A part of the answer begins.
    PartStarted("part_started") = PartStarted(started);
    /// The turn, from 1.
    turn: u32 = |py| Ok(started.turn);
    /// Which part of the turn, from 0.
    index: u32 = |py| Ok(started.index);
    /// `"text"`, `"reasoning"` or `"tool_call"`.
    kind: &'static str = |py| Ok(match &started.part {
        PartKind::Reasoning => "reasoning",
        PartKind::ToolCall { .. } => "tool_call",
        _ => "text",
    });
}

event_class! {
    /// More text of the answer.
    TextDelta("text_delta") = PartDelta(part);
    /// The text to append.
    delta: &'py str = |py| Ok(&*part.text);
    /// The turn, from 1.
    turn: u32 = |py| Ok(part.turn);
    /// Which part of the turn, from 0.
    index: u32 = |py| Ok(part.index);
}

event_class! {
    /// More of what the model thinks.
    ReasoningDelta("reasoning_delta") = PartDelta(part);
    /// The text to append.
    delta: &'py str = |py| Ok(&*part.text);
    /// The turn, from 1.
    turn: u32 = |py| Ok(part.turn);
    /// Which part of the turn, from 0.
    index: u32 = |py| Ok(part.index);
}

event_class! {
    /// More of the arguments of a tool call.
    ToolCallDelta("tool_call_delta") = PartDelta(part), call: Arc<CallName>;
    /// The JSON text to append.
    delta: &'py str = |py| Ok(&*part.text);
    /// The call.
    call_id: &'py str = |py| Ok(call.call_id.as_str());
    /// The tool's name.
    name: &'py str = |py| Ok(call.name.as_str());
    /// The turn, from 1.
    turn: u32 = |py| Ok(part.turn);
    /// Which part of the turn, from 0.
    index: u32 = |py| Ok(part.index);
}

event_class! {
    /// A part is whole.
    PartFinished("part_finished") = PartFinished(finished);
    /// The part.
    part: Bound<'py, PyAny> = |py| {
        let text = serde_json::to_string(&finished.part).map_err(|error| PyRuntimeError::new_err(error.to_string()))?;
        json::read_by(py, "scorpio._messages", "part_from_engine", text)
    };
    /// The turn, from 1.
    turn: u32 = |py| Ok(finished.turn);
    /// Which part of the turn, from 0.
    index: u32 = |py| Ok(finished.index);
}

event_class! {
    /// The model has answered, and its answer is stored.
    TurnFinished("turn_finished") = TurnFinished(finished);
    /// The turn, from 1.
    turn: u32 = |py| Ok(finished.turn);
    /// What it cost.
    usage: Usage = |py| Ok(Usage(finished.usage.clone()));
    /// Why the model stopped, such as `"stop"` or `"tool_calls"`.
    reason: String = |py| Ok(json::spelling(&finished.reason));
}

event_class! {
    /// The model could not be asked, and is asked again after a while.
    Retrying("retrying") = Retrying(retrying);
    /// The number of the attempt that comes, from 2.
    attempt: u32 = |py| Ok(retrying.attempt);
    /// How many seconds it waits before.
    after: f64 = |py| Ok(retrying.after_ms as f64 / 1e3);
    /// What the last attempt failed with, such as `"rate_limited"` or `"overloaded"`.
    error: String = |py| Ok(json::spelling(&retrying.error));
    /// The turn, from 1.
    turn: u32 = |py| Ok(retrying.turn);
}

event_class! {
    /// Another model answers this turn than the one that was asked.
    FellBack("fell_back") = FellBack(fell_back);
    /// The model that answers, as `provider:name`.
    model: String = |py| Ok(format!("{}:{}", fell_back.provider, fell_back.model));
    /// What the model before it failed with.
    error: String = |py| Ok(json::spelling(&fell_back.error));
    /// The turn, from 1.
    turn: u32 = |py| Ok(fell_back.turn);
}

event_class! {
    /// The answer of this turn broke off and is asked for again: what was streamed of the turn does not count.
    StreamReset("stream_reset") = StreamReset(reset);
    /// What it broke off with, such as `"truncated"`.
    error: String = |py| Ok(json::spelling(&reset.error));
    /// The turn, from 1.
    turn: u32 = |py| Ok(reset.turn);
}

event_class! {
    /// A tool starts.
    ToolStarted("tool_started") = ToolStarted(started);
    /// The call.
    call_id: &'py str = |py| Ok(started.call_id.as_str());
    /// The tool's name.
    name: &'py str = |py| Ok(started.name.as_str());
    /// The arguments, as the model wrote them.
    arguments: Bound<'py, PyAny> = |py| json::to_python(py, &started.arguments);
}

event_class! {
    /// A tool tells how far it is.
    ToolProgress("tool_progress") = ToolProgress(said);
    /// The call.
    call_id: &'py str = |py| Ok(said.call_id.as_str());
    /// What it said.
    progress: Bound<'py, PyAny> = |py| json::to_python(py, &said.progress);
}

event_class! {
    /// A tool has answered, or something has answered for it.
    ToolFinished("tool_finished") = ToolFinished(finished);
    /// The call.
    call_id: &'py str = |py| Ok(finished.result.call_id.as_str());
    /// The tool's name.
    name: &'py str = |py| Ok(finished.result.name.as_str());
    /// What the model reads.
    output: Bound<'py, PyAny> = |py| json::to_python(py, &finished.result.output);
    /// `"completed"`, `"failed"`, `"denied"`, or `"interrupted"` when the run ended before the tool did.
    outcome: &'static str = |py| Ok(match finished.result.status {
        ToolOutcome::Completed => "completed",
        ToolOutcome::Denied => "denied",
        ToolOutcome::Interrupted { .. } => "interrupted",
        _ => "failed",
    });
    /// How many seconds it took.
    duration: f64 = |py| Ok(finished.duration_ms as f64 / 1e3);
}

event_class! {
    /// A tool sends data to the user interface.
    DataSent("data") = Data(sent);
    /// What it is.
    name: &'py str = |py| Ok(sent.name.as_str());
    /// The data.
    data: Bound<'py, PyAny> = |py| json::to_python(py, &sent.data);
    /// A later one of the same name and id replaces it.
    id: Option<&'py str> = |py| Ok(sent.id.as_deref());
}

event_class! {
    /// Somebody is asked whether a tool may run.
    ApprovalRequested("approval_requested") = ApprovalRequested(asked);
    /// The call.
    call_id: &'py str = |py| Ok(asked.call_id.as_str());
    /// The tool's name.
    name: &'py str = |py| Ok(asked.name.as_str());
    /// The arguments, as the model wrote them.
    arguments: Bound<'py, PyAny> = |py| json::to_python(py, &asked.arguments);
    /// The id by which the answer is given; that of the call does as well.
    approval_id: &'py str = |py| Ok(asked.approval.as_str());
    /// `"policy"`, or `"outcome_unknown"` when the tool was started and nobody knows whether it took effect.
    reason: String = |py| Ok(json::spelling(&asked.reason));
    /// When the answer is no.
    expires_at: Option<Bound<'py, PyAny>> = |py| asked.expires_at.map(|at| time(py, at)).transpose();
}

event_class! {
    /// Somebody has answered, or nobody has in time.
    ApprovalResolved("approval_resolved") = ApprovalResolved(answered);
    /// The call.
    call_id: &'py str = |py| Ok(answered.call_id.as_str());
    /// What was decided.
    decision: Bound<'py, PyAny> = |py| approval::write_decision(py, &answered.decision);
    /// Who decided, in the program's own words.
    by: Option<&'py str> = |py| Ok(answered.by.as_deref());
    /// The id of the question.
    approval_id: &'py str = |py| Ok(answered.approval.as_str());
}

event_class! {
    /// The run waits for somebody, and no process is busy with it. It goes on with a `RunResumed`.
    RunPaused("run_paused") = RunPaused(paused);
    /// What it cost so far.
    usage: Usage = |py| Ok(Usage(paused.usage.clone()));
}

event_class! {
    /// The run goes on. What was streamed of the present turn and is not stored does not count.
    RunResumed("run_resumed") = RunResumed(resumed);
    /// The turn, from 1.
    turn: u32 = |py| Ok(resumed.turn);
    /// Whether the process that was busy with it is gone; otherwise it waited for somebody.
    recovered: bool = |py| Ok(resumed.recovered);
}

event_class! {
    /// The store does not answer. The run waits for it and goes on by itself.
    WaitingForStore("waiting_for_store") = WaitingForStore(waiting);
    /// How many seconds it waits before it tries again.
    after: f64 = |py| Ok(waiting.after_ms as f64 / 1e3);
}

event_class! {
    /// A summary takes the place of the older history, in what the model is sent.
    Compacted("compacted") = Compacted(compacted);
    /// The message that is the summary.
    message_id: &'py str = |py| Ok(compacted.message_id.as_str());
}

event_class! {
    /// A message that was sent while the run was going joins it.
    MessageSteered("steered") = Steered(steered);
    /// The message.
    message_id: &'py str = |py| Ok(steered.message_id.as_str());
}

event_class! {
    /// The run failed: the exception follows the last event.
    RunFailed("error") = Error(failed);
    /// Its code, such as `"rate_limit:model"`.
    code: &'py str = |py| Ok(failed.code.as_str());
    /// A sentence that may be shown to a user.
    message: &'py str = |py| Ok(failed.message.as_str());
}

event_class! {
    /// The run is over. It is the last event.
    RunFinished("run_finished") = RunFinished(finished);
    /// `"done"`, `"stopped"`, `"failed"` or `"interrupted"`.
    status: &'static str = |py| Ok(match finished.outcome {
        RunEnd::Done { .. } => "done",
        RunEnd::Stopped { .. } => "stopped",
        RunEnd::Interrupted => "interrupted",
        _ => "failed",
    });
    /// Why the model stopped, or which limit stopped it.
    reason: Option<String> = |py| Ok(match &finished.outcome {
        RunEnd::Done { reason } => Some(json::spelling(reason)),
        RunEnd::Stopped { reason } => Some(json::spelling(reason)),
        _ => None,
    });
    /// What the run cost.
    usage: Usage = |py| Ok(Usage(finished.usage.clone()));
}

event_class! {
    /// Something that this version of the package does not know.
    UnknownEvent("unknown") = Unknown(content);
    /// What the engine wrote.
    content: Bound<'py, PyAny> = |py| json::to_python(py, content);
}
