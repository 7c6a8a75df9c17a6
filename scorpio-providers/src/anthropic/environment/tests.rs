#![allow(clippy::unwrap_used)]

use scorpio_core::model::ModelErrorKind;
use secrecy::SecretString;

use super::*;
use crate::TokenSource;

#[derive(Debug)]
struct Token;

#[async_trait::async_trait]
impl TokenSource for Token {
    async fn token(&self) -> Result<SecretString, ModelError> {
        Ok("ya29".to_owned().into())
    }
}

fn with<T>(variables: &[(&str, &str)], read: impl FnOnce(&Environment<'_>) -> T) -> T {
    let value =
        |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    read(&Environment::new(&value))
}

fn header(provider: &Anthropic, name: &str) -> String {
    provider.0.endpoint.headers().get(name).unwrap().to_str().unwrap().to_owned()
}

fn url(provider: &Anthropic) -> String {
    provider.0.address.url("claude-x").unwrap().into()
}

#[test]
fn a_key_or_a_token() {
    let missing = with(&[("ANTHROPIC_API_KEY", " ")], |environment| environment.anthropic().unwrap_err());
    assert_eq!(missing.kind(), ModelErrorKind::Configuration);
    assert!(missing.to_string().contains("ANTHROPIC_API_KEY"), "{missing}");
    for (variables, key) in [
        (vec![("ANTHROPIC_API_KEY", "sk-ant-0")], "Bearer sk-ant-0"),
        (vec![("ANTHROPIC_AUTH_TOKEN", "token-0")], "Bearer token-0"),
        (vec![("ANTHROPIC_API_KEY", "sk-ant-0"), ("ANTHROPIC_AUTH_TOKEN", "token-0")], "Bearer sk-ant-0"),
    ] {
        let provider = with(&variables, |environment| environment.anthropic()).unwrap().build().unwrap();
        assert_eq!(header(&provider, "authorization"), key);
        assert_eq!(url(&provider), "https://api.anthropic.com/v1/messages");
    }
    let elsewhere = [("ANTHROPIC_API_KEY", "sk-ant-0"), ("ANTHROPIC_BASE_URL", "http://localhost:1/x")];
    let provider = with(&elsewhere, |environment| environment.anthropic()).unwrap().build().unwrap();
    assert_eq!(url(&provider), "http://localhost:1/x/v1/messages");
}

#[test]
fn vertex_needs_a_project_and_a_place() {
    let project = ("ANTHROPIC_VERTEX_PROJECT_ID", "p-1");
    let error = with(&[project], |environment| environment.anthropic_vertex_at(None).unwrap_err());
    assert!(error.to_string().contains("CLOUD_ML_REGION"), "{error}");
    let at = |more: &[(&str, &str)]| {
        let variables = [&[project], more].concat();
        let builder = with(&variables, |environment| environment.anthropic_vertex_at(None)).unwrap();
        url(&builder.token_source(Token).build().unwrap())
    };
    for (location, host) in [
        ("global", "aiplatform.googleapis.com"),
        ("eu", "aiplatform.eu.rep.googleapis.com"),
        ("europe-west1", "europe-west1-aiplatform.googleapis.com"),
    ] {
        let path = format!(
            "v1/projects/p-1/locations/{location}/publishers/anthropic/models/claude-x:streamRawPredict"
        );
        assert_eq!(at(&[("CLOUD_ML_REGION", location)]), format!("https://{host}/{path}"));
    }
    let elsewhere =
        at(&[("CLOUD_ML_REGION", "global"), ("ANTHROPIC_VERTEX_BASE_URL", "http://localhost:1/v1/")]);
    assert!(elsewhere.starts_with("http://localhost:1/v1/projects/p-1/locations/global/"), "{elsewhere}");
}
