use scorpio_core::tool;

type Result = std::result::Result<u8, scorpio_core::tool::ToolError>;

/// Does not say what it answers.
#[tool]
fn nothing() -> Result {
    Ok(1)
}

fn main() {}
