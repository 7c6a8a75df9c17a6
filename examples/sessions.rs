//! A conversation that survives the process: run it twice and it goes on where it was.
//!
//! `cargo run --example sessions --features sqlite -- "I am Ada."`
#![allow(clippy::print_stdout)]

use std::{env, sync::Arc};

use scorpio::{OwnerId, prelude::*, sqlite::SqliteStore, store::Store};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let text = env::args().nth(1).unwrap_or_else(|| "Why is the sky blue?".to_owned());
    let model = env::var("SCORPIO_MODEL").unwrap_or_else(|_| "scripted:demo".to_owned());
    let file = env::temp_dir().join("scorpio-sessions-example.db");
    let store = Arc::new(SqliteStore::open(&file).await?);
    let agent = Agent::builder("assistant").model(&model)?.store(store.clone()).build()?;

    let session = SessionId::parse("example")?;
    agent.run(text).session(&session).await?;
    for stored in store.messages(&OwnerId::local(), &session, 0, 1_000).await? {
        println!("{:>4} {:?}: {}", stored.seq, stored.message.role, stored.message.text());
    }
    println!("(kept in {})", file.display());
    store.close().await?;
    Ok(())
}
