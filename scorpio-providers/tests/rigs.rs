//! The wire against servers that others wrote, which `tests/rigs/run` of the repository starts. Every request that is sent is shown to
//! an oracle that judges it by the types of OpenAI's own client.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout
)]

mod support;

use std::{sync::atomic::Ordering, time::Duration};

use self::support::{oracle, oracle::variable, tee::Tee};
use futures::StreamExt;
use scorpio_core::{
    Agent, Limits, MediaPart, MediaSource, Message, Outcome, Part, Provenance, Role, ScorpioError,
    StopReason,
    model::{
        self, CallContext, FinishReason, LlmProvider, Model, ModelAnswer, ModelError, ModelErrorKind,
        ModelEvent, ModelRequest, Transcript,
    },
    tool,
};
use scorpio_providers::{OpenAi, OpenAiBuilder};

/// A server of others, with a tap on the line.
struct Rig {
    tee: Tee,
    key: String,
}

impl Rig {
    async fn aimock() -> Self {
        Self { tee: Tee::start(&variable("SCORPIO_RIG_AIMOCK_URL")).await, key: "any".to_owned() }
    }

    async fn katan() -> Self {
        let url = variable("SCORPIO_RIG_KATAN_URL");
        Self { tee: Tee::start(&url).await, key: variable("SCORPIO_RIG_KEY") }
    }

    fn builder(&self) -> OpenAiBuilder {
        OpenAi::builder().base_url(format!("{}/v1", self.tee.url())).api_key(self.key.clone())
    }

    fn model(&self, name: &str) -> Model {
        Model::new(self.builder().build().unwrap(), name)
    }

    async fn ask(&self, model: &str) -> Result<ModelAnswer, ModelError> {
        let request = ModelRequest::new(model, Transcript::from_iter([Message::user("Say something.")]));
        model::complete(&self.builder().build().unwrap(), request, &CallContext::new()).await
    }

    async fn error(&self, model: &str) -> ModelError {
        self.ask(model).await.unwrap_err()
    }

