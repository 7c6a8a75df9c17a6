#![allow(clippy::unwrap_used)]

use super::*;
use crate::{
    http::Decoder,
    recorded::{Recorded, check, check_chunkings, decode, recorded},
    sse::SseLimits,
};

const STREAMS: &[Recorded] = recorded! {
    "responses-text":
        "+0 text"
        "0 Grüße"
        "0 , \"Welt\" — "
        "0 🦂\n"
        "=0 text Grüße, \"Welt\" — 🦂\n native {\"id\":\"msg_1\",\"type\":\"message\",\"status\":\"completed\",\"role\":\"assistant\",\"content\":[{\"type\":\"output_text\",\"text\":\"Grüße, \\\"Welt\\\" — 🦂\\n\",\"annotations\":[]}]}"
        "usage 30 100 20 40 8"
        "finish Stop";
    "responses-reasoning-and-tools":
        "+0 reasoning"
        "0 Two."
        "0 \n\n"
        "0 Calls."
        "=0 reasoning Two.\n\nCalls. native {\"id\":\"rs_1\",\"type\":\"reasoning\",\"encrypted_content\":\"gAAA\",\"summary\":[{\"type\":\"summary_text\",\"text\":\"Two.\"},{\"type\":\"summary_text\",\"text\":\"Calls.\"}]}"
        "+1 call call_1 add"
        "+2 call call_2 now"
        "2 {"
        "1 {\"a\":2,"
        "2 }"
        "1 \"b\":40}"
        "=2 call call_2 now {} native {\"id\":\"fc_2\",\"type\":\"function_call\",\"status\":\"completed\",\"call_id\":\"call_2\",\"name\":\"now\",\"arguments\":\"{}\"}"
        "=1 call call_1 add {\"a\":2,\"b\":40} native {\"id\":\"fc_1\",\"type\":\"function_call\",\"status\":\"completed\",\"call_id\":\"call_1\",\"name\":\"add\",\"arguments\":\"{\\\"a\\\":2,\\\"b\\\":40}\"}"
        "usage 30 100 20 40 8"
        "finish ToolCalls";
    "responses-out-of-order":
        "+0 text"
        "0 B"
        "+1 text"
        "1 A"
        "=1 text A native {\"id\":\"msg_1\",\"type\":\"message\",\"status\":\"completed\",\"role\":\"assistant\",\"content\":[{\"type\":\"output_text\",\"text\":\"A\",\"annotations\":[]}]}"
        "=0 text B native {\"id\":\"msg_2\",\"type\":\"message\",\"status\":\"completed\",\"role\":\"assistant\",\"content\":[{\"type\":\"output_text\",\"text\":\"B\",\"annotations\":[]}]}"
        "usage 30 100 20 40 8"
        "finish Stop";
    "responses-without-deltas":
        "+0 text"
        "0 Hi"
        "=0 text Hi native {\"id\":\"msg_1\",\"type\":\"message\",\"status\":\"completed\",\"role\":\"assistant\",\"content\":[{\"type\":\"output_text\",\"text\":\"Hi\",\"annotations\":[]}]}"
        "finish Stop";
    "responses-all-at-the-end":
        "+0 reasoning"
        "=0 reasoning  native {\"id\":\"rs_1\",\"type\":\"reasoning\",\"encrypted_content\":\"e\",\"summary\":[]}"
        "+1 text"
        "1 Hi"
        "=1 text Hi native {\"id\":\"msg_1\",\"type\":\"message\",\"status\":\"completed\",\"role\":\"assistant\",\"content\":[{\"type\":\"output_text\",\"text\":\"Hi\",\"annotations\":[]}]}"
        "usage 30 100 20 40 8"
        "finish Stop";
    "responses-hosted-tool":
        "+0 opaque"
        "=0 opaque native {\"id\":\"ws_1\",\"type\":\"web_search_call\",\"status\":\"completed\",\"action\":{\"type\":\"search\",\"query\":\"x\"}}"
        "+1 text"
        "1 Yes."
        "=1 text Yes. native {\"id\":\"msg_1\",\"type\":\"message\",\"status\":\"completed\",\"role\":\"assistant\",\"content\":[{\"type\":\"output_text\",\"text\":\"Yes.\",\"annotations\":[]}]}"
        "usage 30 100 20 40 8"
        "finish Stop";
    "responses-refusal":
        "+0 text"
        "0 No."
        "=0 text No. native {\"id\":\"msg_1\",\"type\":\"message\",\"status\":\"completed\",\"role\":\"assistant\",\"content\":[{\"type\":\"refusal\",\"refusal\":\"No.\"}]}"
        "usage 30 100 20 40 8"
        "finish ContentFilter";
    "responses-incomplete":
        "+0 text"
        "0 Cut"
        "=0 text Cut native {\"id\":\"msg_1\",\"type\":\"message\",\"status\":\"incomplete\",\"role\":\"assistant\",\"content\":[{\"type\":\"output_text\",\"text\":\"Cut\",\"annotations\":[]}]}"
        "usage 30 100 20 40 8"
        "finish Length";
    "responses-failed":
        "+0 text"
        "0 Half"
        "error RateLimited";
    "responses-error":
        "error Overloaded";
    "responses-truncated":
        "+0 text"
        "0 Half"
        "error Truncated";
    "responses-delta-before-start":
        "error Protocol";
    "responses-same-index-twice":
        "+0 text"
        "error Protocol";
    "responses-two-starts":
        "error Protocol";
    "responses-unfinished-item":
        "+0 text"
        "0 A"
        "usage 30 100 20 40 8"
        "error Protocol";
    "responses-no-index":
        "+0 text"
        "0 Hi"
        "=0 text Hi native {\"id\":\"msg_1\",\"type\":\"message\",\"status\":\"completed\",\"role\":\"assistant\",\"content\":[{\"type\":\"output_text\",\"text\":\"Hi\",\"annotations\":[]}]}"
        "usage 30 100 20 40 8"
        "finish Stop";
};

fn decoder() -> Decoder<ResponsesAnswer> {
    Decoder::of_events(ResponsesAnswer::new(Default::default()), SseLimits::default())
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
        let last = stream.rfind("event: response.").unwrap();
        for at in 0..last {
            let told = decode(decoder(), [stream.as_bytes().get(..at).unwrap()]);
            assert_eq!(told.last().unwrap(), "error Truncated", "{name} cut at {at}");
        }
    }
}

#[test]
fn an_answer_that_is_sent_at_once_is_taken() {
    let whole = || Decoder::of_whole_answer(ResponsesAnswer::new(Default::default()));
    let call = r#"{"id":"fc_1","type":"function_call","status":"completed","call_id":"call_1","name":"add","arguments":"{}"}"#;
    let json = format!(
        r#"{{"id":"resp_1","object":"response","status":"completed","output":[{call}],"error":null,"usage":{{"input_tokens":1,"output_tokens":2}}}}"#
    );
    let end = format!("=0 call call_1 add {{}} native {call}");
    let expected = ["+0 call call_1 add", "0 {}", &end, "usage 1 0 0 2 0", "finish ToolCalls"];
    assert_eq!(decode(whole(), json.as_bytes().chunks(7)), expected);
    let error = br#"{"error":{"message":"no money","code":"insufficient_quota"}}"#.as_slice();
    assert_eq!(decode(whole(), [error]), ["error Quota"]);
    for wrong in ["", "<html>", "[]", r#"{"detail":"Not found"}"#] {
        assert_eq!(decode(whole(), [wrong.as_bytes()]), ["error Protocol"], "{wrong}");
    }
}
