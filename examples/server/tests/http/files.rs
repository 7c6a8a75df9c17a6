//! Files that people keep: theirs alone, whole or not at all, and nothing for a browser to run.

use reqwest::{Method, Response, StatusCode};
use scorpio_core::{
    model::{Demo, Model},
    store::RateQuota,
};
use scorpio_server::{App, Settings};
use serde_json::{Value, json};

use crate::{
    harness::{Person, TestServer, body_of, client, ok, problem},
    process::{command, guest, start},
};

async fn add(server: &TestServer, person: &Person, kind: &str, bytes: &[u8]) -> Response {
    let request = server.post("/api/files").header("content-type", kind).body(bytes.to_vec());
    person.sign(request).send().await.unwrap()
}

async fn ask(server: &TestServer, person: &Person, method: Method, path: &str) -> Response {
    person.sign(server.request(method, &format!("/api/files{path}"))).send().await.unwrap()
}

async fn list(server: &TestServer, person: &Person) -> Vec<Value> {
    ok(ask(server, person, Method::GET, "").await).await["files"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_file_is_added_listed_sent_and_deleted() {
    let server = TestServer::demo().await;
    let ada = server.guest().await;
    let added = body_of(add(&server, &ada, "text/html", b"<script>").await, StatusCode::CREATED).await;
    assert_eq!((&added["size"], &added["mediaType"]), (&json!(8), &json!("text/html")));
    let path = format!("/{}", added["id"].as_str().unwrap());
    let listed = list(&server, &ada).await;
    assert_eq!((listed.len(), &listed[0]["id"]), (1, &added["id"]));
    let sent = ask(&server, &ada, Method::GET, &path).await;
    assert_eq!(sent.status(), 200);
    let header = |name: &str| sent.headers()[name].to_str().unwrap().to_owned();
    assert_eq!((header("content-type").as_str(), header("content-length").as_str()), ("text/html", "8"));
    assert!(header("content-disposition").starts_with("attachment"));
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert_eq!(sent.bytes().await.unwrap(), "<script>");
    assert_eq!(ok(ask(&server, &ada, Method::DELETE, &path).await).await["id"], added["id"]);
    problem(ask(&server, &ada, Method::GET, &path).await, 404, "not_found:api").await;
    problem(ask(&server, &ada, Method::DELETE, &path).await, 404, "not_found:api").await;
    assert!(list(&server, &ada).await.is_empty());
}

#[tokio::test]
async fn a_file_is_its_owners_alone() {
    let server = TestServer::demo().await;
    let (ada, eve) = (server.guest().await, server.guest().await);
    let added = body_of(add(&server, &ada, "text/plain", b"mine").await, StatusCode::CREATED).await;
    let path = format!("/{}", added["id"].as_str().unwrap());
    problem(ask(&server, &eve, Method::GET, &path).await, 404, "not_found:api").await;
    problem(ask(&server, &eve, Method::DELETE, &path).await, 404, "not_found:api").await;
    assert!(list(&server, &eve).await.is_empty());
    assert_eq!(list(&server, &ada).await.len(), 1);
    for path in ["/..%2f..%2fetc", "/a", &format!("/..%2f{}{path}", ada.id)] {
        problem(ask(&server, &eve, Method::GET, path).await, 404, "not_found:api").await;
    }
    let nobody =
        server.post("/api/files").header("content-type", "text/plain").body("x").send().await.unwrap();
    assert_eq!(nobody.status(), 401);
}

#[tokio::test]
async fn what_is_too_large_or_without_a_type_or_too_much_leaves_nothing() {
    let settings = Settings::new().with_files(RateQuota::new(3, std::time::Duration::from_secs(3_600)));
    let server = TestServer::start(App::builder(Model::new(Demo::new(), "demo")).settings(settings)).await;
    let ada = server.guest().await;
    let limit = 5 * 1024 * 1024;
    problem(add(&server, &ada, "video/mp4", &vec![0; limit + 1]).await, 413, "too_large:api").await;
    problem(add(&server, &ada, "nothing", b"x").await, 415, "unsupported_media_type:api").await;
    assert!(list(&server, &ada).await.is_empty());
    assert_eq!(add(&server, &ada, "video/mp4", &vec![0; limit]).await.status(), 201);
    assert_eq!(add(&server, &ada, "text/plain", b"").await.status(), 201);
    problem(add(&server, &ada, "text/plain", b"x").await, 429, "rate_limit:api").await;
    assert_eq!(list(&server, &ada).await.len(), 2);
}

#[tokio::test]
async fn the_binary_keeps_them_where_it_is_told_and_over_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let (data, elsewhere) = (folder.path().join("data"), folder.path().join("elsewhere"));
    std::fs::create_dir(&elsewhere).unwrap();
    for (url, kept) in
        [(None, data.join("files")), (Some(format!("file://{}", elsewhere.display())), elsewhere.clone())]
    {
        let start = async || {
            let mut command = command(&data);
            if let Some(url) = &url {
                command.env("SCORPIO_BLOB_URL", url);
            }
            start(command).await
        };
        let (client, mut first) = (client(), start().await);
        let (token, _) = guest(&client, &first.base).await;
        let request = client.post(format!("{}/api/files", first.base)).bearer_auth(&token);
        let added = request.header("content-type", "text/plain").body("kept").send().await.unwrap();
        let added: Value = added.json().await.unwrap();
        assert!(kept.join("files").is_dir(), "{}", kept.display());
        first.child.kill().await.unwrap();
        let next = start().await;
        let path = format!("{}/api/files/{}", next.base, added["id"].as_str().unwrap());
        let sent = client.get(path).bearer_auth(&token).send().await.unwrap();
        assert_eq!(sent.headers()["content-type"], "text/plain");
        assert_eq!(sent.text().await.unwrap(), "kept");
    }
}
