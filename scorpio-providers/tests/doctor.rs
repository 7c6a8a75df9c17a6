//! What the doctor says about providers that answer, and about those that do not; and what is found without being named.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    missing_docs
)]
#![cfg(all(feature = "registry", feature = "openai"))]

mod support;

use std::process::Output;

use scorpio_providers::{ModelRegistry, Report, Severity, doctor};
use tokio::{net::TcpListener, process::Command};

use self::support::{Reply, Server, untrusted_server};

const MODELS: &str =
    r#"{"object":"list","data":[{"id":"large","object":"model"},{"id":"small","object":"model"}]}"#;

fn json(body: &str) -> Reply {
    Reply::of(200, "application/json", body)
}

/// The report about a provider `acme` at `url`, whose model `large` chats and whose model `smal` writes titles.
async fn examine(kind: &str, url: &str, more: &str) -> Report {
    let toml = format!(
        "[providers.acme]\nkind = \"{kind}\"\nbase_url = \"{url}\"\n{more}\n\
         [roles.chat]\nmodel = \"acme:large\"\n[roles.title]\nmodel = \"acme:smal\""
    );
    doctor(&ModelRegistry::parse(&toml).unwrap()).await
}

/// The one finding of a report.
async fn finding(url: &str) -> (Severity, String) {
    let report = examine("openai", url, "").await;
    let [finding] = report.findings.as_slice() else { panic!("{report}") };
    (finding.severity, finding.to_string())
}

#[tokio::test]
async fn a_model_that_the_provider_does_not_have_is_told_with_its_role() {
    let server = Server::start([json(MODELS)]).await;
    let report = examine("openai", &server.url(), "").await;
    let [answers, title] = report.findings.as_slice() else { panic!("{report}") };
    assert_eq!(answers.severity, Severity::Fine);
    assert!(answers.text.contains(&format!("answers at {}, in ", server.url())), "{report}");
    assert!(answers.text.ends_with("with 2 models."), "{report}");
    assert_eq!(title.severity, Severity::Wrong);
    assert_eq!(
        title.to_string(),
        "The role `title` uses `acme:smal`, which the provider does not have. Did you mean `small`?"
    );
    assert!(!report.is_healthy());
    let asked = &server.asked()[0];
    assert!(asked.head.starts_with("GET /v1/models HTTP/1.1"), "{}", asked.head);
    assert_eq!(asked.header("authorization"), None);
}

#[tokio::test]
async fn an_ollama_is_asked_in_its_own_way() {
    let tags = r#"{"models":[{"name":"large:latest","model":"large:latest"},{"name":"smal:latest"}]}"#;
    let server = Server::start([json(tags)]).await;
    let host = server.url().trim_end_matches("/v1").to_owned();
    let report = examine("ollama", &host, "").await;
    assert!(report.is_healthy(), "{report}");
    assert!(server.asked()[0].head.starts_with("GET /api/tags HTTP/1.1"));
}

#[tokio::test]
async fn anthropic_is_asked_for_the_whole_list_in_its_version() {
    let list = r#"{"data":[{"type":"model","id":"large"},{"type":"model","id":"smal"}],"has_more":false}"#;
    for end in ["", "/v1"] {
        let server = Server::start([json(list)]).await;
        let base = server.url().replace("/v1", end);
        let report = examine("anthropic", &base, "").await;
        assert!(report.is_healthy(), "{report}");
        let asked = &server.asked()[0];
        assert!(asked.head.starts_with("GET /v1/models?limit=1000 HTTP/1.1"), "{}", asked.head);
        assert_eq!(asked.header("anthropic-version"), Some("2026-10-21"));
    }
}

