//! A run that is dropped at any poll leaves a history to which the next message can be added, on every wire.

use std::{
    future::IntoFuture,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures::FutureExt;
use scorpio_core::{
    Agent, Message, OwnerId, SessionId, ToolOutcome, dangling_tool_calls,
    model::Model,
    store::{MemoryStore, Store},
    tool::{Tool, ToolContext, ToolError, ToolSpec},
};
use scorpio_testkit::{Dialogue, Script, StrictProvider, Style, Turn, Wire};
use serde_json::json;

use crate::strict::{model_name, provider};

/// So many polls a run must take at least, for the drops of all wires and both ways of running tools to be 2,000.
const POLLS: usize = 250;

#[derive(serde::Deserialize, scorpio_core::schemars::JsonSchema)]
#[schemars(crate = "scorpio_core::schemars")]
struct City {
    #[expect(dead_code, reason = "only its shape matters")]
    city: String,
}

/// A tool that takes its time, and remembers that it was started.
struct Slow {
    name: &'static str,
    takes: Duration,
    has_started: Arc<AtomicBool>,
}

impl Tool for Slow {
    type Input = City;
    type Output = String;

    fn spec(&self) -> ToolSpec {
        ToolSpec::new(self.name, "Takes its time.")
    }

    async fn call(&self, _: &ToolContext, _: City) -> Result<String, ToolError> {
        self.has_started.store(true, Ordering::SeqCst);
        tokio::time::sleep(self.takes).await;
        Ok("done".to_owned())
    }
}

/// Two turns of which every character is an event, and every event takes a while.
fn script() -> Script {
    let slowly = Style::new().characters(1).pause_ms(1);
    let calls = Turn::new()
        .reasoning("The weather and the news: two tools, both at once.")
        .and_text("Let me look both of these up for you. It will only take a moment.")
        .call("weather", json!({"city": "Zürich"}))
        .call("news", json!({"city": "Genève"}))
        .style(slowly.clone());
    let answer = Turn::new()
        .reasoning("Both have answered: all that is left is to tell it.")
        .and_text("The sun shines in Zürich, and in Genève nothing was worth a headline.")
        .style(slowly);
    Script::by_question([
        Dialogue::about("And now?", [Turn::text("Still here.")]),
        Dialogue::about("Go.", [calls, answer]),
    ])
}

/// What was seen over all drops of a wire.
#[derive(Default)]
struct Seen {
    drops: usize,
    started: usize,
    not_started: usize,
}

async fn drop_at_every_poll(wire: Wire, parallel_tools: usize) -> Seen {
    let mut seen = Seen::default();
    loop {
        let strict = StrictProvider::new(script());
        let model = Model::shared(provider(wire, &strict), model_name(wire));
        let store = Arc::new(MemoryStore::new());
        let tool = |name, milliseconds| {
            let has_started = Arc::new(AtomicBool::new(false));
            let takes = Duration::from_millis(milliseconds);
            (Slow { name, takes, has_started: Arc::clone(&has_started) }, has_started)
        };
        let ((weather, weather_started), (news, news_started)) = (tool("weather", 40), tool("news", 15));
        let agent = Agent::builder("test").with_model(model.clone()).store(store.clone());
        let agent = agent.parallel_tools(parallel_tools).tool(weather).tool(news).build().unwrap();
        let session = SessionId::new();
        let mut run = Box::pin(agent.run("Go.").session(&session).into_future());
        let mut has_finished = false;
        for _ in 0..seen.drops {
            if let Some(outcome) = run.as_mut().now_or_never() {
                assert!(outcome.unwrap().text().ends_with("worth a headline."));
                has_finished = true;
                break;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        drop(run);

        let outcome = agent.run("And now?").session(&session).await;
        let at = format!("{}, dropped after {} polls", wire.name(), seen.drops);
        let outcome = outcome.unwrap_or_else(|error| panic!("{at}: {error}: {:#?}", strict.refusals()));
        assert_eq!((outcome.text().as_str(), strict.refusals()), ("Still here.", vec![]), "{at}");
        let history = store.messages(&OwnerId::local(), &session, 0, 100).await.unwrap();
        let history: Vec<Message> = history.into_iter().map(|stored| stored.message).collect();
        assert_eq!(dangling_tool_calls(&history), [], "{at}");
        for result in history.iter().flat_map(Message::tool_results) {
            let has_started = match result.name.as_str() {
                "weather" => &weather_started,
                _ => &news_started,
            };
            let has_started = has_started.load(Ordering::SeqCst);
            let ToolOutcome::Interrupted { started } = result.status else {
                assert!(has_started, "{at}: a result of a tool that never ran");
                continue;
            };
            // What is said before a tool starts may come too early, but never too late.
            assert!(started || !has_started, "{at}: {} ran, and nobody knows", result.name);
            assert!(result.is_error(), "{at}");
            match started {
                true => seen.started += 1,
                false => seen.not_started += 1,
            }
        }
        if has_finished {
            return seen;
        }
        seen.drops += 1;
    }
}

/// Drops runs whose tools run side by side, and runs whose tools run one after the other.
async fn check(wire: Wire) {
    for parallel_tools in [2, 1] {
        let seen = drop_at_every_poll(wire, parallel_tools).await;
        println!(
            "{}, {parallel_tools} tools at once: {} drops, {} results of tools that had started, {} of others",
            wire.name(),
            seen.drops,
            seen.started,
            seen.not_started
        );
        assert!(seen.drops >= POLLS, "{} polls are too few", seen.drops);
        assert!(seen.started > 0 && (seen.not_started > 0 || parallel_tools == 2));
    }
}

#[tokio::test(start_paused = true)]
async fn chat_completions_takes_what_a_drop_leaves() {
    check(Wire::OpenAiChat).await;
}

#[tokio::test(start_paused = true)]
async fn responses_takes_what_a_drop_leaves() {
    check(Wire::OpenAiResponses).await;
}

#[tokio::test(start_paused = true)]
async fn messages_takes_what_a_drop_leaves() {
    check(Wire::AnthropicMessages).await;
}

#[tokio::test(start_paused = true)]
async fn generate_content_takes_what_a_drop_leaves() {
    check(Wire::GeminiGenerateContent).await;
}
