#![allow(clippy::unwrap_used)]

use scorpio_core::Part;

use super::*;
use crate::{
    http::Decoder,
    recorded::{Recorded, check, check_chunkings, decode, recorded},
    sse::SseLimits,
};

const STREAMS: &[Recorded] = recorded! {
    "anthropic-text": "usage 25 100 10 1 0" "+0 text" "0 Grüße" "0 , \"Welt\" — " "0 🦂\n"
        "=0 text Grüße, \"Welt\" — 🦂\n" "usage 25 100 10 15 0" "finish Stop";
    "anthropic-thinking-and-tools": "usage 25 100 10 1 0" "+0 reasoning" "0 Two " "0 calls."
        "=0 reasoning Two calls. native {\"type\":\"thinking\",\"thinking\":\"Two calls.\",\"signature\":\"EqQBCg==\"}"
        "+1 opaque" "=1 opaque native {\"type\":\"redacted_thinking\",\"data\":\"EmwKAhg=\"}"
        "+2 text" "2 Let me look." "=2 text Let me look." "+3 call toolu_1 add" "3 {\"a\":2," "3 \"b\":40}"
        "=3 call toolu_1 add {\"a\":2,\"b\":40}" "+4 call toolu_2 now" "=4 call toolu_2 now "
        "usage 25 0 10 89 12" "finish ToolCalls";
    "anthropic-interleaved": "usage 25 100 10 1 0" "+0 text" "+1 call toolu_1 add" "1 {\"a\"" "0 Hi" "1 :1}"
        "=0 text Hi" "=1 call toolu_1 add {\"a\":1}" "usage 25 100 10 15 0" "finish ToolCalls";
    "anthropic-omitted-thinking": "usage 25 100 10 1 0" "+0 reasoning"
        "=0 reasoning  native {\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"c2ln\"}" "+1 text" "1 42"
        "=1 text 42" "usage 25 100 10 15 0" "finish Stop";
    "anthropic-server-tool": "usage 25 100 10 1 0" "+0 opaque"
        "=0 opaque native {\"type\":\"server_tool_use\",\"id\":\"srvtoolu_1\",\"name\":\"web_search\",\"input\":{\"query\":\"x\"}}"
        "+1 opaque" "=1 opaque native {\"type\":\"web_search_tool_result\",\"tool_use_id\":\"srvtoolu_1\",\"content\":[{\"type\":\"web_search_result\",\"url\":\"https://example.com\",\"encrypted_content\":\"e\"}]}"
        "+2 text" "2 Yes."
        "=2 text Yes. native {\"type\":\"text\",\"text\":\"Yes.\",\"citations\":[{\"type\":\"web_search_result_location\",\"url\":\"https://example.com\"}]}"
        "usage 25 100 10 15 0" "finish Paused";
    "anthropic-refusal": "usage 25 100 10 1 0" "+0 text" "0 I" "=0 text I" "usage 25 100 10 15 0" "finish ContentFilter";
    "anthropic-length": "usage 25 100 10 1 0" "+0 call toolu_1 add" "0 {\"a\":" "=0 call toolu_1 add {\"a\":"
        "usage 25 100 10 15 0" "finish Length";
    "anthropic-error": "usage 25 100 10 1 0" "+0 text" "0 Half" "error Overloaded";
    "anthropic-truncated": "usage 25 100 10 1 0" "+0 text" "0 Half" "error Truncated";
    "anthropic-truncated-before-stop": "usage 25 100 10 1 0" "+0 text" "0 All" "=0 text All" "usage 25 100 10 15 0"
        "error Truncated";
    "anthropic-two-starts": "usage 25 100 10 1 0" "+0 text" "0 A" "error Protocol";
    "anthropic-delta-before-start": "usage 25 100 10 1 0" "error Protocol";
    "anthropic-same-index-twice": "usage 25 100 10 1 0" "+0 text" "error Protocol";
    "anthropic-unknown-events": "usage 25 100 10 1 0" "+0 text" "0 Hi" "=0 text Hi" "usage 25 100 10 1 0" "finish Stop";
    "anthropic-no-usage": "+0 text" "0 Hi" "=0 text Hi" "finish Stop";
};

fn decoder() -> Decoder<MessagesAnswer> {
    Decoder::of_events(MessagesAnswer::new(Default::default()), SseLimits::default())
}

#[test]
fn no_cut_and_no_line_end_makes_a_difference() {
    check(STREAMS, decoder);
}

