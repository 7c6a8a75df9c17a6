//! One answer by a provider alone: what a wire costs without an agent around it.

use std::{sync::Arc, time::Instant};

use anyhow::{Result, bail};
use futures::StreamExt;
use scorpio::{
    model::{CallContext, LlmProvider, ModelEvent, ModelRequest, Transcript},
    prelude::*,
    providers::{Anthropic, Gemini, OpenAi, OpenAiApi},
};

use super::Client;
use crate::{
    conversation::{INSTRUCTIONS, QUESTION},
    measure::Watched,
    wire::Wire,
};

pub(super) struct Provider {
    provider: Arc<dyn LlmProvider>,
    model: String,
}

impl Provider {
    pub(super) fn new(base: &str, model: &str, wire: Wire) -> Result<Self> {
        let openai =
            |api| OpenAi::builder().base_url(format!("{base}/v1")).api(api).api_key("sk-mock").build();
        let provider: Arc<dyn LlmProvider> = match wire {
            Wire::Chat => Arc::new(openai(OpenAiApi::ChatCompletions)?),
            Wire::Responses => Arc::new(openai(OpenAiApi::Responses)?),
            Wire::Anthropic => Arc::new(Anthropic::builder().base_url(base).api_key("sk-mock").build()?),
            Wire::Gemini => Arc::new(Gemini::builder().base_url(base).api_key("sk-mock").build()?),
        };
        Ok(Self { provider, model: model.to_owned() })
    }
}

impl Client for Provider {
    async fn run(&self) -> Result<String> {
        Ok(self.watch().await?.text)
    }

    async fn watch(&self) -> Result<Watched> {
        let began = Instant::now();
        let transcript = Transcript::from_iter([Message::user(QUESTION)]);
        let request = ModelRequest::new(self.model.as_str(), transcript).with_instructions(INSTRUCTIONS);
        let mut stream = self.provider.stream(request, &CallContext::new()).await?;
        let mut watched = Watched { text: String::new(), deltas: 0, first_delta: None };
        let mut finished = false;
        while let Some(event) = stream.next().await {
            match event? {
                ModelEvent::Delta { text, .. } => {
                    watched.first_delta.get_or_insert_with(|| began.elapsed());
                    watched.deltas += 1;
                    watched.text.push_str(&text);
                }
                ModelEvent::Finish { .. } => finished = true,
                _ => {}
            }
        }
        if !finished {
            bail!("the answer is not whole");
        }
        Ok(watched)
    }
}
