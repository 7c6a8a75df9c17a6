//! Every fault and every style, as it goes over the line.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    unreachable_pub
)]

mod support;

use std::time::Duration;

use http_body_util::BodyExt;
use scorpio_testkit::{Fault, Script, StrictProvider, Style, Turn, Verdict, Wire};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout};

use crate::support::{Answer, ask, headers, path};

fn hi(wire: Wire, streams: bool) -> Value {
    let message = json!([{"role": "user", "content": "Hi"}]);
    match wire {
        Wire::OpenAiChat => {
            json!({"model": "gpt-5", "stream": streams, "stream_options": {"include_usage": true}, "messages": message})
        }
        Wire::OpenAiResponses => json!({"model": "gpt-5", "stream": streams, "input": message}),
        Wire::AnthropicMessages => {
            json!({"model": "claude", "stream": streams, "max_tokens": 5, "messages": message})
        }
        _ => json!({"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]}),
    }
}

fn turn() -> Turn {
    let calls = Turn::new().reasoning("Grübel.").and_text("Zürich — 🦂.");
    calls.call("add", json!({"a": 1, "ä": "é"})).call("now", json!({}))
}

async fn play(turn: Turn, wire: Wire) -> (StrictProvider, Answer) {
    let provider = StrictProvider::new(Script::in_order([turn]));
    let answer = ask(&provider, wire, true, &hi(wire, true)).await;
    (provider, answer)
}

/// The pieces of the body, each as it arrives, and whether the end of it was one.
async fn pieces(turn: Turn, wire: Wire) -> (Vec<Vec<u8>>, Result<(), std::io::Error>) {
    let provider = StrictProvider::new(Script::in_order([turn]));
    let request = headers(wire)
        .iter()
        .fold(http::Request::post(path(wire, true)), |request, (name, value)| request.header(*name, *value));
    let request = request.body(hi(wire, true).to_string().into()).unwrap();
    let mut body = provider.respond(request).await.into_body();
    let mut pieces = Vec::new();
    loop {
        match body.frame().await {
            None => return (pieces, Ok(())),
            Some(Ok(frame)) => pieces.push(frame.into_data().unwrap().to_vec()),
            Some(Err(error)) => return (pieces, Err(error)),
        }
    }
}

/// The last event of an answer that is whole.
fn is_whole(wire: Wire, answer: &Answer) -> bool {
    let text = answer.text();
    match wire {
        Wire::OpenAiChat => text.contains("data: [DONE]"),
        Wire::OpenAiResponses => text.contains("event: response.completed"),
        Wire::AnthropicMessages => text.contains("event: message_stop"),
        _ => text.contains("\"finishReason\":\"STOP\""),
    }
}

#[tokio::test]
async fn refusals() {
    for wire in Wire::ALL {
        let (_, limited) =
            play(turn().fault(Fault::rate_limited().retry_after_ms(20).retry_after("1")), wire).await;
        assert_eq!(limited.status, 429);
        assert_eq!(
            (&limited.headers["retry-after-ms"], &limited.headers["retry-after"]),
            (&"20".parse().unwrap(), &"1".parse().unwrap())
        );
        let kind = |answer: &Answer| {
            let error = &answer.json()["error"];
            error["status"].as_str().or(error["type"].as_str()).unwrap().to_owned()
        };
        let expected =
            if wire == Wire::GeminiGenerateContent { "RESOURCE_EXHAUSTED" } else { "rate_limit_error" };
        assert_eq!(kind(&limited), expected);

        let (_, quota) = play(turn().fault(Fault::quota()), wire).await;
        let word = match wire {
            Wire::AnthropicMessages => "enforced_spend_limit_reached",
            Wire::GeminiGenerateContent => "PerDay",
            _ => "insufficient_quota",
        };
        assert!(quota.status == 429 && quota.text().contains(word), "{}", quota.text());

        let (_, busy) = play(turn().fault(Fault::overloaded()), wire).await;
        let (status, word) = match wire {
            Wire::AnthropicMessages => (529, "overloaded_error"),
            Wire::GeminiGenerateContent => (503, "UNAVAILABLE"),
            _ => (503, "server_error"),
        };
        assert_eq!((busy.status, kind(&busy).as_str()), (status, word));

        for status in [408, 500, 502, 504] {
            let (provider, answer) = play(turn().fault(Fault::status(status).message("Ouch")), wire).await;
            assert_eq!((answer.status, answer.json()["error"]["message"].clone()), (status, json!("Ouch")));
            assert!(matches!(provider.asked()[0].verdict, Verdict::Faulted { turn: 0, .. }));
        }
        let (_, page) = play(turn().fault(Fault::web_page()), wire).await;
        assert_eq!((page.status, &page.headers["content-type"]), (200, &"text/html".parse().unwrap()));
    }
}

#[tokio::test]
async fn answers_that_break_off() {
    for wire in Wire::ALL {
        let (_, good) = play(turn(), wire).await;
        assert!(is_whole(wire, &good), "{}", good.text());
        let count = good.events().len();
        for fault in
            [Fault::truncated(), Fault::truncated().after_events(2), Fault::truncated().after_bytes(50)]
        {
            let (_, answer) = play(turn().fault(fault), wire).await;
            assert!(!is_whole(wire, &answer) && good.text().starts_with(&answer.text()));
            assert!(answer.events().len() < count);
        }
        let (_, at_once) = play(turn().fault(Fault::truncated().after_events(0)), wire).await;
        assert_eq!((at_once.status, at_once.text().as_str()), (200, ""));

        let (_, error) = play(turn().fault(Fault::error_event().after_events(3)), wire).await;
        let events = error.events();
        let error = events.last().unwrap();
        assert_eq!(events.len(), 4);
        let message =
            if wire == Wire::OpenAiResponses { &error["message"] } else { &error["error"]["message"] };
        assert_eq!(message, "Overloaded");

        let (sent, end) = pieces(turn().fault(Fault::reset().after_events(3)), wire).await;
        assert_eq!((sent.len(), end.unwrap_err().kind()), (3, std::io::ErrorKind::ConnectionReset));

        let (_, garbled) = play(turn().fault(Fault::not_json().after_events(3)), wire).await;
        assert_eq!(garbled.events().len(), 3);
        assert!(garbled.text().ends_with("{\"type\": \"half\n\n"));
    }
}

#[tokio::test(start_paused = true)]
async fn answers_that_hang() {
    for wire in Wire::ALL {
        let day = Duration::from_secs(86_400);
        let provider = StrictProvider::new(Script::in_order([turn().fault(Fault::hang_before_headers())]));
        assert!(timeout(day, ask(&provider, wire, true, &hi(wire, true))).await.is_err());
        assert_eq!(provider.asked().len(), 1);
        // The second time it comes.
        assert_eq!(ask(&provider, wire, true, &hi(wire, true)).await.status, 200);
        let provider = StrictProvider::new(Script::in_order([Turn::failing(Fault::hang())]));
        assert!(timeout(day, ask(&provider, wire, true, &hi(wire, true))).await.is_err());
    }
}

#[tokio::test]
async fn faults_come_one_after_the_other_and_then_the_answer() {
    for script in [Script::in_order, Script::by_history] as [fn(Vec<Turn>) -> Script; 2] {
        for wire in Wire::ALL {
            let faulty = turn().fault(Fault::rate_limited()).fault(Fault::status(500));
            let provider = StrictProvider::new(script(vec![faulty]));
            let mut statuses = Vec::new();
            for _ in 0..3 {
                statuses.push(ask(&provider, wire, true, &hi(wire, true)).await.status);
            }
            assert_eq!(statuses, [429, 500, 200], "{wire:?}");
        }
    }
    let provider = StrictProvider::new(Script::by_history([Turn::failing(Fault::overloaded())]));
    for _ in 0..3 {
        assert_eq!(ask(&provider, Wire::OpenAiChat, true, &hi(Wire::OpenAiChat, true)).await.status, 503);
    }
}

#[tokio::test]
async fn a_script_that_is_over_says_so() {
    for wire in Wire::ALL {
        let provider = StrictProvider::new(Script::in_order([]));
        let answer = ask(&provider, wire, true, &hi(wire, true)).await;
        assert_eq!(answer.status, 400);
        assert!(answer.text().contains("The script has no turn for this request"), "{}", answer.text());
        assert!(matches!(provider.asked()[0].verdict, Verdict::OutOfScript { .. }));
        assert_eq!(provider.refusals(), []);
    }
}

#[tokio::test]
async fn styles() {
    for wire in Wire::ALL {
        let (_, plain) = play(turn(), wire).await;
        let styled = |style: Style| async move { play(turn().style(style), wire).await.1 };

        let pinged = styled(Style::new().pings(4)).await.text();
        let ping = if wire == Wire::AnthropicMessages { "event: ping\n" } else { ": ping\n\n" };
        let extra = if wire == Wire::AnthropicMessages { 1 } else { 0 };
        let frames = plain.text().matches("\n\n").count();
        assert_eq!(pinged.matches(ping).count(), 4 * frames + extra, "{wire:?}");

        let odd = styled(Style::new().unknown_events()).await;
        assert!(odd.text().contains("novelty") && is_whole(wire, &odd));

        let crlf = styled(Style::new().crlf()).await.text();
        assert_eq!(crlf.replace("\r\n", "\n"), plain.text());
        assert_eq!(crlf.matches('\n').count(), crlf.matches("\r\n").count());

        let (torn, end) = pieces(turn().style(Style::new().split_bytes(1)), wire).await;
        assert!(end.is_ok() && torn.iter().all(|piece| piece.len() == 1));
        assert_eq!(torn.concat(), plain.bytes);

        let (whole, _) = pieces(turn().style(Style::new().characters(0)), wire).await;
        let (tiny, _) = pieces(turn().style(Style::new().characters(1)), wire).await;
        assert!(whole.len() < tiny.len());

        let empty = styled(Style::new().empty_pieces()).await;
        assert!(empty.events().len() > plain.events().len());
    }
}

#[tokio::test]
async fn parts_in_turns() {
    let style = Style::new().characters(3).interleaved();
    let (_, chat) = play(turn().style(style.clone()), Wire::OpenAiChat).await;
    let indexes: Vec<u64> = chat
        .events()
        .iter()
        .filter_map(|chunk| chunk["choices"][0]["delta"]["tool_calls"][0]["index"].as_u64())
        .collect();
    assert_eq!(indexes[..4], [0, 1, 0, 1]);

    let (_, messages) = play(turn().style(style), Wire::AnthropicMessages).await;
    let starts = messages.events().iter().take_while(|event| event["type"] != "content_block_delta").count();
    assert_eq!(starts, 2 + 4);

    let (_, responses) = play(turn().style(Style::new().out_of_order()), Wire::OpenAiResponses).await;
    let done: Vec<u64> = responses
        .events()
        .iter()
        .filter(|event| event["type"] == "response.output_item.done")
        .filter_map(|event| event["output_index"].as_u64())
        .collect();
    assert_eq!(done, [3, 2, 1, 0]);
    let numbers: Vec<u64> =
        responses.events().iter().filter_map(|event| event["sequence_number"].as_u64()).collect();
    assert!(numbers.iter().zip(0..).all(|(number, place)| *number == place));
}

#[tokio::test]
async fn usage_comes_in_a_last_chunk_without_choices_if_it_is_asked_for() {
    let (_, answer) = play(turn(), Wire::OpenAiChat).await;
    let events = answer.events();
    let last = events.last().unwrap();
    assert_eq!((&last["choices"], &last["usage"]["total_tokens"]), (&json!([]), &json!(26)));
    let provider = StrictProvider::new(Script::in_order([turn()]));
    let mut body = hi(Wire::OpenAiChat, true);
    body.as_object_mut().unwrap().remove("stream_options");
    let silent = ask(&provider, Wire::OpenAiChat, true, &body).await;
    assert!(!silent.text().contains("usage"));
}

#[tokio::test(start_paused = true)]
async fn pauses_take_their_time() {
    let begin = Instant::now();
    let (sent, _) = pieces(turn().style(Style::new().pause_ms(100)), Wire::OpenAiChat).await;
    assert_eq!(begin.elapsed(), Duration::from_millis(100 * u64::try_from(sent.len()).unwrap()));
}

#[tokio::test]
async fn gemini_streams_a_list_to_those_who_do_not_ask_for_events() {
    let provider = StrictProvider::new(Script::in_order([turn()]));
    let wire = Wire::GeminiGenerateContent;
    let path = "/v1beta/models/gemini-3-flash:streamGenerateContent";
    let answer = support::ask_with(&provider, path, headers(wire), &hi(wire, true)).await;
    assert_eq!(answer.headers["content-type"], "application/json");
    assert!(answer.json().as_array().unwrap().len() > 4);
}

#[tokio::test]
async fn what_is_not_streamed_breaks_off_as_well() {
    for wire in Wire::ALL {
        let provider = StrictProvider::new(Script::in_order([turn().fault(Fault::truncated())]));
        let cut = ask(&provider, wire, false, &hi(wire, false)).await;
        assert!(serde_json::from_slice::<Value>(&cut.bytes).is_err());
        let whole = ask(&provider, wire, false, &hi(wire, false)).await;
        assert!(whole.json().is_object() && whole.text().starts_with(&cut.text()));
    }
}
