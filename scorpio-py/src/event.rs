//! The events of a run. Each is one small object around the engine's own event; what it holds is made into Python values when it is
//! asked for.

mod classes;

use std::sync::Arc;

use pyo3::prelude::*;
use scorpio_core::{self as core, EventKind, model::PartKind};

pub(crate) use self::classes::{
    ApprovalRequested, ApprovalResolved, Compacted, DataSent, FellBack, MessageSteered, PartFinished,
    PartStarted, ReasoningDelta, Retrying, RunFailed, RunFinished, RunPaused, RunResumed, RunStarted,
    StreamReset, TextDelta, ToolCallDelta, ToolFinished, ToolProgress, ToolStarted, TurnFinished,
    TurnStarted, UnknownEvent, WaitingForStore,
};

/// What kind of part a delta belongs to: the engine's deltas carry only its number.
#[derive(Debug, Clone)]
pub(crate) enum OpenPart {
    Text,
    Reasoning,
    ToolCall(Arc<CallName>),
}

/// Which tool call a delta belongs to.
#[derive(Debug)]
pub(crate) struct CallName {
    call_id: String,
    name: String,
}

/// Turns the events of one run, in order, into Python's.
#[derive(Debug, Default)]
pub(crate) struct Translator {
    parts: Vec<OpenPart>,
}

impl Translator {
    /// Takes note of an event that nobody asks for, and that later ones may belong to.
    pub(crate) fn note(&mut self, event: &core::Event) {
        match &event.kind {
            EventKind::PartStarted(started) => self.open(started),
            EventKind::TurnStarted(_) | EventKind::StreamReset(_) | EventKind::RunResumed(_) => {
                self.parts.clear()
            }
            _ => {}
        }
    }

    /// The Python object for the next event.
    pub(crate) fn translate(&mut self, py: Python<'_>, event: Arc<core::Event>) -> PyResult<Py<PyAny>> {
        macro_rules! object {
            ($class:expr) => {
                Ok(Py::new(py, $class)?.into_any())
            };
        }
        self.note(&event);
        match &event.kind {
            EventKind::PartDelta(delta) => match self.parts.get(delta.index as usize).cloned() {
                Some(OpenPart::Reasoning) => object!(ReasoningDelta { event, known: () }),
                Some(OpenPart::ToolCall(call)) => object!(ToolCallDelta { event, known: call }),
                Some(OpenPart::Text) | None => object!(TextDelta { event, known: () }),
            },
            EventKind::PartStarted(_) => object!(PartStarted { event, known: () }),
            EventKind::TurnStarted(_) => object!(TurnStarted { event, known: () }),
            EventKind::RunStarted(_) => object!(RunStarted { event, known: () }),
            EventKind::PartFinished(_) => object!(PartFinished { event, known: () }),
            EventKind::TurnFinished(_) => object!(TurnFinished { event, known: () }),
            EventKind::Retrying(_) => object!(Retrying { event, known: () }),
            EventKind::FellBack(_) => object!(FellBack { event, known: () }),
            EventKind::StreamReset(_) => object!(StreamReset { event, known: () }),
            EventKind::ToolStarted(_) => object!(ToolStarted { event, known: () }),
            EventKind::ToolProgress(_) => object!(ToolProgress { event, known: () }),
            EventKind::ToolFinished(_) => object!(ToolFinished { event, known: () }),
            EventKind::Data(_) => object!(DataSent { event, known: () }),
            EventKind::ApprovalRequested(_) => object!(ApprovalRequested { event, known: () }),
            EventKind::ApprovalResolved(_) => object!(ApprovalResolved { event, known: () }),
            EventKind::RunPaused(_) => object!(RunPaused { event, known: () }),
            EventKind::RunResumed(_) => object!(RunResumed { event, known: () }),
            EventKind::WaitingForStore(_) => object!(WaitingForStore { event, known: () }),
            EventKind::Compacted(_) => object!(Compacted { event, known: () }),
            EventKind::Steered(_) => object!(MessageSteered { event, known: () }),
            EventKind::Error(_) => object!(RunFailed { event, known: () }),
            EventKind::RunFinished(_) => object!(RunFinished { event, known: () }),
            _ => object!(UnknownEvent { event, known: () }),
        }
    }

    fn open(&mut self, started: &core::PartStarted) {
        let part = match &started.part {
            PartKind::Reasoning => OpenPart::Reasoning,
            PartKind::ToolCall { call_id, name } => OpenPart::ToolCall(Arc::new(CallName {
                call_id: call_id.to_string(),
                name: name.to_string(),
            })),
            _ => OpenPart::Text,
        };
        // Parts are numbered from 0 in the order they begin; a gap would be filled with text.
        let index = started.index as usize;
        if index < 4096 {
            self.parts.resize(self.parts.len().max(index + 1), OpenPart::Text);
        }
        if let Some(open) = self.parts.get_mut(index) {
            *open = part;
        }
    }
}
