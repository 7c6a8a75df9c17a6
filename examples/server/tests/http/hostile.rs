//! Requests that nobody should send, and what each of them gets.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use reqwest::Method;
use scorpio_server::SigningKey;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::harness::{Person, SEED, TestServer, ok, post, problem};

/// A request as its row describes it.
struct Row {
    name: &'static str,
    method: Method,
    path: &'static str,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
    status: u16,
    code: &'static str,
}

const JSON: &str = "application/json";

/// A body for a route, and the answer to it.
fn body(
    name: &'static str,
    path: &'static str,
    body: impl Into<Vec<u8>>,
    status: u16,
    code: &'static str,
) -> Row {
    let headers = vec![("content-type", JSON.to_owned())];
    Row { name, method: Method::POST, path, headers, body: body.into(), status, code }
}

/// A body for the chat that is refused for what is in it.
fn chat(name: &'static str, json: impl Into<Vec<u8>>) -> Row {
    body(name, "/api/chat", json, 400, "bad_request:api")
}

/// A message of these parts.
fn parts(name: &'static str, parts: Value) -> Row {
    chat(name, json!({"id": "c", "message": {"id": "m", "role": "user", "parts": parts}}).to_string())
}

/// A content type for the chat.
fn content_type(name: &'static str, value: &'static str) -> Row {
    let mut row =
        body(name, "/api/chat", post("c", "m", "Hello.").to_string(), 415, "unsupported_media_type:api");
    row.headers = vec![("content-type", value.to_owned())];
    row
}

/// A body for signing in or up.
fn account(
    name: &'static str,
    path: &'static str,
    json: impl Into<Vec<u8>>,
    status: u16,
    code: &'static str,
) -> Row {
    body(name, path, json, status, code)
}

fn file(media_type: &str, url: &str, filename: &str) -> Value {
    json!([{"type": "file", "mediaType": media_type, "url": url, "filename": filename}])
}

