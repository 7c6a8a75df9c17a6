//! The page, and the headers of everything.

use reqwest::{Method, header::HeaderMap};
use scorpio_core::model::{Demo, Model};
use scorpio_server::{App, Settings};

use crate::harness::{TestServer, client, problem};

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

const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
     connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

#[tokio::test]
async fn the_page_answers_wherever_a_person_goes() {
    let server = TestServer::demo().await;
    for path in ["/", "/index.html", "/chat/0198c7b2", "/login?next=/"] {
        let answer = server.get(path).header("accept", "text/html,*/*;q=0.8").send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        is_guarded(answer.headers());
        assert_eq!(answer.headers()["content-security-policy"], PAGE_POLICY);
        assert_eq!(answer.headers()["content-type"], "text/html; charset=utf-8");
        assert_eq!(answer.headers()["cache-control"], "no-cache");
        assert!(answer.text().await.unwrap().contains(r#"<div id="root">"#));
    }
    let for_program = server.get("/chat/1").header("accept", "application/json").send().await.unwrap();
    problem(for_program, 404, "not_found:api").await;
}

#[tokio::test]
async fn what_has_its_hash_in_its_name_is_kept_for_ever() {
    let server = TestServer::demo().await;
    // Whatever a program that asks for it accepts.
    assert_eq!(server.get("/").send().await.unwrap().status(), 200);
    let index = server.get("/").header("accept", "text/html").send().await.unwrap().text().await.unwrap();
    let paths: Vec<&str> = index.split('"').filter(|text| text.starts_with("/assets/")).collect();
    assert!(paths.len() >= 2, "{index}");
    for path in paths {
        let answer = server.get(path).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["cache-control"], "public, max-age=31536000, immutable");
        let expected = if path.ends_with(".js") { "text/javascript" } else { "text/css" };
        assert!(answer.headers()["content-type"].to_str().unwrap().starts_with(expected), "{path}");
        let tag = answer.headers()["etag"].clone();
        let plain = answer.bytes().await.unwrap();
        let again = server.get(path).header("if-none-match", tag).send().await.unwrap();
        assert_eq!(again.status(), 304);
        assert!(again.bytes().await.unwrap().is_empty());
        let packed = server.get(path).header("accept-encoding", "gzip").send().await.unwrap();
        assert_eq!(packed.headers()["content-encoding"], "gzip");
        assert!(packed.bytes().await.unwrap().len() < plain.len());
        let head = server.request(Method::HEAD, path).send().await.unwrap();
        assert_eq!((head.status().as_u16(), head.bytes().await.unwrap().len()), (200, 0));
    }
    problem(
        server.get("/assets/missing.js").header("accept", "text/html").send().await.unwrap(),
        404,
        "not_found:api",
    )
    .await;
}

#[tokio::test]
async fn without_the_page_there_is_the_api_alone() {
    let settings = Settings::new().with_page(false);
    let server = TestServer::start(App::builder(Model::new(Demo::new(), "demo")).settings(settings)).await;
    problem(server.get("/").header("accept", "text/html").send().await.unwrap(), 404, "not_found:api").await;
    assert_eq!(server.get("/ping").send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn the_router_nests_in_a_program_of_one_s_own() {
    let app = App::builder(Model::new(Demo::new(), "demo")).build().unwrap();
    let outer =
        axum::Router::new().nest("/assistant", app.router()).route("/", axum::routing::get(async || "mine"));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let service = outer.into_make_service_with_connect_info::<std::net::SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    let get = async |path: &str| client().get(format!("{base}{path}")).send().await.unwrap();
    assert_eq!(get("/").await.text().await.unwrap(), "mine");
    assert_eq!(get("/assistant/ping").await.text().await.unwrap(), "pong");
    problem(get("/assistant/api/history").await, 401, "unauthorized:auth").await;
    assert_eq!(get("/nothing").await.status(), 404);
    let guest = client().post(format!("{base}/assistant/api/auth/guest")).send().await.unwrap();
    assert_eq!(guest.status(), 201);
}
