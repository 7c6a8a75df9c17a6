//! The test kit's strict provider in place of a network.

#![allow(dead_code)]

mod bodies;

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use scorpio_core::model::{LlmProvider, ModelError};
use scorpio_providers::{Anthropic, Gemini, OpenAi, OpenAiApi, Transport, TransportBody};
use scorpio_testkit::{StrictProvider, Wire};

/// Carries requests to a strict provider in memory.
#[derive(Debug, Clone)]
pub struct Strict(pub StrictProvider);

#[async_trait]
impl Transport for Strict {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<TransportBody>, ModelError> {
        bodies::keep(request.uri().path(), request.body());
        Ok(self.0.respond(request).await.map(TransportBody::new))
    }
}

/// The provider that speaks a wire to the strict one.
pub fn provider(wire: Wire, strict: &StrictProvider) -> Arc<dyn LlmProvider> {
    let transport = Strict(strict.clone());
    let openai = |api| OpenAi::builder().api_key("sk-0123456789").api(api);
    match wire {
        Wire::OpenAiChat => {
            Arc::new(openai(OpenAiApi::ChatCompletions).transport(transport).build().unwrap())
        }
        Wire::OpenAiResponses => Arc::new(openai(OpenAiApi::Responses).transport(transport).build().unwrap()),
        Wire::AnthropicMessages => {
            let builder =
                Anthropic::builder().base_url("http://anthropic.example").api_key("sk-ant-0123456789");
            Arc::new(builder.transport(transport).build().unwrap())
        }
        _ => Arc::new(Gemini::builder().api_key("AIza0123456789").transport(transport).build().unwrap()),
    }
}

/// A model of the vendor whose wire it is.
pub fn model_name(wire: Wire) -> &'static str {
    match wire {
        Wire::OpenAiChat | Wire::OpenAiResponses => "gpt-5-mini",
        Wire::AnthropicMessages => "claude-sonnet-5-5",
        _ => "gemini-3-flash",
    }
}
