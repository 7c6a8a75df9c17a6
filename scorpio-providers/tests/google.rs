//! Tokens of Google Cloud, from a server that checks what it is sent, and Vertex AI that is asked with them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout
)]

mod support;

use std::{
    process::Output,
    sync::OnceLock,
    time::{Duration, SystemTime},
};

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use futures::future::join_all;
use reqwest::Url;
use rsa::{
    Generate, PrivateKey,
    pkcs8::{EncodePrivateKey, LineEnding},
    sha2::Sha256,
};
use scorpio_core::model::{ModelError, ModelErrorKind};
use scorpio_providers::{GoogleCredentials, ModelRegistry, Severity, TokenSource, doctor};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tokio::process::Command;

use self::support::{Asked, Reply, Server};

const EMAIL: &str = "agent@my-project.iam.gserviceaccount.com";

fn key() -> &'static PrivateKey {
    static KEY: OnceLock<PrivateKey> = OnceLock::new();
    KEY.get_or_init(PrivateKey::generate)
}

fn service_account(token_uri: &str) -> String {
    let pem = key().to_pkcs8_pem(LineEnding::LF).unwrap();
    json!({
        "type": "service_account", "project_id": "my-project", "private_key_id": "key-7",
        "private_key": &*pem, "client_email": EMAIL, "client_id": "123", "token_uri": token_uri,
        "universe_domain": "googleapis.com",
    })
    .to_string()
}

fn authorized_user(token_uri: &str) -> String {
    json!({
        "type": "authorized_user", "client_id": "client-7", "client_secret": "secret-0123456789",
        "refresh_token": "refresh-0123456789", "quota_project_id": "paying", "token_uri": token_uri,
    })
    .to_string()
}

fn granted(token: &str, seconds: u32) -> Reply {
    let body = json!({"access_token": token, "expires_in": seconds, "token_type": "Bearer"});
    Reply::of(200, "application/json", &body.to_string())
}

fn refused(status: u16, body: &Value) -> Reply {
    Reply::of(status, "application/json", &body.to_string())
}

fn form(asked: &Asked) -> Vec<(String, String)> {
    let url = Url::parse(&format!("form:?{}", asked.text)).unwrap();
    url.query_pairs().into_owned().collect()
}

async fn token(credentials: &GoogleCredentials) -> Result<String, ModelError> {
    Ok(credentials.token().await?.expose_secret().to_owned())
}

