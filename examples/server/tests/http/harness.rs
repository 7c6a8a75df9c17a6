//! A server on a port of its own, people who use it, and a model that says what the test wants when it wants it.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use futures::{StreamExt, stream};
use jiff::Timestamp;
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use scorpio_core::model::{
    CallContext, Capabilities, Demo, FinishReason, LlmProvider, Model, ModelError, ModelEvent, ModelRequest,
    ModelStream, PartKind, ProviderId, WireKey,
};
use scorpio_server::{App, AppBuilder, Clock, SigningKey, Stores, serve};
use scorpio_store::SqliteStore;
use serde_json::{Value, json};
use tokio::{
    net::TcpListener,
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

/// Long enough for a slow machine; nothing waits for it unless something is wrong.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A client for plain HTTP on this machine.
pub(crate) fn client() -> reqwest::Client {
    // It speaks no TLS here, and is not made without a provider for it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().build().unwrap()
}

/// A clock that stands still until it is told to move.
#[derive(Clone)]
pub(crate) struct TestClock(Arc<Mutex<Timestamp>>);

impl TestClock {
    fn new() -> Self {
        Self(Arc::new(Mutex::new(Timestamp::now())))
    }

    pub(crate) fn advance(&self, seconds: i64) {
        let mut now = self.0.lock().unwrap();
        *now = now.checked_add(jiff::SignedDuration::from_secs(seconds)).unwrap();
    }

    pub(crate) fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

pub(crate) const SEED: [u8; 32] = [7; 32];

pub(crate) struct TestServer {
    pub(crate) base: String,
    pub(crate) app: App,
    pub(crate) clock: TestClock,
    client: reqwest::Client,
    stop: Option<oneshot::Sender<()>>,
    served: Option<JoinHandle<()>>,
}

impl TestServer {
    /// A server that `describe` describes.
    pub(crate) async fn start(describe: AppBuilder) -> Self {
        let clock = TestClock::new();
        let for_app = clock.clone();
        let app = describe
            .signing_key(SigningKey::from_seed(SEED))
            .clock(Clock::from_fn(move || for_app.now()))
            .build()
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel();
        let served = tokio::spawn(serve(
            listener,
            app.clone(),
            async {
                let _ = stopped.await;
            },
            Duration::from_millis(200),
        ));
        Self { base, app, clock, client: client(), stop: Some(stop), served: Some(served) }
    }

    /// A server with the demo model.
    pub(crate) async fn demo() -> Self {
        Self::start(App::builder(Model::new(Demo::new(), "demo")).stores(sqlite().await)).await
    }

    /// A server whose model the test plays.
    pub(crate) async fn puppet() -> (Self, Puppet) {
        let (model, puppet) = Puppet::new();
        (Self::start(App::builder(model).title_model(None).stores(sqlite().await)).await, puppet)
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base))
    }

    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.request(Method::GET, path)
    }

    pub(crate) fn post(&self, path: &str) -> RequestBuilder {
        self.request(Method::POST, path)
    }

    pub(crate) async fn guest(&self) -> Person {
        Person::of(self.post("/api/auth/guest").send().await.unwrap(), StatusCode::CREATED).await
    }

    pub(crate) async fn register(&self, email: &str, password: &str) -> Person {
        let body = json!({"email": email, "password": password});
        let answer = self.post("/api/auth/register").json(&body).send().await.unwrap();
        Person::of(answer, StatusCode::CREATED).await
    }

    pub(crate) async fn refresh(&self, cookie: &str) -> Response {
        self.post("/api/auth/refresh")
            .header("cookie", cookie)
            .header("x-scorpio-request", "1")
            .send()
            .await
            .unwrap()
    }

    /// Posts a message and answers with the head of the stream.
    pub(crate) async fn send(&self, person: &Person, chat: &str, id: &str, text: &str) -> Response {
        let request = self.post("/api/chat").json(&post(chat, id, text));
        person.sign(request).send().await.unwrap()
    }

    pub(crate) async fn messages(&self, person: &Person, chat: &str) -> Value {
        ok(person.sign(self.get(&format!("/api/messages?chatId={chat}"))).send().await.unwrap()).await
    }

    /// Tells the server to stop, and waits until it has.
    pub(crate) async fn stop(mut self) {
        self.stop.take().unwrap().send(()).unwrap();
        tokio::time::timeout(PATIENCE, self.served.take().unwrap()).await.unwrap().unwrap();
    }

    /// Tells the server to stop.
    pub(crate) fn begin_stop(&mut self) -> JoinHandle<()> {
        self.stop.take().unwrap().send(()).unwrap();
        self.served.take().unwrap()
    }
}

