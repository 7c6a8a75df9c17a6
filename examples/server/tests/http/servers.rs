//! Two servers on one PostgreSQL and one Redis: whatever somebody does, it does not matter which of them is asked.

use std::path::Path;

use reqwest::{Client, Response};
use scorpio_test_services::{postgres, redis};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    harness::{PATIENCE, client},
    process::{Server, command, guest, messages, start},
};

/// Two servers, and somebody who is signed in to both.
struct Two {
    first: Server,
    second: Server,
    client: Client,
    token: String,
    _database: postgres::Server,
    _redis: redis::Server,
    _folder: TempDir,
}

/// Nothing where there are no services to test with.
async fn two() -> Option<Two> {
    let (database, redis) = (postgres::Server::start()?, redis::Server::start()?);
    let folder = tempfile::tempdir().unwrap();
    let (at, cache) = (database.url(), redis.url());
    let first = start_on(folder.path(), "first", &at, &cache).await;
    let second = start_on(folder.path(), "second", &at, &cache).await;
    let client = client();
    let (token, _) = guest(&client, &first.base).await;
    Some(Two { first, second, client, token, _database: database, _redis: redis, _folder: folder })
}

async fn start_on(folder: &Path, name: &str, database: &str, redis: &str) -> Server {
    let mut command = command(&folder.join(name));
    command.env("SCORPIO_DATABASE_URL", database).env("SCORPIO_REDIS_URL", redis);
    command.env("SCORPIO_SIGNING_KEY", folder.join("signing.key"));
    command.env("SCORPIO_LEASE_SECONDS", "2").env("SCORPIO_GUESTS_PER_HOUR", "2");
    start(command).await
}

impl Two {
    async fn ask(&self, server: &Server, chat: &str, text: &str) -> Response {
        let message =
            json!({"id": format!("m-{chat}"), "role": "user", "parts": [{"type": "text", "text": text}]});
        let body = json!({"id": chat, "message": message});
        let request = self.client.post(format!("{}/api/chat", server.base)).bearer_auth(&self.token);
        let answer = request.json(&body).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        answer
    }

    async fn get(&self, server: &Server, path: &str) -> Response {
        let request = self.client.get(format!("{}{path}", server.base)).bearer_auth(&self.token);
        request.send().await.unwrap()
    }

    async fn post(&self, server: &Server, path: &str, body: Value) -> Response {
        let request = self.client.post(format!("{}{path}", server.base)).bearer_auth(&self.token);
        request.json(&body).send().await.unwrap()
    }

    /// What there is of an answer, from its beginning to its end.
    async fn watch(&self, server: &Server, chat: &str) -> String {
        let stream = self.get(server, &format!("/api/chat/{chat}/stream")).await;
        assert_eq!(stream.status(), 200);
        rest(stream).await
    }

    /// What became of the answer in a chat of one question.
    async fn answer(&self, server: &Server, chat: &str) -> Value {
        let stored = self.get(server, &format!("/api/messages?chatId={chat}")).await;
        stored.json::<Value>().await.unwrap()["messages"][1].clone()
    }
}

async fn rest(answer: Response) -> String {
    tokio::time::timeout(PATIENCE, answer.text()).await.unwrap().unwrap()
}

/// Reads an answer until it has said this.
async fn read_until(answer: &mut Response, text: &str) -> String {
    let mut read = String::new();
    while !read.contains(text) {
        let piece = tokio::time::timeout(PATIENCE, answer.chunk()).await.unwrap().unwrap().unwrap();
        read.push_str(std::str::from_utf8(&piece).unwrap());
    }
    read
}

fn counted(to: u32) -> String {
    (1..=to).map(|number| number.to_string()).collect::<Vec<_>>().join(", ")
}

