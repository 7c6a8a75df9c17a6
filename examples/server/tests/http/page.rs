//! The page, and the headers of everything.

use reqwest::{Method, header::HeaderMap};
use scorpio_core::model::{Demo, Model};
use scorpio_server::{App, Settings};

use crate::harness::{TestServer, problem};

const API_POLICY: &str = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'";

fn is_guarded(headers: &HeaderMap) {
    assert_eq!(headers["x-content-type-options"], "nosniff");
    assert_eq!(headers["referrer-policy"], "no-referrer");
    assert_eq!(headers["cross-origin-resource-policy"], "same-origin");
    assert!(!headers.contains_key("strict-transport-security"));
    headers["x-request-id"].to_str().unwrap().parse::<uuid::Uuid>().unwrap();
}

#[tokio::test]
async fn health_is_open_to_everybody() {
    let server = TestServer::demo().await;
    for (path, body) in [("/ping", "pong"), ("/health", "ok"), ("/health/ready", "ready")] {
        let answer = server.get(path).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        is_guarded(answer.headers());
        assert_eq!(answer.text().await.unwrap(), body);
    }
}

#[tokio::test]
async fn every_answer_of_the_api_is_guarded() {
    let server = TestServer::demo().await;
    let guest = server.guest().await;
    let answers = [
        guest.sign(server.get("/api/history")).send().await.unwrap(),
        server.get("/api/history").send().await.unwrap(),
        server.get("/api/nothing").send().await.unwrap(),
        server.request(Method::PUT, "/api/chat").send().await.unwrap(),
    ];
    for answer in answers {
        is_guarded(answer.headers());
        assert_eq!(answer.headers()["content-security-policy"], API_POLICY);
        assert_eq!(answer.headers()["cache-control"], "no-store");
    }
}

#[tokio::test]
async fn only_listed_origins_may_read() {
    let listed = "https://app.example.com";
    let settings = Settings::new().with_cors_origins([listed.parse().unwrap()]);
    let server = TestServer::start(App::builder(Model::new(Demo::new(), "demo")).settings(settings)).await;
    let preflight = async |origin: &str, path: &str| {
        let request = server.request(Method::OPTIONS, path).header("origin", origin);
        let request = request.header("access-control-request-method", "POST");
        request.header("access-control-request-headers", "authorization,content-type").send().await.unwrap()
    };
    let allowed = preflight(listed, "/api/chat").await;
    assert_eq!(allowed.headers()["access-control-allow-origin"], listed);
    assert!(!allowed.headers().contains_key("access-control-allow-credentials"));
    assert!(allowed.headers()["vary"].to_str().unwrap().to_lowercase().contains("origin"));
    let for_cookie = preflight(listed, "/api/auth/refresh").await;
    assert_eq!(for_cookie.headers()["access-control-allow-credentials"], "true");
    let strangers = [
        "https://evil.com",
        "https://app.example.com.evil.com",
        "null",
        "http://app.example.com",
        "https://app.example.com:444",
    ];
    for origin in strangers {
        let refused = preflight(origin, "/api/chat").await;
        assert!(!refused.headers().contains_key("access-control-allow-origin"), "{origin}");
        let asked = server.get("/ping").header("origin", origin).send().await.unwrap();
        assert!(!asked.headers().contains_key("access-control-allow-origin"), "{origin}");
    }
    // A problem can be read as well.
    let asked = server.get("/api/history").header("origin", listed).send().await.unwrap();
    assert_eq!(asked.headers()["access-control-allow-origin"], listed);
    problem(asked, 401, "unauthorized:auth").await;
}

#[tokio::test]
async fn a_path_or_method_that_is_not_there_is_a_problem() {
    let server = TestServer::demo().await;
    for path in ["/api", "/api/", "/api/nothing", "/api/auth", "/favicon.missing"] {
        problem(server.get(path).send().await.unwrap(), 404, "not_found:api").await;
    }
    let api_as_page = server.get("/api/nothing").header("accept", "text/html").send().await.unwrap();
    problem(api_as_page, 404, "not_found:api").await;
    let wrong = server.request(Method::PUT, "/api/chat").send().await.unwrap();
    let allow = wrong.headers()["allow"].to_str().unwrap().to_owned();
    assert!(allow.contains("POST") && allow.contains("DELETE"), "{allow}");
    problem(wrong, 405, "method_not_allowed:api").await;
    problem(server.post("/chat/1").send().await.unwrap(), 404, "not_found:api").await;
}