    /// Shows everything that was sent to the oracle.
    async fn judge(&self) {
        oracle::judge(self.tee.bodies().into_iter().map(|body| ("openai-chat", body))).await;
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
    let rig = Rig::aimock().await;
    let answer = rig.ask("rig-text").await.unwrap();
    assert_eq!(answer.text(), "Scorpio heard you: a plain answer, with an umlaut ü, a dash — and 🦂.");
    assert_eq!((answer.reason, answer.usage.input, answer.usage.output), (FinishReason::Stop, 100, 20));
    rig.judge().await;
}

#[tokio::test]
async fn two_tools_at_once_and_then_an_answer() {
    let rig = Rig::aimock().await;
    let agent = Agent::builder("rig").with_model(rig.model("rig-tools")).instructions("Use the tools.");
    let agent = agent.tool(add).tool(weather).max_output_tokens(500).reasoning_effort("low").build().unwrap();
    let outcome = agent.run("What is 2 + 40, and how is the weather in Zürich?").await.unwrap();
    assert_eq!(outcome.text(), "Both tools answered: 42, and sun in Zürich.");
    let bodies = rig.tee.bodies();
    assert_eq!(bodies.len(), 2);
    let call = |id: &str, name: &str, arguments: &str| serde_json::json!({"id": id, "type": "function", "function": {"name": name, "arguments": arguments}});
    let expected = serde_json::json!([
        {"role": "system", "content": "Use the tools."},
        {"role": "user", "content": "What is 2 + 40, and how is the weather in Zürich?"},
        {"role": "assistant", "content": null, "tool_calls": [
            call("call_rig_add", "add", "{\"a\":2,\"b\":40}"),
            call("call_rig_weather", "weather", "{\"city\":\"Zürich\",\"days\":3}"),
        ]},
        {"role": "tool", "tool_call_id": "call_rig_add", "content": "42.0"},
        {"role": "tool", "tool_call_id": "call_rig_weather", "content": "Sun in Zürich for 3 days."},
    ]);
    assert_eq!(bodies[1]["messages"], expected);
    rig.judge().await;
}

#[tokio::test]
async fn a_text_and_a_tool_in_one_answer() {
    let rig = Rig::aimock().await;
    let agent = Agent::builder("rig").with_model(rig.model("rig-text-then-tool")).tool(add).build().unwrap();
    assert_eq!(agent.run("What is 1 + 2?").await.unwrap().text(), "The sum is 3.");
    assert_eq!(rig.tee.bodies()[1]["messages"][1]["content"], "Let me add these numbers.");
    rig.judge().await;
}

#[tokio::test]
async fn a_tool_without_arguments() {
    let rig = Rig::aimock().await;
    let agent = Agent::builder("rig").with_model(rig.model("rig-no-arguments")).tool(now).build().unwrap();
    assert_eq!(agent.run("What time is it?").await.unwrap().text(), "It is noon.");
    rig.judge().await;
}

#[tokio::test]
async fn reasoning() {
    let rig = Rig::aimock().await;
    let answer = rig.ask("rig-reasoning").await.unwrap();
    let Some(Part::Reasoning(reasoning)) = answer.parts.first() else { panic!("{:?}", answer.parts) };
    assert_eq!(reasoning.text, "The user wants a number. Six times seven is forty-two.");
    assert_eq!(answer.text(), "42");
    rig.judge().await;
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
    let rig = Rig::aimock().await;
    let agent = Agent::builder("rig").with_model(rig.model("rig-json")).build().unwrap();
    let person = agent.run("Who is it?").output::<Person>().await.unwrap().value;
    assert_eq!(person, Person { name: "Ada".into(), age: 36, email: None });
    let format = &rig.tee.bodies()[0]["response_format"]["json_schema"];
    assert_eq!((format["name"].as_str(), format["strict"].as_bool()), (Some("Person"), Some(true)));
    assert_eq!(format["schema"]["additionalProperties"], false);
    rig.judge().await;
}

#[tokio::test]
async fn answers_that_were_cut_short_say_why() {
    let rig = Rig::aimock().await;
    let answer = rig.ask("rig-length").await.unwrap();
    assert_eq!(
        (answer.text().as_str(), answer.reason),
        ("This answer was cut by the token", FinishReason::Length)
    );
    let answer = rig.ask("rig-filtered").await.unwrap();
    assert_eq!((answer.text().as_str(), answer.reason), ("I can", FinishReason::ContentFilter));
    rig.judge().await;
}

#[tokio::test]
async fn broken_answers_are_not_whole() {
    let rig = Rig::aimock().await;
    for model in ["rig-truncated", "rig-truncated-at-once"] {
        assert_eq!(rig.error(model).await.kind(), ModelErrorKind::Truncated, "{model}");
    }
    assert_eq!(rig.error("rig-disconnect").await.kind(), ModelErrorKind::Unreachable);
    assert_eq!(rig.error("rig-malformed").await.kind(), ModelErrorKind::Protocol);
    rig.judge().await;
}

#[tokio::test]
async fn errors() {
    let rig = Rig::aimock().await;
    let table = [
        ("rig-400", 400, ModelErrorKind::InvalidRequest),
        ("rig-401", 401, ModelErrorKind::Auth),
        ("rig-429", 429, ModelErrorKind::RateLimited),
        ("rig-500", 500, ModelErrorKind::Overloaded),
        ("rig-503", 503, ModelErrorKind::Overloaded),
    ];
    for (model, status, kind) in table {
        let error = rig.error(model).await;
        assert_eq!((error.status(), error.kind()), (Some(status), kind), "{model}");
        assert!(error.request_id().is_some(), "{model}");
    }
    assert_eq!(rig.error("rig-429").await.retry_after(), Some(Duration::from_secs(7)));
    rig.judge().await;
}

#[tokio::test]
async fn an_error_reaches_the_caller_of_an_agent() {
    let rig = Rig::aimock().await;
    let agent = Agent::builder("rig").with_model(rig.model("rig-400")).build().unwrap();
    let error: ScorpioError = agent.run("Hi").await.unwrap_err();
    assert_eq!(error.model_error().unwrap().status(), Some(400));
    rig.judge().await;
}

#[tokio::test]
async fn an_answer_that_nobody_wants_ends_at_once() {
    let rig = Rig::aimock().await;
    let request = ModelRequest::new("rig-slow", Transcript::from_iter([Message::user("Hi")]));
    let provider = rig.builder().build().unwrap();
    let mut stream = provider.stream(request, &CallContext::new()).await.unwrap();
    while !matches!(stream.next().await, Some(Ok(ModelEvent::Delta { .. }))) {}
    assert_eq!(rig.tee.open().load(Ordering::SeqCst), 1);
    drop(stream);
    rig.tee.closed().await;
}

#[tokio::test]
async fn everything_that_a_message_may_hold() {
    let rig = Rig::aimock().await;
    let parts = vec![
        Part::text("Look at these.", Provenance::User),
        Part::Media(MediaPart::new("image/png", MediaSource::Base64("iVBORw0KGgo=".into()))),
        Part::Media(MediaPart::new("image/jpeg", MediaSource::Url("https://example.com/a.jpg".into()))),
        Part::Media(MediaPart::new("application/pdf", MediaSource::Base64("JVBERi0=".into()))),
        Part::Media(MediaPart::new("audio/wav", MediaSource::Base64("UklGRg==".into()))),
        Part::Media(MediaPart::new("application/pdf", MediaSource::Url("https://example.com/a.pdf".into()))),
    ];
    let transcript = [
        Message::new(Role::System, vec![Part::text("Be brief.", Provenance::System)]),
        Message::new(Role::User, parts),
        Message::assistant("Nice."),
        Message::new(Role::Assistant, vec![]),
        Message::user("Again."),
    ];
    for role in [scorpio_providers::InstructionsRole::System, scorpio_providers::InstructionsRole::Developer]
    {
        let request = ModelRequest::new("rig-text", Transcript::from_iter(transcript.clone()))
            .with_instructions("Be kind.")
            .with_temperature(0.5)
            .with_max_output_tokens(50)
            .with_extra(serde_json::from_str(r#"{"seed": 7, "metadata": {"a": "b"}}"#).unwrap());
        let provider = rig.builder().instructions_role(role).build().unwrap();
        model::complete(&provider, request, &CallContext::new()).await.unwrap();
    }
    rig.judge().await;
}

#[tokio::test]
async fn katan_echoes() {
    let rig = Rig::katan().await;
    let answer = rig.ask("rig-echo").await.unwrap();
    assert!(answer.text().ends_with("User: Say something."), "{}", answer.text());
    assert_eq!(answer.reason, FinishReason::Stop);
    assert!(answer.usage.output > 0);
    rig.judge().await;
}

#[tokio::test]
async fn katan_refuses_a_wrong_key() {
    let rig = Rig { key: "wrong-key".to_owned(), ..Rig::katan().await };
    let error = rig.error("rig-echo").await;
    assert_eq!((error.status(), error.kind()), (Some(401), ModelErrorKind::Auth));
    assert!(!format!("{error}{:?}", error.body()).contains("wrong-key"));
    rig.judge().await;
}

#[tokio::test]
async fn katan_does_not_stream_calls_and_calls_without_end() {
    let rig = Rig::katan().await;
    let agent =
        Agent::builder("rig").with_model(rig.model("rig-echo")).tool(add).limits(Limits::new().turns(3));
    let outcome = agent.build().unwrap().run("What is 1 + 1?").await.unwrap();
    let Outcome::Stopped { reason: StopReason::Turns, .. } = &outcome else { panic!("{outcome:?}") };
    assert_eq!(rig.tee.bodies().len(), 3);
    rig.judge().await;
}
