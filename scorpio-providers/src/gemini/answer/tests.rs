#![allow(clippy::unwrap_used)]

use super::*;
use crate::{
    http::Decoder,
    recorded::{Recorded, check, check_chunkings, decode, recorded},
    sse::SseLimits,
};

const STREAMS: &[Recorded] = recorded! {
    "gemini-text":
        "usage 100 0 0 2 0"
        "+0 text"
        "0 Grüße"
        "0 , \"Welt\" — "
        "usage 60 40 0 15 5"
        "0 🦂\n"
        "=0 text Grüße, \"Welt\" — 🦂\n"
        "finish Stop";
    "gemini-thoughts-and-tools":
        "+0 reasoning"
        "0 Two "
        "0 calls."
        "=0 reasoning Two calls."
        "+1 call call_0000000000000007_0 add"
        "1 {\"a\":2,\"b\":40}"
        "=1 call call_0000000000000007_0 add {\"a\":2,\"b\":40} native {\"functionCall\":{\"name\":\"add\",\"args\":{\"a\":2,\"b\":40}},\"thoughtSignature\":\"c2lnMQ==\"}"
        "+2 call call_0000000000000007_1 now"
        "2 {}"
        "=2 call call_0000000000000007_1 now {} native {\"functionCall\":{\"name\":\"now\",\"args\":{}}}"
        "usage 60 40 0 15 5"
        "finish ToolCalls";
    "gemini-calls-with-ids":
        "+0 call fc-1 add"
        "0 {\"a\":1}"
        "=0 call fc-1 add {\"a\":1} native {\"functionCall\":{\"name\":\"add\",\"args\":{\"a\":1},\"id\":\"fc-1\"},\"thoughtSignature\":\"c2ln\"}"
        "usage 60 40 0 15 5"
        "+1 call fc-2 add"
        "1 {\"a\":2}"
        "=1 call fc-2 add {\"a\":2} native {\"functionCall\":{\"name\":\"add\",\"args\":{\"a\":2},\"id\":\"fc-2\"}}"
        "finish ToolCalls";
    "gemini-signed-text":
        "+0 text"
        "0 A"
        "=0 text A"
        "+1 text"
        "1 B"
        "=1 text B native {\"text\":\"B\",\"thoughtSignature\":\"c2ln\"}"
        "+2 text"
        "2 C"
        "=2 text C"
        "+3 opaque"
        "=3 opaque native {\"text\":\"\",\"thoughtSignature\":\"ZW5k\"}"
        "finish Stop";
    "gemini-blocked":
        "usage 3 0 0 0 0"
        "finish ContentFilter";
    "gemini-safety":
        "+0 text"
        "0 I"
        "=0 text I"
        "finish ContentFilter";
    "gemini-length":
        "usage 60 40 0 15 5"
        "+0 text"
        "0 Cut"
        "=0 text Cut"
        "finish Length";
    "gemini-malformed-call":
        "error Protocol";
    "gemini-continuation":
        "+0 text"
        "0 One, "
        "+1 opaque"
        "=1 opaque native {\"continuationToken\":\"tok\"}"
        "=0 text One, "
        "finish Paused";
    "gemini-code":
        "+0 opaque"
        "=0 opaque native {\"executableCode\":{\"language\":\"PYTHON\",\"code\":\"1+1\"}}"
        "+1 text"
        "1 2"
        "=1 text 2"
        "finish Stop";
    "gemini-error":
        "+0 text"
        "0 Half"
        "error Overloaded";
    "gemini-error-in-list":
        "error RateLimited";
    "gemini-truncated":
        "+0 text"
        "0 Half"
        "error Truncated";
    "gemini-unknown-finish":
        "+0 text"
        "0 Hi"
        "=0 text Hi"
        "finish Other";
    "gemini-finish-twice":
        "+0 text"
        "0 Hi"
        "usage 60 40 0 15 5"
        "0 !"
        "=0 text Hi!"
        "finish Stop";
};

fn decoder() -> Decoder<GeminiAnswer> {
    Decoder::of_events(GeminiAnswer::new(7, Default::default()), SseLimits::default())
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
fn an_answer_cut_before_its_finish_is_never_whole() {
    for (name, stream, expected) in STREAMS {
        let Some(finish) = stream.find("\"finishReason\":\"") else { continue };
        if !expected.last().unwrap().starts_with("finish") {
            continue;
        }
        for at in 0..finish {
            let told = decode(decoder(), [stream.as_bytes().get(..at).unwrap()]);
            assert_eq!(told.last().unwrap(), "error Truncated", "{name} cut at {at}");
        }
    }
}

#[test]
fn an_answer_that_is_sent_at_once_is_taken() {
    let whole = || Decoder::of_whole_answer(GeminiAnswer::new(7, Default::default()));
    let one = r#"{"candidates":[{"content":{"parts":[{"text":"Hi"}]},"finishReason":"STOP"}]}"#;
    let expected = ["+0 text", "0 Hi", "=0 text Hi", "finish Stop"];
    assert_eq!(decode(whole(), one.as_bytes().chunks(7)), expected);
    let list = format!(
        r#"[{{"candidates":[{{"content":{{"parts":[{{"text":"Hi"}}]}}}}]}},{}]"#,
        one.replace("Hi", "!")
    );
    assert_eq!(decode(whole(), [list.as_bytes()]), ["+0 text", "0 Hi", "0 !", "=0 text Hi!", "finish Stop"]);
    for wrong in ["", "<html>", "[7]", r#"{"detail":"Not found"}"#] {
        assert_eq!(decode(whole(), [wrong.as_bytes()]), ["error Protocol"], "{wrong}");
    }
}
