//! What chats are called.

use reqwest::Method;
use scorpio_server::App;
use serde_json::json;

use crate::harness::{Person, Puppet, TestServer, ok, problem};

async fn title(server: &TestServer, person: &Person) -> String {
    server.messages(person, "chat-1").await["chat"]["title"].as_str().unwrap().to_owned()
}

async fn rename(server: &TestServer, person: &Person, title: &str) -> reqwest::Response {
    let request = server.request(Method::PATCH, "/api/chat/chat-1/title").json(&json!({"title": title}));
    person.sign(request).send().await.unwrap()
}

async fn with_title_model() -> (TestServer, Puppet, Puppet) {
    let ((model, answers), (title_model, titles)) = (Puppet::new(), Puppet::new());
    (TestServer::start(App::builder(model).title_model(Some(title_model))).await, answers, titles)
}

#[tokio::test]
async fn a_title_is_thought_of_beside_the_answer() {
    let (server, mut answers, mut titles) = with_title_model().await;
    let guest = server.guest().await;
    let answer = server.send(&guest, "chat-1", "m1", "Why is the sky blue?\nPlease tell me.").await;
    let (call, title_call) = (answers.call().await, titles.call().await);
    assert_eq!(title(&server, &guest).await, "Why is the sky blue? Please tell me.");
    call.answer("Because.");
    answer.text().await.unwrap();
    title_call.answer(&format!("\"{}\"\n", "Blue ".repeat(40)));
    let generated = loop {
        match title(&server, &guest).await {
            title if title.starts_with("Blue") => break title,
            _ => tokio::task::yield_now().await,
        }
    };
    assert!(generated.chars().count() <= 80 && generated.starts_with("Blue Blue"), "{generated}");
    // Only the first message of a chat makes a title.
    let answer = server.send(&guest, "chat-1", "m2", "And the sea?").await;
    answers.call().await.answer("Too.");
    answer.text().await.unwrap();
    assert_eq!(title(&server, &guest).await, generated);
}

#[tokio::test]
async fn a_title_that_the_user_gave_stays() {
    let (server, mut answers, mut titles) = with_title_model().await;
    let guest = server.guest().await;
    let answer = server.send(&guest, "chat-1", "m1", "Why is the sky blue?").await;
    let (call, title_call) = (answers.call().await, titles.call().await);
    assert_eq!(ok(rename(&server, &guest, "  Physics ").await).await["title"], "Physics");
    call.answer("Because.");
    answer.text().await.unwrap();
    title_call.answer("Blue sky");
    server.app.shut_down(std::time::Duration::from_secs(60)).await;
    assert_eq!(title(&server, &guest).await, "Physics");
}

#[tokio::test]
async fn a_title_that_fails_costs_nothing() {
    use scorpio_core::model::{ModelError, ModelErrorKind};
    let (server, mut answers, mut titles) = with_title_model().await;
    let guest = server.guest().await;
    let answer = server.send(&guest, "chat-1", "m1", "Why is the sky blue?").await;
    titles.call().await.fail(ModelError::new(ModelErrorKind::Quota, "no money"));
    answers.call().await.answer("Because.");
    assert!(answer.text().await.unwrap().contains("Because."));
    assert_eq!(title(&server, &guest).await, "Why is the sky blue?");
}

#[tokio::test]
async fn a_title_is_one_line_of_eighty_characters() {
    let server = TestServer::demo().await;
    let guest = server.guest().await;
    server.send(&guest, "chat-1", "m1", "Why is the sky blue?").await.text().await.unwrap();
    for refused in ["", "   ", "a\nb", "a\u{0}b", &"x".repeat(81)] {
        let told = problem(rename(&server, &guest, refused).await, 400, "bad_request:api").await;
        assert_eq!(told["errors"][0]["path"], "title");
    }
    let drop_table = "'); DROP TABLE sessions; --";
    assert_eq!(ok(rename(&server, &guest, drop_table).await).await["title"], drop_table);
    assert_eq!(ok(rename(&server, &guest, &"ż".repeat(80)).await).await["title"], "ż".repeat(80));
}
