//! Work that would hold up the other tasks of a thread.

use super::ToolError;

/// Runs `work` on a thread where it may wait or compute for long. `#[tool(blocking)]` does it for a whole function.
///
/// ```
/// use scorpio_core::tool::{ToolError, run_blocking};
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// let lines = run_blocking(|| "a\nb".lines().count()).await?;
/// assert_eq!(lines, 2);
/// # Ok::<(), ToolError>(())
/// # }).unwrap();
/// ```
///
/// # Errors
///
/// When the runtime shuts down before the work begins. A panic of the work goes on in the caller.
///
/// # Cancel safety
///
/// Dropping the future does not stop work that has begun; its result is thrown away. Long work should look at
/// [`ToolContext::cancellation`](super::ToolContext::cancellation).
pub async fn run_blocking<T, F>(work: F) -> Result<T, ToolError>
where
    T: Send + 'static,
    F: FnOnce() -> T + Send + 'static,
{
    // What the work logs belongs to the span of the call.
    let span = tracing::Span::current();
    let joined = tokio::task::spawn_blocking(move || span.in_scope(work)).await;
    joined.map_err(|error| match error.try_into_panic() {
        Ok(panic) => std::panic::resume_unwind(panic),
        Err(error) => ToolError::from(error),
    })
}
