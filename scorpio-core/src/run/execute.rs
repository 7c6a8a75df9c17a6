//! Runs one tool, and contains whatever it does: panics, hangs, huge answers, arguments that make no sense.

use std::time::{Duration, Instant};

use tokio_util::task::AbortOnDropHandle;

use crate::{
    Json, Provenance, ToolOutcome, ToolResultPart,
    store::{Statement, ToolExecution},
    tool::{Reconciled, RetryClass, SharedTool, Statements, ToolCatalog, ToolContext, ToolError},
};

/// How long a tool may take, unless it says otherwise.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(60);

/// How many bytes of a tool's answer a model is shown, unless the tool says otherwise.
pub(crate) const OUTPUT_LIMIT: usize = 256 * 1024;

/// A tool call that has ended.
#[derive(Debug)]
pub(super) struct Executed {
    pub(super) index: u32,
    pub(super) result: ToolResultPart,
    pub(super) error: Option<String>,
    /// What a transactional tool that has answered says to the database.
    pub(super) statements: Vec<Statement>,
}

/// Runs the tool of `execution`. The tool has a task of its own: it is aborted when this future is dropped, and one that blocks its
/// thread delays nobody else.
pub(super) async fn execute(
    execution: ToolExecution,
    tool: Option<SharedTool>,
    known: String,
    cx: ToolContext,
    default_timeout: Duration,
) -> Executed {
    let ToolExecution { index, call_id, tool: name, arguments, idempotency_key, retry, .. } = execution;
    let began = Instant::now();
    let ended = |output, status, error, provenance| Executed {
        index,
        result: ToolResultPart::new(call_id.clone(), name.clone(), output, status, provenance),
        error,
        statements: Vec::new(),
    };
    let Some(tool) = tool else {
        let text = format!("There is no tool named `{name}`. {known}");
        return ended(Json::string(&text), ToolOutcome::Failed, None, Provenance::System);
    };
    let spec = tool.spec();
    let timeout = spec.timeout.unwrap_or(default_timeout);
    let limit = spec.output_limit.unwrap_or(OUTPUT_LIMIT);
    let provenance = Provenance::Tool { name: name.clone(), trust: spec.trust };
    let statements =
        if retry == RetryClass::Transactional { Statements::collect() } else { Statements::default() };
    let cx =
        cx.of_call(call_id.clone(), idempotency_key, began + timeout).with_statements(statements.clone());
    let call = {
        let tool = SharedTool::clone(&tool);
        async move { tool.call(&cx, &arguments).await }
    };
    match contain(call, timeout).await {
        Ok(output) => Executed {
            statements: statements.take(),
            ..ended(cut(output.json, limit), ToolOutcome::Completed, None, provenance)
        },
        Err(error) => {
            let operator = error.source().map(|source| format!("{source:?}"));
            tracing::warn!(tool = %name, error = %error, source = ?operator, "a tool failed");
            ended(cut(Json::string(error.message()), limit), ToolOutcome::Failed, operator, provenance)
        }
    }
}

/// Lets a tool find out what became of `execution`, which a process that is gone had started.
pub(super) async fn reconcile(
    execution: ToolExecution,
    tool: SharedTool,
    cx: ToolContext,
    default_timeout: Duration,
) -> Reconciled<ToolResultPart> {
    let ToolExecution { call_id, tool: name, arguments, idempotency_key, .. } = execution;
    let spec = tool.spec();
    let timeout = spec.timeout.unwrap_or(default_timeout);
    let limit = spec.output_limit.unwrap_or(OUTPUT_LIMIT);
    let provenance = Provenance::Tool { name: name.clone(), trust: spec.trust };
    let cx = cx.of_call(call_id.clone(), idempotency_key, Instant::now() + timeout);
    let call = {
        let tool = SharedTool::clone(&tool);
        async move { tool.reconcile(&cx, &arguments).await }
    };
    match contain(call, timeout).await {
        Ok(found) => found.map(|output| {
            ToolResultPart::new(call_id, name, cut(output.json, limit), ToolOutcome::Completed, provenance)
        }),
        Err(error) => {
            tracing::warn!(tool = %name, error = %error, "a tool could not find out what became of its call");
            Reconciled::Unknown
        }
    }
}

async fn contain<T: Send + 'static>(
    call: impl Future<Output = Result<T, ToolError>> + Send + 'static,
    timeout: Duration,
) -> Result<T, ToolError> {
    let task = AbortOnDropHandle::new(tokio::spawn(call));
    match tokio::time::timeout(timeout, task).await {
        Ok(Ok(result)) => result,
        Ok(Err(crash)) => Err(ToolError::new("The tool crashed.").with_source(crash)),
        Err(_) => Err(ToolError::new(format!("The tool did not answer within {timeout:?}."))),
    }
}

/// The answer as a model is shown it: whole if it fits, else its beginning as text, with a word about the rest.
fn cut(output: Json, limit: usize) -> Json {
    let whole = output.get().len();
    if whole <= limit {
        return output;
    }
    let text = output.display_text();
    let shown = text.get(..text.floor_char_boundary(limit)).unwrap_or_default();
    Json::string(&format!("{shown}\n[Cut: these are the first {} of {whole} bytes.]", shown.len()))
}

/// Tells a model which tools there are.
pub(super) fn known(tools: &ToolCatalog) -> String {
    match tools.specs().map(|spec| spec.name.as_str()).collect::<Vec<_>>().join(", ") {
        names if names.is_empty() => "There are no tools.".to_owned(),
        names => format!("There are: {names}."),
    }
}
