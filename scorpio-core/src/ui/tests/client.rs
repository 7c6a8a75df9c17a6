//! What a client may post, and what it is told otherwise.

use serde_json::{Value, json};

use crate::{
    MediaSource, Message, Part, Role,
    ui::{ClientMessage, InvalidMessage},
};

fn read(posted: &Value) -> Result<Message, InvalidMessage> {
    serde_json::from_value::<ClientMessage>(posted.clone()).unwrap().try_into()
}

fn of_parts(parts: &Value) -> Value {
    json!({"id": "m1", "role": "user", "parts": parts})
}

#[test]
fn text_and_files_are_taken() {
    let posted = json!({
        "id": "m1", "role": "user", "metadata": {"any": "thing"},
        "parts": [
            {"type": "text", "text": " What is this? ", "state": "done"},
            {"type": "file", "mediaType": "image/png", "filename": "a.png", "url": "data:image/png;base64,iVBORw=="},
            {"type": "file", "mediaType": "image/png", "filename": null, "url": "data:image/png;base64,iVBO"},
        ],
    });
    let message = read(&posted).unwrap();
    assert_eq!((message.id.as_str(), message.role), ("m1", Role::User));
    assert_eq!(message.text(), " What is this? ");
    let [_, Part::Media(named), Part::Media(nameless)] = message.parts.as_slice() else {
        panic!("{message:?}")
    };
    assert_eq!((named.media_type.as_str(), named.filename.as_deref()), ("image/png", Some("a.png")));
    assert_eq!(named.source, MediaSource::Base64("iVBORw==".to_owned()));
    assert_eq!(nameless.filename, None);
}

#[test]
fn complaints_name_the_place() {
    let file = |url: &str| json!([{"type": "file", "mediaType": "image/png", "url": url}]);
    let address = "must be a `data:` address in base64, of the part's media type";
    let kind = "must be `text` or `file`";
    for (parts, path, problem) in [
        (json!([]), "parts", "must not be empty"),
        (json!([{"type": "text"}]), "parts[0].text", "must be a string"),
        (json!([{"type": "text", "text": 5}]), "parts[0].text", "must be a string"),
        (json!([{"type": "text", "text": null}]), "parts[0].text", "must be a string"),
        (json!([{"type": "text", "text": " \n"}]), "parts[0].text", "must not be empty"),
        (
            json!([{"type": "text", "text": "a"}, {"type": "text", "text": ""}]),
            "parts[1].text",
            "must not be empty",
        ),
        (json!([{"text": "a"}]), "parts[0].type", kind),
        (json!([{"type": 5}]), "parts[0].type", kind),
        (json!([{"type": "dynamic-tool"}]), "parts[0].type", kind),
        (
            json!([{"type": "file", "url": "data:image/png;base64,iVBO"}]),
            "parts[0].mediaType",
            "must be a string",
        ),
        (json!([{"type": "file", "mediaType": "image/png"}]), "parts[0].url", address),
        (file("https://example.com/a.png"), "parts[0].url", address),
        (file("file:///etc/passwd"), "parts[0].url", address),
        (file("data:image/jpeg;base64,iVBO"), "parts[0].url", address),
        (file("data:image/png,iVBO"), "parts[0].url", address),
        (file("data:image/png;base64,"), "parts[0].url", address),
        (file("data:image/png;base64,===="), "parts[0].url", address),
        (file("data:image/png;base64,iVB"), "parts[0].url", address),
        (file("data:image/png;base64,iV=O"), "parts[0].url", address),
        (file("data:image/png;base64,iVB "), "parts[0].url", address),
        (file("data:image/png;base64,iV-_"), "parts[0].url", address),
    ] {
        let invalid = read(&of_parts(&parts)).unwrap_err();
        assert_eq!((invalid.path.as_str(), invalid.problem), (path, problem), "{parts}");
        assert_eq!(invalid.to_string(), format!("`{path}` {problem}"));
    }
    let name = json!([{"type": "file", "mediaType": "image/png", "url": "data:image/png;base64,iVBO", "filename": 5}]);
    assert_eq!(read(&of_parts(&name)).unwrap_err().path, "parts[0].filename");
}

#[test]
fn only_users_post() {
    for role in ["assistant", "system", "tool", "User", ""] {
        let posted = json!({"id": "m1", "role": role, "parts": [{"type": "text", "text": "a"}]});
        assert_eq!(read(&posted).unwrap_err().path, "role", "{role}");
    }
}

#[test]
fn what_is_no_message_is_not_read() {
    for posted in [
        json!({"role": "user", "parts": []}),
        json!({"id": "", "role": "user", "parts": []}),
        json!({"id": "../etc", "role": "user", "parts": []}),
        json!({"id": "m1", "parts": []}),
        json!({"id": "m1", "role": "user"}),
        json!({"id": "m1", "role": "user", "parts": ["text"]}),
        json!([]),
    ] {
        assert!(serde_json::from_value::<ClientMessage>(posted.clone()).is_err(), "{posted}");
    }
}
