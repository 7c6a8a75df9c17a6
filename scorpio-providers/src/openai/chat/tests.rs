//! Every recorded stream, however it is cut and whatever its line ends, gives the same events, and those keep the rules.

use scorpio_core::model::{FinishReason, ModelErrorKind};

use super::*;
use crate::{
    http::{Decoder, Secrets},
    recorded::{Recorded, check, check_chunkings, decode, recorded},
    sse::SseLimits,
};

const SEED: u64 = 7;

const STREAMS: &[Recorded] = recorded! {
    "openai-text": "+0 text" "0 Grüße" "0 , \"Welt\" — " "0 🦂\n" "usage 176 1024 0 48 32"
        "=0 text Grüße, \"Welt\" — 🦂\n" "finish Stop";
    "openai-parallel-tools": "+0 call call_a add" "0 {\"a\"" "+1 call call_b weather" "1 {\"city\":" "0 :2,\"b\":40}"
        "1 \"Zürich\"}" "usage 90 0 0 40 0" "=0 call call_a add {\"a\":2,\"b\":40}"
        "=1 call call_b weather {\"city\":\"Zürich\"}" "finish ToolCalls";
    "openai-text-then-tool": "+0 text" "0 Let me look." "=0 text Let me look." "+1 call call_a now" "1 {}"
        "usage 9 0 0 4 0" "=1 call call_a now {}" "finish ToolCalls";
    "openai-refusal": "+0 text" "0 I'm sorry, " "0 I can't." "usage 9 0 0 4 0" "=0 text I'm sorry, I can't."
        "finish ContentFilter";
    "openai-content-filter": "+0 text" "0 I can" "=0 text I can" "finish ContentFilter";
    "openai-length-in-arguments": "+0 call call_a add" "0 {\"a\":" "=0 call call_a add {\"a\":" "finish Length";
    "openai-error-in-stream": "+0 text" "0 Half" "error Overloaded";
    "openai-truncated-text": "+0 text" "0 Half of a sen" "error Truncated";
    "openai-truncated-arguments": "+0 call call_a add" "0 {\"a\":1," "error Truncated";
    "openai-truncated-before-anything": "error Truncated";
    "done-without-finish": "+0 text" "0 Half" "error Truncated";
    "deepseek-reasoning": "+0 reasoning" "0 Six times" "0  seven." "=0 reasoning Six times seven." "+1 text" "1 42"
        "usage 20 0 0 9 7" "=1 text 42" "finish Stop";
    "openrouter-reasoning": "+0 reasoning" "0 Hm" "=0 reasoning Hm" "+1 text" "1 Yes" "=1 text Yes" "+2 reasoning"
        "2 Wait" "=2 reasoning Wait" "+3 text" "3  and no" "usage 5 0 0 6 0" "=3 text  and no" "finish Stop";
    "openrouter-error-in-stream": "error Overloaded";
    "named-error-event": "+0 text" "0 A" "error RateLimited";
    "ollama-tools": "+0 call call_x1 add" "0 {\"a\":2,\"b\":40}" "usage 30 0 0 12 0"
        "=0 call call_x1 add {\"a\":2,\"b\":40}" "finish ToolCalls";
    "no-index-and-stop": "+0 call c1 add" "0 {\"a\":1}" "+1 call c2 add" "1 {\"a\":2}" "=0 call c1 add {\"a\":1}"
        "=1 call c2 add {\"a\":2}" "finish ToolCalls";
    "no-index-in-pieces": "+0 call c1 add" "0 {\"a\":" "0 1}" "+1 call c2 now" "=0 call c1 add {\"a\":1}"
        "=1 call c2 now " "finish ToolCalls";
    "same-index-for-all": "+0 call f-1 add" "0 {\"a\":1}" "+1 call f-2 add" "1 {\"a\":2}" "=0 call f-1 add {\"a\":1}"
        "=1 call f-2 add {\"a\":2}" "finish ToolCalls";
    "no-ids": "+0 call call_0000000000000007_0 add" "0 {\"a\":1}" "+1 call call_0000000000000007_1 add" "1 {\"a\":2}"
        "+2 call call_0000000000000007_2 now" "2 {\"zone\":\"UTC\"}" "=0 call call_0000000000000007_0 add {\"a\":1}"
        "=1 call call_0000000000000007_1 add {\"a\":2}" "=2 call call_0000000000000007_2 now {\"zone\":\"UTC\"}"
        "finish ToolCalls";
    "same-id-twice": "+0 call call_a add" "0 {\"a\":1}" "+1 call call_0000000000000007_1 add" "1 {\"a\":2}"
        "=0 call call_a add {\"a\":1}" "=1 call call_0000000000000007_1 add {\"a\":2}" "finish ToolCalls";
    "name-repeated": "+0 call call_a add" "0 {\"a\"" "0 :1}" "=0 call call_a add {\"a\":1}" "finish ToolCalls";
    "id-before-name": "+0 call call_a add" "0 {\"a\":1}" "=0 call call_a add {\"a\":1}" "finish ToolCalls";
    "nameless-call": "error Protocol";
    "mistral-thinking": "+0 reasoning" "0 Hm." "=0 reasoning Hm." "+1 text" "1 A" "1 B" "usage 3 0 0 4 0"
        "=1 text AB" "finish Stop";
    "no-done-no-empty-line": "+0 text" "0 Hi" "usage 1 0 0 1 0" "=0 text Hi" "finish Stop";
    "no-space-after-colon": "+0 text" "0 Hi" "=0 text Hi" "finish Other";
    "data-in-lines": "+0 text" "0 Hi" "0  you" "=0 text Hi you" "finish Stop";
    "finish-twice": "+0 text" "0 Hi" "0 !" "usage 0 0 0 0 0" "=0 text Hi!" "finish Length";
    "whole-answer-as-event": "+0 text" "0 Hi" "usage 1 0 0 2 0" "=0 text Hi" "finish Stop";
};

