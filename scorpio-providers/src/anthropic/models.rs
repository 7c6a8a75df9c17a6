//! What Claude models can do, by their names.

use scorpio_core::model::Capabilities;

/// What a model can do.
pub(super) fn capabilities(model: &str) -> Capabilities {
    let mut capabilities = Capabilities::all();
    capabilities.reasoning = !is_before_3_7(model);
    capabilities.json_schema = !is_before_3_7(model);
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

fn is_before_3_7(model: &str) -> bool {
    let is_3 = model.starts_with("claude-3") && !model.starts_with("claude-3-7");
    is_3 || model.starts_with("claude-2") || model.starts_with("claude-instant")
}

fn is_3_5(model: &str) -> bool {
    model.starts_with("claude-3-5") || model.starts_with("claude-3.5")
}
