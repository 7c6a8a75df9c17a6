//! One contract for all wires, against servers that others wrote: the same fixture gives the same neutral answer on each of them, and
//! every request is judged by the types of the vendor's own client.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    missing_docs
)]

mod support;

use std::{sync::Arc, time::Duration};

use scorpio_core::{
    Agent, MediaPart, MediaSource, Message, Part, Provenance, SessionId,
    model::{
        self, CallContext, FinishReason, LlmProvider, Model, ModelAnswer, ModelError, ModelErrorKind,
        ModelRequest, Transcript,
    },
    tool,
};
use scorpio_providers::{Anthropic, AnthropicAuth, Gemini, OpenAi, OpenAiApi};

use self::support::{
    oracle::{self, variable},
    tee::Tee,
};

/// The wires, by the names that the oracle knows them by.
const WIRES: [&str; 4] = ["openai-chat", "openai-responses", "anthropic-messages", "gemini-generate-content"];

/// A server of others, with a tap on the line, and the provider that speaks one wire to it.
struct Rig {
    wire: &'static str,
    tee: Tee,
    provider: Arc<dyn LlmProvider>,
}

impl Rig {
    async fn aimock(wire: &'static str) -> Self {
        Self::start(wire, &variable("SCORPIO_RIG_AIMOCK_URL"), "any").await
    }

    async fn start(wire: &'static str, url: &str, key: &str) -> Self {
        let tee = Tee::start(url).await;
        let openai = |api| {
            OpenAi::builder().base_url(format!("{}/v1", tee.url())).api(api).api_key(key).build().unwrap()
        };
        let provider: Arc<dyn LlmProvider> = match wire {
            "openai-chat" => Arc::new(openai(OpenAiApi::ChatCompletions)),
            "openai-responses" => Arc::new(openai(OpenAiApi::Responses)),
            "anthropic-messages" => {
                let builder = Anthropic::builder().base_url(tee.url()).api_key(key);
                Arc::new(builder.auth(AnthropicAuth::ApiKey).build().unwrap())
            }
            _ => Arc::new(Gemini::builder().base_url(tee.url()).api_key(key).build().unwrap()),
        };
        Self { wire, tee, provider }
    }

    fn model(&self, name: &str) -> Model {
        Model::shared(Arc::clone(&self.provider), name)
    }

    async fn ask(&self, model: &str) -> Result<ModelAnswer, ModelError> {
        let request = ModelRequest::new(model, Transcript::from_iter([Message::user("Say something.")]));
        model::complete(&*self.provider, request, &CallContext::new()).await
    }

    async fn judge(&self) {
        oracle::judge(self.wire, &self.tee.bodies()).await;
    }
}

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
    for wire in WIRES {
        let rig = Rig::aimock(wire).await;
        let answer = rig.ask("rig-text").await.unwrap();
        let expected = "Scorpio heard you: a plain answer, with an umlaut ü, a dash — and 🦂.";
        assert_eq!((answer.text().as_str(), answer.reason), (expected, FinishReason::Stop), "{wire}");
        rig.judge().await;
    }
}

#[tokio::test]
async fn two_tools_at_once_and_then_an_answer_that_is_remembered() {
    for wire in WIRES {
        let rig = Rig::aimock(wire).await;
        let agent = Agent::builder("rig").with_model(rig.model("rig-tools")).instructions("Use the tools.");
        let agent = agent.tool(add).tool(weather).max_output_tokens(5_000).build().unwrap();
        let session = SessionId::new();
        let asked = "What is 2 + 40, and how is the weather in Zürich?";
        let outcome = agent.run(asked).session(&session).await.unwrap();
        assert_eq!(outcome.text(), "Both tools answered: 42, and sun in Zürich.", "{wire}");
        let messages: Vec<&Message> = outcome.report().messages().collect();
        let calls: Vec<(String, serde_json::Value)> = messages[0]
            .tool_calls()
            .map(|call| (call.name.to_string(), serde_json::from_str(&call.arguments).unwrap()))
            .collect();
        let expected = [
            ("add".to_owned(), serde_json::json!({"a": 2, "b": 40})),
            ("weather".to_owned(), serde_json::json!({"city": "Zürich", "days": 3})),
        ];
        assert_eq!(calls, expected, "{wire}");
        let results: Vec<String> =
            messages[1].tool_results().map(|result| result.output.display_text()).collect();
        assert_eq!(results, ["42.0", "Sun in Zürich for 3 days."], "{wire}");
        // The whole of it goes out again with the next question, after a reload as well.
        agent.run("And again?").session(&session).await.unwrap();
        rig.judge().await;
    }
}