fn nested(levels: usize) -> String {
    format!(r#"{{"id":"c","x":{}1{}}}"#, "[".repeat(levels), "]".repeat(levels))
}

fn rows() -> Vec<Row> {
    let utf16: Vec<u8> = post("c", "m", "x").to_string().encode_utf16().flat_map(u16::to_le_bytes).collect();
    let (login, register) = ("/api/auth/login", "/api/auth/register");
    let png = "data:image/png;base64,iVBORw0KGgo=";
    vec![
        chat("no body", ""),
        chat("no JSON", "hello"),
        chat("half of it", r#"{"id": "c""#),
        chat("an empty object", "{}"),
        chat("an array", "[]"),
        chat("null", "null"),
        chat("two values", format!("{} {{}}", post("c", "m", "x"))),
        chat("a byte order mark", format!("\u{feff}{}", post("c", "m", "x"))),
        chat("UTF-16", utf16),
        chat("broken UTF-8", [&b"{\"id\":\"c"[..], &[0xff, 0xfe], b"\"}"].concat()),
        chat("NaN", r#"{"id": "c", "x": NaN}"#),
        chat("a key twice", r#"{"id": "c", "id": "d"}"#),
        chat("65 levels", nested(65)),
        chat("10,000 levels", nested(10_000)),
        chat(
            "an id that is a path",
            r#"{"id": "../c", "message": {"id": "m", "role": "user", "parts": [{"type": "text", "text": "x"}]}}"#,
        ),
        chat("an id that is empty", post("", "m", "x").to_string()),
        chat("an id that is a number", r#"{"id": 7}"#),
        chat("an id that is long", post(&"c".repeat(129), "m", "x").to_string()),
        chat("an id with a NUL", post("c\0", "m", "x").to_string()),
        chat("a message without an id", r#"{"id": "c", "message": {"role": "user", "parts": []}}"#),
        chat("a message with a wrong id", post("c", "m/1", "x").to_string()),
        chat(
            "a message of a system",
            r#"{"id": "c", "message": {"id": "m", "role": "system", "parts": [{"type": "text", "text": "x"}]}}"#,
        ),
        chat(
            "a message of an assistant",
            r#"{"id": "c", "message": {"id": "m", "role": "assistant", "parts": [{"type": "text", "text": "x"}]}}"#,
        ),
        chat(
            "no user among the messages",
            r#"{"id": "c", "messages": [{"id": "m", "role": "assistant", "parts": []}]}"#,
        ),
        chat("messages that are none", r#"{"id": "c", "messages": [1, 2]}"#),
        chat("messages that are an object", r#"{"id": "c", "messages": {}}"#),
        chat("an unknown trigger", r#"{"id": "c", "trigger": "delete-everything"}"#),
        parts("no parts", json!([])),
        parts("parts that are text", json!("hello")),
        parts("an empty text", json!([{"type": "text", "text": ""}])),
        parts("a text of blanks", json!([{"type": "text", "text": " \n "}])),
        parts("a text that is a number", json!([{"type": "text", "text": 7}])),
        parts("a text that is too long", json!([{"type": "text", "text": "x".repeat(100_001)}])),
        parts("too many parts", Value::Array(vec![json!({"type": "text", "text": "x"}); 33])),
        parts(
            "a part of a tool",
            json!([{"type": "dynamic-tool", "toolName": "x", "toolCallId": "1", "state": "output-available"}]),
        ),
        parts("a part without a type", json!([{"text": "x"}])),
        parts("a file at an address", file("image/png", "http://169.254.169.254/latest", "a.png")),
        parts("a file on the disk", file("image/png", "file:///etc/passwd", "a.png")),
        parts("a file of another type", file("image/jpeg", png, "a.jpg")),
        parts("a file that is a page", file("text/html", "data:text/html;base64,PGI+", "a.html")),
        parts("a drawing with scripts", file("image/svg+xml", "data:image/svg+xml;base64,PHN2Zz4=", "a.svg")),
        parts("a file that is no base64", file("image/png", "data:image/png;base64,<script>", "a.png")),
        parts("a file without a name", file("image/png", png, "")),
        parts("a file with a long name", file("image/png", png, &"a".repeat(101))),
        content_type("text", "text/plain"),
        content_type("a form", "application/x-www-form-urlencoded"),
        content_type("JSON in UTF-16", "application/json; charset=utf-16"),
        content_type("nothing", ""),
        body("more than 6 MiB", "/api/chat", vec![b' '; 6 * 1024 * 1024 + 1], 413, "too_large:api"),
        body("more than 1 MiB", login, vec![b' '; 1024 * 1024 + 1], 413, "too_large:api"),
        account("a login of nothing", login, "{}", 400, "bad_request:api"),
        account(
            "a login with a role",
            login,
            r#"{"email": "a@b.c", "password": "x", "role": "admin"}"#,
            400,
            "bad_request:api",
        ),
        account(
            "a password that is an object",
            login,
            r#"{"email": "a@b.c", "password": {"$ne": ""}}"#,
            400,
            "bad_request:api",
        ),
        account(
            "a login by SQL",
            login,
            r#"{"email": "' OR 1=1 --", "password": "x"}"#,
            401,
            "unauthorized:auth",
        ),
        account(
            "a password with a NUL",
            login,
            r#"{"email": "a@b.c", "password": "x\u0000y"}"#,
            401,
            "unauthorized:auth",
        ),
        account(
            "a long password",
            login,
            json!({"email": "a@b.c", "password": "x".repeat(100_000)}).to_string(),
            401,
            "unauthorized:auth",
        ),
        account(
            "a guest that is an admin",
            "/api/auth/guest",
            r#"{"kind": "registered"}"#,
            400,
            "bad_request:api",
        ),
        account(
            "a register with an id",
            register,
            r#"{"email": "a@b.c", "password": "kq7!vT2p", "id": "x"}"#,
            400,
            "bad_request:api",
        ),
        account(
            "an address that looks like another",
            register,
            r#"{"email": "аda@example.com", "password": "kq7!vT2p"}"#,
            400,
            "bad_request:auth",
        ),
        account(
            "a password of 7 characters",
            register,
            r#"{"email": "a@b.c", "password": "kq7!vT2"}"#,
            400,
            "bad_request:auth",
        ),
        account(
            "a password of 129 bytes",
            register,
            json!({"email": "a@b.c", "password": "kq7!v".repeat(26)}).to_string(),
            400,
            "bad_request:auth",
        ),
        account(
            "a common password",
            register,
            r#"{"email": "a@b.c", "password": "iloveyou1"}"#,
            400,
            "bad_request:auth",
        ),
        body("a page that is not there", "/api/chat/c/nothing", "{}", 404, "not_found:api"),
        Row {
            method: Method::GET,
            ..body("a path out of the files", "/%2e%2e/%2e%2e/etc/passwd", "", 404, "not_found:api")
        },
        Row { method: Method::GET, ..body("a path with a NUL", "/%00", "", 404, "not_found:api") },
        Row { method: Method::GET, ..body("two slashes", "//api//history", "", 404, "not_found:api") },
        Row { method: Method::GET, ..body("the page's source", "/../src/main.rs", "", 404, "not_found:api") },
        Row {
            method: Method::GET,
            ..body("an id that is a path", "/api/chat/..%2f..%2fetc/stream", "", 404, "not_found:chat")
        },
        Row { method: Method::TRACE, ..body("a trace", "/api/chat", "", 405, "method_not_allowed:api") },
        Row { method: Method::PUT, ..body("a put", "/api/auth/login", "{}", 405, "method_not_allowed:api") },
        Row {
            headers: vec![("last-event-id", "-1".to_owned())],
            method: Method::GET,
            ..body("an event that is none", "/api/chat/c/stream", "", 400, "bad_request:stream")
        },
    ]
}

#[tokio::test]
async fn each_gets_its_answer_and_none_an_effect() {
    let server = TestServer::demo().await;
    let guest = server.guest().await;
    let rows = rows();
    assert!(rows.len() >= 60);
    for row in rows {
        println!("{}", row.name);
        // The limit on sign-ins is not what is tested here.
        server.clock.advance(200);
        let guest = fresh(&server, &guest).await;
        let request = server.request(row.method, row.path).body(row.body);
        let request =
            row.headers.into_iter().fold(request, |request, (name, value)| request.header(name, value));
        let request = if row.path.starts_with("/api/auth") { request } else { guest.sign(request) };
        let told = problem(request.send().await.unwrap(), row.status, row.code).await;
        assert_eq!(told.get("errors").is_some(), row.status == 400, "{}: {told}", row.name);
    }
    let guest = fresh(&server, &guest).await;
    let history = ok(guest.sign(server.get("/api/history")).send().await.unwrap()).await;
    assert_eq!(history["chats"], json!([]));
    let me = ok(guest.sign(server.get("/api/auth/me")).send().await.unwrap()).await;
    assert_eq!(me["quota"]["used"], 0);
}

/// The same guest with a token of now: the test's clock runs fast.
async fn fresh(server: &TestServer, guest: &Person) -> Person {
    let key = ed25519_dalek::SigningKey::from_bytes(&SEED);
    let claims = decode(guest.token.split('.').nth(1).unwrap());
    let now = server.clock.now().as_second();
    let claims = json!({
        "iss": claims["iss"], "aud": claims["aud"], "sub": claims["sub"], "sid": claims["sid"], "jti": claims["jti"],
        "iat": now, "nbf": now, "exp": now + 900,
    });
    Person { token: sign(&key, guest.token.split('.').next().unwrap(), &claims), ..guest.clone() }
}

fn decode(segment: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(segment).unwrap()).unwrap()
}

/// A token with this header, encoded, and these claims.
fn sign(key: &ed25519_dalek::SigningKey, header: &str, claims: &Value) -> String {
    use ed25519_dalek::Signer;
    let signed = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
    let signature = key.sign(signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
}

#[tokio::test]
async fn only_our_own_tokens_are_taken() {
    let server = TestServer::demo().await;
    let guest = server.guest().await;
    let (ours, theirs) =
        (ed25519_dalek::SigningKey::from_bytes(&SEED), ed25519_dalek::SigningKey::from_bytes(&[8; 32]));
    let [header, payload, signature] = guest.token.split('.').collect::<Vec<_>>().try_into().unwrap();
    let claims = decode(payload);
    let kid = SigningKey::from_seed(SEED).id().to_owned();
    let with_header = |json: Value| sign(&ours, &URL_SAFE_NO_PAD.encode(json.to_string()), &claims);
    let with_claim = |name: &str, value: Value| {
        let mut claims = claims.clone();
        claims[name] = value;
        sign(&ours, header, &claims)
    };
    let now = server.clock.now().as_second();
    let stranger = ok_token(&server).await;
    let tokens = [
        ("nothing", String::new()),
        ("junk", "junk".to_owned()),
        ("dots", "..".to_owned()),
        ("two segments", format!("{header}.{payload}")),
        ("five segments", format!("{}.a.b", guest.token)),
        ("no signature", format!("{header}.{payload}.")),
        ("another's signature", sign(&theirs, header, &claims)),
        ("another's claims", format!("{header}.{}.{signature}", stranger.split('.').nth(1).unwrap())),
        ("alg none", format!("{}.{payload}.", URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#))),
        ("alg HS256", with_header(json!({"alg": "HS256", "typ": "at+jwt", "kid": kid}))),
        ("typ JWT", with_header(json!({"alg": "EdDSA", "typ": "JWT", "kid": kid}))),
        ("another kid", with_header(json!({"alg": "EdDSA", "typ": "at+jwt", "kid": "../../etc/passwd"}))),
        (
            "a jku",
            with_header(json!({"alg": "EdDSA", "typ": "at+jwt", "kid": kid, "jku": "https://evil.com"})),
        ),
        ("another issuer", with_claim("iss", json!("evil"))),
        ("another audience", with_claim("aud", json!("evil"))),
        ("nobody", with_claim("sub", json!(uuid::Uuid::now_v7()))),
        ("no sign-in", with_claim("sid", json!(uuid::Uuid::now_v7()))),
        ("over", with_claim("exp", json!(now - 31))),
        ("not begun", with_claim("nbf", json!(now + 31))),
        ("from tomorrow", with_claim("iat", json!(now + 86_400))),
        ("without end", with_claim("exp", Value::Null)),
        ("an end in words", with_claim("exp", json!("tomorrow"))),
        ("long", format!("{header}.{}.{signature}", "A".repeat(8_000))),
    ];
    let mut told = Vec::new();
    for (name, token) in tokens {
        println!("{name}");
        let mut refused = problem(
            server.get("/api/auth/me").bearer_auth(token).send().await.unwrap(),
            401,
            "unauthorized:auth",
        )
        .await;
        refused.as_object_mut().unwrap().remove("instance");
        told.push(refused);
    }
    assert!(told.iter().all(|refused| *refused == told[0]), "the answer does not tell why");
    for value in ["Basic YTpi", "Bearer", "bearer", guest.token.as_str()] {
        let request = server.get("/api/auth/me").header("authorization", value);
        problem(request.send().await.unwrap(), 401, "unauthorized:auth").await;
    }
    let twice = guest.sign(guest.sign(server.get("/api/auth/me")));
    problem(twice.send().await.unwrap(), 400, "bad_request:auth").await;
    ok(guest.sign(server.get("/api/auth/me")).send().await.unwrap()).await;
}

async fn ok_token(server: &TestServer) -> String {
    server.guest().await.token
}

/// What the server says to bytes that are no proper request.
async fn say(server: &TestServer, bytes: &[u8]) -> String {
    let mut connection = TcpStream::connect(server.base.strip_prefix("http://").unwrap()).await.unwrap();
    // The server may close before it has read everything.
    let _ = connection.write_all(bytes).await;
    let mut answer = Vec::new();
    let _ = connection.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn what_is_no_proper_http_is_refused_and_the_connection_closed() {
    let server = TestServer::demo().await;
    let long = "x".repeat(17 * 1024);
    let table = [
        ("headers of 17 KiB", format!("GET /ping HTTP/1.1\r\nhost: x\r\nx-long: {long}\r\n\r\n"), "431"),
        ("a path of 17 KiB", format!("GET /{long} HTTP/1.1\r\nhost: x\r\n\r\n"), "431"),
        (
            "two lengths",
            "POST /api/chat HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab"
                .to_owned(),
            "400",
        ),
        (
            "a length that is none",
            "POST /api/chat HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n".to_owned(),
            "400",
        ),
        ("a folded header", "GET /ping HTTP/1.1\r\nhost: x\r\nx-a: b\r\n c\r\n\r\n".to_owned(), "400"),
        ("a NUL in a header", "GET /ping HTTP/1.1\r\nhost: x\r\nx-a: b\0c\r\n\r\n".to_owned(), "400"),
        ("no HTTP at all", "\x16\x03\x01\x02\x00\x01\r\n\r\n".to_owned(), "400"),
    ];
    for (name, bytes, status) in table {
        let answer = say(&server, bytes.as_bytes()).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{name}: {answer}");
    }
    assert_eq!(server.get("/ping").send().await.unwrap().status(), 200);
}
