//! Agents.

use std::sync::Arc;

use pyo3::prelude::*;
use scorpio_core::{
    Agent, Compaction, Limits, Price, PriceTable,
    model::{Model, OutputSchema},
};

use crate::{
    approval, error, json, message,
    model::{self, ScriptedCore},
    registry::ModelCore,
    run::{Request, RunCore},
    store::{EventLogCore, StoreCore, owner_id, run_id, session_id},
    tool::PythonTool,
};

/// An agent.
#[derive(Debug)]
#[pyclass(frozen, module = "scorpio._scorpio")]
pub(crate) struct AgentCore(Agent);

/// `(turns, tool_calls, tokens, cost_usd, wall)`, as `_limits` writes them.
type WrittenLimits = (u32, u32, Option<u64>, Option<f64>, Option<f64>);

/// `(threshold, keep, model, instructions)`, as `_limits` writes them.
type WrittenCompaction<'py> = (u64, u64, Option<Bound<'py, PyAny>>, Option<String>);

/// The name and the schema of an answer, and the function that says what is wrong with a text.
type WrittenShape<'py> = (String, Bound<'py, PyAny>, Py<PyAny>);

/// `(model, input, output, cache_read, cache_write)`, as `_limits` writes it.
type WrittenPrice = (String, f64, f64, f64, f64);

#[pymethods]
impl AgentCore {
    #[new]
    #[pyo3(signature = (name, *, model, tools, instructions, store, limits, prices, max_output_tokens, temperature,
        reasoning_effort, parallel_tools, tool_timeout, event_log, approve, approval_patience, compaction, lease,
        store_patience))]
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
        event_log: Option<&Bound<'_, EventLogCore>>,
        approve: &Bound<'_, PyAny>,
        approval_patience: Option<f64>,
        compaction: Option<WrittenCompaction<'_>>,
        lease: Option<f64>,
        store_patience: Option<f64>,
    ) -> PyResult<Self> {
        let mut builder = Agent::builder(name);
        if let Ok(configured) = model.cast::<ModelCore>() {
            let ModelCore { configured, prices } = configured.get();
            builder = builder.parameters(configured.parameters().clone()).prices(prices.clone());
        }
        builder = builder.with_model(read_model(model)?);
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
        if let Some(log) = event_log {
            builder = builder.event_log(log.get().log());
        }
        builder = builder.approve(approval::policy(approve)?);
        builder = builder.approval_patience(approval_patience.map(model::seconds).transpose()?);
        if let Some(compaction) = compaction {
            builder = builder.compact(read_compaction(compaction)?);
        }
        if let Some(seconds) = lease {
            builder = builder.lease(model::seconds(seconds)?);
        }
        if let Some(seconds) = store_patience {
            builder = builder.store_patience(model::seconds(seconds)?);
        }
        builder.build().map(Self).map_err(|failed| error::exception(py, &failed))
    }

    /// A run that has not begun. `message` is JSON text, as `_messages` writes it. The run goes on after the message whose place is
    /// `branch_after`, and leaves what came after it as another branch.
    #[pyo3(signature = (message, *, watched, session, owner, limits, shape, branch_after))]
    #[allow(clippy::too_many_arguments)]
    fn run(
        &self,
        message: Option<&str>,
        watched: bool,
        session: Option<&str>,
        owner: &str,
        limits: Option<WrittenLimits>,
        shape: Option<WrittenShape<'_>>,
        branch_after: Option<u64>,
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
        if let Some(seq) = branch_after {
            request = request.branch_after(seq);
        }
        Ok(RunCore::new(Request::Begin(Box::new(request)), watched))
    }

    /// A run that is to go on. `decisions` are pairs of a call and what is decided about it, as `_approvals` writes it.
    #[pyo3(signature = (run, *, watched, owner, decisions, by, shape))]
    fn resume(
        &self,
        run: &str,
        watched: bool,
        owner: &str,
        decisions: Vec<(String, String)>,
        by: Option<String>,
        shape: Option<WrittenShape<'_>>,
    ) -> PyResult<RunCore> {
        let mut request = self.0.resume(run_id(run)?).owner(owner_id(owner)?);
        for (call, decision) in decisions {
            request = request.decide(call, approval::decision(&decision)?);
        }
        if let Some(by) = by {
            request = request.by(by);
        }
        if let Some((name, schema, check)) = shape {
            let schema = OutputSchema::new(name, json::from_python(&schema)?);
            request = request.shape(schema, move |text| complaint(&check, text));
        }
        Ok(RunCore::new(Request::Resume(Box::new(request)), watched))
    }
}

impl AgentCore {
    pub(crate) fn agent(&self) -> &Agent {
        &self.0
    }
}

/// A model of a registry, a scripted one, or one by its name.
fn read_model(model: &Bound<'_, PyAny>) -> PyResult<Model> {
    if let Ok(configured) = model.cast::<ModelCore>() {
        return Ok(configured.get().configured.model().clone());
    }
    if let Ok(script) = model.cast::<ScriptedCore>() {
        return Ok(script.get().model());
    }
    model::by_name(&model.extract::<String>()?)
}

fn read_compaction(written: WrittenCompaction<'_>) -> PyResult<Compaction> {
    let (threshold, keep, model, instructions) = written;
    let mut compaction = Compaction::new().threshold(threshold).keep(keep);
    if let Some(model) = model {
        compaction = compaction.model(read_model(&model)?);
    }
    Ok(match instructions {
        Some(instructions) => compaction.instructions(instructions),
        None => compaction,
    })
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