/// Lets time pass for the program, but for no server.
async fn pass(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

#[tokio::test]
async fn a_service_account_signs_for_its_token() {
    let server = Server::start([granted("ya29.first", 3600)]).await;
    let credentials = GoogleCredentials::from_json(&service_account(&server.url())).unwrap();
    assert_eq!(credentials.project_id(), Some("my-project"));
    assert_eq!(token(&credentials).await.unwrap(), "ya29.first");
    let asked = &server.asked()[0];
    assert!(asked.head.starts_with("POST /v1 "), "{}", asked.head);
    assert_eq!(asked.header("content-type"), Some("application/x-www-form-urlencoded"));
    let form = form(asked);
    assert_eq!(form[0], ("grant_type".to_owned(), "urn:ietf:params:oauth:grant-type:jwt-bearer".to_owned()));
    let (name, assertion) = &form[1];
    assert_eq!((form.len(), &**name), (2, "assertion"));
    let (signed, signature) = assertion.rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    key().to_public_key().pkcs1v15_verify::<Sha256>(signed.as_bytes(), &signature).unwrap();
    let (header, claims) = signed.split_once('.').unwrap();
    let read = |part: &str| serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
    assert_eq!(read(header), json!({"alg": "RS256", "typ": "JWT", "kid": "key-7"}));
    let claims = read(claims);
    assert_eq!((&claims["iss"], &claims["aud"]), (&json!(EMAIL), &json!(server.url())));
    assert_eq!(claims["scope"], "https://www.googleapis.com/auth/cloud-platform");
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let issued = claims["iat"].as_u64().unwrap();
    assert!(now.abs_diff(issued) < 60);
    assert_eq!(claims["exp"].as_u64().unwrap(), issued + 3600);
}

#[tokio::test]
async fn a_user_has_a_refresh_token() {
    let server = Server::start([granted("ya29.user", 3600)]).await;
    let credentials = GoogleCredentials::from_json(&authorized_user(&server.url())).unwrap();
    assert_eq!((credentials.project_id(), credentials.quota_project_id()), (None, Some("paying")));
    assert_eq!(token(&credentials).await.unwrap(), "ya29.user");
    let expected = [
        ("grant_type", "refresh_token"),
        ("client_id", "client-7"),
        ("client_secret", "secret-0123456789"),
        ("refresh_token", "refresh-0123456789"),
    ];
    assert_eq!(form(&server.asked()[0]), expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
}

#[tokio::test]
async fn a_token_is_kept_until_shortly_before_it_expires() {
    let server = Server::start([granted("one", 3600), granted("two", 3600)]).await;
    let credentials = GoogleCredentials::from_json(&authorized_user(&server.url())).unwrap();
    assert_eq!(token(&credentials).await.unwrap(), "one");
    pass(Duration::from_secs(3600 - 230)).await;
    assert_eq!(token(&credentials.clone()).await.unwrap(), "one");
    assert_eq!(server.asked().len(), 1);
    pass(Duration::from_secs(10)).await;
    assert_eq!(token(&credentials).await.unwrap(), "two");
    assert_eq!(server.asked().len(), 2);
}

#[tokio::test]
async fn one_fetches_while_the_others_wait_or_use_what_there_is() {
    let server = Server::start([granted("one", 3600), granted("two", 3600)]).await;
    let credentials = GoogleCredentials::from_json(&authorized_user(&server.url())).unwrap();
    let tokens = join_all((0..50).map(|_| token(&credentials))).await;
    assert!(tokens.into_iter().all(|token| token.unwrap() == "one"));
    assert_eq!(server.asked().len(), 1);
    pass(Duration::from_secs(3600 - 100)).await;
    let tokens: Vec<String> =
        join_all((0..50).map(|_| token(&credentials))).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(tokens.iter().filter(|token| *token == "two").count(), 1);
    assert_eq!(tokens.iter().filter(|token| *token == "one").count(), 49);
    assert_eq!(server.asked().len(), 2);
}

#[tokio::test]
async fn an_old_token_is_used_as_long_as_it_lasts() {
    let fault = || refused(503, &json!({}));
    let server = Server::start([granted("one", 200), fault(), fault(), granted("two", 3600)]).await;
    let credentials = GoogleCredentials::from_json(&authorized_user(&server.url())).unwrap();
    assert_eq!(token(&credentials).await.unwrap(), "one");
    assert_eq!(token(&credentials).await.unwrap(), "one");
    pass(Duration::from_secs(195)).await;
    let error = token(&credentials).await.unwrap_err();
    assert_eq!(error.kind(), ModelErrorKind::Overloaded);
    assert!(error.is_retryable(), "a fault of the server passes");
    assert_eq!(token(&credentials).await.unwrap(), "two");
}

#[tokio::test]
async fn whoever_gives_up_leaves_it_to_the_next() {
    let server = Server::start([Reply::raw("").then_hang(), granted("one", 3600)]).await;
    let credentials = GoogleCredentials::from_json(&authorized_user(&server.url())).unwrap();
    let waiting = tokio::spawn({
        let credentials = credentials.clone();
        async move { token(&credentials).await }
    });
    while server.asked().is_empty() {
        tokio::task::yield_now().await;
    }
    waiting.abort();
    assert!(waiting.await.unwrap_err().is_cancelled());
    assert_eq!(token(&credentials).await.unwrap(), "one");
}

#[tokio::test]
async fn what_is_refused_is_told_with_what_to_do_and_without_secrets() {
    let gone = json!({"error": "invalid_grant", "error_description": "refresh-0123456789 has been revoked."});
    let server = Server::start([
        refused(400, &gone),
        refused(401, &json!({"error": "invalid_client"})),
        Reply::of(403, "text/html", "<html>secret-0123456789"),
        Reply::of(200, "application/json", "{\"id_token\": \"secret\"}"),
        Reply::of(302, "text/plain", ""),
    ])
    .await;
    let credentials = GoogleCredentials::from_json(&authorized_user(&server.url())).unwrap();
    for (kind, told) in [
        (ModelErrorKind::Auth, "invalid_grant: [redacted] has been revoked."),
        (ModelErrorKind::Auth, "invalid_client"),
        (ModelErrorKind::Auth, "status 403"),
        (ModelErrorKind::Protocol, "holds no token"),
        (ModelErrorKind::Configuration, ""),
    ] {
        let error = token(&credentials).await.unwrap_err();
        let (shown, debugged) = (error.to_string(), format!("{error:?}"));
        assert_eq!(error.kind(), kind, "{shown}");
        assert!(shown.contains(told), "{shown}");
        assert_eq!(kind == ModelErrorKind::Auth, shown.contains("gcloud auth application-default login"));
        for secret in ["refresh-0123456789", "secret-0123456789"] {
            assert!(!shown.contains(secret) && !debugged.contains(secret), "{debugged}");
        }
        assert!(!error.is_retryable() || kind == ModelErrorKind::Protocol);
    }
    let debugged = format!("{credentials:?}");
    assert!(!debugged.contains("0123456789"), "{debugged}");
    let account = GoogleCredentials::from_json(&service_account(&server.url())).unwrap();
    let debugged = format!("{account:?}");
    assert!(debugged.contains(EMAIL) && !debugged.contains("PRIVATE"), "{debugged}");
}

#[test]
fn files_that_cannot_be_used_say_why() {
    let account = |change: &dyn Fn(&mut Value)| {
        let mut json = json!({
            "type": "service_account", "client_email": EMAIL, "private_key": "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----",
        });
        change(&mut json);
        json.to_string()
    };
    let elliptic = STANDARD.encode(rcgen::KeyPair::generate().unwrap().serialize_der());
    let elliptic = format!("-----BEGIN PRIVATE KEY-----\n{elliptic}\n-----END PRIVATE KEY-----\n");
    for (json, told) in [
        ("secret".to_owned(), "no credentials of Google Cloud (line 1"),
        ("[]".to_owned(), "no credentials of Google Cloud"),
        (account(&|_| ()), "`private_key` of the credentials is no RSA key"),
        (account(&|json| json["private_key"] = json!(elliptic)), "no RSA key"),
        (account(&|json| drop(json.as_object_mut().unwrap().remove("client_email"))), "lack `client_email`"),
        (account(&|json| json["type"] = json!("external_account")), "`external_account` are not supported"),
        (account(&|json| json["universe_domain"] = json!("other.cloud")), "for the cloud `other.cloud`"),
        (
            account(&|json| json["token_uri"] = json!("http://example.com/token")),
            "must begin with `https://`",
        ),
        (
            json!({"type": "authorized_user", "client_id": "c", "client_secret": ""}).to_string(),
            "lack `client_secret`",
        ),
    ] {
        let error = GoogleCredentials::from_json(&json).unwrap_err();
        assert_eq!(error.kind(), ModelErrorKind::Configuration);
        let shown = format!("{error} {error:?}");
        assert!(shown.contains(told), "{shown}");
        assert!(!shown.contains("c2VjcmV0") && !shown.contains("\"secret\""), "{shown}");
    }
    let error = GoogleCredentials::from_file("/nowhere.json").unwrap_err();
    assert!(error.to_string().contains("/nowhere.json"), "{error}");
}

/// Asks the model that `SCORPIO_TEST_MODEL` names. It only does so in the processes that the other tests start.
#[tokio::test]
async fn child() {
    let Ok(name) = std::env::var("SCORPIO_TEST_MODEL") else { return };
    let model = match scorpio_providers::model(&name) {
        Ok(model) => model,
        Err(error) => return println!("refused: {error}"),
    };
    let agent = scorpio_core::Agent::builder("test").with_model(model).build().unwrap();
    match agent.run("Hi").await {
        Ok(outcome) => println!("answered: {}", outcome.text()),
        Err(error) => println!("failed: {error:?}"),
    }
}

async fn run(name: &str, variables: &[(&str, &str)]) -> String {
    let Output { stdout, stderr, status } = Command::new(std::env::current_exe().unwrap())
        .args(["child", "--exact", "--nocapture"])
        .env_clear()
        .envs(std::env::vars().filter(|(name, _)| name == "PATH" || name.starts_with("LLVM_")))
        .env("SCORPIO_TEST_MODEL", name)
        .envs(variables.iter().copied())
        .output()
        .await
        .unwrap();
    let text = String::from_utf8(stdout).unwrap();
    assert!(status.success(), "{text}\n{}", String::from_utf8_lossy(&stderr));
    text
}

const GEMINI: &str = "data: {\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[{\"text\":\"Hi\"}]},\"finishReason\":\"STOP\"}]}\n\n";

const CLAUDE: &str = concat!(
    "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"type\":\"message\",\"role\":\"assistant\",\"content\":[],\"model\":\"c\",\"usage\":{\"input_tokens\":1,\"output_tokens\":1}}}\n\n",
    "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n",
    "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"Hi\"}}\n\n",
    "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n",
    "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":1}}\n\n",
    "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
);

