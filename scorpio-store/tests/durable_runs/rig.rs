//! A database with a store on it, a table of the program's own, and an agent that writes to both.

use std::{fmt, sync::Arc};

use scorpio_core::{
    Agent, AgentBuilder, RunRequest,
    model::{Model, Scripted, ScriptedTurn},
    store::{EventLog, Statement, Store},
    tool,
    tool::{ToolContext, ToolError},
};

/// What the tests need of a database besides its store.
pub(crate) trait Database: Send + Sync + 'static {
    type Store: Store + EventLog + Clone + fmt::Debug;

    fn store(&self) -> Self::Store;

    /// Runs statements beside the store.
    fn execute(&self, sql: &str) -> impl Future<Output = ()> + Send;

    /// The first column of the rows.
    fn texts(&self, sql: &str) -> impl Future<Output = Vec<String>> + Send;

    /// How a tool places an order: an item, an amount and a key.
    fn insert(&self) -> String;
}

/// The SQL that the tools of a run use.
pub(crate) struct Insert(String);

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

/// Says whatever it is asked to.
#[tool(transactional)]
fn say_anything(cx: &ToolContext, sql: String) -> Result<String, ToolError> {
    cx.execute(Statement::new(sql))?;
    Ok("said".to_owned())
}

fn say(cx: &ToolContext, item: &str) -> Result<String, ToolError> {
    let insert =
        cx.get::<Insert>().map_or_else(|| "insert into orders …".to_owned(), |insert| insert.0.clone());
    let statement = Statement::new(insert);
    cx.execute(statement.bind(item).bind(1.5).bind(cx.idempotency_key()))?;
    if item == "nothing" {
        return Err(ToolError::new("There is nothing to order."));
    }
    Ok(format!("ordered {item}"))
}

/// What a tool says when it is called by hand.
pub(crate) fn said_by_hand() -> Vec<Statement> {
    let cx = ToolContext::detached();
    say(&cx, "tea").unwrap();
    cx.executed()
}

pub(crate) struct Rig<D: Database> {
    pub(crate) database: D,
    pub(crate) store: D::Store,
}

impl<D: Database> Rig<D> {
    pub(crate) async fn new(database: D) -> Self {
        let create = "create table orders (item text not null check (item <> 'bomb'), amount double precision, key text unique)";
        database.execute(create).await;
        let store = database.store();
        Self { database, store }
    }

    pub(crate) async fn orders(&self) -> Vec<String> {
        self.database.texts("select item from orders order by item").await
    }

    /// An agent with transactional tools.
    pub(crate) fn agent(&self, script: Scripted) -> AgentBuilder {
        self.bare_agent(script).tool(place_order).tool(say_anything)
    }

    /// An agent whose only tool is not transactional.
    pub(crate) fn plain_agent(&self, script: Scripted) -> AgentBuilder {
        self.bare_agent(script).tool(just_say)
    }

    fn bare_agent(&self, script: Scripted) -> AgentBuilder {
        let agent = Agent::builder("clerk").with_model(Model::new(script, "any"));
        agent.store(Arc::new(self.store.clone())).event_log(Arc::new(self.store.clone()))
    }

    pub(crate) fn run(&self, agent: AgentBuilder) -> RunRequest {
        agent.build().unwrap().run("Order.").with(self.insert())
    }

    pub(crate) fn insert(&self) -> Insert {
        Insert(self.database.insert())
    }
}

pub(crate) fn order(call: &str, item: &str) -> ScriptedTurn {
    ScriptedTurn::new().tool_call(call, "place_order", &format!(r#"{{"item": "{item}"}}"#))
}
