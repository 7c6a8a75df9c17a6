//! Models by name, set up by the environment of a process of their own.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout
)]

mod support;

use std::process::Output;

use scorpio_core::{Agent, Message, model::Transcript, tool};
use tokio::process::Command;

use self::support::{HI, Reply, Server};

/// Asks the model that `SCORPIO_TEST_MODEL` names. It only does so in the processes that the other tests start.
#[tokio::test]
async fn child() {
    let Ok(name) = std::env::var("SCORPIO_TEST_MODEL") else { return };
    match scorpio_providers::model(&name) {
        Ok(model) => {
            let again = scorpio_providers::model(&name).unwrap();
            let request = |model: &str| {
                scorpio_core::model::ModelRequest::new(model, Transcript::from_iter([Message::user("Hi")]))
            };
            for model in [model, again] {
                let cx = scorpio_core::model::CallContext::new();
                let provider = model.provider();
                let answer =
                    scorpio_core::model::complete(&**provider, request(model.name()), &cx).await.unwrap();
                println!("answer: {}", answer.text());
            }
        }
        Err(error) => println!("error: {error}"),
    }
}

async fn ask(name: &str, variables: &[(&str, &str)]) -> String {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "child", "--nocapture"]).env("SCORPIO_TEST_MODEL", name);
    for name in ["OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OLLAMA_HOST"] {
        command.env_remove(name);
    }
    let Output { stdout, .. } = command.envs(variables.iter().copied()).output().await.unwrap();
    let stdout = String::from_utf8(stdout).unwrap();
    stdout
        .lines()
        .filter(|line| line.contains("answer: ") || line.contains("error: "))
        .collect::<Vec<_>>()
        .join("\n")
}

#[tokio::test]
async fn openai_needs_its_key() {
    assert_eq!(ask("openai:gpt-5-mini", &[]).await, "error: OPENAI_API_KEY is not set");
}

#[tokio::test]
async fn openai_is_where_its_variables_say_and_models_share_its_connections() {
    let server = Server::start([Reply::events(HI), Reply::events(HI)]).await;
    let url = server.url();
    let variables =
        [("OPENAI_API_KEY", "sk-0123456789"), ("OPENAI_BASE_URL", url.as_str()), ("OPENAI_ORG_ID", "org-1")];
    assert_eq!(ask("openai:gpt-5-mini", &variables).await, "answer: Hi\nanswer: Hi");
    let asked = server.asked();
    assert_eq!(asked[0].header("authorization"), Some("Bearer sk-0123456789"));
    assert_eq!(asked[0].header("openai-organization"), Some("org-1"));
    assert_eq!(asked[0].body["model"], "gpt-5-mini");
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn ollama_is_where_its_variable_says_even_behind_a_proxy() {
    let server = Server::start([Reply::events(HI), Reply::events(HI)]).await;
    let host = server.url().trim_end_matches("/v1").to_owned();
    let variables = [("OLLAMA_HOST", host.as_str()), ("HTTP_PROXY", "http://127.0.0.1:1")];
    assert_eq!(ask("ollama:llama3.2:3b", &variables).await, "answer: Hi\nanswer: Hi");
    let asked = server.asked();
    assert_eq!(asked[0].header("authorization"), None);
    assert_eq!(asked[0].body["model"], "llama3.2:3b");
}

/// Add two numbers.
#[tool]
fn add(a: f64, b: f64) -> f64 {
    a + b
}

#[tokio::test]
async fn an_agent_calls_tools_and_sends_their_results() {
    let calls = concat!(
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[",
        "{\"index\":0,\"id\":\"call_a\",\"type\":\"function\",\"function\":{\"name\":\"add\",\"arguments\":\"{\\\"a\\\":2,\\\"b\\\":40}\"}},",
        "{\"index\":1,\"id\":\"call_b\",\"type\":\"function\",\"function\":{\"name\":\"add\",\"arguments\":\"{\\\"a\\\":1\"}}]}}]}\n\n",
        "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"tool_calls\"}]}\n\ndata: [DONE]\n\n",
    );
    let server = Server::start([Reply::events(calls), Reply::events(HI)]).await;
    let model = scorpio_core::model::Model::new(server.provider(), "test-model");
    let agent = Agent::builder("test").with_model(model).tool(add).build().unwrap();
    assert_eq!(agent.run("Add.").await.unwrap().text(), "Hi");
    let messages = &server.asked()[1].body["messages"];
    assert_eq!(messages[1]["tool_calls"][0]["function"]["arguments"], "{\"a\":2,\"b\":40}");
    assert_eq!(
        messages[1]["tool_calls"][1]["function"]["arguments"],
        "{\"invalid_arguments\":\"{\\\"a\\\":1\"}"
    );
    assert_eq!(
        (messages[2]["tool_call_id"].as_str(), messages[2]["content"].as_str()),
        (Some("call_a"), Some("42.0"))
    );
    assert!(messages[3]["content"].as_str().unwrap().contains("arguments"), "{messages}");
    assert_eq!((server.asked().len(), server.connections()), (2, 1));
}
