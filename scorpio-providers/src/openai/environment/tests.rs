use std::collections::HashMap;

use scorpio_core::model::ModelErrorKind;

use super::*;

fn built(
    variables: &[(&str, &str)],
    build: impl Fn(&Environment<'_>) -> Result<OpenAiBuilder, ModelError>,
) -> Result<OpenAi, String> {
    let variables: HashMap<&str, &str> = variables.iter().copied().collect();
    let get = |name: &str| variables.get(name).map(|value| (*value).to_owned());
    let built = build(&Environment::new(&get)).and_then(OpenAiBuilder::build);
    built.map_err(|error| {
        assert_eq!(error.kind(), ModelErrorKind::Configuration);
        error.to_string()
    })
}

fn openai(variables: &[(&str, &str)]) -> Result<OpenAi, String> {
    built(variables, |environment| environment.openai())
}

fn header<'a>(provider: &'a OpenAi, name: &str) -> Option<&'a str> {
    provider.0.endpoint.headers().get(name).map(|value| value.to_str().unwrap())
}

const LOCAL: (&str, &str) = ("OPENAI_BASE_URL", "http://127.0.0.1:1/v1/");

#[test]
fn the_key_is_required() {
    for variables in
        [&[][..], &[LOCAL], &[("OPENAI_API_KEY", ""), LOCAL], &[("OPENAI_API_KEY", " \n"), LOCAL]]
    {
        assert_eq!(openai(variables).unwrap_err(), "OPENAI_API_KEY is not set");
    }
}

#[test]
fn all_variables_are_read() {
    let provider = openai(&[
        ("OPENAI_API_KEY", "sk-0123456789\n"),
        LOCAL,
        ("OPENAI_ORG_ID", "org-1"),
        ("OPENAI_PROJECT_ID", "proj_1"),
    ])
    .unwrap();
    assert_eq!(provider.0.address.url("m").unwrap().as_str(), "http://127.0.0.1:1/v1/chat/completions");
    assert_eq!(header(&provider, "authorization"), Some("Bearer sk-0123456789"));
    assert_eq!(header(&provider, "openai-organization"), Some("org-1"));
    assert_eq!(header(&provider, "openai-project"), Some("proj_1"));
    assert_eq!(&**scorpio_core::model::LlmProvider::id(&provider), "openai");
}

#[test]
fn what_is_empty_is_not_set() {
    let provider =
        openai(&[("OPENAI_API_KEY", "k"), LOCAL, ("OPENAI_ORG_ID", ""), ("OPENAI_PROJECT_ID", "")]).unwrap();
    assert_eq!((header(&provider, "openai-organization"), header(&provider, "openai-project")), (None, None));
}

#[test]
fn values_that_cannot_be_used_are_named_and_not_repeated() {
    for name in ["OPENAI_API_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_BASE_URL"] {
        let wrong = if name == "OPENAI_BASE_URL" { "secret.example" } else { "secret\u{fffd}" };
        let mut variables = vec![("OPENAI_API_KEY", "k"), LOCAL];
        variables.push((name, wrong));
        let message = openai(&variables).unwrap_err();
        assert!(!message.contains("secret"), "{message}");
        let known_as = if name == "OPENAI_BASE_URL" { "base URL" } else { name };
        assert!(message.contains(known_as), "{message}");
    }
}

#[test]
fn ollama_is_where_its_variable_says() {
    let table = [
        ("", "http://127.0.0.1:11434/v1"),
        ("0.0.0.0", "http://127.0.0.1:11434/v1"),
        ("0.0.0.0:8080", "http://127.0.0.1:8080/v1"),
        (":8080", "http://127.0.0.1:8080/v1"),
        ("example.com", "http://example.com:11434/v1"),
        ("example.com:1234", "http://example.com:1234/v1"),
        ("http://example.com", "http://example.com:80/v1"),
        ("https://example.com", "https://example.com:443/v1"),
        ("https://example.com:8443/ollama/", "https://example.com:8443/ollama/v1"),
        ("\"http://1.2.3.4\"", "http://1.2.3.4:80/v1"),
        ("[::1]:5000", "http://[::1]:5000/v1"),
        ("::1", "http://[::1]:11434/v1"),
        ("[::]", "http://[::1]:11434/v1"),
        ("example.com:66000", "http://example.com:11434/v1"),
    ];
    for (host, url) in table {
        assert_eq!(ollama_url(host).as_deref(), Some(url), "{host}");
    }
    assert_eq!(ollama_url("ftp://example.com"), None);
}

#[test]
fn ollama_needs_no_key_and_takes_its_time() {
    let provider =
        built(&[("OPENAI_API_KEY", "sk-of-somebody-else")], |environment| environment.ollama()).unwrap();
    assert_eq!(header(&provider, "authorization"), None);
    assert_eq!(provider.0.address.url("m").unwrap().as_str(), "http://127.0.0.1:11434/v1/chat/completions");
    assert_eq!(provider.0.endpoint.timeouts().headers, MODEL_LOADING);
    assert!(provider.0.dialect.legacy_max_tokens);
    let wrong = built(&[("OLLAMA_HOST", "gopher://x")], |environment| environment.ollama());
    assert_eq!(wrong.unwrap_err(), "OLLAMA_HOST is no address");
}
