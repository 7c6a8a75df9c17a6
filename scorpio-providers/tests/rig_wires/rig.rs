//! The servers, and the providers that speak to them.

use std::sync::Arc;

use async_trait::async_trait;
use scorpio_core::{
    Message,
    model::{self, CallContext, LlmProvider, Model, ModelAnswer, ModelError, ModelRequest, Transcript},
};
use scorpio_providers::{Anthropic, AnthropicAuth, Gemini, OpenAi, OpenAiApi, SecretString, TokenSource};
use scorpio_testkit::{Running, Script, StrictProvider, Wire};

use crate::{
    fixtures,
    oracle::{self, variable},
    tee::Tee,
};

/// A server with a tap on the line, and the provider that speaks one wire to it.
pub struct Rig {
    pub name: String,
    pub wire: Wire,
    pub provider: Arc<dyn LlmProvider>,
    tee: Tee,
    /// Of the strict provider.
    strict: Option<Running>,
}

impl Rig {
    /// Every server that plays the fixtures, on every wire.
    pub async fn all() -> Vec<Self> {
        let mut rigs = Vec::new();
        for wire in Wire::ALL {
            rigs.push(Self::aimock(wire).await);
            rigs.push(Self::strict(wire, Script::directed(fixtures::director)).await);
        }
        rigs
    }

    pub async fn aimock(wire: Wire) -> Self {
        Self::start("aimock", wire, &variable("SCORPIO_RIG_AIMOCK_URL"), "any").await
    }

    /// Its generateContent is that of Vertex AI, which wants a token. It has no Responses.
    pub async fn katan(wire: Wire, key: &str) -> Self {
        let rig = Self::start("llm-katan", wire, &variable("SCORPIO_RIG_KATAN_URL"), key).await;
        let Wire::GeminiGenerateContent = wire else { return rig };
        let vertex = Gemini::vertex("p-1", "europe-west1").base_url(rig.tee.url());
        let provider = vertex.token_source(Token(key.to_owned())).build().unwrap();
        Self { provider: Arc::new(provider), ..rig }
    }

    pub async fn strict(wire: Wire, script: Script) -> Self {
        let running = StrictProvider::new(script).serve().await.unwrap();
        let rig = Self::start("strict", wire, &running.url(), "any").await;
        Self { strict: Some(running), ..rig }
    }

    async fn start(server: &str, wire: Wire, url: &str, key: &str) -> Self {
        let tee = Tee::start(url).await;
        let openai = |api| {
            OpenAi::builder().base_url(format!("{}/v1", tee.url())).api(api).api_key(key).build().unwrap()
        };
        let provider: Arc<dyn LlmProvider> = match wire {
            Wire::OpenAiChat => Arc::new(openai(OpenAiApi::ChatCompletions)),
            Wire::OpenAiResponses => Arc::new(openai(OpenAiApi::Responses)),
            Wire::AnthropicMessages => {
                let builder = Anthropic::builder().base_url(tee.url()).api_key(key);
                Arc::new(builder.auth(AnthropicAuth::ApiKey).build().unwrap())
            }
            _ => Arc::new(Gemini::builder().base_url(tee.url()).api_key(key).build().unwrap()),
        };
        let name = format!("{server}, {}", wire.name());
        Self { name, wire, tee, provider, strict: None }
    }

    pub fn model(&self, name: &str) -> Model {
        Model::shared(Arc::clone(&self.provider), name)
    }

    pub async fn ask(&self, model: &str) -> Result<ModelAnswer, ModelError> {
        let request = ModelRequest::new(model, Transcript::from_iter([Message::user("Say something.")]));
        model::complete(&*self.provider, request, &CallContext::new()).await
    }
}

/// A token that is always the same.
#[derive(Debug)]
struct Token(String);

#[async_trait]
impl TokenSource for Token {
    async fn token(&self) -> Result<SecretString, ModelError> {
        Ok(self.0.clone().into())
    }
}

/// Shows everything that was sent to the oracle, and asks the strict providers what they think.
pub async fn judge(rigs: &[Rig]) {
    for rig in rigs {
        if let Some(running) = &rig.strict {
            assert_eq!(running.provider().refusals(), [], "{}", rig.name);
        }
    }
    let bodies = rigs.iter().flat_map(|rig| {
        let bodies = rig.tee.bodies();
        assert!(!bodies.is_empty(), "nothing was sent to {}", rig.name);
        bodies.into_iter().map(|body| (rig.wire.name(), body))
    });
    oracle::judge(bodies).await;
}
