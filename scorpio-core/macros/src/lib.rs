//! The attributes of `scorpio-core`: [`macro@tool`] makes a tool of a function, [`macro@toolset`] makes tools of the methods of a
//! type. Use them through `scorpio` or `scorpio_core`, which re-export both.

mod answer;
mod arguments;
mod core_path;
mod description;
mod errors;
mod implementation;
mod parameter;
mod signature;
mod tool;
mod toolset;

/// Makes a tool of a function.
///
/// The function's doc comment tells the model what the tool is for, the doc comments on the parameters tell what they mean, and the
/// types give the schema of the arguments. The function may be `async` or not, may return a `Result` or not, or nothing at all.
///
/// ```
/// use scorpio_core::{tool, tool::ToolError};
///
/// /// Divide one number by another.
/// #[tool]
/// fn divide(
///     /// The number to divide.
///     dividend: f64,
///     /// The number to divide by. Not zero.
///     divisor: f64,
///     /// To how many decimal places the answer is rounded.
///     places: Option<u8>,
/// ) -> Result<f64, ToolError> {
///     if divisor == 0.0 {
///         return Err(ToolError::new("The divisor is zero."));
///     }
///     let scale = 10_f64.powi(places.unwrap_or(15).into());
///     Ok((dividend / divisor * scale).round() / scale)
/// }
///
/// assert_eq!(divide::function(1.0, 3.0, Some(2)).unwrap(), 0.33);
/// ```
///
/// # What it makes
///
/// A unit struct of the function's name and visibility that implements
/// [`Tool`](https://docs.rs/scorpio-core/latest/scorpio_core/tool/trait.Tool.html): `.tool(divide)` gives it to an agent. The function
/// itself is still there as `divide::function`, for tests and other callers. Since the name is now that of a unit struct, no variable
/// and no parameter in its scope can have it.
///
/// # Parameters
///
/// - Each is a plain name with an owned type that implements `serde::Deserialize` and `schemars::JsonSchema`; `String` rather than
///   `&str`. The macro brings both traits along for the parameters themselves; types of your own derive them, with doc comments on
///   their fields.
/// - `Option<T>` may be left out. `#[serde(default)]` on any other parameter has the same effect, and `#[schemars(range(min = 1))]` and
///   the like go into the schema.
/// - One parameter may be `&ToolContext`: the run, the cancellation, the values that the program attached. The model does not see it.
/// - Arguments that the function does not have are refused, and the model is told which.
///
/// ```
/// use scorpio_core::{tool, tool::{ToolContext, ToolError}};
///
/// #[derive(Debug)]
/// struct User { email: String }
///
/// /// The newest orders of the user, newest first.
/// #[tool(effects = "read_private", idempotent, timeout = "10s")]
/// async fn recent_orders(
///     cx: &ToolContext,
///     /** How many at most. */
///     #[serde(default)]
///     #[schemars(range(max = 50))]
///     limit: u8,
/// ) -> Result<Vec<String>, ToolError> {
///     let user = cx.get::<User>().ok_or_else(|| ToolError::new("Nobody is signed in."))?;
///     Ok(vec![format!("order 7 of {} (limit {limit})", user.email)])
/// }
/// ```
///
/// # Answers
///
/// What serializes. A `String` reaches the model as plain text, everything else as JSON. A return type named `Result` is taken as
/// fallible; its error turns into a
/// [`ToolError`](https://docs.rs/scorpio-core/latest/scorpio_core/tool/struct.ToolError.html), as every `std::error::Error` does.
///
/// # Arguments of the attribute
///
/// | argument | meaning | without it |
/// |---|---|---|
/// | `name = "…"` | what the model calls it | the function's name |
/// | `description = "…"` | what the model is told about it; any expression that turns into a `String` | the doc comment |
/// | `effects = "…"` | `none`, `read_private`, `write` or `egress`: what it can do to the world | `write`, or `none` if `pure` |
/// | `pure` | it has no effect, so a restart may run it again | at most once |
/// | `idempotent` | a second run with the same idempotency key has no further effect | at most once |
/// | `transactional` | its effect is what it says to the store's database by `ToolContext::execute`: it happens exactly once | at most once |
/// | `approval` | somebody is asked before it runs | what the agent's policy says |
/// | `on_unknown = "…"` | `ask` or `fail`: what becomes of a call that must not run twice, when the process ended in the middle of it | `ask` |
/// | `trusted` | its answers hold nothing that strangers wrote | untrusted |
/// | `timeout = "30s"` | how long it may take: `ms`, `s`, `m`, or a number of seconds | what the agent says |
/// | `output_limit = 65536` | how many bytes of its answer the model is shown | what the agent says |
/// | `blocking` | a plain function that waits or computes for long: it runs on a thread for such work | on the run's own task |
/// | `crate = path` | where `scorpio_core` is, for macros that make tools | found in `Cargo.toml` |
///
/// A blocking function cannot be stopped from outside: it goes on after a timeout or a cancel, unless it looks at
/// `ToolContext::cancellation`.
#[proc_macro_attribute]
pub fn tool(arguments: proc_macro::TokenStream, item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    tool::expand(arguments.into(), item.into()).into()
}

/// Makes tools of the methods of a type, which share the value that they are methods of.
///
/// Goes on an `impl` block. The methods with `#[tool]`, which take `&self`, become tools; everything said of
/// [`#[tool]`](macro@tool) holds for them. The other methods stay as they are, and so do the ones that became tools: they can be called
/// like any method. The type implements
/// [`Toolset`](https://docs.rs/scorpio-core/latest/scorpio_core/tool/trait.Toolset.html): `.toolset(Notes::default())` gives all of them
/// to an agent.
///
/// ```
/// use std::sync::Mutex;
/// use scorpio_core::{tool, toolset};
///
/// #[derive(Default)]
/// struct Notes { texts: Mutex<Vec<String>> }
///
/// #[toolset]
/// impl Notes {
///     /// Keep a note.
///     #[tool]
///     fn write_note(&self, text: String) -> usize {
///         let mut texts = self.texts.lock().unwrap();
///         texts.push(text);
///         texts.len()
///     }
///
///     /// Read all notes.
///     #[tool(pure, effects = "read_private")]
///     async fn read_notes(&self) -> Vec<String> {
///         self.texts.lock().unwrap().clone()
///     }
/// }
///
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// let notes = Notes::default();
/// notes.write_note("milk".to_owned());
/// assert_eq!(notes.read_notes().await, ["milk"]);
/// # });
/// ```
///
/// The only argument is `crate = path`, as in `#[tool]`.
#[proc_macro_attribute]
pub fn toolset(arguments: proc_macro::TokenStream, item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    toolset::expand(arguments.into(), item.into()).into()
}