/// Stores of the kind that the binary has.
async fn sqlite() -> Stores {
    Stores::of(Arc::new(SqliteStore::in_memory().await.unwrap()))
}

/// The body of a post that says `text`.
pub(crate) fn post(chat: &str, id: &str, text: &str) -> Value {
    json!({"id": chat, "message": {"id": id, "role": "user", "parts": [{"type": "text", "text": text}]}})
}

/// Somebody who is signed in.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) id: String,
    pub(crate) token: String,
    pub(crate) cookie: String,
    pub(crate) set_cookie: String,
}

impl Person {
    pub(crate) async fn of(answer: Response, expected: StatusCode) -> Self {
        let set_cookie = answer.headers().get("set-cookie").map(|value| value.to_str().unwrap().to_owned());
        let body = body_of(answer, expected).await;
        assert_eq!(body["token_type"], "Bearer");
        assert_eq!(body["expires_in"], 900);
        let set_cookie = set_cookie.expect("a session comes with a cookie");
        Self {
            id: body["user"]["id"].as_str().unwrap().to_owned(),
            token: body["access_token"].as_str().unwrap().to_owned(),
            cookie: set_cookie.split(';').next().unwrap().to_owned(),
            set_cookie,
        }
    }

    pub(crate) fn sign(&self, request: RequestBuilder) -> RequestBuilder {
        request.bearer_auth(&self.token)
    }
}

pub(crate) async fn body_of(answer: Response, expected: StatusCode) -> Value {
    let status = answer.status();
    let text = answer.text().await.unwrap();
    assert_eq!(status, expected, "{text}");
    serde_json::from_str(&text).unwrap()
}

pub(crate) async fn ok(answer: Response) -> Value {
    body_of(answer, StatusCode::OK).await
}

/// Checks that an answer is a problem with this code, whole and without anything else, and gives it.
pub(crate) async fn problem(answer: Response, status: u16, code: &str) -> Value {
    let headers = answer.headers().clone();
    let found = answer.status().as_u16();
    let text = answer.text().await.unwrap();
    assert_eq!(found, status, "{text}");
    assert_eq!(headers["content-type"], "application/problem+json", "{text}");
    let problem: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(problem["code"], code, "{text}");
    assert_eq!(problem["status"], status);
    assert_eq!(problem["type"], "about:blank");
    assert!(problem["title"].is_string() && problem["detail"].is_string(), "{text}");
    let instance = format!("urn:scorpio:request:{}", headers["x-request-id"].to_str().unwrap());
    assert_eq!(problem["instance"], instance);
    let retry_after = headers.get("retry-after").map(|value| value.to_str().unwrap().parse::<u64>().unwrap());
    assert_eq!(problem.get("retry_after").and_then(Value::as_u64), retry_after);
    problem
}

/// The chunks of a stream that has ended.
pub(crate) fn chunks(body: &str) -> Vec<Value> {
    let data = body.lines().filter_map(|line| line.strip_prefix("data: "));
    data.filter(|data| *data != "[DONE]").map(|data| serde_json::from_str(data).unwrap()).collect()
}

/// The text in the chunks of a stream.
pub(crate) fn text(body: &str) -> String {
    let deltas = chunks(body);
    deltas
        .iter()
        .filter(|chunk| chunk["type"] == "text-delta")
        .map(|chunk| chunk["delta"].as_str().unwrap())
        .collect()
}

