use serde_json::{Value, json};

use super::*;

async fn read(body: Value) -> Result<ChatRequest> {
    let mut headers = HeaderMap::new();
    headers.insert("content-type", axum::http::HeaderValue::from_static("application/json"));
    ChatRequest::read(&headers, Body::from(body.to_string())).await
}

fn user(id: &str, text: &str) -> Value {
    json!({"id": id, "role": "user", "parts": [{"type": "text", "text": text}]})
}

#[tokio::test]
async fn the_last_message_of_the_user_is_the_one() {
    let assistant = json!({"id": "a", "role": "assistant", "parts": [{"type": "step-start"}]});
    let body = json!({"id": "c", "messages": [user("m1", "One?"), user("m2", "Two?"), assistant]});
    let request = read(body).await.unwrap();
    assert!(
        matches!(request.action, Action::Submit(message) if message.id.as_str() == "m2" && message.text() == "Two?")
    );
}

#[tokio::test]
async fn regenerating_needs_no_message() {
    let bare = read(json!({"id": "c", "trigger": "regenerate-message"})).await.unwrap();
    assert!(matches!(bare.action, Action::Regenerate { message: None, asked: None }));
    let body = json!({"id": "c", "trigger": "regenerate-message", "messageId": "a", "messages": [user("m", "One?")]});
    let whole = read(body).await.unwrap();
    assert!(matches!(whole.action, Action::Regenerate { message: Some(_), asked: Some(_) }));
}

#[tokio::test]
async fn an_error_names_the_place_in_the_whole_body() {
    let told = async |body: Value| format!("{:?}", read(body).await.unwrap_err());
    let wrong_part = json!({"id": "m", "role": "user", "parts": [{"type": "text", "text": "a"}, {"type": "text", "text": ""}]});
    assert!(
        told(json!({"id": "c", "message": wrong_part})).await.contains(r#"path: "message.parts[1].text""#)
    );
    let messages = json!([user("m1", "One?"), wrong_part]);
    assert!(
        told(json!({"id": "c", "messages": messages})).await.contains(r#"path: "messages[1].parts[1].text""#)
    );
    assert!(told(json!({"id": "c"})).await.contains(r#"path: "message""#));
    assert!(told(json!({"id": "c", "trigger": "x"})).await.contains(r#"path: "trigger""#));
    assert!(told(json!({"id": "c/d"})).await.contains(r#"path: "id""#));
}
