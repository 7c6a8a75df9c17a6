//! What `tests/rigs/fixtures.json` of the repository says, as a script of the strict provider: the model's name picks the answer.

use scorpio_testkit::{Fault, Request, Stop, Turn, Usage};
use serde_json::json;

pub fn director(request: &Request) -> Turn {
    let has_results = request.conversation().results().next().is_some();
    let turn = match (request.model(), has_results) {
        ("rig-text", _) => {
            Turn::text("Scorpio heard you: a plain answer, with an umlaut ü, a dash — and 🦂.")
        }
        ("rig-tools", false) => Turn::new()
            .call("add", json!({"a": 2, "b": 40}))
            .call("weather", json!({"city": "Zürich", "days": 3})),
        ("rig-tools", true) => Turn::text("Both tools answered: 42, and sun in Zürich."),
        ("rig-text-then-tool", false) => {
            Turn::text("Let me add these numbers.").call("add", json!({"a": 1, "b": 2}))
        }
        ("rig-text-then-tool", true) => Turn::text("The sum is 3."),
        ("rig-no-arguments", false) => Turn::new().call("now", json!({})),
        ("rig-no-arguments", true) => Turn::text("It is noon."),
        ("rig-json", _) => Turn::text(r#"{"name":"Ada","age":36}"#),
        ("rig-length", _) => Turn::text("This answer was cut by the token").stop(Stop::Length),
        ("rig-filtered", _) => Turn::text("I can").stop(Stop::ContentFilter),
        ("rig-truncated", _) => Turn::failing(Fault::truncated()).and_text("This answer breaks off."),
        ("rig-malformed", _) => Turn::failing(Fault::not_json().after_events(0)),
        ("rig-400", _) => Turn::failing(Fault::status(400)),
        ("rig-401", _) => Turn::failing(Fault::status(401)),
        ("rig-429", _) => Turn::failing(Fault::rate_limited().retry_after("7")),
        ("rig-500", _) => Turn::failing(Fault::status(500)),
        ("rig-503", _) => Turn::failing(Fault::status(503)),
        (other, _) => Turn::text(format!("There is no fixture for {other}.")),
    };
    turn.usage(Usage { input: 100, cache_read: 0, cache_write: 0, output: 20, reasoning: 0 })
}
