//! An answer with a shape: the first answer does not fit, the model is told why and mends it.
//!
//! `cargo run --example structured --no-default-features`
#![allow(clippy::print_stdout)]

use scorpio::{prelude::*, schemars, serde};

/// An order in a tea house.
#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
#[serde(crate = "scorpio::serde")]
#[schemars(crate = "scorpio::schemars")]
struct Order {
    item: String,
    /// how many
    count: u32,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> scorpio::Result<()> {
    let script =
        Scripted::new().text(r#"{"item": "tea", "count": "two"}"#).text(r#"{"item": "tea", "count": 2}"#);
    let agent = Agent::builder("clerk").with_model(Model::new(script, "test")).build()?;
    let answer = agent.run("Two teas, please.").output::<Order>().await?;
    println!("{} x {} in {} turns", answer.value.count, answer.value.item, answer.outcome.report().turns);
    Ok(())
}
