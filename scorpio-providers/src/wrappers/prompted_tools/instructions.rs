//! What the model is told about the tools.

use std::{fmt::Write as _, sync::Arc};

use bytes::Bytes;
use scorpio_core::{
    Json,
    model::{ModelRequest, ToolChoice, WireKey},
    tool::{ToolCatalog, ToolSpec},
};
use serde::Serialize;

/// What the descriptions are kept under, beside the tools.
const KEY: WireKey = "prompted-tools";

const HOW: &str = "\
To call a tool, write its name and its arguments as a JSON object between these tags:
<tool_call>
{\"name\": \"name_of_the_tool\", \"arguments\": {\"name_of_an_argument\": \"its value\"}}
</tool_call>
";

const THEN: &str = "\
End your answer after that. The results come in the next message, between <tool_response> tags. Never write those yourself, and call no \
tool that is not in the list. When you need no tool, answer without any.";

#[derive(Serialize)]
struct Described<'a> {
    name: &'a str,
    description: &'a str,
    parameters: &'a Json,
}

/// The instructions of a request, with its tools at their end.
pub(super) fn with_tools(request: &ModelRequest) -> Arc<str> {
    let mut text = String::new();
    if let Some(instructions) = request.instructions.as_deref().filter(|text| !text.is_empty()) {
        text.push_str(instructions);
        text.push_str("\n\n");
    }
    let tools = request.tools.encoded().get_or_encode(KEY, || Bytes::from(describe(&request.tools)));
    text.push_str(&String::from_utf8_lossy(tools));
    text.push_str(match request.parallel_tool_calls {
        Some(false) => "Call one tool at a time.\n",
        _ => "To call several, write several such blocks.\n",
    });
    text.push_str(THEN);
    match &request.tool_choice {
        ToolChoice::Required => text.push_str("\nThis time you must call a tool."),
        // Writing to a string cannot fail.
        ToolChoice::Tool(name) => drop(write!(text, "\nThis time you must call the tool `{name}`.")),
        _ => {}
    }
    text.into()
}

fn describe(tools: &ToolCatalog) -> String {
    let mut text = "You can call tools. They are, one on each line:\n<tools>\n".to_owned();
    for ToolSpec { name, description, parameters, .. } in tools.specs() {
        // Names, texts and JSON that is valid already cannot fail to be written.
        text.push_str(
            &serde_json::to_string(&Described { name, description, parameters }).unwrap_or_default(),
        );
        text.push('\n');
    }
    text.push_str("</tools>\n");
    text.push_str(HOW);
    text
}