#[tokio::test]
async fn models_on_vertex_are_set_up_by_the_official_variables() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key.json");
    for (name, publisher, variables, events) in [
        ("gemini-vertex:gemini-x", "google", vec![("GOOGLE_CLOUD_LOCATION", "europe-west1")], GEMINI),
        (
            "gemini:gemini-x",
            "google",
            vec![("GOOGLE_CLOUD_LOCATION", "europe-west1"), ("GOOGLE_GENAI_USE_VERTEXAI", "true")],
            GEMINI,
        ),
        ("anthropic-vertex:gemini-x", "anthropic", vec![("CLOUD_ML_REGION", "europe-west1")], CLAUDE),
    ] {
        let server = Server::start([granted("ya29.token", 3600), Reply::events(events)]).await;
        std::fs::write(&file, service_account(&server.url())).unwrap();
        let base = server.url().trim_end_matches("/v1").to_owned();
        let mut all = variables;
        all.extend([
            ("GOOGLE_APPLICATION_CREDENTIALS", file.to_str().unwrap()),
            ("GOOGLE_VERTEX_BASE_URL", &base),
            ("ANTHROPIC_VERTEX_BASE_URL", &base),
        ]);
        let said = run(name, &all).await;
        assert!(said.contains("answered: Hi"), "{name}: {said}");
        let asked = &server.asked()[1];
        let path = format!(
            "POST /v1/projects/my-project/locations/europe-west1/publishers/{publisher}/models/gemini-x:"
        );
        assert!(asked.head.starts_with(&path), "{}", asked.head);
        assert_eq!(asked.header("authorization"), Some("Bearer ya29.token"));
    }
}