#[tokio::test]
async fn a_text_and_a_tool_in_one_answer() {
    for wire in WIRES {
        let rig = Rig::aimock(wire).await;
        let agent =
            Agent::builder("rig").with_model(rig.model("rig-text-then-tool")).tool(add).build().unwrap();
        assert_eq!(agent.run("What is 1 + 2?").await.unwrap().text(), "The sum is 3.", "{wire}");
        rig.judge().await;
    }
}

#[tokio::test]
async fn a_tool_without_arguments() {
    for wire in WIRES {
        let rig = Rig::aimock(wire).await;
        let agent =
            Agent::builder("rig").with_model(rig.model("rig-no-arguments")).tool(now).build().unwrap();
        assert_eq!(agent.run("What time is it?").await.unwrap().text(), "It is noon.", "{wire}");
        rig.judge().await;
    }
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
    for wire in WIRES {
        let rig = Rig::aimock(wire).await;
        let agent = Agent::builder("rig").with_model(rig.model("rig-json")).build().unwrap();
        let person = agent.run("Who is it?").output::<Person>().await.unwrap().value;
        assert_eq!(person, Person { name: "Ada".into(), age: 36, email: None }, "{wire}");
        rig.judge().await;
    }
}

#[tokio::test]
async fn errors() {
    for wire in WIRES {
        let rig = Rig::aimock(wire).await;
        let table = [
            ("rig-400", 400, ModelErrorKind::InvalidRequest),
            ("rig-401", 401, ModelErrorKind::Auth),
            ("rig-429", 429, ModelErrorKind::RateLimited),
            ("rig-500", 500, ModelErrorKind::Overloaded),
            ("rig-503", 503, ModelErrorKind::Overloaded),
        ];
        for (model, status, kind) in table {
            let error = rig.ask(model).await.unwrap_err();
            assert_eq!((error.status(), error.kind()), (Some(status), kind), "{wire} {model}");
        }
        let error = rig.ask("rig-429").await.unwrap_err();
        assert_eq!(error.retry_after(), Some(Duration::from_secs(7)), "{wire}");
    }
}

#[tokio::test]
async fn broken_answers_are_not_whole() {
    for wire in WIRES {
        let rig = Rig::aimock(wire).await;
        let error = rig.ask("rig-truncated").await.unwrap_err();
        assert_eq!(error.kind(), ModelErrorKind::Truncated, "{wire}");
        let error = rig.ask("rig-malformed").await.unwrap_err();
        assert_eq!(error.kind(), ModelErrorKind::Protocol, "{wire}");
    }
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
    for wire in WIRES {
        let rig = Rig::aimock(wire).await;
        for effort in ["low", "2048", "none"] {
            // A number of tokens is no effort to OpenAI.
            if effort == "2048" && wire.starts_with("openai") {
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
        rig.judge().await;
    }
}

#[tokio::test]
async fn another_server_echoes() {
    for wire in ["openai-chat", "anthropic-messages"] {
        let key = variable("SCORPIO_RIG_KEY");
        let rig = Rig::start(wire, &variable("SCORPIO_RIG_KATAN_URL"), &key).await;
        let answer = rig.ask("rig-echo").await.unwrap();
        assert!(answer.text().ends_with("User: Say something."), "{wire}: {}", answer.text());
        assert!(answer.usage.output > 0, "{wire}");
        rig.judge().await;
        let stranger = Rig::start(wire, &variable("SCORPIO_RIG_KATAN_URL"), "wrong-key").await;
        let error = stranger.ask("rig-echo").await.unwrap_err();
        assert_eq!((error.status(), error.kind()), (Some(401), ModelErrorKind::Auth), "{wire}");
        assert!(!format!("{error}{:?}", error.body()).contains("wrong-key"), "{wire}");
    }
}
