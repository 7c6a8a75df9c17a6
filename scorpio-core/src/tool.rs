//! Tools: typed for those who write them, erased for the engine that runs them.

mod approval;
mod blocking;
mod catalog;
mod context;
mod erased;
mod error;
mod output;
mod reconcile;
mod spec;
mod toolset;

use std::{future::Future, sync::OnceLock};

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

pub use self::{
    approval::{ApprovalPolicy, Approve, ProposedCall, Verdict},
    blocking::run_blocking,
    catalog::ToolCatalog,
    context::{Extensions, ToolContext, ToolEvent},
    erased::{BoxFuture, DynTool, SharedTool, erase},
    error::{IntoToolError, ToolError},
    output::{IntoToolOutput, ToolOutput},
    reconcile::Reconciled,
    spec::{Effects, RetryClass, ToolSpec, UnknownOutcome},
    toolset::{Toolset, ToolsetContext},
};
pub(crate) use self::{context::Statements, erased::schema_of};

/// Something that a model can call. Most are written with [`#[tool]`](macro@crate::tool); this is the trait behind it.
///
/// ```
/// use scorpio_core::{schemars, tool::{Tool, ToolContext, ToolError, ToolSpec}};
///
/// #[derive(serde::Deserialize, schemars::JsonSchema)]
/// struct Numbers { numbers: Vec<f64> }
///
/// struct Sum;
///
/// impl Tool for Sum {
///     type Input = Numbers;
///     type Output = f64;
///
///     fn spec(&self) -> ToolSpec {
///         ToolSpec::new("sum", "Add up numbers.")
///     }
///
///     async fn call(&self, _cx: &ToolContext, input: Numbers) -> Result<f64, ToolError> {
///         Ok(input.numbers.iter().sum())
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a tool",
    label = "not a tool",
    note = "put `#[tool]` on the function, or implement `Tool`"
)]
pub trait Tool: Send + Sync + 'static {
    /// The arguments: an object whose schema the model is given.
    type Input: DeserializeOwned + JsonSchema + Send;
    /// The answer.
    type Output: IntoToolOutput;

    /// Its name, description and limits. The engine fills in the schema of the arguments.
    fn spec(&self) -> ToolSpec;

    /// Does it.
    ///
    /// # Errors
    ///
    /// Whatever stops it. The model sees the error's message and goes on.
    ///
    /// # Cancel safety
    ///
    /// The engine drops the future when the run is cancelled or the tool's time is up.
    fn call(
        &self,
        cx: &ToolContext,
        input: Self::Input,
    ) -> impl Future<Output = Result<Self::Output, ToolError>> + Send;

    /// Finds out what became of a call that was started by a process that ended before it could record the answer: by its
    /// [idempotency key](ToolContext::idempotency_key), for example, at the service that the tool calls. It is asked when the tool declares
    /// [`UnknownOutcome::Probe`].
    ///
    /// # Errors
    ///
    /// When it cannot be found out now. It counts as [`Reconciled::Unknown`].
    fn reconcile(
        &self,
        cx: &ToolContext,
        input: Self::Input,
    ) -> impl Future<Output = Result<Reconciled<Self::Output>, ToolError>> + Send {
        let _ = (cx, input);
        async { Ok(Reconciled::Unknown) }
    }

    /// Where the spec with its schema is kept once it is made, for types of which every value declares the same. `#[tool]` gives one
    /// to each tool.
    #[doc(hidden)]
    fn spec_cell() -> Option<&'static OnceLock<ToolSpec>> {
        None
    }
}
