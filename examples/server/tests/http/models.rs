//! Which models people may choose, and what becomes of the choice.

use reqwest::{Method, Response, StatusCode};
use scorpio_providers::{Audience, ModelChoice, ModelRegistry, Role};
use scorpio_server::{App, Stores};
use serde_json::{Value, json};

use crate::harness::{Person, Puppet, TestServer, chunks, ok, post, problem};

/// A server with a model `quick` for everybody and a model `deep` for those who have registered.
struct Choices {
    server: TestServer,
    stores: Stores,
    quick: Puppet,
    deep: Puppet,
}

impl Choices {
    async fn start() -> Self {
        let (quick_model, quick) = Puppet::named("small");
        let (deep_model, deep) = Puppet::named("large");
        let registry = ModelRegistry::builder()
            .ready_provider(quick_model.provider().clone())
            .ready_provider(deep_model.provider().clone())
            .role(Role::Chat, "small:any")
            .choice(ModelChoice::new("quick", "Quick", "small:any"))
            .choice(
                ModelChoice::new("deep", "Deep", "large:any")
                    .with_description("For hard questions.")
                    .with_audience(Audience::Registered),
            )
            .build()
            .unwrap();
        let stores = Stores::memory();
        let app = App::builder(registry).title_model(None).stores(stores.clone());
        Self { server: TestServer::start(app).await, stores, quick, deep }
    }

    async fn post(&self, person: &Person, body: Value) -> Response {
        person.sign(self.server.post("/api/chat").json(&body)).send().await.unwrap()
    }

    /// Posts a message with `model` chosen.
    async fn ask(&self, person: &Person, id: &str, model: impl Into<Value>) -> Response {
        let mut body = post("chat-1", id, "Hello.");
        body["model"] = model.into();
        self.post(person, body).await
    }

    async fn chat(&self, person: &Person) -> Value {
        self.server.messages(person, "chat-1").await
    }
}

/// The metadata that an answer begins with.
fn began_with(body: &str) -> Value {
    chunks(body)[0]["messageMetadata"].clone()
}

#[tokio::test]
async fn everybody_is_told_what_they_may_choose_and_why_not_the_rest() {
    let Choices { server, .. } = Choices::start().await;
    let capabilities = json!({"tools": true, "vision": true, "reasoning": true, "documents": true});
    let quick = json!({"id": "quick", "name": "Quick", "demo": false, "capabilities": capabilities});
    let deep = json!({"id": "deep", "name": "Deep", "description": "For hard questions."});
    let guest = server.guest().await;
    let models = ok(guest.sign(server.get("/api/models")).send().await.unwrap()).await;
    let mut locked = deep.clone();
    locked["reason"] = json!("Sign up to use this model.");
    assert_eq!(models, json!({"default": "quick", "models": [quick], "locked": [locked]}));

    let ada = server.register("ada@example.com", "correct horse battery").await;
    let models = ok(ada.sign(server.get("/api/models")).send().await.unwrap()).await;
    let mut open = deep;
    open["demo"] = json!(false);
    open["capabilities"] = capabilities;
    assert_eq!(models, json!({"default": "quick", "models": [quick, open], "locked": []}));
}

#[tokio::test]
async fn the_demo_alone_is_a_choice_of_one() {
    let server = TestServer::demo().await;
    let guest = server.guest().await;
    let models = ok(guest.sign(server.get("/api/models")).send().await.unwrap()).await;
    assert_eq!(models["default"], "scripted:demo");
    assert_eq!(models["models"].as_array().unwrap().len(), 1);
    assert_eq!((&models["models"][0]["name"], &models["models"][0]["demo"]), (&json!("Demo"), &json!(true)));
    assert_eq!(models["locked"], json!([]));
}

