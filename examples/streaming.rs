//! Streams an answer word by word and shows the tools that run for it.
//!
//! `cargo run --example streaming --features tools -- "What is 12*34?"`; with `SCORPIO_MODEL=openai:gpt-5-mini` and `OPENAI_API_KEY` set, a real
//! model answers.
#![allow(clippy::print_stdout)]

use std::{env, io::Write};

use futures::StreamExt;
use scorpio::{model::PartKind, prelude::*};

#[tokio::main(flavor = "current_thread")]
async fn main() -> scorpio::Result<()> {
    let question =
        env::args().nth(1).unwrap_or_else(|| "What is 12*34? And what time is it in Tokyo?".to_owned());
    let model = env::var("SCORPIO_MODEL").unwrap_or_else(|_| "scripted:demo".to_owned());
    let agent = Agent::builder("assistant")
        .model(&model)?
        .instructions("Be brief. Use the tools for arithmetic and for the time.")
        .toolset(scorpio::tools::everyday())
        .build()?;

    let mut run = agent.run(question).stream();
    let mut is_text = false;
    while let Some(event) = run.next().await {
        match &event.kind {
            EventKind::PartStarted(start) => is_text = start.part == PartKind::Text,
            EventKind::PartDelta(delta) if is_text => print!("{}", delta.text),
            EventKind::ToolStarted(tool) => println!("  {} {}", tool.name, tool.arguments.get()),
            EventKind::ToolFinished(tool) => println!("  -> {}", tool.result.output.get()),
            _ => {}
        }
        // A terminal shows nothing until a line is whole unless it is told to.
        let _ = std::io::stdout().flush();
    }
    let outcome = run.outcome().await?;
    println!("\n({} turns, {} tokens)", outcome.report().turns, outcome.usage().total());
    Ok(())
}
