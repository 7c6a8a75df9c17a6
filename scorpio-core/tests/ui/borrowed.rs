use scorpio_core::{
    tool,
    tool::{ToolContext, ToolError},
};

/// Everything borrowed.
#[tool]
fn borrowed(text: &str, numbers: &[f64], list: Option<&Vec<String>>) -> usize {
    text.len() + numbers.len() + list.map_or(0, Vec::len)
}

/// The context, owned.
#[tool]
fn owned(cx: ToolContext) {}

/// The context, to be changed.
#[tool]
fn changed(cx: &mut ToolContext) {}

/// A borrowed answer.
#[tool]
fn answer(cx: &ToolContext) -> Result<&str, ToolError> {
    Ok(cx.idempotency_key())
}

fn main() {}
