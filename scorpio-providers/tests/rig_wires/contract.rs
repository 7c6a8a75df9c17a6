//! What every server says on every wire, and what comes of it.

use std::time::Duration;

use scorpio_core::{
    Agent, MediaPart, MediaSource, Message, Part, Provenance, SessionId,
    model::{self, CallContext, FinishReason, ModelErrorKind, ModelRequest, Transcript},
    tool,
};
use scorpio_testkit::Wire;

use crate::{
    neutral,
    oracle::variable,
    rig::{Rig, judge},
};

/// Add two numbers.
#[tool]
fn add(a: f64, b: f64) -> f64 {
    a + b
}

/// Tell the weather.
#[tool]
fn weather(city: String, days: Option<u8>) -> String {
    format!("Sun in {city} for {} days.", days.unwrap_or(1))
}

/// Tell the time.
#[tool]
fn now() -> &'static str {
    "12:00"
}

#[tokio::test]
async fn text() {
    let rigs = Rig::all().await;
    for rig in &rigs {
        let answer = rig.ask("rig-text").await.unwrap();
        let expected = "Scorpio heard you: a plain answer, with an umlaut ü, a dash — and 🦂.";
        assert_eq!((answer.text().as_str(), answer.reason), (expected, FinishReason::Stop), "{}", rig.name);
    }
    judge(&rigs).await;
}

#[tokio::test]
async fn two_tools_at_once_and_then_an_answer_that_is_remembered() {
    let rigs = Rig::all().await;
    for rig in &rigs {
        let agent = Agent::builder("rig").with_model(rig.model("rig-tools")).instructions("Use the tools.");
        let agent = agent.tool(add).tool(weather).max_output_tokens(5_000).build().unwrap();
        let session = SessionId::new();
        let asked = "What is 2 + 40, and how is the weather in Zürich?";
        let outcome = agent.run(asked).session(&session).await.unwrap();
        assert_eq!(outcome.text(), "Both tools answered: 42, and sun in Zürich.", "{}", rig.name);
        let expected = [
            vec![
                r#"call add {"a":2,"b":40}"#.to_owned(),
                r#"call weather {"city":"Zürich","days":3}"#.to_owned(),
            ],
            vec!["result add 42.0".to_owned(), "result weather Sun in Zürich for 3 days.".to_owned()],
            vec!["text Both tools answered: 42, and sun in Zürich.".to_owned()],
        ];
        assert_eq!(neutral::messages(outcome.report().messages()), expected, "{}", rig.name);
        // The whole of it goes out again with the next question, after a reload as well.
        agent.run("And again?").session(&session).await.unwrap();
    }
    judge(&rigs).await;
}

#[tokio::test]
async fn the_same_script_gives_the_same_events() {
    let rigs = Rig::all().await;
    for model in ["rig-text", "rig-tools", "rig-text-then-tool", "rig-no-arguments", "rig-json", "rig-length"]
    {
        let mut first = None;
        for rig in &rigs {
            let request = ModelRequest::new(model, Transcript::from_iter([Message::user("Say something.")]));
            let mut answer = neutral::stream(&*rig.provider, request).await;
            // The others count tokens as they like.
            answer.usage = (0, 0, 0);
            // aimock's Responses tell that an answer is incomplete, but not why.
            if (rig.name.as_str(), model) == ("aimock, openai-responses", "rig-length") {
                assert_eq!(answer.reason, FinishReason::Other);
                answer.reason = FinishReason::Length;
            }
            let expected = first.get_or_insert_with(|| answer.clone());
            assert_eq!(&answer, expected, "{} {model}", rig.name);
        }
    }
    judge(&rigs).await;
}

#[tokio::test]
async fn a_text_and_a_tool_in_one_answer() {
    let rigs = Rig::all().await;
    for rig in &rigs {
        let agent =
            Agent::builder("rig").with_model(rig.model("rig-text-then-tool")).tool(add).build().unwrap();
        assert_eq!(agent.run("What is 1 + 2?").await.unwrap().text(), "The sum is 3.", "{}", rig.name);
    }
    judge(&rigs).await;
}

#[tokio::test]
async fn a_tool_without_arguments() {
    let rigs = Rig::all().await;
    for rig in &rigs {
        let agent =
            Agent::builder("rig").with_model(rig.model("rig-no-arguments")).tool(now).build().unwrap();
        assert_eq!(agent.run("What time is it?").await.unwrap().text(), "It is noon.", "{}", rig.name);
    }
    judge(&rigs).await;
}

