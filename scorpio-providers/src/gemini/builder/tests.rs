#![allow(clippy::unwrap_used)]

use scorpio_core::model::ModelErrorKind;

use super::*;

fn url(builder: GeminiBuilder, model: &str) -> String {
    builder.build().unwrap().0.address.url(model).unwrap().into()
}

#[test]
fn addresses() {
    let at = |base: &str, model: &str| url(Gemini::builder().base_url(base), model);
    let expected = "http://localhost:1/v1beta/models/gemini-3:streamGenerateContent?alt=sse";
    assert_eq!(at("http://localhost:1", "gemini-3"), expected);
    assert_eq!(at("http://localhost:1/v1beta/", "models/gemini-3"), expected);
    let tuned = "http://localhost:1/v1beta/tunedModels/mine:streamGenerateContent?alt=sse";
    assert_eq!(at("http://localhost:1", "tunedModels/mine"), tuned);
    let vertex = url(Gemini::vertex("p", "global").base_url("http://localhost:1"), "gemini-3");
    let path =
        "v1/projects/p/locations/global/publishers/google/models/gemini-3:streamGenerateContent?alt=sse";
    assert_eq!(vertex, format!("http://localhost:1/{path}"));
}

#[test]
fn the_key_goes_in_a_header_and_is_not_shown() {
    let gemini = Gemini::builder().base_url("http://localhost:1").api_key("secret-key-0123").build().unwrap();
    assert_eq!(gemini.0.endpoint.headers()["x-goog-api-key"], "secret-key-0123");
    assert!(!format!("{gemini:?}").contains("secret-key"));
    assert!(!gemini.0.address.url("m").unwrap().as_str().contains("secret"));
}

#[test]
fn what_cannot_be_used_is_refused() {
    let gemini = Gemini::builder().base_url("http://localhost:1").build().unwrap();
    for model in ["", "../x", "a/b/c", "a?b", "models/", "x:y"] {
        let error = gemini.0.address.url(model).unwrap_err();
        assert_eq!(error.kind(), ModelErrorKind::Configuration, "{model}");
    }
    assert!(Gemini::vertex("p/q", "global").build().is_err());
}
