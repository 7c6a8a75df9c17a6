use scorpio_core::tool;

/// Both.
#[tool(pure, idempotent)]
fn both() {}

/// Pure and yet not.
#[tool(pure, effects = "write")]
fn writes() {}

/// Waits twice.
#[tool(blocking)]
async fn waits() {}

fn main() {}
