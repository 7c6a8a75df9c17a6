//! Agents.

use std::sync::Arc;

use pyo3::prelude::*;
use scorpio_core::{Agent, Limits, Price, PriceTable, model::OutputSchema};

use crate::{
    error, json, message,
    model::{self, ScriptedCore},
    registry::ModelCore,
    run::RunCore,
    store::{StoreCore, owner_id, session_id},
    tool::PythonTool,
};

/// An agent.
#[derive(Debug)]
#[pyclass(frozen, module = "scorpio._scorpio")]
pub(crate) struct AgentCore(Agent);

/// `(turns, tool_calls, tokens, cost_usd, wall)`, as `_limits` writes them.
type WrittenLimits = (u32, u32, Option<u64>, Option<f64>, Option<f64>);

/// `(model, input, output, cache_read, cache_write)`, as `_limits` writes it.
type WrittenPrice = (String, f64, f64, f64, f64);

#[pymethods]
impl AgentCore {
    #[new]
    #[pyo3(signature = (name, *, model, tools, instructions, store, limits, prices, max_output_tokens, temperature,
        reasoning_effort, parallel_tools, tool_timeout))]
    #[allow(clippy::too_many_arguments)]
    fn new(
        py: Python<'_>,
        name: &str,
        model: &Bound<'_, PyAny>,
        tools: Vec<Bound<'_, PyAny>>,
        instructions: Option<String>,
        store: Option<&Bound<'_, StoreCore>>,
        limits: Option<WrittenLimits>,
        prices: Vec<WrittenPrice>,
        max_output_tokens: Option<u32>,
        temperature: Option<f32>,
        reasoning_effort: Option<String>,
        parallel_tools: Option<usize>,
        tool_timeout: Option<f64>,
    ) -> PyResult<Self> {
        let mut builder = Agent::builder(name);
        if let Ok(configured) = model.cast::<ModelCore>() {
            let ModelCore { configured, prices } = configured.get();
            builder =
                builder.with_model(configured.model().clone()).parameters(configured.parameters().clone());
            builder = builder.prices(prices.clone());
        } else if let Ok(script) = model.cast::<ScriptedCore>() {
            builder = builder.with_model(script.get().model());
        } else {
            builder = builder.with_model(model::by_name(&model.extract::<String>()?)?);
        }
        if !prices.is_empty() {
            builder = builder.prices(price_table(prices));
        }
        for tool in tools {
            builder = builder.shared_tool(Arc::new(PythonTool::new(&tool)?));
        }
        if let Some(instructions) = instructions {
            builder = builder.instructions(instructions);
        }
        if let Some(store) = store {
            builder = builder.store(store.get().store());
        }
        if let Some(limits) = limits {
            builder = builder.limits(read_limits(limits)?);
        }
        if let Some(tokens) = max_output_tokens {
            builder = builder.max_output_tokens(tokens);
        }
        if let Some(temperature) = temperature {
            builder = builder.temperature(temperature);
        }
        if let Some(effort) = reasoning_effort {
            builder = builder.reasoning_effort(effort);
        }
        if let Some(limit) = parallel_tools {
            builder = builder.parallel_tools(limit);
        }
        if let Some(seconds) = tool_timeout {
            builder = builder.tool_timeout(model::seconds(seconds)?);
        }
        builder.build().map(Self).map_err(|failed| error::exception(py, &failed))
    }

    /// The store that its sessions are in.
    fn store(&self) -> StoreCore {
        StoreCore::from(Arc::clone(self.0.store()))
    }

    /// A run that has not begun. `message` is JSON text, as `_messages` writes it; `shape` is the name and the schema of the
    /// answer, and the function that says what is wrong with a text.
    #[pyo3(signature = (message, *, watched, session, owner, limits, shape))]
    fn run(
        &self,
        message: Option<&str>,
        watched: bool,
        session: Option<&str>,
        owner: &str,
        limits: Option<WrittenLimits>,
        shape: Option<(String, Bound<'_, PyAny>, Py<PyAny>)>,
    ) -> PyResult<RunCore> {
        let mut request = match message {
            Some(text) => self.0.run(message::read(text)?),
            None => self.0.run_again(),
        };
        request = request.owner(owner_id(owner)?);
        if let Some(session) = session {
            request = request.session(&session_id(session)?);
        }
        if let Some(limits) = limits {
            request = request.limits(read_limits(limits)?);
        }
        if let Some((name, schema, check)) = shape {
            let schema = OutputSchema::new(name, json::from_python(&schema)?);
            request = request.shape(schema, move |text| complaint(&check, text));
        }
        Ok(RunCore::new(request, watched))
    }
}

/// What Python finds wrong with an answer.
fn complaint(check: &Py<PyAny>, text: &str) -> Result<(), String> {
    let found = Python::try_attach(|py| check.bind(py).call1((text,))?.extract::<Option<String>>());
    match found {
        Some(Ok(None)) | None => Ok(()),
        Some(Ok(Some(wrong))) => Err(wrong),
        Some(Err(error)) => Err(error.to_string()),
    }
}

fn read_limits(written: WrittenLimits) -> PyResult<Limits> {
    let (turns, tool_calls, tokens, cost_usd, wall) = written;
    let mut limits = Limits::new().turns(turns).tool_calls(tool_calls);
    limits.tokens = tokens;
    limits.cost_usd = cost_usd;
    limits.wall = wall.map(model::seconds).transpose()?;
    Ok(limits)
}

fn price_table(written: Vec<WrittenPrice>) -> PriceTable {
    written.into_iter().fold(PriceTable::new(), |table, (model, input, output, cache_read, cache_write)| {
        table.with(model, Price { input, cache_read, cache_write, output })
    })
}
