//! The loop that a competent engineer would write by hand: reqwest, typed messages that are serialized anew for each request, and
//! server-sent events that are cut into lines by `memchr` and parsed where they are.

mod delta;
mod wire;

use std::time::Instant;

use anyhow::{Context, Result, bail};
use reqwest::Response;
use serde::Deserialize;

use self::{
    delta::text_delta,
    wire::{Body, Call, Chunk, Message, Reply, Tool, Whole},
};
use super::Client;
use crate::{
    conversation::{INSTRUCTIONS, QUESTION},
    measure::Watched,
    wire::Wire,
};

pub(super) struct Raw {
    http: reqwest::Client,
    url: String,
    model: String,
    tools: Vec<Tool>,
    wire: Wire,
    stream: bool,
}

#[derive(Deserialize)]
struct AddArguments {
    a: i64,
    b: i64,
}

impl Raw {
    pub(super) fn new(base_url: &str, model: &str, wire: Wire, stream: bool) -> Result<Self> {
        // The client asks for it even where there is no TLS.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Ok(Self {
            http: reqwest::Client::builder().no_proxy().build()?,
            url: wire.url(base_url, model),
            model: model.to_owned(),
            tools: vec![Tool::add()],
            wire,
            stream,
        })
    }

    async fn ask(&self, messages: &[Message]) -> Result<Response> {
        let body = serde_json::to_vec(&Body::new(&self.model, messages, &self.tools, self.stream))?;
        self.post(body).await
    }

    async fn post(&self, body: Vec<u8>) -> Result<Response> {
        let request =
            self.http.post(&self.url).bearer_auth("sk-mock").header("content-type", "application/json");
        let response = request.body(body).send().await?;
        if !response.status().is_success() {
            bail!("{}: {}", response.status(), response.text().await?);
        }
        Ok(response)
    }

    async fn reply(&self, messages: &[Message]) -> Result<Reply> {
        let response = self.ask(messages).await?;
        if !self.stream {
            let whole: Whole = serde_json::from_slice(&response.bytes().await?)?;
            return Ok(whole.choices.into_iter().next().context("the answer is empty")?.message);
        }
        let mut reply = Reply::default();
        each_event(response, |data| {
            reply.push(serde_json::from_slice::<Chunk<'_>>(data)?);
            Ok(())
        })
        .await?;
        Ok(reply)
    }
}

impl Client for Raw {
    async fn run(&self) -> Result<String> {
        let mut messages = vec![
            Message::System { content: INSTRUCTIONS.into() },
            Message::User { content: QUESTION.into() },
        ];
        loop {
            let reply = self.reply(&messages).await?;
            if reply.tool_calls.is_empty() {
                return reply.content.context("the answer is empty");
            }
            let results = reply.tool_calls.iter().map(call).collect::<Result<Vec<_>>>()?;
            messages.push(Message::Assistant { content: reply.content, tool_calls: reply.tool_calls });
            messages.extend(results);
        }
    }

    async fn watch(&self) -> Result<Watched> {
        let began = Instant::now();
        let response = match self.wire {
            Wire::Chat => {
                let messages = [
                    Message::System { content: INSTRUCTIONS.into() },
                    Message::User { content: QUESTION.into() },
                ];
                self.ask(&messages).await?
            }
            wire => self.post(delta::request(wire, &self.model)).await?,
        };
        let mut watched = Watched { text: String::new(), deltas: 0, first_delta: None };
        each_event(response, |data| {
            if let Some(delta) = text_delta(self.wire, data)?.filter(|delta| !delta.is_empty()) {
                watched.first_delta.get_or_insert_with(|| began.elapsed());
                watched.deltas += 1;
                watched.text.push_str(&delta);
            }
            Ok(())
        })
        .await?;
        Ok(watched)
    }
}

fn call(call: &Call) -> Result<Message> {
    let AddArguments { a, b } = serde_json::from_str(&call.function.arguments)?;
    Ok(Message::Tool { tool_call_id: call.id.clone(), content: (a + b).to_string() })
}

async fn each_event(mut response: Response, mut each: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
    let mut buffer: Vec<u8> = Vec::new();
    while let Some(piece) = response.chunk().await? {
        buffer.extend_from_slice(&piece);
        let mut rest = buffer.as_slice();
        while let Some(end) = memchr::memchr(b'\n', rest) {
            let (line, after) = rest.split_at(end);
            rest = after.get(1..).unwrap_or_default();
            match line.strip_prefix(b"data: ") {
                Some(b"[DONE]") | None => {}
                Some(data) => each(data)?,
            }
        }
        let read = buffer.len() - rest.len();
        buffer.drain(..read);
    }
    Ok(())
}
