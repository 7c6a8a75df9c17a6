//! Whole runs on SQLite: their journals hold, and what a transactional tool says to the database happens with its answer or not at all.
#![cfg(feature = "sqlite")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::sync::Arc;

use scorpio_core::{
    Agent, Decision, OwnerId, SessionId, ToolOutcome,
    model::{Model, Scripted, ScriptedTurn},
    store::{ExecutionStatus, Statement, Store, verify_journal},
    tool,
    tool::{ToolContext, ToolError},
};
use scorpio_store::SqliteStore;
use sqlx::{Connection, Row, SqliteConnection};

/// Places an order in a table of the program's own, in the store's database.
#[tool(transactional)]
fn place_order(cx: &ToolContext, item: String) -> Result<String, ToolError> {
    say(cx, &item)
}

/// Says that it places an order, as if it might.
#[tool]
fn just_say(cx: &ToolContext, item: String) -> Result<String, ToolError> {
    say(cx, &item)
}

fn say(cx: &ToolContext, item: &str) -> Result<String, ToolError> {
    let statement = Statement::new("insert into orders (item, amount, key) values (?, ?, ?);");
    cx.execute(statement.bind(item).bind(1.5).bind(cx.idempotency_key()))?;
    if item == "nothing" {
        return Err(ToolError::new("There is nothing to order."));
    }
    Ok(format!("ordered {item}"))
}

struct Rig {
    store: SqliteStore,
    path: std::path::PathBuf,
    _directory: tempfile::TempDir,
}

impl Rig {
    async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("agent.db");
        let store = SqliteStore::open(&path).await.unwrap();
        let rig = Self { store, path, _directory: directory };
        let create =
            "create table orders (item text not null check (item <> 'bomb'), amount real, key text unique)";
        sqlx::raw_sql(create).execute(&mut rig.connect().await).await.unwrap();
        rig
    }

    async fn connect(&self) -> SqliteConnection {
        SqliteConnection::connect(&format!("sqlite://{}", self.path.display())).await.unwrap()
    }

    async fn orders(&self) -> Vec<String> {
        let rows =
            sqlx::query("select item from orders order by item").fetch_all(&mut self.connect().await).await;
        rows.unwrap().iter().map(|row| row.get(0)).collect()
    }

    fn agent(&self, script: Scripted) -> scorpio_core::AgentBuilder {
        let agent = Agent::builder("clerk").with_model(Model::new(script, "any")).tool(place_order);
        agent.store(Arc::new(self.store.clone())).event_log(Arc::new(self.store.clone()))
    }
}

fn order(call: &str, item: &str) -> ScriptedTurn {
    ScriptedTurn::new().tool_call(call, "place_order", &format!(r#"{{"item": "{item}"}}"#))
}

#[tokio::test]
async fn an_effect_and_its_record_happen_together() {
    let rig = Rig::new().await;
    let script = Scripted::new()
        .turn(order("a", "tea").tool_call("b", "place_order", r#"{"item": "milk"}"#))
        .text("Done.");
    let session = SessionId::new();
    let outcome = rig.agent(script).build().unwrap().run("Order.").session(&session).await.unwrap();
    assert!(outcome.is_done());
    assert_eq!(rig.orders().await, ["milk", "tea"]);
    let executions = rig.store.executions(&OwnerId::local(), &session, 10).await.unwrap();
    assert!(executions.iter().all(|execution| execution.status == ExecutionStatus::Completed));
}

#[tokio::test]
async fn what_the_database_refuses_is_a_failure_of_the_tool_and_nothing_is_done() {
    let rig = Rig::new().await;
    let script = Scripted::new()
        .turn(order("a", "bomb").tool_call("b", "place_order", r#"{"item": "tea"}"#))
        .text("I am sorry.");
    let session = SessionId::new();
    let outcome = rig.agent(script).build().unwrap().run("Order.").session(&session).await.unwrap();
    assert!(outcome.is_done(), "the run goes on");
    assert_eq!(rig.orders().await, ["tea"], "the other one is not harmed");
    let executions = rig.store.executions(&OwnerId::local(), &session, 10).await.unwrap();
    let failed = executions.iter().find(|execution| execution.call_id.as_str() == "a").unwrap();
    assert_eq!(failed.result.as_ref().unwrap().status, ToolOutcome::Failed);
    assert!(failed.error.as_ref().unwrap().contains("CHECK"), "the operator reads why: {:?}", failed.error);
    assert!(!failed.result.as_ref().unwrap().output.get().contains("CHECK"), "the model does not");
}

#[tokio::test]
async fn a_tool_that_fails_says_nothing_to_the_database() {
    let rig = Rig::new().await;
    let script = Scripted::new().turn(order("a", "nothing")).text("I am sorry.");
    rig.agent(script).build().unwrap().run("Order.").await.unwrap();
    assert!(rig.orders().await.is_empty());
}

#[tokio::test]
async fn only_transactional_tools_speak_to_the_database() {
    let cx = ToolContext::detached();
    say(&cx, "tea").unwrap();
    assert_eq!(cx.executed()[0].parameters().len(), 3, "called by hand, a tool shows what it would say");
    let rig = Rig::new().await;
    let call = ScriptedTurn::new().tool_call("a", "just_say", r#"{"item": "tea"}"#);
    let script = Scripted::new().turn(call).text("I am sorry.");
    let agent = Agent::builder("clerk").with_model(Model::new(script, "any")).tool(just_say);
    agent.store(Arc::new(rig.store.clone())).build().unwrap().run("Order.").await.unwrap();
    assert!(rig.orders().await.is_empty());
}

#[tokio::test]
async fn the_journal_of_a_run_holds_over_pauses_and_hands() {
    let rig = Rig::new().await;
    let script = Scripted::new().turn(order("a", "tea")).turn(order("b", "milk")).text("Done.");
    let asking = || scorpio_core::tool::Approve::all();
    let agent = rig.agent(script.clone()).approve(asking()).build().unwrap();
    let mut outcome = agent.run("Order.").await.unwrap();
    let run = outcome.report().run;
    while let Some(call) = outcome.pending().first().map(|call| call.call_id.clone()) {
        let agent = rig.agent(script.clone()).approve(asking()).build().unwrap();
        outcome = agent.resume(run).decide(&call, Decision::approve()).await.unwrap();
    }
    assert!(outcome.is_done());
    let journal = rig.store.journal(&OwnerId::local(), run, 0, 1_000).await.unwrap();
    verify_journal(&journal).unwrap();
    assert!(journal.len() >= 8, "{}", journal.len());
    let record = rig.store.run(&OwnerId::local(), run).await.unwrap().unwrap();
    assert_eq!(
        (record.machine.step(), record.machine.journal()),
        (journal.len() as u64, journal.last().unwrap().hash)
    );
    let fences: Vec<u64> = journal.iter().map(|entry| entry.fence).collect();
    assert_eq!((fences.first(), fences.last()), (Some(&1), Some(&3)), "it changed hands twice");

    let mut connection = rig.connect().await;
    let forge =
        "update scorpio_journal set payload = replace(payload, 'call_tools', 'call_model') where seq = 3";
    sqlx::raw_sql(forge).execute(&mut connection).await.unwrap();
    let forged = rig.store.journal(&OwnerId::local(), run, 0, 1_000).await.unwrap();
    assert!(forged != journal && verify_journal(&forged).is_err());
}
