use scorpio_core::{tool, tool::ToolContext};

/// One is enough.
#[tool]
async fn two(cx: &ToolContext, text: String, other: &scorpio_core::tool::ToolContext) -> String {
    text
}

fn main() {}
