//! The erased side of a tool: JSON in, JSON out.

use std::{fmt, future::Future, pin::Pin, sync::Arc};

use schemars::{JsonSchema, Schema, generate::SchemaSettings};

use super::{IntoToolOutput, Reconciled, Tool, ToolContext, ToolError, ToolOutput, ToolSpec};
use crate::Json;

/// A future on the heap.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A tool whose types are hidden. Implement [`Tool`] where you can; this one is for tools that are only known at run time.
pub trait DynTool: Send + Sync + 'static {
    /// What it declares, with the schema of its arguments.
    fn spec(&self) -> &ToolSpec;

    /// Does it, with the arguments as JSON text.
    fn call<'a>(
        &'a self,
        cx: &'a ToolContext,
        arguments: &'a str,
    ) -> BoxFuture<'a, Result<ToolOutput, ToolError>>;

    /// Finds out what became of a call that was started by a process that is gone; see [`Tool::reconcile`].
    fn reconcile<'a>(
        &'a self,
        cx: &'a ToolContext,
        arguments: &'a str,
    ) -> BoxFuture<'a, Result<Reconciled<ToolOutput>, ToolError>> {
        let _ = (cx, arguments);
        Box::pin(async { Ok(Reconciled::Unknown) })
    }
}

impl fmt::Debug for dyn DynTool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DynTool").field(&self.spec().name).finish()
    }
}

/// A tool that agents can share.
pub type SharedTool = Arc<dyn DynTool>;

struct Erased<T> {
    tool: T,
    spec: Spec,
}

/// Agents are many, and what a tool of `#[tool]` declares is the same in all of them.
enum Spec {
    Shared(&'static ToolSpec),
    Own(Box<ToolSpec>),
}

/// Hides the types of a tool.
///
/// ```
/// use scorpio_core::{tool, tool::erase};
/// /// Add two numbers.
/// #[tool]
/// fn add(a: f64, b: f64) -> f64 { a + b }
/// assert_eq!(erase(add).spec().name, "add");
/// ```
pub fn erase<T: Tool>(tool: T) -> SharedTool {
    let spec = match T::spec_cell() {
        Some(cell) => Spec::Shared(cell.get_or_init(|| complete_spec(&tool))),
        None => Spec::Own(Box::new(complete_spec(&tool))),
    };
    Arc::new(Erased { tool, spec })
}

/// What the tool declares, with the schema of its arguments.
fn complete_spec<T: Tool>(tool: &T) -> ToolSpec {
    let mut schema = schema_of::<T::Input>();
    // OpenAI refuses an object without `properties`, even where the tool takes no arguments.
    schema.ensure_object().entry("properties").or_insert_with(|| serde_json::json!({}));
    tool.spec().with_parameters(Json::from(schema.as_value()))
}

/// The schema of a type as models are given it. Providers differ in what they make of `$ref`, so small types stand where they
/// are used.
pub(crate) fn schema_of<T: JsonSchema>() -> Schema {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    schema.remove("title");
    schema
}

impl<T: Tool> DynTool for Erased<T> {
    fn spec(&self) -> &ToolSpec {
        match &self.spec {
            Spec::Shared(spec) => spec,
            Spec::Own(spec) => spec,
        }
    }

    fn call<'a>(
        &'a self,
        cx: &'a ToolContext,
        arguments: &'a str,
    ) -> BoxFuture<'a, Result<ToolOutput, ToolError>> {
        Box::pin(async move {
            let input = parse_arguments(arguments)?;
            self.tool.call(cx, input).await?.into_tool_output()
        })
    }

    fn reconcile<'a>(
        &'a self,
        cx: &'a ToolContext,
        arguments: &'a str,
    ) -> BoxFuture<'a, Result<Reconciled<ToolOutput>, ToolError>> {
        Box::pin(async move {
            let input = parse_arguments(arguments)?;
            Ok(match self.tool.reconcile(cx, input).await? {
                Reconciled::Done(output) => Reconciled::Done(output.into_tool_output()?),
                Reconciled::NotDone => Reconciled::NotDone,
                Reconciled::Unknown => Reconciled::Unknown,
            })
        })
    }
}

/// Reads arguments, and tells the model where they are wrong.
fn parse_arguments<T: serde::de::DeserializeOwned>(arguments: &str) -> Result<T, ToolError> {
    let text = if arguments.trim().is_empty() { "{}" } else { arguments };
    let mut json = serde_json::Deserializer::from_str(text);
    let input = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        // `.` is the whole, and `?` a place that could not be told because the JSON breaks off.
        let place = if matches!(path.as_str(), "." | "?") { String::new() } else { format!(" at `{path}`") };
        ToolError::new(format!("The arguments are wrong{place}: {}.", error.inner()))
    })?;
    json.end().map_err(|error| ToolError::new(format!("The arguments are not one JSON object: {error}.")))?;
    Ok(input)
}