#[tokio::test]
async fn the_metadata_server_is_the_last_resort() {
    let metadata = |token: &str| {
        let body = json!({"access_token": token, "expires_in": 3599, "token_type": "Bearer"}).to_string();
        Reply::with_headers(200, "content-type: application/json\r\nMetadata-Flavor: Google\r\n", &body)
    };
    let server = Server::start([metadata("ya29.machine"), Reply::events(GEMINI)]).await;
    let base = server.url().trim_end_matches("/v1").to_owned();
    let host = base.trim_start_matches("http://").to_owned();
    let variables = [
        ("GCE_METADATA_HOST", &*host),
        ("GOOGLE_CLOUD_PROJECT", "p-1"),
        ("GOOGLE_VERTEX_BASE_URL", &base),
        // No proxy has a say in this.
        ("HTTP_PROXY", "http://127.0.0.1:9"),
        ("http_proxy", "http://127.0.0.1:9"),
        ("HOME", "/nowhere"),
    ];
    let said = run("gemini-vertex:gemini-x", &variables).await;
    assert!(said.contains("answered: Hi"), "{said}");
    let asked = server.asked();
    assert!(
        asked[0].head.starts_with("GET /computeMetadata/v1/instance/service-accounts/default/token HTTP/1.1")
    );
    assert_eq!(asked[0].header("metadata-flavor"), Some("Google"));
    assert_eq!(asked[1].header("authorization"), Some("Bearer ya29.machine"));

    // Something else that answers there is not believed, and nobody at all is told of.
    let server = Server::start([granted("not.believed", 3600)]).await;
    let host = server.url().trim_start_matches("http://").trim_end_matches("/v1").to_owned();
    let of =
        |host: &str| [("GCE_METADATA_HOST", host.to_owned()), ("GOOGLE_CLOUD_PROJECT", "p-1".to_owned())];
    let run_at = async |host: &str| {
        let variables = of(host);
        let variables: Vec<(&str, &str)> = variables.iter().map(|(name, value)| (*name, &**value)).collect();
        run("gemini-vertex:gemini-x", &variables).await
    };
    let said = run_at(&host).await;
    assert!(said.contains("no metadata server of Google Cloud"), "{said}");
    let said = run_at("127.0.0.1:9").await;
    assert!(said.contains("there are no credentials of Google Cloud"), "{said}");
}

