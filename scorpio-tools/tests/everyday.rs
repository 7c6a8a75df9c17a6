//! The everyday tools in the hands of an agent.

#![allow(clippy::unwrap_used)]

use scorpio_core::{
    Agent,
    model::{Demo, Model},
};
use scorpio_tools::{WorldClock, calculate, everyday};

async fn ask(agent: &Agent, question: &str) -> String {
    agent.run(question).await.unwrap().text()
}

#[tokio::test(start_paused = true)]
async fn an_agent_calculates_and_knows_the_time() {
    let clock = WorldClock::with_clock(|| "2026-11-22T05:05:00Z".parse().unwrap());
    let agent = Agent::builder("helper")
        .with_model(Model::new(Demo::new(), "demo"))
        .toolset(everyday().with_clock(clock))
        .build()
        .unwrap();
    assert_eq!(ask(&agent, "What is 12*34?").await, "12*34 = 408");
    let time = ask(&agent, "What time is it in san francisco?").await;
    assert_eq!(time, "In San Francisco it is 21:05 on Saturday, 2026-11-21.");
    let unknown = ask(&agent, "What time is it in Tokio?").await;
    assert!(unknown.contains("Did you mean Tokyo"), "{unknown}");
}

#[tokio::test(start_paused = true)]
async fn a_tool_can_be_given_alone() {
    let agent =
        Agent::builder("helper").with_model(Model::new(Demo::new(), "demo")).tool(calculate).build().unwrap();
    assert_eq!(ask(&agent, "What is 0.1 + 0.2?").await, "0.1 + 0.2 = 0.3");
    assert!(ask(&agent, "What is 1/0?").await.contains("Division by zero"));
}
