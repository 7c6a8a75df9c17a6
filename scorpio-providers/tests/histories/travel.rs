//! Conversations that move from vendor to vendor and back, with reasoning and parallel tools in every turn.

use std::sync::Arc;

use scorpio_core::{Agent, AgentBuilder, SessionId, model::Model, store::MemoryStore, tool};
use scorpio_testkit::{Request, Rule, Script, StrictProvider, Turn, Verdict, Wire};
use serde_json::{Value, json};

use crate::strict::{model_name, provider};

/// Add two numbers.
#[tool]
fn add(a: f64, b: f64) -> f64 {
    a + b
}

/// The time.
#[tool]
fn now() -> &'static str {
    "noon"
}

/// Whatever is asked: two tools at once, and then an answer.
fn director(request: &Request) -> Turn {
    let number = request.conversation().assistant_turns();
    match request.conversation().turns_since_user() {
        0 => Turn::new()
            .reasoning(format!("Secret of {} {number}.", request.wire().name()))
            .and_text("Let me look.")
            .call("add", json!({"a": number, "b": 0.5}))
            .call("now", json!({})),
        _ => Turn::new().reasoning("Easy.").and_text(format!("{} at noon.", number)),
    }
}

fn agent(model: Model, store: &Arc<MemoryStore>) -> AgentBuilder {
    Agent::builder("test")
        .instructions("Be brief.")
        .with_model(model)
        .store(Arc::clone(store) as _)
        .tool(add)
        .tool(now)
}

fn model(wire: Wire, strict: &StrictProvider) -> Model {
    Model::shared(provider(wire, strict), model_name(wire))
}

/// The messages, items or contents of a request.
fn history(body: &Value) -> Vec<Value> {
    let list = ["messages", "input", "contents"].iter().find_map(|name| body[name].as_array());
    list.unwrap().clone()
}

#[tokio::test]
async fn a_conversation_of_ten_turns_goes_around_all_vendors_and_back() {
    use Wire::{AnthropicMessages, GeminiGenerateContent, OpenAiChat, OpenAiResponses};
    let strict = StrictProvider::new(Script::directed(director));
    let (store, session) = (Arc::new(MemoryStore::new()), SessionId::new());
    let route = [
        AnthropicMessages,
        AnthropicMessages,
        OpenAiResponses,
        OpenAiResponses,
        GeminiGenerateContent,
        GeminiGenerateContent,
        OpenAiChat,
        GeminiGenerateContent,
        OpenAiResponses,
        AnthropicMessages,
    ];
    for (number, wire) in route.into_iter().enumerate() {
        let agent = agent(model(wire, &strict), &store).build().unwrap();
        let outcome = agent.run(format!("Question {number}")).session(&session).await;
        let outcome = outcome.unwrap_or_else(|error| panic!("{wire:?}: {error}: {:#?}", strict.refusals()));
        assert!(outcome.text().ends_with("at noon."), "{wire:?}: {}", outcome.text());
    }
    let asked = strict.asked();
    assert_eq!((asked.len(), strict.refusals()), (20, vec![]));
    for asked in &asked {
        let Verdict::Answered { transformations, .. } = &asked.verdict else { panic!("{:?}", asked.verdict) };
        assert_eq!(transformations, &[] as &[Value], "{}", asked.to_json());
        // Nobody is shown what another vendor's model thought.
        let own = asked.request.wire().name();
        let text = asked.request.body().to_string();
        for other in Wire::ALL.into_iter().filter(|wire| wire.name() != own) {
            assert!(!text.contains(&format!("Secret of {} ", other.name())), "{own} was told of {other:?}");
        }
    }
    // On each wire the history only ever grows, also around a stay elsewhere.
    for wire in Wire::ALL {
        let bodies = strict.bodies(wire);
        for pair in bodies.windows(2) {
            let (before, after) = (history(&pair[0]), history(&pair[1]));
            assert_eq!(before[..], after[..before.len()], "{wire:?}");
        }
    }
    // Back home, what was thought there at first is there again.
    let last = strict.bodies(AnthropicMessages).pop().unwrap().to_string();
    assert!(
        last.contains("Secret of anthropic-messages 0.") && last.contains("Secret of anthropic-messages 2.")
    );
}

#[tokio::test]
async fn a_prefix_that_changed_costs_the_thinking_and_not_the_conversation() {
    for wire in Wire::ALL {
        let strict = StrictProvider::new(Script::directed(director));
        let (store, session) = (Arc::new(MemoryStore::new()), SessionId::new());
        let before = agent(model(wire, &strict), &store).build().unwrap();
        before.run("Question 0").session(&session).await.unwrap();
        let after = agent(model(wire, &strict), &store).instructions("Be long.").build().unwrap();
        let outcome = after.run("Question 1").session(&session).await.unwrap();
        assert!(outcome.text().ends_with("at noon."), "{wire:?}");
        let refused: Vec<_> = strict.refusals().iter().map(|refusal| refusal.rule).collect();
        let dropped = strict.asked().iter().any(|asked| {
            matches!(&asked.verdict, Verdict::Answered { transformations, .. } if !transformations.is_empty())
        });
        // Anthropic must be asked to drop it, OpenAI does so by itself, and the others bind nothing.
        let expected = match wire {
            Wire::AnthropicMessages => (vec![Some(Rule::ThinkingKept); 2], true),
            Wire::OpenAiResponses => (vec![], true),
            _ => (vec![], false),
        };
        assert_eq!((refused, dropped), expected, "{wire:?}");
    }
}

#[tokio::test]
async fn another_model_of_the_same_vendor_is_not_told_what_the_first_thought() {
    for wire in Wire::ALL {
        let strict = StrictProvider::new(Script::directed(director));
        let (store, session) = (Arc::new(MemoryStore::new()), SessionId::new());
        for (number, name) in ["first", "second", "first"].into_iter().enumerate() {
            let model = Model::shared(provider(wire, &strict), format!("{}-{name}", model_name(wire)));
            let agent = agent(model, &store).build().unwrap();
            let outcome = agent.run(format!("Question {number}")).session(&session).await;
            outcome.unwrap_or_else(|error| panic!("{wire:?}: {error}: {:#?}", strict.refusals()));
        }
        assert_eq!(strict.refusals(), [], "{wire:?}");
        for asked in strict.asked() {
            let Verdict::Answered { transformations, .. } = &asked.verdict else {
                panic!("{:?}", asked.verdict)
            };
            assert_eq!(transformations, &[] as &[Value], "{}", asked.to_json());
        }
        let own = format!("Secret of {}", wire.name());
        let bodies: Vec<String> = strict.bodies(wire).iter().map(Value::to_string).collect();
        // Of six requests the third and fourth are the second model's. Only two wires take reasoning back; Gemini's signature is on the call.
        let told: Vec<usize> = bodies.iter().map(|body| body.matches(&own).count()).collect();
        let expected = match wire {
            Wire::OpenAiChat | Wire::GeminiGenerateContent => [0; 6],
            _ => [0, 1, 0, 1, 1, 2],
        };
        assert_eq!(told, expected, "{wire:?}");
    }
}
