//! What only the strict provider does: answers that are whole but oddly written, with reasoning, and what they cost.

use scorpio_core::{
    Agent, Message, SessionId,
    model::{FinishReason, ModelRequest, Transcript},
    tool,
};
use scorpio_testkit::{Script, Style, Turn, Usage, Wire};
use serde_json::json;

use crate::{
    neutral::{self, Answer},
    rig::{Rig, judge},
};

/// Add two numbers.
#[tool]
fn add(a: f64, b: f64) -> f64 {
    a + b
}

/// The time.
#[tool]
fn now() -> &'static str {
    "noon"
}

fn calls(style: Style) -> Turn {
    let turn = Turn::new().reasoning("Grübel: beides — 🦂.").and_text("Zürich first.");
    let turn = turn.call("add", json!({"a": 2, "b": 40})).call("now", json!({}));
    turn.style(style).usage(Usage { input: 100, cache_read: 30, cache_write: 0, output: 20, reasoning: 8 })
}

fn styles() -> Vec<(&'static str, Style)> {
    let style = Style::new;
    vec![
        ("plain", style()),
        ("characters one by one", style().characters(1)),
        ("everything at once", style().characters(0)),
        ("pings", style().pings(50)),
        ("unknown events", style().unknown_events()),
        ("CRLF", style().crlf()),
        ("bytes one by one", style().split_bytes(1)),
        ("bytes by sevens", style().split_bytes(7).crlf()),
        ("interleaved", style().interleaved().characters(2)),
        ("out of order", style().out_of_order()),
        ("empty pieces", style().empty_pieces()),
        ("without ids", style().without_ids()),
        ("slow", style().pause_ms(1)),
        (
            "all of it",
            style()
                .characters(1)
                .pings(2)
                .unknown_events()
                .crlf()
                .split_bytes(1)
                .interleaved()
                .empty_pieces(),
        ),
    ]
}

#[tokio::test]
async fn however_it_is_written_it_means_the_same() {
    let mut rigs = Vec::new();
    for wire in Wire::ALL {
        for (name, style) in styles() {
            let rig = Rig::strict(wire, Script::in_order([calls(style)])).await;
            let request = ModelRequest::new("strict", Transcript::from_iter([Message::user("Go.")]));
            let answer = neutral::stream(&*rig.provider, request).await;
            let parts = [
                "reasoning Grübel: beides — 🦂.",
                "text Zürich first.",
                r#"call add {"a":2,"b":40}"#,
                "call now {}",
            ];
            let expected = Answer {
                parts: parts.map(str::to_owned).into(),
                reason: FinishReason::ToolCalls,
                usage: (100, 30, 20),
            };
            assert_eq!(answer, expected, "{}, {name}", rig.name);
            rigs.push(rig);
        }
    }
    judge(&rigs).await;
}

#[tokio::test]
async fn however_it_is_written_it_can_be_sent_back() {
    let mut rigs = Vec::new();
    for wire in Wire::ALL {
        for (name, style) in styles() {
            let rounds = (0..3).flat_map(|number| {
                let answer = Turn::new().reasoning("So.").and_text(format!("Answer {number}."));
                [calls(style.clone()), answer.style(style.clone())]
            });
            let rig = Rig::strict(wire, Script::by_history(rounds.collect::<Vec<_>>())).await;
            let agent = Agent::builder("rig").with_model(rig.model("strict")).instructions("Be brief.");
            let agent = agent.tool(add).tool(now).build().unwrap();
            let session = SessionId::new();
            for number in 0..3 {
                let outcome = agent.run(format!("Question {number}")).session(&session).await.unwrap();
                let said = outcome.text();
                assert!(said.ends_with(&format!("Answer {number}.")), "{}, {name}: {said}", rig.name);
            }
            rigs.push(rig);
        }
    }
    judge(&rigs).await;
}