#[tokio::test]
async fn the_model_that_is_chosen_answers_and_the_chat_remembers_it() {
    let mut rig = Choices::start().await;
    let ada = rig.server.register("ada@example.com", "correct horse battery").await;
    let answer = rig.ask(&ada, "m1", "deep").await;
    rig.deep.call().await.answer("Deeply.");
    let body = answer.text().await.unwrap();
    assert_eq!(began_with(&body), json!({"model": {"id": "deep", "name": "Deep"}}));
    assert_eq!(rig.chat(&ada).await["chat"]["model"], "deep");

    // The next message names none, and a message may name another.
    for (id, model, expected) in
        [("m2", Value::Null, "deep"), ("m3", json!("quick"), "quick"), ("m4", Value::Null, "quick")]
    {
        let answer = rig.ask(&ada, id, model).await;
        let puppet = if expected == "deep" { &mut rig.deep } else { &mut rig.quick };
        puppet.call().await.answer("Well.");
        assert_eq!(began_with(&answer.text().await.unwrap())["model"]["id"], expected, "{id}");
        assert_eq!(rig.chat(&ada).await["chat"]["model"], expected, "{id}");
    }
    let chat = rig.chat(&ada).await;
    let messages = chat["messages"].as_array().unwrap();
    let names = messages.iter().map(|message| message["metadata"]["model"]["name"].as_str());
    let expected = ["Deep", "Deep", "Quick", "Quick"].into_iter().flat_map(|name| [None, Some(name)]);
    assert_eq!(names.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
}

#[tokio::test]
async fn a_model_that_is_not_theirs_or_not_there_is_refused_by_name_and_nothing_is_stored() {
    let rig = Choices::start().await;
    let guest = rig.server.guest().await;
    let told = problem(rig.ask(&guest, "m1", "deep").await, 403, "forbidden:model").await;
    assert_eq!(told["detail"], "The model \u{201c}Deep\u{201d} is for registered users. Sign up to use it.");
    let told = problem(rig.ask(&guest, "m1", "gpt-9").await, 400, "bad_request:model").await;
    assert_eq!(
        told["errors"],
        json!([{"path": "model", "message": "there is no model `gpt-9`; there is `quick`"}])
    );
    let told = problem(rig.ask(&guest, "m1", 5).await, 400, "bad_request:api").await;
    assert_eq!(told["errors"][0]["path"], "model");
    let chats = ok(guest.sign(rig.server.get("/api/history")).send().await.unwrap()).await;
    assert_eq!(chats["chats"], json!([]));
    let me = ok(guest.sign(rig.server.get("/api/auth/me")).send().await.unwrap()).await;
    assert_eq!(me["quota"]["used"], 0);
}

#[tokio::test]
async fn who_does_not_sign_in_is_not_told_which_models_there_are() {
    let rig = Choices::start().await;
    let mut body = post("chat-1", "m1", "Hello.");
    body["model"] = json!("gpt-9");
    let answer = rig.server.post("/api/chat").json(&body).send().await.unwrap();
    problem(answer, 401, "unauthorized:auth").await;
}

#[tokio::test]
async fn another_model_may_write_an_answer_anew() {
    let mut rig = Choices::start().await;
    let ada = rig.server.register("ada@example.com", "correct horse battery").await;
    let answer = rig.ask(&ada, "m1", "quick").await;
    rig.quick.call().await.answer("Quickly.");
    answer.text().await.unwrap();
    let again = json!({"id": "chat-1", "trigger": "regenerate-message", "model": "deep"});
    let answer = rig.post(&ada, again).await;
    let call = rig.deep.call().await;
    assert_eq!(
        call.request.transcript.messages().map(scorpio_core::Message::text).collect::<Vec<_>>(),
        ["Hello."]
    );
    call.answer("Deeply.");
    assert_eq!(began_with(&answer.text().await.unwrap())["model"]["id"], "deep");
    let chat = rig.chat(&ada).await;
    let messages = chat["messages"].as_array().unwrap();
    assert_eq!(messages.len(), 2);
    assert_eq!((&messages[0]["id"], &messages[1]["metadata"]["model"]["id"]), (&json!("m1"), &json!("deep")));
    assert_eq!(chat["chat"]["model"], "deep");
    let locked = json!({"id": "chat-1", "trigger": "regenerate-message", "model": "none"});
    problem(rig.post(&ada, locked).await, 400, "bad_request:model").await;
    assert_eq!(rig.chat(&ada).await["messages"], chat["messages"]);
}

#[tokio::test]
async fn a_stream_that_is_read_again_names_the_same_model() {
    let mut rig = Choices::start().await;
    let ada = rig.server.register("ada@example.com", "correct horse battery").await;
    let first = rig.ask(&ada, "m1", "deep").await;
    let call = rig.deep.call().await;
    let resumed = ada.sign(rig.server.get("/api/chat/chat-1/stream")).send().await.unwrap();
    assert_eq!(resumed.status(), StatusCode::OK);
    call.answer("Deeply.");
    let first = first.text().await.unwrap();
    assert_eq!(resumed.text().await.unwrap(), first);
    // Posted again, the message is the same one, whatever is chosen for it now.
    assert_eq!(rig.ask(&ada, "m1", "quick").await.text().await.unwrap(), first);
    assert_eq!(rig.chat(&ada).await["chat"]["model"], "deep");
}

#[tokio::test]
async fn a_model_that_a_user_may_no_longer_choose_is_not_remembered_for_them() {
    let mut rig = Choices::start().await;
    let ada = rig.server.register("ada@example.com", "correct horse battery").await;
    let answer = rig.ask(&ada, "m1", "deep").await;
    rig.deep.call().await.answer("Deeply.");
    answer.text().await.unwrap();
    // A server of the same stores that has another registry: the model is gone from it.
    let (model, mut puppet) = Puppet::named("other");
    let server = TestServer::start(App::builder(model).title_model(None).stores(rig.stores)).await;
    let body = post("chat-1", "m2", "And now?");
    let answer = ada.sign(server.post("/api/chat").json(&body)).send().await.unwrap();
    puppet.call().await.answer("Otherwise.");
    assert_eq!(began_with(&answer.text().await.unwrap())["model"], json!({"id": "other:any", "name": "any"}));
    let chat = server.messages(&ada, "chat-1").await;
    // Of the first answer only what its provider calls the model is known.
    assert_eq!(chat["messages"][1]["metadata"]["model"], json!({"name": "any"}));
    let deleted = ada.sign(server.request(Method::DELETE, "/api/chat?id=chat-1")).send().await.unwrap();
    assert_eq!(ok(deleted).await["model"], "other:any");
}
