#![allow(clippy::unwrap_used)]

use scorpio_core::model::{LlmProvider, ModelErrorKind};

use super::*;

const USER: &str = r#"{"type": "authorized_user", "client_id": "c", "client_secret": "s", "refresh_token": "r",
    "quota_project_id": "paying"}"#;

fn with<T>(variables: &[(&str, &str)], read: impl FnOnce(&Environment<'_>) -> T) -> T {
    let value =
        |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    read(&Environment::new(&value))
}

fn url(provider: &Gemini) -> String {
    provider.0.address.url("gemini-x").unwrap().into()
}

#[test]
fn the_switch_leads_to_vertex() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), USER).unwrap();
    let credentials = ("GOOGLE_APPLICATION_CREDENTIALS", file.path().to_str().unwrap());
    let key = ("GEMINI_API_KEY", "AIza0123456789");
    let project = ("GOOGLE_CLOUD_PROJECT", "p-1");
    let built = |more: &[(&str, &str)]| {
        let variables = [&[credentials, key, project], more].concat();
        with(&variables, |environment| environment.gemini()).and_then(GeminiBuilder::build)
    };
    for off in ["false", "0", " "] {
        let gemini = built(&[("GOOGLE_GENAI_USE_VERTEXAI", off)]).unwrap();
        assert!(url(&gemini).starts_with("https://generativelanguage.googleapis.com/"), "{off}");
    }
    for on in ["true", "True", "1"] {
        let gemini = built(&[("GOOGLE_GENAI_USE_VERTEXAI", on)]).unwrap();
        assert!(
            url(&gemini).starts_with("https://aiplatform.googleapis.com/v1/projects/p-1/locations/global/")
        );
        assert_eq!(&**gemini.id(), "gemini-vertex");
        assert_eq!(gemini.0.endpoint.headers().get("x-goog-user-project").unwrap(), "paying");
        assert!(gemini.0.endpoint.headers().get("x-goog-api-key").is_none());
    }
    let there = built(&[
        ("GOOGLE_GENAI_USE_VERTEXAI", "1"),
        ("GOOGLE_CLOUD_LOCATION", "europe-west1"),
        ("GOOGLE_VERTEX_BASE_URL", "http://localhost:1"),
    ]);
    assert!(url(&there.unwrap()).starts_with("http://localhost:1/v1/projects/p-1/locations/europe-west1/"));
    let wrong = built(&[("GOOGLE_GENAI_USE_VERTEXAI", "yes")]).unwrap_err();
    assert_eq!(wrong.kind(), ModelErrorKind::Configuration);
    assert!(wrong.to_string().contains("GOOGLE_GENAI_USE_VERTEXAI"), "{wrong}");
}

#[test]
fn a_project_is_needed() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), USER).unwrap();
    let variables = [("GOOGLE_APPLICATION_CREDENTIALS", file.path().to_str().unwrap())];
    let error = with(&variables, |environment| environment.gemini_vertex(None)).unwrap_err();
    assert!(error.to_string().contains("GOOGLE_CLOUD_PROJECT is not set"), "{error}");
}
