//! A whole run on a store: the model, which is scripted, calls one tool in each turn.

use std::{sync::Arc, time::Instant};

use anyhow::{Result, ensure};
use scorpio::{
    Agent, Limits,
    model::{Model, Scripted, ScriptedTurn},
    store::Store,
    tool,
};

use super::{Commits, Figure, text};
use crate::measure::cpu;

/// How many turns a run has.
const TURNS: u32 = 50;

/// How often a turn is made durable: the answer with the call that starts, and what the tool says.
const COMMITS: u32 = 2;

/// Say something.
#[tool]
fn recall() -> String {
    text()
}

/// What a turn of a run costs on this store.
pub(super) async fn run(store: Arc<dyn Store>) -> Result<Figure> {
    let call = |turn| ScriptedTurn::new().tool_call(format!("call_{turn}"), "recall", "{}");
    let script = (0..TURNS).fold(Scripted::new(), |script, turn| script.turn(call(turn))).text("Done.");
    let agent = Agent::builder("bench").with_model(Model::new(script, "any")).store(store).tool(recall);
    let agent = agent.limits(Limits::new().turns(TURNS + 1)).build()?;
    let (start, cpu_before) = (Instant::now(), cpu()?);
    let outcome = agent.run("Go on.").await?;
    let figure = Figure::of(TURNS, start, cpu_before)?;
    ensure!(outcome.is_done(), "the run is not done");
    Ok(figure)
}

/// What so many commits as a turn has cost somebody who does nothing else.
pub(super) async fn commits<C: Commits>(plain: &C) -> Result<Figure> {
    let mut lane = plain.lane().await?;
    let (start, cpu_before) = (Instant::now(), cpu()?);
    for _ in 0..TURNS * COMMITS {
        plain.commit(&mut lane).await?;
    }
    Figure::of(TURNS, start, cpu_before)
}