fn decoder() -> Decoder<ChatAnswer> {
    Decoder::of_events(ChatAnswer::new(SEED, Default::default()), SseLimits::default())
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
fn an_answer_cut_anywhere_before_its_finish_is_never_whole() {
    for (name, stream, expected) in STREAMS {
        let Some(finish) = stream.find("\"finish_reason\":\"") else { continue };
        if !expected.last().unwrap().starts_with("finish") {
            continue;
        }
        let bytes = stream.as_bytes();
        for at in 0..finish {
            let told = decode(decoder(), [&bytes[..at]]);
            assert_eq!(told.last().unwrap(), "error Truncated", "{name} cut at {at}");
        }
    }
}

#[test]
fn an_answer_that_is_sent_at_once_is_taken() {
    let whole = || Decoder::of_whole_answer(ChatAnswer::new(SEED, Default::default()));
    let json = br#"{"id":"x","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"Hi",
        "reasoning_content":"Hm","tool_calls":[{"id":"c1","type":"function","function":{"name":"add","arguments":"{}"}}]},
        "finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}"#;
    let expected = [
        "+0 reasoning",
        "0 Hm",
        "=0 reasoning Hm",
        "+1 text",
        "1 Hi",
        "=1 text Hi",
        "+2 call c1 add",
        "2 {}",
        "usage 1 0 0 2 0",
        "=2 call c1 add {}",
        "finish ToolCalls",
    ];
    assert_eq!(decode(whole(), json.chunks(7)), expected);
    assert_eq!(decode(whole(), [&json[..json.len() - 1]]), ["error Protocol"]);
    for wrong in ["", "<html>", "[]", "7", r#"{"detail":"Not found"}"#, r#"{"choices":[]}"#] {
        assert_eq!(decode(whole(), [wrong.as_bytes()]), ["error Protocol"], "{wrong}");
    }
    let error = br#"{"error":{"message":"no money","code":"insufficient_quota"}}"#.as_slice();
    assert_eq!(decode(whole(), [error]), ["error Quota"]);
}

