//! Messages: what comes back is what was put in, in order, also after history was cut.

use std::sync::Arc;

use scorpio_core::{
    Json, Message, MessageStatus, Origin, RunId, SessionId, Usage,
    model::Entry,
    store::{NewSession, Store},
};

use super::super::sample::{
    Live, begin, ids, live, message_id, new_session, now, owner, session_id, stranger, user,
};

/// Stores a message both ways, as the input of a run and as what a run writes, and compares what comes back.
#[track_caller]
fn same(stored: &Message, original: &Message) {
    assert_eq!(stored, original);
    let (stored, original) = (serde_json::to_string(stored), serde_json::to_string(original));
    assert_eq!(stored.unwrap(), original.unwrap(), "byte for byte");
}

async fn round_trip(store: &dyn Store, message: Message) {
    let session = new_session(store, "as-input").await;
    let mut live = Live::begin(store, begin(&session, Some(message.clone()))).await.unwrap();
    let written = message.clone().with_id(message_id("written"));
    let entries = [Arc::new(Entry::new(written.clone()))];
    live.version = store.commit(live.commit(&entries)).await.unwrap();
    let stored = store.messages(&owner(), &session, 0, 10).await.unwrap();
    assert_eq!(stored.len(), 2);
    same(&stored[0].message, &message);
    same(&stored[1].message, &written);
}

fn message(parts: &str) -> Message {
    let text = format!(
        r#"{{"id":"m","role":"assistant","parts":{parts},"status":"complete","created_at":"2026-01-02T03:04:05.678901234Z"}}"#
    );
    serde_json::from_str(&text).unwrap()
}

