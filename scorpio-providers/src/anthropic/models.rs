//! What Claude models can do, by their names.

use scorpio_core::model::Capabilities;

/// What a model can do.
pub(super) fn capabilities(model: &str) -> Capabilities {
    let mut capabilities = Capabilities::all();
    capabilities.reasoning = !is_before_3_7(model);
    capabilities.json_schema = !is_before_4_5(model);
    capabilities
}

/// The most tokens of an answer to a request that does not say, which every model of its kind can give.
pub(super) fn max_output_tokens(model: &str) -> u32 {
    match model {
        model if is_3_5(model) => 8_192,
        model if is_before_3_7(model) => 4_096,
        _ => 32_000,
    }
}

/// Structured output came with Claude 4.5; of its elders, Opus 4.1 alone learned it.
fn is_before_4_5(model: &str) -> bool {
    let elders =
        ["claude-3-7", "claude-sonnet-4-0", "claude-opus-4-0", "claude-sonnet-4-2025", "claude-opus-4-2025"];
    // Vertex AI puts an `@` before the date.
    let on_vertex = ["claude-sonnet-4@", "claude-opus-4@"];
    is_before_3_7(model) || elders.iter().chain(&on_vertex).any(|elder| model.starts_with(elder))
}

fn is_before_3_7(model: &str) -> bool {
    let is_3 = model.starts_with("claude-3") && !model.starts_with("claude-3-7");
    is_3 || model.starts_with("claude-2") || model.starts_with("claude-instant")
}

fn is_3_5(model: &str) -> bool {
    model.starts_with("claude-3-5") || model.starts_with("claude-3.5")
}

#[cfg(test)]
mod tests;
