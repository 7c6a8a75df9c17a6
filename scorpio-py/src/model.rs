//! Models: by name, and scripted ones for tests.

use std::time::Duration;

use pyo3::prelude::*;
use scorpio_core::{
    Usage,
    model::{Model, ModelError, ModelErrorKind, Scripted, ScriptedTurn},
};
use serde::{Deserialize, Serialize};

use crate::error;

/// The model of this name, such as `openai:gpt-5-mini`.
pub(crate) fn by_name(name: &str) -> PyResult<Model> {
    // What is wrong with a name or a missing key is for the programmer, who is the one to read it.
    scorpio_providers::model(name).map_err(error::invalid)
}

/// A model that plays turns which are written down beforehand.
#[derive(Debug)]
#[pyclass(frozen, module = "scorpio._scorpio")]
pub(crate) struct ScriptedCore(Scripted);

/// One turn, as `_models` writes it.
#[derive(Deserialize)]
struct Turn {
    reasoning: Option<String>,
    text: Option<Vec<String>>,
    tool_calls: Vec<ToolCall>,
    delay: f64,
    pace: f64,
    linger: f64,
    usage: Option<(u64, u64)>,
    error: Option<Fault>,
    cut: bool,
}

#[derive(Deserialize)]
struct ToolCall {
    call_id: String,
    name: String,
    arguments: String,
}

#[derive(Deserialize)]
struct Fault {
    kind: String,
    status: Option<u16>,
    request_id: Option<String>,
    retry_after: Option<f64>,
    message: String,
}

/// What the model was asked, as `_models` reads it.
#[derive(Serialize)]
struct Request<'a> {
    model: &'a str,
    instructions: Option<&'a str>,
    messages: Vec<&'a scorpio_core::Message>,
    tools: Vec<&'a str>,
}

#[pymethods]
impl ScriptedCore {
    #[new]
    fn new(turns: &str) -> PyResult<Self> {
        let turns: Vec<Turn> = serde_json::from_str(turns).map_err(error::invalid)?;
        let turns = turns.into_iter().map(Turn::scripted).collect::<PyResult<Vec<_>>>()?;
        Ok(Self(turns.into_iter().fold(Scripted::new(), Scripted::turn)))
    }

    /// What it was asked so far, as JSON text.
    fn requests(&self) -> PyResult<String> {
        let requests = self.0.requests();
        let written: Vec<_> = requests
            .iter()
            .map(|request| Request {
                model: &request.model,
                instructions: request.instructions.as_deref(),
                messages: request.transcript.messages().collect(),
                tools: request.tools.specs().map(|spec| spec.name.as_str()).collect(),
            })
            .collect();
        serde_json::to_string(&written).map_err(error::invalid)
    }

    /// How many turns have not been played.
    #[getter]
    fn remaining(&self) -> usize {
        self.0.remaining()
    }
}

impl ScriptedCore {
    pub(crate) fn model(&self) -> Model {
        Model::new(self.0.clone(), "script")
    }
}

impl Turn {
    fn scripted(self) -> PyResult<ScriptedTurn> {
        let mut turn = ScriptedTurn::new();
        if self.pace > 0.0 {
            turn = turn.paced(seconds(self.pace)?);
        }
        if self.delay > 0.0 {
            turn = turn.delay(seconds(self.delay)?);
        }
        if let Some(reasoning) = &self.reasoning {
            turn = turn.reasoning(reasoning);
        }
        if let Some(text) = &self.text {
            turn = turn.deltas(text.iter().map(String::as_str));
        }
        for call in self.tool_calls {
            turn = turn.tool_call(call.call_id, &call.name, &call.arguments);
        }
        if let Some((input, output)) = self.usage {
            turn = turn.usage(Usage::new(input, output));
        }
        if self.linger > 0.0 {
            turn = turn.delay(seconds(self.linger)?);
        }
        if let Some(fault) = self.error {
            turn = turn.error(fault.error()?);
        }
        Ok(if self.cut { turn.cut() } else { turn })
    }
}

impl Fault {
    fn error(self) -> PyResult<ModelError> {
        let kind = match self.kind.as_str() {
            "unreachable" => ModelErrorKind::Unreachable,
            "truncated" => ModelErrorKind::Truncated,
            "timeout" => ModelErrorKind::Timeout,
            "rate_limited" => ModelErrorKind::RateLimited,
            "quota" => ModelErrorKind::Quota,
            "overloaded" => ModelErrorKind::Overloaded,
            "auth" => ModelErrorKind::Auth,
            "not_found" => ModelErrorKind::NotFound,
            "invalid_request" => ModelErrorKind::InvalidRequest,
            "context_overflow" => ModelErrorKind::ContextOverflow,
            "protocol" => ModelErrorKind::Protocol,
            "too_large" => ModelErrorKind::TooLarge,
            "configuration" => ModelErrorKind::Configuration,
            other => return Err(error::invalid(format!("{other:?} is no kind of model error"))),
        };
        let mut fault = ModelError::new(kind, self.message);
        if let Some(status) = self.status {
            fault = fault.with_status(status);
        }
        if let Some(id) = self.request_id {
            fault = fault.with_request_id(id);
        }
        if let Some(after) = self.retry_after {
            fault = fault.with_retry_after(self::seconds(after)?);
        }
        Ok(fault)
    }
}

/// A span of time.
///
/// # Errors
///
/// When it is negative, not finite, or longer than time is.
pub(crate) fn seconds(seconds: f64) -> PyResult<Duration> {
    Duration::try_from_secs_f64(seconds)
        .map_err(|wrong| error::invalid(format!("{seconds} is no span of time: {wrong}")))
}