#[tokio::test]
async fn a_registry_sets_vertex_up_and_the_doctor_gets_a_token() {
    let folder = tempfile::tempdir().unwrap();
    let gone = json!({"error": "invalid_grant"});
    let server = Server::start([
        granted("ya29.token", 3600),
        Reply::events(GEMINI),
        granted("x", 60),
        refused(400, &gone),
    ])
    .await;
    std::fs::write(folder.path().join("key.json"), authorized_user(&server.url())).unwrap();
    let base = server.url().trim_end_matches("/v1").to_owned();
    let toml = format!(
        "[roles.chat]\nmodel = \"cloud:gemini-x\"\n[providers.cloud]\nkind = \"gemini-vertex\"\nbase_url = \"{base}\"\n\
         project = \"p-1\"\nlocation = \"eu\"\ncredentials_file = \"key.json\"\n"
    );
    std::fs::write(folder.path().join("models.toml"), &toml).unwrap();
    let registry = ModelRegistry::read(folder.path().join("models.toml")).unwrap();
    let model = registry.role(scorpio_providers::Role::Chat).unwrap().model().clone();
    let agent = scorpio_core::Agent::builder("test").with_model(model).build().unwrap();
    assert_eq!(agent.run("Hi").await.unwrap().text(), "Hi");
    let asked = &server.asked()[1];
    assert!(asked.head.starts_with("POST /v1/projects/p-1/locations/eu/"), "{}", asked.head);
    assert_eq!(asked.header("x-goog-user-project"), Some("paying"));
    for severity in [Severity::Fine, Severity::Wrong] {
        let report = doctor(&registry).await;
        assert_eq!(report.findings.len(), 1);
        assert_eq!(report.findings[0].severity, severity, "{report}");
        assert!(report.to_string().contains("Vertex AI"), "{report}");
    }
    for (wrong, told) in [
        ("kind = \"gemini\"\nproject = \"p-1\"", "for providers on Vertex AI"),
        ("kind = \"anthropic-vertex\"\napi_key_env = \"KEY\"", "Vertex AI takes no key"),
    ] {
        let toml = format!("[roles.chat]\nmodel = \"cloud:x\"\n[providers.cloud]\n{wrong}\n");
        let error = ModelRegistry::parse(&toml).unwrap().check().unwrap_err();
        assert!(error.to_string().contains(told), "{error}");
    }
}