/// Reads a stream as it comes.
pub(crate) struct Reader {
    answer: Response,
    pub(crate) read: String,
}

impl Reader {
    pub(crate) fn new(answer: Response) -> Self {
        assert_eq!(answer.status(), StatusCode::OK);
        Self { answer, read: String::new() }
    }

    /// Reads until `text` has come.
    pub(crate) async fn until(&mut self, text: &str) {
        while !self.read.contains(text) {
            let piece = tokio::time::timeout(PATIENCE, self.answer.chunk()).await;
            let piece = piece.unwrap_or_else(|_| panic!("`{text}` did not come: {}", self.read)).unwrap();
            let piece = piece.unwrap_or_else(|| panic!("the stream ended without `{text}`: {}", self.read));
            self.read.push_str(std::str::from_utf8(&piece).unwrap());
        }
    }

    /// Reads to the end and gives all that was read.
    pub(crate) async fn rest(mut self) -> String {
        while let Some(piece) = tokio::time::timeout(PATIENCE, self.answer.chunk()).await.unwrap().unwrap() {
            self.read.push_str(std::str::from_utf8(&piece).unwrap());
        }
        self.read
    }
}

type Out = mpsc::UnboundedSender<Result<ModelEvent, ModelError>>;

/// Plays the model: each call comes out of it, and says what the test says.
pub(crate) struct Puppet {
    calls: mpsc::UnboundedReceiver<Call>,
}

#[derive(Debug)]
struct Stage {
    id: ProviderId,
    calls: mpsc::UnboundedSender<Call>,
}

#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) request: ModelRequest,
    out: Out,
}

impl Puppet {
    pub(crate) fn new() -> (Model, Self) {
        Self::named("puppet")
    }

    /// The model `any` of the provider `id`.
    pub(crate) fn named(id: &str) -> (Model, Self) {
        let (sender, calls) = mpsc::unbounded_channel();
        (Model::new(Stage { id: id.into(), calls: sender }, "any"), Self { calls })
    }

    /// The next call of the model.
    pub(crate) async fn call(&mut self) -> Call {
        tokio::time::timeout(PATIENCE, self.calls.recv()).await.expect("the model is called").unwrap()
    }
}

impl Call {
    pub(crate) fn begin_text(&self) {
        self.out.send(Ok(ModelEvent::PartStart { index: 0, kind: PartKind::Text })).unwrap();
    }

    pub(crate) fn say(&self, text: &str) {
        self.out.send(Ok(ModelEvent::Delta { index: 0, text: text.into() })).unwrap();
    }

    pub(crate) fn finish(self, text: &str) {
        let part = scorpio_core::Part::text(text, scorpio_core::Provenance::Model);
        self.out.send(Ok(ModelEvent::PartEnd { index: 0, part: Box::new(part) })).unwrap();
        self.out.send(Ok(ModelEvent::Finish { reason: FinishReason::Stop })).unwrap();
    }

    /// Says all of `text` at once.
    pub(crate) fn answer(self, text: &str) {
        self.begin_text();
        self.say(text);
        self.finish(text);
    }

    pub(crate) fn fail(self, error: ModelError) {
        self.out.send(Err(error)).unwrap();
    }

    /// Waits until nobody wants the answer any more.
    pub(crate) async fn dropped(self) {
        tokio::time::timeout(PATIENCE, self.out.closed()).await.expect("the model's stream is dropped");
    }
}

#[async_trait]
impl LlmProvider for Stage {
    fn id(&self) -> &ProviderId {
        &self.id
    }

    fn capabilities(&self, _: &str) -> Capabilities {
        Capabilities::all()
    }

    fn wire(&self, _: &str) -> WireKey {
        "puppet"
    }

    async fn stream(&self, request: ModelRequest, _: &CallContext) -> Result<ModelStream, ModelError> {
        let (out, events) = mpsc::unbounded_channel();
        self.calls.send(Call { request, out }).unwrap();
        Ok(stream::unfold(events, async |mut events| events.recv().await.map(|event| (event, events)))
            .boxed())
    }
}
