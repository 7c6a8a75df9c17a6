//! What every run of the tests does, and what the fake model says: four turns, six tool calls of which two each run side by side, an approval,
//! and a sub-agent.

use std::{sync::Arc, time::Duration};

use scorpio_core::{
    Agent, ErrorKind, SessionId,
    model::{LlmProvider, Model},
    store::Statement,
    tool::{RetryClass, Tool, ToolContext, ToolError, ToolSpec, UnknownOutcome},
};
use scorpio_providers::{Anthropic, Gemini, OpenAi, OpenAiApi};
use scorpio_testkit::{Dialogue, Script, Turn, Wire};
use serde_json::json;

use crate::{
    backend::Backend,
    ledger::Ledger,
    outage::{Moment, Trap, Trapped},
};

/// What the user asks, and the last answer.
pub const QUESTION: &str = "Plan the trip.";
pub const ANSWER: &str = "All is planned.";
/// What the expert is asked, and answers.
pub const CONSULTATION: &str = "Which season is best?";
pub const EXPERT_ANSWER: &str = "Spring is best.";

pub const WIRES: [Wire; 4] =
    [Wire::OpenAiChat, Wire::OpenAiResponses, Wire::AnthropicMessages, Wire::GeminiGenerateContent];

/// What the model says. It needs no memory, so it serves any number of runs, killed or not.
pub fn script() -> Script {
    let trip = [
        Turn::new()
            .reasoning("First the weather, and the deposit.")
            .and_text("I look it up.")
            .call("look_up", json!({"what": "weather"}))
            .call("charge", json!({"what": "deposit"})),
        Turn::new().call("notify", json!({"what": "friends"})).call("book", json!({"what": "room"})),
        Turn::new()
            .reasoning("Now the rest.")
            .call("publish", json!({"what": "itinerary"}))
            .call("consult", json!({"what": "season"})),
        Turn::text(ANSWER),
    ];
    Script::by_question([
        Dialogue::about(CONSULTATION, [Turn::new().reasoning("Spring.").and_text(EXPERT_ANSWER)]),
        Dialogue::about(QUESTION, trip),
    ])
}

