//! The same conversation by an agent: a tool, the OpenAI wire, and sessions in memory, as an agent has them by default.

use std::time::Instant;

use anyhow::{Result, ensure};
use futures::StreamExt;
use scorpio::{prelude::*, providers::OpenAi};

use super::Client;
use crate::{
    conversation::{INSTRUCTIONS, QUESTION},
    measure::Watched,
};

/// Add two integers.
#[tool]
fn add(a: i64, b: i64) -> i64 {
    a + b
}

pub(super) struct Scorpio(Agent);

impl Scorpio {
    pub(super) fn new(base_url: &str, model: &str) -> Result<Self> {
        let provider = OpenAi::builder().base_url(format!("{base_url}/v1")).api_key("sk-mock").build()?;
        let agent = Agent::builder("bench")
            .with_model(Model::new(provider, model))
            .instructions(INSTRUCTIONS)
            .tool(add)
            .limits(Limits::new().turns(1_000))
            .build()?;
        Ok(Self(agent))
    }
}

impl Client for Scorpio {
    async fn run(&self) -> Result<String> {
        let outcome = self.0.run(QUESTION).await?;
        ensure!(outcome.is_done(), "the run stopped");
        Ok(outcome.text())
    }

    async fn watch(&self) -> Result<Watched> {
        let began = Instant::now();
        let mut watched = Watched { text: String::new(), deltas: 0, first_delta: None };
        let mut events = self.0.run(QUESTION).stream();
        while let Some(event) = events.next().await {
            if let EventKind::PartDelta(delta) = &event.kind {
                watched.first_delta.get_or_insert_with(|| began.elapsed());
                watched.deltas += 1;
                watched.text.push_str(&delta.text);
            }
        }
        ensure!(events.outcome().await?.is_done(), "the run stopped");
        Ok(watched)
    }
}