#[tokio::test]
async fn an_answer_of_a_shape() {
    #[derive(Debug, PartialEq, serde::Deserialize, scorpio_core::schemars::JsonSchema)]
    #[schemars(crate = "scorpio_core::schemars")]
    struct Person {
        /// What they are called.
        name: String,
        /// In years.
        #[schemars(range(max = 150))]
        age: u8,
        #[serde(default)]
        email: Option<String>,
    }
    let rigs = Rig::all().await;
    for rig in &rigs {
        let agent = Agent::builder("rig").with_model(rig.model("rig-json")).build().unwrap();
        let person = agent.run("Who is it?").output::<Person>().await.unwrap().value;
        assert_eq!(person, Person { name: "Ada".into(), age: 36, email: None }, "{}", rig.name);
    }
    judge(&rigs).await;
}

#[tokio::test]
async fn errors() {
    let rigs = Rig::all().await;
    for rig in &rigs {
        let table = [
            ("rig-400", 400, ModelErrorKind::InvalidRequest),
            ("rig-401", 401, ModelErrorKind::Auth),
            ("rig-429", 429, ModelErrorKind::RateLimited),
            ("rig-500", 500, ModelErrorKind::Overloaded),
            ("rig-503", 503, ModelErrorKind::Overloaded),
        ];
        for (model, status, kind) in table {
            let error = rig.ask(model).await.unwrap_err();
            assert_eq!((error.status(), error.kind()), (Some(status), kind), "{} {model}", rig.name);
        }
        let error = rig.ask("rig-429").await.unwrap_err();
        assert_eq!(error.retry_after(), Some(Duration::from_secs(7)), "{}", rig.name);
    }
    judge(&rigs).await;
}

#[tokio::test]
async fn broken_answers_are_not_whole() {
    let rigs = Rig::all().await;
    for rig in &rigs {
        let error = rig.ask("rig-truncated").await.unwrap_err();
        assert_eq!(error.kind(), ModelErrorKind::Truncated, "{}", rig.name);
        let error = rig.ask("rig-malformed").await.unwrap_err();
        assert_eq!(error.kind(), ModelErrorKind::Protocol, "{}", rig.name);
    }
    judge(&rigs).await;
}

#[tokio::test]
async fn everything_that_a_message_may_hold_and_all_parameters() {
    let parts = vec![
        Part::text("Look at these.", Provenance::User),
        Part::Media(MediaPart::new("image/png", MediaSource::Base64("iVBORw0KGgo=".into()))),
        Part::Media(MediaPart::new("image/jpeg", MediaSource::Url("https://example.com/a.jpg".into()))),
        Part::Media(MediaPart::new("application/pdf", MediaSource::Base64("JVBERi0=".into()))),
        Part::Media(MediaPart::new("text/plain", MediaSource::Base64("SGk=".into()))),
        Part::Media(MediaPart::new("application/pdf", MediaSource::Url("https://example.com/a.pdf".into()))),
    ];
    let transcript = [
        Message::new(scorpio_core::Role::User, parts),
        Message::assistant("Nice."),
        Message::new(scorpio_core::Role::Assistant, vec![]),
        Message::user("Again."),
    ];
    let rigs = Rig::all().await;
    for rig in &rigs {
        for effort in ["low", "2048", "none"] {
            // A number of tokens is no effort to OpenAI.
            if effort == "2048" && matches!(rig.wire, Wire::OpenAiChat | Wire::OpenAiResponses) {
                continue;
            }
            for cache in [model::PromptCache::Auto, model::PromptCache::Long, model::PromptCache::Off] {
                let request = ModelRequest::new("rig-text", Transcript::from_iter(transcript.clone()))
                    .with_instructions("Be kind.")
                    .with_temperature(0.5)
                    .with_max_output_tokens(5_000)
                    .with_prompt_cache(cache)
                    .with_reasoning_effort(effort);
                model::complete(&*rig.provider, request, &CallContext::new()).await.unwrap();
            }
        }
    }
    judge(&rigs).await;
}

#[tokio::test]
async fn another_server_echoes() {
    let mut rigs = Vec::new();
    for wire in [Wire::OpenAiChat, Wire::AnthropicMessages, Wire::GeminiGenerateContent] {
        let rig = Rig::katan(wire, &variable("SCORPIO_RIG_KEY")).await;
        let answer = rig.ask("rig-echo").await.unwrap();
        assert!(answer.text().ends_with("User: Say something."), "{}: {}", rig.name, answer.text());
        assert!(answer.usage.output > 0, "{}", rig.name);
        let stranger = Rig::katan(wire, "wrong-key").await;
        let error = stranger.ask("rig-echo").await.unwrap_err();
        assert_eq!((error.status(), error.kind()), (Some(401), ModelErrorKind::Auth), "{}", rig.name);
        assert!(!format!("{error}{:?}", error.body()).contains("wrong-key"), "{}", rig.name);
        rigs.extend([rig, stranger]);
    }
    judge(&rigs).await;
}