#[test]
fn what_cannot_be_read_is_an_error_of_the_protocol() {
    let depth = "[".repeat(10_000);
    let wrong: [&[u8]; 6] = [
        b"data: ping\n\n",
        b"data: {\"choices\":[{\"delta\":{\"content\":\"\xff\"}}]}\n\n",
        b"data: {\"choices\":[{\"delta\":{\"content\":\"\\ud800\"}}]}\n\n",
        b"data: {\"choices\":7}\n\n",
        b"data: [1]\n\n",
        &format!("data: {{\"choices\":{depth}\n\n").into_bytes(),
    ];
    for stream in wrong {
        assert_eq!(decode(decoder(), [stream]), ["error Protocol"], "{}", String::from_utf8_lossy(stream));
    }
}

#[test]
fn what_is_not_wanted_may_be_anything() {
    let depth = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let keys: String = (0..10_000).map(|n| format!("\"k{n}\":1e400,")).collect();
    let stream = format!(
        "data: {{{keys}\"deep\":{depth},\"error\":null,\"choices\":[{{\"logprobs\":{depth},\"delta\":{{\"content\":\"Hi\",\
         \"refusal\":{{}},\"reasoning\":{depth},\"role\":7}},\"finish_reason\":\"stop\"}}]}}\n\ndata: [DONE]\n\n"
    );
    assert_eq!(decode(decoder(), [stream.as_bytes()]), ["+0 text", "0 Hi", "=0 text Hi", "finish Stop"]);
}

#[test]
fn errors_do_not_show_secrets() {
    let mut secrets = Secrets::default();
    secrets.add(&"sk-0123456789".into());
    let mut decoder =
        Decoder::of_events(ChatAnswer::new(SEED, std::sync::Arc::new(secrets)), SseLimits::default());
    decoder.push(b"data: {\"error\":{\"message\":\"bad key sk-0123456789\",\"code\":401}}\n\n").unwrap();
    let error = decoder.next_event().unwrap_err();
    assert_eq!((error.kind(), error.status()), (ModelErrorKind::Auth, Some(401)));
    assert!(error.to_string().contains("bad key [redacted]"), "{error}");
    assert!(!error.body().unwrap().contains("sk-0123456789"));
}

#[test]
fn limits_hold() {
    let small = SseLimits { event: 1 << 10, stream: 4 << 10 };
    let decoder = || Decoder::of_events(ChatAnswer::new(SEED, Default::default()), small);
    let line = format!("data: {}\n\n", "x".repeat(1 << 10));
    assert_eq!(decode(decoder(), line.as_bytes().chunks(100)), ["error TooLarge"]);
    let event = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n".repeat(100);
    assert_eq!(decode(decoder(), event.as_bytes().chunks(100)).last().unwrap(), "error TooLarge");
    let calls = (0..2_000)
        .map(|n| format!("data: {{\"choices\":[{{\"delta\":{{\"tool_calls\":[{{\"index\":{n}}}]}}}}]}}\n\n"));
    let calls: String = calls.collect();
    assert_eq!(decode(self::decoder(), [calls.as_bytes()]), ["error TooLarge"]);
}

#[test]
fn an_unknown_reason_with_whole_calls_means_the_calls() {
    let stream = |arguments: &str| {
        format!(
            "data: {{\"choices\":[{{\"delta\":{{\"tool_calls\":[{{\"id\":\"c\",\"function\":{{\"name\":\"f\",\"arguments\":\"{arguments}\"}}}}]}},\
                 \"finish_reason\":\"eos\"}}]}}\n\ndata: [DONE]\n\n"
        )
    };
    let last = |arguments| decode(decoder(), [stream(arguments).as_bytes()]).pop().unwrap();
    assert_eq!(last("{}"), format!("finish {:?}", FinishReason::ToolCalls));
    assert_eq!(last("{"), format!("finish {:?}", FinishReason::Other));
}
