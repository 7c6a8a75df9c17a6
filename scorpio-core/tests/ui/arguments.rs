use scorpio_core::tool;

/// Unknown.
#[tool(retries = 3)]
fn unknown() {}

/// Unknown effects.
#[tool(effects = "read")]
fn effects() {}

/// No value.
#[tool(pure = true)]
fn flag() {}

/// A value.
#[tool(timeout)]
fn value() {}

/// No such unit.
#[tool(timeout = "1h")]
fn unit() {}

/// Twice.
#[tool(name = "a", name = "b")]
fn twice() {}

/// No such name.
#[tool(name = "find orders")]
fn name() {}

/// No limit.
#[tool(output_limit = 0)]
fn limit() {}

fn main() {}