#[tokio::test]
async fn gemini_and_azure_are_asked_in_their_own_ways() {
    let list = r#"{"models":[{"name":"models/large"},{"name":"models/smal"}]}"#;
    for end in ["", "/v1beta"] {
        let server = Server::start([json(list)]).await;
        let report = examine("gemini", &server.url().replace("/v1", end), "").await;
        assert!(report.is_healthy(), "{report}");
        let head = &server.asked()[0].head;
        assert!(head.starts_with("GET /v1beta/models?pageSize=1000 HTTP/1.1"), "{head}");
    }
    let server = Server::start([json(r#"{"data":[{"id":"gpt-5"}]}"#)]).await;
    let report = examine("azure", server.url().trim_end_matches("/v1"), "").await;
    assert!(report.is_healthy(), "deployments have names of their own: {report}");
    assert!(server.asked()[0].head.starts_with("GET /openai/v1/models HTTP/1.1"));
}

#[tokio::test]
async fn a_key_that_is_refused_is_told_with_where_it_was_found_and_never_shown() {
    let file = std::env::temp_dir().join(format!("scorpio-doctor-{}.key", uuid::Uuid::now_v7()));
    std::fs::write(&file, "sk-secret-0123456789").unwrap();
    let refusal = r#"{"error":{"message":"Incorrect API key provided: sk-secret-0123456789."}}"#;
    let server = Server::start([Reply::of(401, "application/json", refusal)]).await;
    let report = examine("openai", &server.url(), &format!("api_key_file = \"{}\"", file.display())).await;
    let told = report.to_string();
    assert!(told.contains(&format!("refuses the key from the file {}", file.display())), "{told}");
    assert!(told.contains("Incorrect API key provided") && !told.contains("sk-secret"), "{told}");
    assert_eq!(server.asked()[0].header("authorization"), Some("Bearer sk-secret-0123456789"));
    std::fs::remove_file(file).unwrap();
}

#[tokio::test]
async fn a_key_that_is_wanted_and_not_there_is_told() {
    let server = Server::start([Reply::of(401, "application/json", "{}")]).await;
    let (severity, told) = finding(&server.url()).await;
    assert_eq!(severity, Severity::Wrong);
    assert!(told.contains("wants a key at ") && told.contains("none is set up"), "{told}");
}

#[tokio::test]
async fn an_address_that_lacks_v1_is_told() {
    let nothing = Reply::of(404, "text/plain", "404 page not found");
    let server = Server::start([nothing, json(MODELS)]).await;
    let base = server.url().trim_end_matches("/v1").to_owned();
    let (severity, told) = finding(&base).await;
    assert_eq!(severity, Severity::Wrong);
    assert_eq!(
        told,
        format!("The provider `acme` is not at {base}, but at {base}/v1. Add `/v1` to the base URL.")
    );
}

#[tokio::test]
async fn a_web_page_is_no_api() {
    for (reply, expected) in [
        (Reply::of(200, "text/html; charset=utf-8", "<!doctype html><title>Hi</title>"), "with a web page"),
        (Reply::of(200, "application/json", " <html></html>"), "with a web page"),
        (json(r#"{"hello":"world"}"#), "something that is no list of models"),
        (json("{\"data\":"), "something that is no list of models"),
    ] {
        let server = Server::start([reply]).await;
        let (severity, told) = finding(&server.url()).await;
        assert_eq!(severity, Severity::Wrong);
        assert!(told.contains(expected) && told.contains("Mend the base URL"), "{told}");
    }
    let page = Reply::of(404, "text/html", "<html>Not Found</html>");
    let server = Server::start([page, json("{}")]).await;
    let (severity, told) = finding(&server.url()).await;
    assert!(severity == Severity::Wrong && told.contains("nothing at"), "{told}");
}

#[tokio::test]
async fn a_server_without_a_list_may_answer_all_the_same() {
    let nothing = || Reply::of(404, "application/json", r#"{"error":{"message":"no such route"}}"#);
    let server = Server::start([nothing(), nothing()]).await;
    let (severity, told) = finding(&server.url()).await;
    assert_eq!(severity, Severity::Doubtful);
    assert!(told.contains("has no list of models at"), "{told}");
}

#[tokio::test]
async fn faults_that_pass_are_doubtful_and_those_that_do_not_are_wrong() {
    let quota = r#"{"error":{"message":"no money","code":"insufficient_quota"}}"#;
    for (status, body, severity, expected) in [
        (429, "{}", Severity::Doubtful, "refuses for now"),
        (503, "{}", Severity::Doubtful, "a fault of its own"),
        (429, quota, Severity::Wrong, "no quota left"),
        (307, "{}", Severity::Wrong, "redirects"),
    ] {
        let server = Server::start([Reply::of(status, "application/json", body)]).await;
        let (found, told) = finding(&server.url()).await;
        assert_eq!(found, severity, "{told}");
        assert!(told.contains(expected), "{told}");
    }
}

#[tokio::test]
async fn where_nobody_listens_is_told_with_what_to_do() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let (severity, told) = finding(&format!("http://{address}/v1")).await;
    assert_eq!(severity, Severity::Wrong);
    assert!(told.contains(&format!("cannot be reached at http://{address}/v1")), "{told}");
    assert!(told.contains("See whether the address is right"), "{told}");
    let ollama = examine("ollama", &format!("http://{address}"), "").await.to_string();
    assert!(ollama.contains("`ollama serve`"), "{ollama}");
}

#[tokio::test]
async fn a_certificate_that_nobody_trusts_is_told_with_what_to_do() {
    let address = untrusted_server().await;
    let (severity, told) = finding(&format!("https://{address}/v1")).await;
    assert_eq!(severity, Severity::Wrong);
    assert!(told.contains("cannot be trusted at https://") && told.contains("clock"), "{told}");
}

#[tokio::test]
async fn a_clock_that_is_far_off_is_doubtful() {
    let headers = "content-type: application/json\r\ndate: Mon, 01 Jan 2024 00:00:00 GMT\r\n";
    let server = Server::start([Reply::with_headers(200, headers, r#"{"data":[]}"#)]).await;
    let report = examine("openai", &server.url(), "").await;
    assert!(report.is_healthy(), "{report}");
    assert!(report.to_string().contains("doubtful  The clock of this machine is "), "{report}");
}

/// Says what is found in the environment. It only does so in the processes that the other tests start.
#[tokio::test]
async fn child() {
    if std::env::var_os("SCORPIO_TEST_DISCOVER").is_none() {
        return;
    }
    let found = scorpio_providers::discover().await.unwrap();
    let ids: Vec<&str> = found.choices().iter().map(|choice| &*choice.id).collect();
    println!("found: {}", ids.join(" "));
}

async fn discovered(variables: &[(&str, &str)]) -> String {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "child", "--nocapture"]).env("SCORPIO_TEST_DISCOVER", "1");
    for name in ["OPENAI_API_KEY", "OPENAI_BASE_URL", "ANTHROPIC_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY"]
    {
        command.env_remove(name);
    }
    command.env_remove("SCORPIO_MODELS");
    let Output { stdout, .. } = command.envs(variables.iter().copied()).output().await.unwrap();
    let stdout = String::from_utf8(stdout).unwrap();
    let line = stdout.lines().find_map(|line| line.split_once("found: ")).unwrap();
    line.1.to_owned()
}

#[tokio::test]
async fn an_ollama_that_answers_is_found_unless_there_is_a_key() {
    let tags =
        r#"{"models":[{"name":"qwen3:8b"},{"name":"nomic-embed-text:latest"},{"name":"llama3.2:3b"}]}"#;
    let server = Server::start([json(tags), json(tags)]).await;
    let host = server.url().trim_end_matches("/v1").to_owned();
    let host = ("OLLAMA_HOST", host.as_str());
    assert_eq!(discovered(&[host]).await, "ollama:qwen3:8b ollama:llama3.2:3b");
    assert_eq!(discovered(&[host, ("OPENAI_API_KEY", "sk-0123456789")]).await, "openai:gpt-5-mini");
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn where_nothing_is_found_there_is_the_demo() {
    let server = Server::start([json(r#"{"models":[]}"#)]).await;
    let host = server.url().trim_end_matches("/v1").to_owned();
    assert_eq!(discovered(&[("OLLAMA_HOST", &host)]).await, "scripted:demo");
    assert_eq!(discovered(&[("OLLAMA_HOST", "127.0.0.1:1")]).await, "scripted:demo");
}

#[tokio::test]
async fn a_provider_of_a_registry_tries_again() {
    use scorpio_core::Agent;
    use scorpio_providers::Role;
    let busy = || Reply::with_headers(503, "retry-after-ms: 1\r\ncontent-type: application/json\r\n", "{}");
    for (attempts, expected) in [("", Ok("Hi")), ("attempts = 1", Err(1))] {
        let server = Server::start([busy(), busy(), Reply::events(support::HI)]).await;
        let toml = format!(
            "[providers.acme]\nkind = \"openai\"\nbase_url = \"{}\"\n{attempts}\n[roles.chat]\nmodel = \"acme:any\"",
            server.url()
        );
        let registry = ModelRegistry::parse(&toml).unwrap();
        let model = registry.role(Role::Chat).unwrap().model().clone();
        let agent = Agent::builder("test").with_model(model).build().unwrap();
        let answer = agent.run("Hello?").await.map(|outcome| outcome.text().to_owned());
        assert_eq!(answer.as_deref().map_err(|_| server.asked().len()), expected);
    }
}
