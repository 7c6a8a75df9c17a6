//! Every rule on every wire that it holds on: a history that keeps it, and one that breaks it and gets the vendor's own words.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    unreachable_pub
)]

mod anthropic;
mod chat;
mod gemini;
mod responses;

#[path = "../support/mod.rs"]
mod support;

use std::collections::BTreeSet;

use scorpio_testkit::{Rule, Script, StrictProvider, Turn, Verdict, Wire};
use serde_json::{Value, json};

use crate::support::{Change, ask, ask_with, headers, path};

/// A history that breaks a rule.
struct Broken {
    rule: Rule,
    change: Change,
    /// Words of the vendor.
    words: &'static str,
}

fn broken(rule: Rule, words: &'static str, change: Change) -> Broken {
    Broken { rule, change, words }
}

/// Two calls, and then an answer.
fn provider() -> StrictProvider {
    StrictProvider::new(Script::by_history([
        Turn::new()
            .reasoning("Hm.")
            .and_text("Let me see.")
            .call("add", json!({"a": 1}))
            .call("now", json!({})),
        Turn::new().reasoning("So.").and_text("It is noon."),
        Turn::text("Bye."),
    ]))
}

/// A schema of parameters that each wire takes.
fn parameters() -> Value {
    json!({"type": "object", "properties": {"a": {"type": "number"}}, "required": ["a"], "additionalProperties": false})
}

/// Changes the good request in many ways. The rules that were broken must be these.
async fn check(wire: Wire, good: &Value, broken: Vec<Broken>, rules: &[usize]) {
    accepted(wire, good).await;
    for Broken { rule, change, words } in &broken {
        let mut body = good.clone();
        change(&mut body);
        assert_ne!(&body, good, "{words} changes nothing");
        refused(wire, &body, *rule, words).await;
    }
    let seen: BTreeSet<usize> = broken.iter().map(|broken| broken.rule.number()).collect();
    // Rule 12 is about headers, and has a test of its own.
    let wanted = rules.iter().copied().filter(|rule| *rule != 12).collect();
    assert_eq!(seen, wanted, "{wire:?}");
}

async fn accepted(wire: Wire, body: &Value) -> Verdict {
    let provider = provider();
    let answer = ask(&provider, wire, true, body).await;
    assert_eq!((answer.status, provider.refusals()), (200, vec![]), "{body:#}");
    provider.asked().pop().unwrap().verdict
}

async fn refused(wire: Wire, body: &Value, rule: Rule, words: &str) {
    let provider = provider();
    let answer = ask(&provider, wire, true, body).await;
    let refusals = provider.refusals();
    let Some(refusal) = refusals.first() else { panic!("{wire:?} takes it: {rule:?} {words}") };
    assert!(refusal.message.contains(words), "{wire:?}: {words:?} is not in {:?}", refusal.message);
    assert_eq!((refusal.rule, answer.status), (Some(rule), refusal.status), "{wire:?} {words}");
    shape(wire, &answer.json(), &refusal.message, answer.status);
}

/// The error as the vendor writes it.
fn shape(wire: Wire, body: &Value, message: &str, status: u16) {
    let error = &body["error"];
    assert_eq!(error["message"], message);
    match wire {
        Wire::OpenAiChat | Wire::OpenAiResponses => {
            let keys: Vec<&str> = error.as_object().unwrap().keys().map(String::as_str).collect();
            assert_eq!(keys.len(), 4, "{keys:?}");
            assert_eq!(error["type"], "invalid_request_error");
        }
        Wire::AnthropicMessages => {
            assert_eq!(body["type"], "error");
            assert!(body["request_id"].as_str().unwrap().starts_with("req_"));
            let kind = if status == 401 { "authentication_error" } else { "invalid_request_error" };
            assert_eq!(error["type"], kind);
        }
        _ => {
            assert_eq!(error["code"], status);
            let kind = if status == 403 { "PERMISSION_DENIED" } else { "INVALID_ARGUMENT" };
            assert_eq!(error["status"], kind);
        }
    }
}

#[tokio::test]
async fn a_key_is_wanted_on_every_wire_and_the_right_one_if_there_is_one() {
    let body = |wire| match wire {
        Wire::OpenAiChat => chat::first(),
        Wire::OpenAiResponses => responses::first(),
        Wire::AnthropicMessages => anthropic::first(),
        _ => gemini::first(),
    };
    for wire in Wire::ALL {
        let provider = provider().api_key("key");
        assert_eq!(ask(&provider, wire, true, &body(wire)).await.status, 200);
        for stranger in [
            &[][..],
            &[("authorization", "Bearer ")],
            &[("authorization", "Bearer wrong"), ("anthropic-version", "2026-10-21")],
        ] {
            let answer = ask_with(&provider, path(wire, true), stranger, &body(wire)).await;
            assert!(matches!(answer.status, 400 | 401 | 403), "{wire:?}");
            let refusal = provider.refusals().pop().unwrap();
            assert_eq!(refusal.rule, Some(Rule::Headers));
            shape(wire, &answer.json(), &refusal.message, answer.status);
        }
        assert_eq!(provider.refusals().len(), 3);
    }
}

#[tokio::test]
async fn anthropic_wants_a_version() {
    let provider = provider();
    let wire = Wire::AnthropicMessages;
    for version in [None, Some("2024-01-01")] {
        let mut headers = vec![("x-api-key", "key")];
        headers.extend(version.map(|version| ("anthropic-version", version)));
        let answer = ask_with(&provider, path(wire, true), &headers, &anthropic::first()).await;
        assert_eq!(answer.status, 400);
        assert!(answer.json()["error"]["message"].as_str().unwrap().contains("anthropic-version"));
    }
    // The old version takes what the new one refuses.
    let mut body = anthropic::first();
    body["temperature"] = json!(0.5);
    let old = [("x-api-key", "key"), ("anthropic-version", "2023-06-01")];
    assert_eq!(ask_with(&provider, path(wire, true), &old, &body).await.status, 200);
    assert_eq!(ask_with(&provider, path(wire, true), headers(wire), &body).await.status, 400);
}

#[tokio::test]
async fn another_server_with_the_same_key_takes_what_the_first_issued_and_one_with_another_does_not() {
    for wire in [Wire::OpenAiResponses, Wire::AnthropicMessages, Wire::GeminiGenerateContent] {
        let body = match wire {
            Wire::OpenAiResponses => responses::second().await,
            Wire::AnthropicMessages => anthropic::second().await,
            _ => gemini::second().await,
        };
        assert_eq!(ask(&provider(), wire, true, &body).await.status, 200, "{wire:?}");
        let stranger = provider().seal_key("another");
        assert_eq!(ask(&stranger, wire, true, &body).await.status, 400, "{wire:?}");
    }
}