#[test]
fn no_chunking_makes_a_difference() {
    check_chunkings(STREAMS, decoder);
}

#[test]
fn an_answer_cut_anywhere_is_never_whole() {
    for (name, stream, expected) in STREAMS {
        if !expected.last().unwrap().starts_with("finish") {
            continue;
        }
        let stop = stream.find("message_stop").unwrap();
        for at in 0..stop {
            let told = decode(decoder(), [stream.as_bytes().get(..at).unwrap()]);
            assert_eq!(told.last().unwrap(), "error Truncated", "{name} cut at {at}");
        }
    }
}

#[test]
fn an_answer_that_is_sent_at_once_is_taken() {
    let whole = || Decoder::of_whole_answer(MessagesAnswer::new(Default::default()));
    let json = br#"{"id":"msg_1","type":"message","role":"assistant","content":[{"type":"thinking","thinking":"Hm","signature":"s"},
        {"type":"text","text":"Hi"},{"type":"tool_use","id":"toolu_1","name":"add","input":{"a":1}}],
        "stop_reason":"tool_use","usage":{"input_tokens":1,"output_tokens":2}}"#;
    let expected = [
        "usage 1 0 0 2 0",
        "+0 reasoning",
        "0 Hm",
        "=0 reasoning Hm native {\"type\":\"thinking\",\"thinking\":\"Hm\",\"signature\":\"s\"}",
        "+1 text",
        "1 Hi",
        "=1 text Hi",
        "+2 call toolu_1 add",
        "2 {\"a\":1}",
        "=2 call toolu_1 add {\"a\":1}",
        "finish ToolCalls",
    ];
    assert_eq!(decode(whole(), json.chunks(7)), expected);
    let error = br#"{"type":"error","error":{"type":"authentication_error","message":"no"}}"#.as_slice();
    assert_eq!(decode(whole(), [error]), ["error Auth"]);
    for wrong in ["", "<html>", "[]", r#"{"detail":"Not found"}"#] {
        assert_eq!(decode(whole(), [wrong.as_bytes()]), ["error Protocol"], "{wrong}");
    }
}

#[test]
fn an_answer_whose_beginning_was_lost_is_refused() {
    for (name, stream, _) in STREAMS {
        let Some((_, rest)) = stream.split_once("\n\n") else { unreachable!("{name}") };
        let block = rest.find("content_block_start").map(|at| rest.get(at..).unwrap());
        if block.is_some() && stream.starts_with("event: message_start") {
            assert_eq!(decode(decoder(), [rest.as_bytes()]), ["error Protocol"], "{name}");
        }
    }
}

#[test]
fn text_of_a_block_that_is_not_known_is_not_taken_for_its_input() {
    let stream = concat!(
        "data: {\"type\":\"message_start\",\"message\":{}}\n\n",
        "data: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"novelty\",\"a\": 1}}\n\n",
        "data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"x\"}}\n\n",
        "data: {\"type\":\"content_block_stop\",\"index\":0}\n\n",
        "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}\n\n",
        "data: {\"type\":\"message_stop\"}\n\n",
    );
    let expected = ["+0 opaque", "=0 opaque native {\"type\":\"novelty\",\"a\": 1}", "finish Stop"];
    assert_eq!(decode(decoder(), [stream.as_bytes()]), expected);
}

#[test]
fn fields_of_a_call_that_are_new_go_back_too() {
    let stream = concat!(
        "data: {\"type\":\"message_start\",\"message\":{}}\n\n",
        "data: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"tool_use\",\"id\":\"t\",\"caller\":{\"type\":\"direct\"},",
        "\"name\":\"add\",\"input\":{}}}\n\n",
        "data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"{\\\"a\\\": 1}\"}}\n\n",
        "data: {\"type\":\"content_block_stop\",\"index\":0}\n\n",
    );
    let mut decoder = decoder();
    decoder.push(stream.as_bytes()).unwrap();
    let mut parts = Vec::new();
    while let Some(event) = decoder.next_event().unwrap() {
        if let ModelEvent::PartEnd { part, .. } = event {
            parts.push(part);
        }
    }
    let Some(Part::ToolCall(call)) = parts.first().map(|part| &**part) else { unreachable!("{parts:?}") };
    let native = call.native.as_ref().unwrap().item.get();
    let expected = r#"{"type":"tool_use","id":"t","caller":{"type":"direct"},"name":"add","input":{"a": 1}}"#;
    assert_eq!(native, expected);
}
