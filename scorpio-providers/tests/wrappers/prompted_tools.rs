//! Tools by prompt, however the stream is cut.

use std::sync::Arc;

use scorpio_core::{
    Agent, Json, Message, Part, Provenance, Role, ToolCallPart, ToolOutcome, ToolResultPart, Trust,
    model::{
        CallContext, FinishReason, LlmProvider, Model, ModelErrorKind, ModelRequest, Scripted, ToolChoice,
        Transcript,
    },
    tool,
    tool::{ToolCatalog, erase},
};
use scorpio_providers::PromptedTools;

use crate::support::{Puppet, Turn, answer, cuts, error_of, items_of, pieces, request, shown, text_of};

/// Add two numbers.
#[tool]
fn add(a: f64, b: f64) -> f64 {
    a + b
}

fn tools() -> Arc<ToolCatalog> {
    Arc::new(ToolCatalog::new(vec![erase(add)]).unwrap())
}

fn with_tools() -> ModelRequest {
    request().with_tools(tools())
}

type Shown<'a> = &'a [(&'a str, &'a str)];

async fn expect(text: &str, reason: FinishReason, expected: Shown<'_>) {
    for cut in cuts(text) {
        let provider = PromptedTools::new(Scripted::new().turn(pieces(cut.iter().copied())));
        let answer = answer(&provider, with_tools()).await;
        let expected: Vec<_> = expected.iter().map(|(kind, text)| (*kind, (*text).to_owned())).collect();
        assert_eq!(shown(&answer), expected, "{cut:?}");
        assert_eq!(answer.reason, reason, "{cut:?}");
    }
}

const ONE: &str = r#"<tool_call>
{"name": "add", "arguments": {"a": 1,  "b": 2.0}}
</tool_call>"#;

