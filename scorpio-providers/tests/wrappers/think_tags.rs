//! Thinking between tags, however the stream is cut.

use scorpio_core::{
    Message, Origin, Part, Role,
    model::{
        CallContext, FinishReason, LlmProvider, ModelErrorKind, ModelEvent, ModelRequest, Scripted,
        ScriptedTurn, Transcript,
    },
};
use scorpio_providers::ThinkTags;

use crate::support::{
    Puppet, Turn, answer, cuts, error_of, items, items_of, pieces, request, shown, text_of,
};

type Shown<'a> = &'a [(&'a str, &'a str)];

async fn expect(text: &str, set: impl Fn(ThinkTags) -> ThinkTags, expected: Shown<'_>) {
    for cut in cuts(text) {
        let provider = set(ThinkTags::new(Scripted::new().turn(pieces(cut.iter().copied()))));
        let answer = answer(&provider, request()).await;
        let expected: Vec<_> = expected.iter().map(|(kind, text)| (*kind, (*text).to_owned())).collect();
        assert_eq!(shown(&answer), expected, "{cut:?}");
        assert_eq!(answer.reason, FinishReason::Stop);
    }
}

#[tokio::test]
async fn what_stands_between_tags_is_reasoning() {
    let cases: &[(&str, Shown<'_>)] = &[
        ("<think>\nHm.\n</think>\n\nYes.", &[("reasoning", "Hm.\n"), ("text", "Yes.")]),
        (" \n<think>a < b </thin k></think>c", &[("reasoning", "a < b </thin k>"), ("text", "c")]),
        (
            "<think>Hm.</think> <think>Ah.</think> Yes.",
            &[("reasoning", "Hm."), ("reasoning", "Ah."), ("text", "Yes.")],
        ),
        ("<think>\n\n</think>\n\nYes.", &[("text", "Yes.")]),
        ("<think>Déjà vu — 思考</think>はい", &[("reasoning", "Déjà vu — 思考"), ("text", "はい")]),
        // Not at the beginning, or not whole: text.
        ("Write `<think>` first.", &[("text", "Write `<think>` first.")]),
        ("```\n<think>no</think>\n```", &[("text", "```\n<think>no</think>\n```")]),
        ("  <thinking>x", &[("text", "  <thinking>x")]),
        ("No.</think>Yes.", &[("text", "No.</think>Yes.")]),
        (
            "<think>Hm.</think>Yes. <think>no</think>",
            &[("reasoning", "Hm."), ("text", "Yes. <think>no</think>")],
        ),
        ("<thi", &[("text", "<thi")]),
        ("<think>Hm.</think><thi", &[("reasoning", "Hm."), ("text", "<thi")]),
        // The answer ends while the model thinks.
        ("<think>Hm.</thi", &[("reasoning", "Hm.</thi")]),
        ("<think>", &[]),
        ("  ", &[("text", "  ")]),
    ];
    for (text, expected) in cases {
        expect(text, |provider| provider, expected).await;
    }
}

#[tokio::test]
async fn a_model_may_begin_inside() {
    let inside = |provider: ThinkTags| provider.with_starts_inside(true);
    expect("\nHm.\n</think>\n\nYes.", inside, &[("reasoning", "Hm.\n"), ("text", "Yes.")]).await;
    expect("<think>Hm.</think>Yes.", inside, &[("reasoning", "Hm."), ("text", "Yes.")]).await;
    expect("</think>Yes.", inside, &[("text", "Yes.")]).await;
    expect("Hm. <thi", inside, &[("reasoning", "Hm. <thi")]).await;
    // A server that takes the thinking out by itself leaves nothing to find.
    let turn = ScriptedTurn::new().reasoning("Hm.").text("Yes.");
    let provider = inside(ThinkTags::new(Scripted::new().turn(turn)));
    let answer = answer(&provider, request()).await;
    assert_eq!(shown(&answer), [("reasoning", "Hm.".to_owned()), ("text", "Yes.".to_owned())]);
}

#[tokio::test]
async fn tags_may_be_others_and_anywhere() {
    let other = |provider: ThinkTags| provider.with_tags("<|begin|>", "<|end|>").with_tags("", "");
    expect("<|begin|>Hm.<|end|>Yes.", other, &[("reasoning", "Hm."), ("text", "Yes.")]).await;
    expect("<think>Yes.", other, &[("text", "<think>Yes.")]).await;
    let anywhere = |provider: ThinkTags| provider.with_anywhere(true);
    expect(
        "Well, <think>hm.</think> yes. <<think>Ah.</think>\n",
        anywhere,
        &[("text", "Well, "), ("reasoning", "hm."), ("text", "yes. <"), ("reasoning", "Ah.")],
    )
    .await;
}

#[tokio::test]
async fn no_more_is_held_back_than_may_become_a_tag() {
    let text = "<think>Hm, a < b and </p> is no </thin air.</think>So it is <b>so</b>.";
    // The stream breaks off after each letter in turn: what was said until then must be out, but for the tags.
    for end in 0..text.len() {
        let said = text[..end].to_owned();
        let provider = ThinkTags::new(Puppet::new(move |_| {
            let start = Turn::new().start();
            said.chars()
                .fold(start, |turn, letter| turn.delta(&letter.to_string()))
                .fail(ModelErrorKind::Truncated)
        }));
        let items = items(&provider).await;
        assert_eq!(error_of(&items), Some(ModelErrorKind::Truncated));
        let expected = text[..end].replace("<think>", "").replace("</think>", "");
        // Of an opening tag that was not whole, the letters are text; of what was thought, they are thinking.
        assert_eq!(text_of(&items), expected);
    }
    // And while it streams, a letter that can be no tag comes at once.
    let provider = ThinkTags::new(Puppet::new(|_| {
        Turn::new().start().delta("<").delta("b").delta(">").end("<b>").finish()
    }));
    let deltas: Vec<String> = items_of(&provider, request(), &CallContext::new())
        .await
        .into_iter()
        .filter_map(|item| match item {
            Ok(ModelEvent::Delta { text, .. }) => Some(text.to_string()),
            _ => None,
        })
        .collect();
    assert_eq!(deltas, ["<b", ">"]);
}

#[tokio::test]
async fn calls_stand_where_they_stood() {
    let turn = ScriptedTurn::new()
        .text("<think>Hm.</think>I look.")
        .tool_call("call_1", "look", "{}")
        .text("<think>Ah.</think>");
    let provider = ThinkTags::new(Scripted::new().turn(turn));
    let answer = answer(&provider, request()).await;
    let expected = [("reasoning", "Hm."), ("text", "I look."), ("call", "look {}"), ("reasoning", "Ah.")];
    assert_eq!(shown(&answer), expected.map(|(kind, text)| (kind, text.to_owned())));
    assert_eq!(answer.reason, FinishReason::ToolCalls);
}

#[tokio::test]
async fn a_text_without_thinking_is_the_providers_own() {
    let native = scorpio_core::Json::parse(r#"{"its" : "own"}"#).unwrap();
    let part = scorpio_core::TextPart::new("Yes.", scorpio_core::Provenance::Model).with_native(native);
    let own = part.clone();
    let provider = ThinkTags::new(Puppet::new(move |_| {
        let end = ModelEvent::PartEnd { index: 0, part: Box::new(Part::Text(own.clone())) };
        Turn::new().start().delta("Yes.").event(end).finish()
    }));
    assert_eq!(answer(&provider, request()).await.parts, [Part::Text(part)]);
    assert!(provider.capabilities("any").reasoning);
}

#[tokio::test]
async fn thinking_does_not_go_back() {
    let script = Scripted::new().text("One.").text("Two.");
    let old = Message::assistant("<think>\nOld.\n</think>\n\nHello.").with_origin(Origin::new("a", "b", "c"));
    let broken = Message::assistant("<think>Broken");
    let transcript = Transcript::from_iter([
        Message::user("<think>mine</think>"),
        old.clone(),
        Message::user("So?"),
        broken,
        Message::user("And?"),
    ]);
    let provider = ThinkTags::new(script.clone());
    answer(&provider, ModelRequest::new("any", transcript.clone())).await;
    let sent = script.requests()[0].transcript.clone();
    let texts: Vec<String> = sent.messages().map(Message::text).collect();
    assert_eq!(texts, ["<think>mine</think>", "Hello.", "So?", "", "And?"]);
    let cleared = sent.messages().nth(1).unwrap();
    assert_eq!((cleared.role, &cleared.id, &cleared.origin), (Role::Assistant, &old.id, &old.origin));
    // What was sent as it is stays encoded.
    assert!(std::sync::Arc::ptr_eq(&sent.entries()[0], &transcript.entries()[0]));
    let plain = Transcript::from_iter([Message::user("Hello?"), Message::assistant("No </think> here.")]);
    answer(&provider, ModelRequest::new("any", plain.clone())).await;
    let sent = script.requests()[1].transcript.clone();
    assert!(std::sync::Arc::ptr_eq(&sent.entries()[1], &plain.entries()[1]));
}