pub fn provider(wire: Wire, url: &str) -> (Arc<dyn LlmProvider>, &'static str) {
    let openai = |api| {
        let builder = OpenAi::builder().base_url(format!("{url}/v1")).api_key("sk-0123456789").api(api);
        Arc::new(builder.build().unwrap()) as Arc<dyn LlmProvider>
    };
    match wire {
        Wire::OpenAiChat => (openai(OpenAiApi::ChatCompletions), "gpt-5-mini"),
        Wire::OpenAiResponses => (openai(OpenAiApi::Responses), "gpt-5-mini"),
        Wire::AnthropicMessages => {
            let builder = Anthropic::builder().base_url(url).api_key("sk-ant-0123456789");
            (Arc::new(builder.build().unwrap()), "claude-sonnet-5-5")
        }
        _ => (
            Arc::new(Gemini::builder().base_url(url).api_key("AIza0123456789").build().unwrap()),
            "gemini-3-flash",
        ),
    }
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct What {
    what: String,
}

/// A tool whose every effect the ledger witnesses.
struct Deed {
    name: &'static str,
    retry: RetryClass,
    approval: bool,
    ledger: Ledger,
    takes: Duration,
    trap: Option<Arc<Trap>>,
}

impl Tool for Deed {
    type Input = What;
    type Output = String;

    fn spec(&self) -> ToolSpec {
        let spec =
            ToolSpec::new(self.name, "Does a thing.").with_retry(self.retry).with_approval(self.approval);
        spec.with_unknown_outcome(UnknownOutcome::Ask)
    }

    async fn call(&self, cx: &ToolContext, input: What) -> Result<String, ToolError> {
        tokio::time::sleep(self.takes / 2).await;
        self.ledger.note(cx.idempotency_key(), self.name);
        if let Some(trap) = &self.trap {
            trap.reach(Moment::AfterTool).await;
        }
        tokio::time::sleep(self.takes / 2).await;
        Ok(format!("{} done", input.what))
    }
}

/// A tool whose effect is in the store's database.
struct Book {
    statement: &'static str,
}

impl Tool for Book {
    type Input = What;
    type Output = String;

    fn spec(&self) -> ToolSpec {
        ToolSpec::new("book", "Book a thing.").with_retry(RetryClass::Transactional)
    }

    async fn call(&self, cx: &ToolContext, input: What) -> Result<String, ToolError> {
        cx.execute(Statement::new(self.statement).bind(cx.idempotency_key()).bind(cx.session().as_str()))?;
        Ok(format!("{} booked", input.what))
    }
}

/// A tool that asks another agent, in a session of its own.
struct Consult {
    expert: Agent,
    ledger: Ledger,
}

impl Tool for Consult {
    type Input = What;
    type Output = String;

    fn spec(&self) -> ToolSpec {
        ToolSpec::new("consult", "Ask an expert.").with_retry(RetryClass::Idempotent)
    }

    async fn call(&self, cx: &ToolContext, _: What) -> Result<String, ToolError> {
        self.ledger.note(cx.idempotency_key(), "consult");
        let session = expert_session(cx.idempotency_key());
        loop {
            match self.expert.run(CONSULTATION).session(&session).owner(cx.owner().clone()).await {
                Ok(outcome) => return Ok(outcome.text()),
                // What a process that is gone began is still being taken up.
                Err(error) if error.kind() == ErrorKind::Conflict => {
                    tokio::time::sleep(Duration::from_millis(20)).await
                }
                Err(error) => return Err(ToolError::new("The expert does not answer.").with_source(error)),
            }
        }
    }
}

/// The session in which the expert is asked about a call.
pub fn expert_session(key: &str) -> SessionId {
    SessionId::parse(&format!("expert-{}", &key[..32])).unwrap()
}

/// What the agents of a scenario work with.
pub struct Stage<'a> {
    pub backend: &'a Backend,
    pub ledger: &'a Ledger,
    pub lease: Duration,
    /// How long the run waits for a store that fails.
    pub patience: Duration,
    /// How long a tool takes.
    pub takes: Duration,
    pub trap: Option<Arc<Trap>>,
}

/// The agents of the scenario; the first one is asked.
pub fn agents(wire: Wire, url: &str, stage: &Stage<'_>) -> [Agent; 2] {
    let (provider, name) = provider(wire, url);
    let build = |agent: scorpio_core::AgentBuilder, provider| {
        let agent = agent.with_model(Model::shared(provider, name));
        let agent = agent.lease(stage.lease).store_patience(stage.patience);
        agent.store(Arc::clone(&stage.backend.store)).event_log(Arc::clone(&stage.backend.log))
    };
    let expert = build(Agent::builder("expert"), Arc::clone(&provider)).build().unwrap();
    let deed = |name, retry, approval| Deed {
        name,
        retry,
        approval,
        ledger: stage.ledger.clone(),
        takes: stage.takes,
        trap: stage.trap.clone(),
    };
    let provider = match &stage.trap {
        Some(trap) => Arc::new(Trapped::new(provider, Arc::clone(trap))),
        None => provider,
    };
    let planner = build(Agent::builder("planner"), provider)
        .tool(deed("look_up", RetryClass::Pure, false))
        .tool(deed("charge", RetryClass::AtMostOnce, false))
        .tool(deed("notify", RetryClass::Idempotent, false))
        .tool(Book { statement: stage.backend.place_order() })
        .tool(deed("publish", RetryClass::AtMostOnce, true))
        .tool(Consult { expert: expert.clone(), ledger: stage.ledger.clone() })
        .build()
        .unwrap();
    [planner, expert]
}
