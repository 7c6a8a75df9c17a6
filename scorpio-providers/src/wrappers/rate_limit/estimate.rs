//! How many tokens a call will take, as far as can be told from its request.

use scorpio_core::{Part, model::ModelRequest};

/// English text and JSON have about four bytes for each token.
const BYTES: usize = 4;

/// What an image or a document is taken for. Its bytes say nothing about it.
const MEDIA: usize = 1000 * BYTES;

/// What an answer is taken for whose length is not limited.
const ANSWER: u64 = 1000;

pub(super) fn estimate(request: &ModelRequest) -> u64 {
    let instructions = request.instructions.as_deref().map_or(0, str::len);
    let messages: usize = request.transcript.messages().flat_map(|message| &message.parts).map(bytes).sum();
    let tools: usize = request
        .tools
        .specs()
        .map(|tool| tool.name.len() + tool.description.len() + tool.parameters.get().len())
        .sum();
    let output = request.output.as_ref().map_or(0, |output| output.schema.get().len());
    let input = (instructions + messages + tools + output) / BYTES;
    let answer = request.max_output_tokens.map_or(ANSWER, u64::from);
    u64::try_from(input).unwrap_or(u64::MAX).saturating_add(answer)
}

fn bytes(part: &Part) -> usize {
    match part {
        Part::Text(text) => text.text.len(),
        Part::Reasoning(reasoning) => reasoning.text.len(),
        Part::ToolCall(call) => call.name.len() + call.arguments.len(),
        Part::ToolResult(result) => result.output.get().len(),
        Part::Media(_) => MEDIA,
        Part::Opaque(opaque) => opaque.native.item.get().len(),
        _ => 0,
    }
}