pub(super) async fn every_kind_of_part_comes_back_byte_for_byte(store: Arc<dyn Store>) {
    let native = r#""native":{"item":{"z": 1,  "a":1.0, "n":[1e400, 1E+2]}}"#;
    let parts = [
        format!(r#"{{"type":"text","text":"Hi é","provenance":{{"from":"model"}},{native}}}"#),
        r#"{"type":"reasoning","text":"","native":{"item":{"signature" : "x=="}}}"#.to_owned(),
        format!(r#"{{"type":"tool_call","call_id":"c","name":"n","arguments":"{{\"a\" : 1.0}}",{native}}}"#),
        r#"{"type":"tool_result","call_id":"c","name":"n","output":{"b": 2,  "a": 1.0},"status":{"outcome":"completed"},"provenance":{"from":"tool","name":"n","trust":"untrusted"}}"#.to_owned(),
        r#"{"type":"tool_result","call_id":"d","name":"n","output":"text","status":{"outcome":"interrupted","started":true},"provenance":{"from":"mcp","server":"s"}}"#.to_owned(),
        r#"{"type":"media","media_type":"image/png","source":{"base64":"AAAA"},"filename":"a.png","provenance":{"from":"user"}}"#.to_owned(),
        r#"{"type":"media","media_type":"application/pdf","source":{"url":"https://example.org/a.pdf"},"provenance":{"from":"user"}}"#.to_owned(),
        r#"{"type":"source","id":"1","url":"https://example.org","title":"T"}"#.to_owned(),
        r#"{"type":"data","name":"weather","id":"w","data":{"c" : 20.50}}"#.to_owned(),
    ];
    let message = message(&format!("[{}]", parts.join(",")));
    assert_eq!(message.parts.len(), 9);
    let known = message.parts.iter().all(|part| !matches!(part, scorpio_core::Part::Unknown(_)));
    assert!(known, "the case is about known parts");
    round_trip(&*store, message).await;
}

pub(super) async fn unknown_parts_survive(store: Arc<dyn Store>) {
    let message = message(r#"[{"type":"hologram","depth": 3.0,"deep":{"x":[ ]}},{"type":"scent"}]"#);
    let unknown = message.parts.iter().all(|part| matches!(part, scorpio_core::Part::Unknown(_)));
    assert!(unknown, "the case is about unknown parts");
    round_trip(&*store, message).await;
}

pub(super) async fn everything_around_the_parts_comes_back(store: Arc<dyn Store>) {
    let mut message = Message::assistant("text")
        .with_origin(Origin::new("openai", "openai-chat", "gpt"))
        .with_status(MessageStatus::Interrupted)
        .with_run(RunId::new())
        .with_metadata(Json::parse(r#"{"k" : [1.0]}"#).unwrap());
    let mut usage = Usage::new(7, 11);
    (usage.cache_read, usage.cache_write, usage.reasoning) = (1, 2, 3);
    usage.raw = Some(Json::parse(r#"{"prompt_tokens" : 7}"#).unwrap());
    message.usage = Some(usage);
    round_trip(&*store, message).await;
}

pub(super) async fn strange_text_comes_back(store: Arc<dyn Store>) {
    let text =
        "\u{0}\u{1}\u{1b}[31m \r\n\t\"\\ ' ; -- DROP TABLE $1 ?1 \u{feff}\u{202e}\u{2028}\u{10ffff} e\u{301}";
    round_trip(&*store, Message::user(text)).await;
}

pub(super) async fn a_large_message_comes_back(store: Arc<dyn Store>) {
    let line = "All work and no play makes Jack a dull boy. é\n";
    round_trip(&*store, Message::user(line.repeat(4_000_000 / line.len()))).await;
}

pub(super) async fn messages_are_numbered_from_one(store: Arc<dyn Store>) {
    let mut live = live(&*store, "s").await;
    live.append(&*store, &["a", "b"]).await.unwrap();
    live.append(&*store, &["c"]).await.unwrap();
    let messages = store.messages(&owner(), &live.session, 0, 10).await.unwrap();
    let seqs: Vec<u64> = messages.iter().map(|stored| stored.seq).collect();
    assert_eq!(seqs, [1, 2, 3, 4]);
    assert_eq!(ids(&*store, &live.session).await, ["s-input", "a", "b", "c"]);
    assert_eq!(store.session(&owner(), &live.session).await.unwrap().unwrap().version, 4);
}

pub(super) async fn after_and_limit_make_pages(store: Arc<dyn Store>) {
    let mut live = live(&*store, "s").await;
    live.append(&*store, &["a", "b", "c", "d"]).await.unwrap();
    let page = async |after, limit| -> Vec<u64> {
        let messages = store.messages(&owner(), &live.session, after, limit).await.unwrap();
        messages.iter().map(|stored| stored.seq).collect()
    };
    assert_eq!(page(0, 2).await, [1, 2]);
    assert_eq!(page(2, 2).await, [3, 4]);
    assert_eq!(page(4, 2).await, [5]);
    assert_eq!(page(5, 2).await, [0; 0]);
    assert_eq!(page(u64::MAX, 2).await, [0; 0]);
    assert_eq!(page(0, 0).await, [0; 0]);
    assert_eq!(page(3, usize::MAX).await, [4, 5]);
}

pub(super) async fn messages_of_somebody_else_are_absent(store: Arc<dyn Store>) {
    let live = live(&*store, "s").await;
    assert_eq!(store.messages(&stranger(), &live.session, 0, 10).await.unwrap(), []);
    assert_eq!(store.messages(&owner(), &session_id("none"), 0, 10).await.unwrap(), []);
}

pub(super) async fn the_same_id_may_stand_in_two_sessions(store: Arc<dyn Store>) {
    for session in ["one", "two"] {
        let session = new_session(&*store, session).await;
        store.begin_run(begin(&session, Some(user("same")))).await.unwrap();
        assert_eq!(ids(&*store, &session).await, ["same"]);
    }
    let theirs = session_id("theirs");
    store.create_session(NewSession::new(theirs.clone(), stranger())).await.unwrap();
    let mut begin = begin(&theirs, Some(user("same")));
    begin.owner = stranger();
    store.begin_run(begin).await.unwrap();
}

/// A session with the messages 1 to 4, `s-input`, `a`, `b` and `c`, and no live run.
async fn four_messages(store: &dyn Store) -> SessionId {
    let mut live = live(store, "s").await;
    live.append(store, &["a", "b", "c"]).await.unwrap();
    live.end(store).await.unwrap();
    live.session
}

async fn cut(store: &dyn Store, session: &SessionId, after: u64, input: Option<Message>) -> Live {
    let mut begin = begin(session, input);
    begin.branch_after = Some(after);
    Live::begin(store, begin).await.unwrap()
}

pub(super) async fn a_cut_removes_what_comes_after(store: Arc<dyn Store>) {
    let session = four_messages(&*store).await;
    let live = cut(&*store, &session, 2, Some(user("other"))).await;
    assert_eq!(live.version, 5, "numbers are not used again");
    let messages = store.messages(&owner(), &session, 0, 10).await.unwrap();
    let seqs: Vec<u64> = messages.iter().map(|stored| stored.seq).collect();
    assert_eq!(seqs, [1, 2, 5]);
    assert_eq!(ids(&*store, &session).await, ["s-input", "a", "other"]);
}

pub(super) async fn a_cut_never_lowers_the_version(store: Arc<dyn Store>) {
    let session = four_messages(&*store).await;
    let mut live = cut(&*store, &session, 1, None).await;
    assert_eq!(live.version, 4);
    assert_eq!(store.session(&owner(), &session).await.unwrap().unwrap().version, 4);
    live.append(&*store, &["again"]).await.unwrap();
    assert_eq!(live.version, 5);
    assert_eq!(ids(&*store, &session).await, ["s-input", "again"]);
}

pub(super) async fn a_cut_frees_ids(store: Arc<dyn Store>) {
    let session = four_messages(&*store).await;
    let before = now();
    cut(&*store, &session, 2, Some(user("b").with_metadata(Json::string("new")))).await;
    let messages = store.messages(&owner(), &session, 2, 10).await.unwrap();
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0].message.metadata, Some(Json::string("new")));
    assert!(store.session(&owner(), &session).await.unwrap().unwrap().updated_at >= before);
}

pub(super) async fn a_cut_of_everything_leaves_an_empty_history(store: Arc<dyn Store>) {
    let session = four_messages(&*store).await;
    let live = cut(&*store, &session, 0, None).await;
    assert_eq!(ids(&*store, &session).await, [""; 0]);
    assert_eq!(live.version, 4);
}