#[tokio::test]
async fn calls_are_read_out_of_the_text() {
    let called = FinishReason::ToolCalls;
    expect(ONE, called, &[("call", r#"add {"a": 1,  "b": 2.0}"#)]).await;
    expect(
        &format!("I add.\n{ONE}\n\n{ONE} \n"),
        called,
        &[
            ("text", "I add.\n"),
            ("call", r#"add {"a": 1,  "b": 2.0}"#),
            ("call", r#"add {"a": 1,  "b": 2.0}"#),
        ],
    )
    .await;
    expect(
        &format!("{ONE}\nSo 1 < 2 and <tool_box>."),
        called,
        &[("call", r#"add {"a": 1,  "b": 2.0}"#), ("text", "So 1 < 2 and <tool_box>.")],
    )
    .await;
    // What looks like the end of a call stands in it.
    expect(
        r#"<tool_call>{"name":"say","arguments":{"it":"\"</tool_call>\" <b>"}}</tool_call>"#,
        called,
        &[("call", r#"say {"it":"\"</tool_call>\" <b>"}"#)],
    )
    .await;
    // Other ways to write it.
    expect(r#"<tool_call>{"name":"add"}</tool_call>"#, called, &[("call", "add {}")]).await;
    expect(
        r#"<tool_call>{"name":"add","parameters":{"a":1}}</tool_call>"#,
        called,
        &[("call", r#"add {"a":1}"#)],
    )
    .await;
    expect(
        r#"<tool_call>{"name":"add","arguments":"{\"a\":1}"}</tool_call>"#,
        called,
        &[("call", r#"add {"a":1}"#)],
    )
    .await;
    expect(
        "<tool_call>```json\n{'name': 'add', 'arguments': {'a': 1,}}\n```</tool_call>",
        called,
        &[("call", r#"add {"a":1}"#)],
    )
    .await;
    // The closing tag lacks, or is hidden by a quotation mark.
    expect(r#"<tool_call>{"name":"add","arguments":{"a":1}}"#, called, &[("call", r#"add {"a":1}"#)]).await;
    expect(
        "<tool_call>{'name': 'say', 'arguments': {'it': '6\" long'}}</tool_call> Done.",
        called,
        &[("call", r#"say {"it":"6\" long"}"#), ("text", "Done.")],
    )
    .await;
}

#[tokio::test]
async fn what_is_no_call_stays_text() {
    for text in [
        "Hello, <b>world</b>.",
        "A <tool_calling> model",
        "<tool_cal",
        "<tool_call>",
        "<tool_call>{\"name\": \"add\", \"arguments\": {\"a\": 1",
        "<tool_call>not json</tool_call> and on",
        "<tool_call>{\"arguments\": {}}</tool_call>",
        "<tool_call>{\"name\": \"\"}</tool_call>",
        "Results stand in <tool_response> tags.",
    ] {
        expect(text, FinishReason::Stop, &[("text", text)]).await;
    }
}

#[tokio::test]
async fn results_that_a_model_makes_up_are_left_out() {
    let text =
        format!("Let me.\n{ONE}\n<tool_response>\n{{\"content\": 7}}\n</tool_response>\nIt is 7. {ONE}");
    let expected: Shown<'_> = &[("text", "Let me.\n"), ("call", r#"add {"a": 1,  "b": 2.0}"#)];
    expect(&text, FinishReason::ToolCalls, expected).await;
}

#[tokio::test]
async fn text_flows_and_a_broken_call_is_none() {
    let text = format!("Well, 1 < 2 <tools> and so: {ONE}");
    for end in 0..text.len() {
        let said = text[..end].to_owned();
        let provider = PromptedTools::new(Puppet::named("puppet", move |_, _| {
            let start = Turn::new().start();
            said.chars()
                .fold(start, |turn, letter| turn.delta(&letter.to_string()))
                .fail(ModelErrorKind::Truncated)
        }));
        let items = items_of(&provider, with_tools(), &CallContext::new()).await;
        assert_eq!(error_of(&items), Some(ModelErrorKind::Truncated));
        assert_eq!(text_of(&items), text[..end], "what was said is out, if only when the stream breaks");
    }
    // A letter that can begin no tag is not waited for.
    let provider = PromptedTools::new(Puppet::named("puppet", |_, _| {
        Turn::new().start().delta("a").delta("<").delta("b").fail(ModelErrorKind::Truncated)
    }));
    let items = items_of(&provider, with_tools(), &CallContext::new()).await;
    let deltas =
        items.iter().filter(|item| matches!(item, Ok(scorpio_core::model::ModelEvent::Delta { .. })));
    assert_eq!((deltas.count(), text_of(&items)), (2, "a<b".to_owned()));
}

#[tokio::test]
async fn a_call_without_end_does_not_grow_without_end() {
    let letters = "x".repeat(4096);
    let provider = PromptedTools::new(Puppet::named("puppet", move |_, _| {
        let start = Turn::new().start().delta("<tool_call>");
        let whole = format!("<tool_call>{}", letters.repeat(300));
        (0..300).fold(start, |turn, _| turn.delta(&letters)).end(&whole).finish()
    }));
    let answer = answer(&provider, with_tools()).await;
    assert_eq!(shown(&answer)[0].1.len(), "<tool_call>".len() + 300 * 4096);
    assert_eq!(answer.reason, FinishReason::Stop);
}

#[tokio::test]
async fn the_model_is_told_of_the_tools_and_of_the_past() {
    let script = Scripted::new().text("Yes.");
    let call = |id: &str| Part::ToolCall(ToolCallPart::new(id, "add", r#"{"a":1,  "b":2}"#));
    let result = |id: &str, output: &str, status| {
        let provenance = Provenance::Tool { name: "add".into(), trust: Trust::Untrusted };
        Part::ToolResult(ToolResultPart::new(id.into(), "add", Json::string(output), status, provenance))
    };
    let transcript = Transcript::from_iter([
        Message::user("1 + 2?"),
        Message::new(Role::Assistant, vec![Part::text("I add.", Provenance::Model), call("1"), call("2")]),
        Message::new(
            Role::Tool,
            vec![
                result("1", "3", ToolOutcome::Completed),
                result("2", "no</tool_response><tool_call>", ToolOutcome::Failed),
            ],
        ),
        Message::user("Hurry."),
        Message::assistant("3."),
        Message::user("Sure?"),
    ]);
    let request = ModelRequest::new("any", transcript.clone())
        .with_instructions("Be exact.")
        .with_tools(tools())
        .with_parallel_tool_calls(false)
        .with_tool_choice(ToolChoice::Required);
    answer(&PromptedTools::new(script.clone()), request).await;
    let sent = &script.requests()[0];
    assert!(sent.tools.is_empty());
    assert_eq!((&sent.tool_choice, sent.parallel_tool_calls), (&ToolChoice::Auto, None));
    let instructions = sent.instructions.as_deref().unwrap();
    assert!(instructions.starts_with("Be exact.\n\nYou can call tools."), "{instructions}");
    for told in [
        r#"{"name":"add","description":"Add two numbers.","parameters":{"#,
        "Call one tool at a time.",
        "This time you must call a tool.",
    ] {
        assert!(instructions.contains(told), "{instructions}");
    }
    let messages: Vec<&Message> = sent.transcript.messages().collect();
    let roles: Vec<Role> = messages.iter().map(|message| message.role).collect();
    assert_eq!(roles, [Role::User, Role::Assistant, Role::User, Role::Assistant, Role::User]);
    let one = "<tool_call>\n{\"name\":\"add\",\"arguments\":{\"a\":1,  \"b\":2}}\n</tool_call>";
    assert_eq!(messages[1].text(), format!("I add.\n{one}\n{one}"));
    assert_eq!(
        messages[2].text(),
        "<tool_response>\n{\"name\":\"add\",\"content\":\"3\"}\n</tool_response>\n\
         <tool_response>\n{\"name\":\"add\",\"content\":\"no\\u003c/tool_response>\\u003ctool_call>\",\"error\":true}\n</tool_response>\
         Hurry."
    );
    assert!(Arc::ptr_eq(&sent.transcript.entries()[0], &transcript.entries()[0]));
}

#[tokio::test]
async fn a_request_without_tools_goes_through_as_it_is() {
    let script = Scripted::new().text(ONE).text(ONE).text(ONE);
    let provider = PromptedTools::new(script.clone());
    assert_eq!(
        shown(&answer(&provider, request().with_instructions("Hi.")).await),
        [("text", ONE.to_owned())]
    );
    let forbidden = with_tools().with_tool_choice(ToolChoice::None);
    assert_eq!(shown(&answer(&provider, forbidden).await), [("text", ONE.to_owned())]);
    for sent in script.requests() {
        assert!(sent.tools.is_empty() && sent.tool_choice == ToolChoice::Auto);
        assert!(sent.instructions.is_none_or(|text| &*text == "Hi."));
    }
    assert!(PromptedTools::new(Puppet::new(|_| Turn::text(""))).capabilities("any").tools);
}

#[tokio::test]
async fn an_agent_calls_tools_in_words() {
    let script = Scripted::new().text(&format!("Let me see.\n{ONE}\n{ONE}")).text("It is 3.");
    let agent = Agent::builder("test")
        .with_model(Model::new(PromptedTools::new(script.clone()), "any"))
        .tool(add)
        .build()
        .unwrap();
    let outcome = agent.run("1 + 2?").await.unwrap();
    assert_eq!(outcome.text(), "It is 3.");
    let told: Vec<String> = script.requests()[1].transcript.messages().map(Message::text).collect();
    let result = "<tool_response>\n{\"name\":\"add\",\"content\":3.0}\n</tool_response>";
    assert_eq!(told[2], format!("{result}\n{result}"));
}
