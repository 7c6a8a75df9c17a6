//! The demo model, asked as the README says.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::time::Duration;

use futures::StreamExt;
use scorpio_core::{
    Agent, AgentBuilder, EventKind,
    model::{Demo, Model},
    tool,
};
use tokio::time::Instant;

/// Work out an expression.
#[tool]
fn calculate(expression: String) -> Result<i64, std::num::ParseIntError> {
    let (a, b) = expression.split_once('*').unwrap_or((&expression, "1"));
    Ok(a.trim().parse::<i64>()? * b.trim().parse::<i64>()?)
}

#[derive(serde::Serialize)]
struct LocalTime {
    city: String,
    time: &'static str,
    weekday: &'static str,
    date: &'static str,
}

/// Tell the time in a city.
#[tool]
fn current_time(city: String) -> LocalTime {
    LocalTime { city, time: "14:05", weekday: "Sunday", date: "2026-11-22" }
}

fn demo() -> AgentBuilder {
    Agent::builder("demo").with_model(Model::new(Demo::new(), "demo"))
}

fn with_tools() -> Agent {
    demo().tool(calculate).tool(current_time).build().unwrap()
}

async fn ask(agent: &Agent, text: &str) -> String {
    agent.run(text).await.unwrap().text()
}

#[tokio::test(start_paused = true)]
async fn it_answers_as_promised() {
    let agent = with_tools();
    assert_eq!(ask(&agent, "Why is the sky blue?").await, "It's just blue duh!");
    assert_eq!(ask(&agent, "What is 12*34?").await, "12*34 = 408");
    assert_eq!(ask(&agent, "What time is it in Tokyo?").await, "In Tokyo it is 14:05 on Sunday, 2026-11-22.");
    assert!(ask(&agent, "Tell me a joke.").await.contains("demo"));
    assert!(ask(&agent, "What is 12*x9?").await.starts_with("The tool `calculate` failed:"));
}

#[tokio::test(start_paused = true)]
async fn two_questions_make_two_calls_in_one_turn() {
    let outcome = with_tools().run("What is 12*34? And what time is it in Tokyo?").await.unwrap();
    assert_eq!(outcome.text(), "12*34 = 408\n\nIn Tokyo it is 14:05 on Sunday, 2026-11-22.");
    assert_eq!(outcome.report().turns, 2);
    assert_eq!(outcome.report().messages().next().unwrap().tool_calls().count(), 2);
}

#[tokio::test(start_paused = true)]
async fn it_says_which_tool_it_lacks() {
    let agent = demo().build().unwrap();
    assert!(ask(&agent, "What is 12*34?").await.contains("`calculate`"));
}

#[tokio::test(start_paused = true)]
async fn it_thinks_first() {
    let events: Vec<_> = with_tools().run("Think about the sea.").stream().collect().await;
    let kinds = events.iter().filter_map(|event| match &event.kind {
        EventKind::PartStarted(start) => Some(format!("{:?}", start.part)),
        _ => None,
    });
    assert_eq!(kinds.collect::<Vec<_>>(), ["Reasoning", "Text"]);
}

#[tokio::test(start_paused = true)]
async fn it_counts_at_its_pace() {
    let began = Instant::now();
    let text = ask(&with_tools(), "Count to 20").await;
    assert!(text.starts_with("1, 2, 3, ") && text.ends_with(", 20"), "{text}");
    assert_eq!(began.elapsed(), Duration::from_millis(20 * 50));
    assert_eq!(ask(&with_tools(), "Count to 1001").await, "I count to 1,000 at most.");
}