#[tokio::test]
async fn an_answer_of_one_server_is_watched_on_the_other() {
    let Some(two) = two().await else { return };
    let mut answer = two.ask(&two.first, "chat-1", "Count to 40").await;
    let begun = read_until(&mut answer, r#""delta":", 9""#).await;
    let (here, there) = tokio::join!(rest(answer), two.watch(&two.second, "chat-1"));
    assert_eq!(begun + &here, there, "byte for byte");
    assert_eq!(two.answer(&two.second, "chat-1").await["parts"][1]["text"], counted(40));
    let stored = messages(&two.client, &two.first.base, &two.token).await;
    assert_eq!(stored, messages(&two.client, &two.second.base, &two.token).await);
}

#[tokio::test]
async fn what_one_server_asks_is_answered_on_the_other() {
    let Some(two) = two().await else { return };
    let asked = rest(two.ask(&two.first, "chat-1", "Send an e-mail to ada@example.com").await).await;
    assert!(asked.contains("tool-approval-request"), "{asked}");
    let pending: Value = two.get(&two.second, "/api/chat/chat-1/approvals").await.json().await.unwrap();
    let approval = pending["approvals"][0]["id"].as_str().unwrap();
    let path = format!("/api/chat/chat-1/approvals/{approval}");
    let decided = two.post(&two.second, &path, json!({"decision": "approve"})).await;
    assert_eq!(decided.status(), 202);
    // Once, wherever it is tried again.
    let again = two.post(&two.first, &path, json!({"decision": "deny"})).await;
    assert_eq!(again.status(), 409);
    let ended = async {
        loop {
            let answer = two.answer(&two.first, "chat-1").await;
            if answer["metadata"]["status"] == "complete" {
                return answer;
            }
            tokio::task::yield_now().await;
        }
    };
    let answer = tokio::time::timeout(PATIENCE, ended).await.unwrap();
    assert!(answer.to_string().contains("output-available"), "{answer}");
}

#[tokio::test]
async fn an_answer_of_one_server_is_stopped_on_the_other() {
    let Some(two) = two().await else { return };
    let mut answer = two.ask(&two.first, "chat-1", "Count to 500").await;
    read_until(&mut answer, r#""delta":", 9""#).await;
    let stopped = two.post(&two.second, "/api/chat/chat-1/stop", json!({})).await;
    assert_eq!(stopped.json::<Value>().await.unwrap(), json!({"stopped": true}));
    let end = rest(answer).await;
    assert!(end.contains(r#""type":"abort""#) && !end.contains(", 500"), "{end}");
    assert_eq!(two.answer(&two.second, "chat-1").await["metadata"]["status"], "stopped");
}

#[tokio::test]
async fn the_answer_of_a_server_that_is_killed_is_finished_by_the_other() {
    let Some(mut two) = two().await else { return };
    let mut answer = two.ask(&two.first, "chat-1", "Count to 60").await;
    let read = read_until(&mut answer, r#""delta":", 9""#).await;
    let seen = read.lines().filter_map(|line| line.strip_prefix("id: ")).next_back().unwrap().to_owned();
    two.first.child.kill().await.unwrap();
    let request = two.client.get(format!("{}/api/chat/chat-1/stream", two.second.base));
    let resumed = request.bearer_auth(&two.token).header("last-event-id", seen).send().await.unwrap();
    assert_eq!(resumed.status(), 200);
    let rest = rest(resumed).await;
    assert!(rest.contains(r#""type":"data-recovered""#) && rest.ends_with("data: [DONE]\n\n"), "{rest}");
    let answer = two.answer(&two.second, "chat-1").await;
    assert_eq!(answer["metadata"]["status"], "complete", "{answer}");
    assert_eq!(answer["parts"][1]["text"], counted(60));
}

#[tokio::test]
async fn both_count_together() {
    let Some(two) = two().await else { return };
    // The first was counted on the first server.
    guest(&two.client, &two.second.base).await;
    for server in [&two.first, &two.second] {
        let refused = two.client.post(format!("{}/api/auth/guest", server.base)).send().await.unwrap();
        assert_eq!(refused.status(), 429);
    }
}
