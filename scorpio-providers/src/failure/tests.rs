use scorpio_core::model::ModelErrorKind::*;

use super::*;

fn of(status: u16, body: &str) -> ModelError {
    of_status(StatusCode::from_u16(status).unwrap(), &HeaderMap::new(), body.as_bytes(), &Secrets::default())
}

fn object(kind: &str, code: &str, message: &str) -> String {
    format!(r#"{{"error":{{"message":"{message}","type":"{kind}","param":null,"code":{code}}}}}"#)
}

#[test]
fn statuses_have_kinds() {
    let table = [
        (400, InvalidRequest),
        (401, Auth),
        (402, Quota),
        (403, Auth),
        (404, NotFound),
        (405, InvalidRequest),
        (408, Timeout),
        (409, Overloaded),
        (413, InvalidRequest),
        (418, InvalidRequest),
        (422, InvalidRequest),
        (425, Overloaded),
        (429, RateLimited),
        (500, Overloaded),
        (502, Overloaded),
        (503, Overloaded),
        (504, Overloaded),
        (529, Overloaded),
    ];
    for (status, kind) in table {
        for body in ["", "<html>busy</html>", &object("x", "null", "y")] {
            let error = of(status, body);
            assert_eq!((error.kind(), error.status()), (kind, Some(status)), "{status} {body}");
        }
    }
}

#[test]
fn the_server_knows_best_whether_to_ask_again() {
    let quota = object("insufficient_quota", "null", "m");
    for (status, body, advice, is_retryable) in [
        (500, "", "false", false),
        (429, "", "false", false),
        (400, "", "true", true),
        (500, "", "perhaps", true),
        (400, "", "perhaps", false),
        (429, &*quota, "true", false),
    ] {
        let mut headers = HeaderMap::new();
        headers.insert("x-should-retry", HeaderValue::from_static(advice));
        let status = StatusCode::from_u16(status).unwrap();
        let error = of_status(status, &headers, body.as_bytes(), &Secrets::default());
        assert_eq!(error.is_retryable(), is_retryable, "{status} {advice}");
    }
}

#[test]
fn words_refine_the_status() {
    let table = [
        (429, object("insufficient_quota", "\"insufficient_quota\"", "m"), Quota),
        (429, object("x", "\"billing_hard_limit_reached\"", "m"), Quota),
        (429, object("tokens", "\"rate_limit_exceeded\"", "m"), RateLimited),
        (400, object("invalid_request_error", "\"context_length_exceeded\"", "m"), ContextOverflow),
        (400, object("exceed_context_size_error", "400", "m"), ContextOverflow),
        (
            400,
            object("BadRequestError", "400", "This model's maximum context length is 8192 tokens."),
            ContextOverflow,
        ),
        (413, object("x", "null", "Prompt is too long"), ContextOverflow),
        (
            400,
            r#"{"object":"error","message":"the maximum context length is 10","type":"x","code":400}"#.into(),
            ContextOverflow,
        ),
        (400, r#"{"error":"input is too long"}"#.into(), ContextOverflow),
        (500, object("x", "\"context_length_exceeded\"", "m"), Overloaded),
    ];
    for (status, body, kind) in table {
        assert_eq!(of(status, &body).kind(), kind, "{status} {body}");
    }
}

#[test]
fn errors_in_a_stream_have_kinds() {
    let kind = |json: &str| in_stream(json.as_bytes(), &Secrets::default()).kind();
    let table = [
        (r#"{"message":"x","type":"server_error","code":null}"#, Overloaded),
        (r#"{"message":"x","type":"overloaded_error"}"#, Overloaded),
        (r#"{"message":"x","code":502}"#, Overloaded),
        (r#"{"message":"x","code":"429"}"#, RateLimited),
        (r#"{"message":"x","status":401}"#, Auth),
        (r#"{"message":"x","type":"rate_limit_error"}"#, RateLimited),
        (r#"{"message":"x","code":"insufficient_quota","type":"insufficient_quota"}"#, Quota),
        (
            r#"{"message":"x","code":"context_length_exceeded","type":"invalid_request_error"}"#,
            ContextOverflow,
        ),
        (r#"{"message":"x","type":"invalid_request_error"}"#, InvalidRequest),
        (r#"{"message":"x","code":"model_not_found"}"#, NotFound),
        (r#"{"message":"x","type":"authentication_error"}"#, Auth),
        (r#"{"error":{"error":{"message":"x","code":403}}}"#, Auth),
        (r#""something broke""#, Overloaded),
        ("[1]", Overloaded),
    ];
    for (json, expected) in table {
        assert_eq!(kind(json), expected, "{json}");
    }
}

#[test]
fn headers_tell_when_and_which() {
    let mut headers = HeaderMap::new();
    headers.insert("x-request-id", HeaderValue::from_static("req_1"));
    headers.insert("retry-after-ms", HeaderValue::from_static("1500"));
    headers.insert("retry-after", HeaderValue::from_static("9"));
    let error = of_status(StatusCode::TOO_MANY_REQUESTS, &headers, b"{}", &Secrets::default());
    assert_eq!(error.request_id(), Some("req_1"));
    assert_eq!(error.retry_after(), Some(std::time::Duration::from_millis(1500)));
    assert!(error.is_retryable());
    assert_eq!(error.to_string(), "the server refused: Too Many Requests (status 429) (request req_1)");
}

#[test]
fn the_body_is_kept_in_part_and_without_secrets() {
    let mut secrets = Secrets::default();
    secrets.add(&"sk-0123456789".into());
    let body = object(
        "x",
        "\"invalid_api_key\"",
        &format!("Incorrect API key provided: sk-0123456789. {}", "é".repeat(9_000)),
    );
    let error = of_status(StatusCode::UNAUTHORIZED, &HeaderMap::new(), body.as_bytes(), &secrets);
    let kept = error.body().unwrap();
    assert!(kept.len() <= KEPT && kept.len() > KEPT - 2);
    let shown = format!("{kept}{error}{error:?}");
    assert!(shown.contains("[redacted]") && !shown.contains("sk-0123456789"));
    assert!(error.to_string().len() < QUOTED + 100);
}

#[test]
fn a_redirect_names_the_host_alone() {
    let mut headers = HeaderMap::new();
    headers.insert("location", HeaderValue::from_static("https://other.example/login?token=secret"));
    for status in [301, 302, 303, 307, 308] {
        let error = of_status(StatusCode::from_u16(status).unwrap(), &headers, b"", &Secrets::default());
        assert_eq!((error.kind(), error.status()), (Configuration, Some(status)));
        assert!(!error.is_retryable());
        assert!(error.to_string().contains("`https://other.example`"), "{error}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}

#[test]
fn wrappings_without_end_are_cut() {
    let body = format!("{}7{}", r#"{"error":"#.repeat(100_000), "}".repeat(100_000));
    assert_eq!(of(500, &body).kind(), Overloaded);
}

#[test]
fn anthropic_has_its_words() {
    let body = |kind: &str| {
        format!(r#"{{"type":"error","error":{{"type":"{kind}","message":"x"}},"request_id":"req_1"}}"#)
    };
    assert_eq!(of(529, &body("overloaded_error")).kind(), Overloaded);
    assert_eq!(of(429, &body("rate_limit_error")).kind(), RateLimited);
    let spent = r#"{"type":"error","error":{"type":"rate_limit_error","message":"x",
        "details":{"error_code":"enforced_spend_limit_reached"}}}"#;
    assert_eq!(of(429, spent).kind(), Quota);
    let poor = r#"{"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low to go on"}}"#;
    assert_eq!(of(400, poor).kind(), Quota);
    let in_stream = |kind: &str| in_stream(body(kind).as_bytes(), &Secrets::default()).kind();
    assert_eq!(in_stream("overloaded_error"), Overloaded);
    assert_eq!(in_stream("rate_limit_error"), RateLimited);
    assert_eq!(in_stream("authentication_error"), Auth);
}

#[test]
fn google_has_its_words() {
    let body = |code: u16, status: &str, details: &str| {
        format!(r#"{{"error":{{"code":{code},"message":"x","status":"{status}","details":[{details}]}}}}"#)
    };
    let info = r#"{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID"}"#;
    assert_eq!(of(400, &body(400, "INVALID_ARGUMENT", info)).kind(), Auth);
    let wait = r#"{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"3.5s"}"#;
    let busy = of(429, &body(429, "RESOURCE_EXHAUSTED", wait));
    assert_eq!((busy.kind(), busy.retry_after()), (RateLimited, Some(Duration::from_millis(3500))));
    let day = r#"{"violations":[{"quotaId":"GenerateRequestsPerDayPerProjectPerModel-FreeTier"}]}"#;
    assert_eq!(of(429, &body(429, "RESOURCE_EXHAUSTED", day)).kind(), Quota);
    let wrapped = format!("[{}]", body(503, "UNAVAILABLE", ""));
    assert_eq!(in_stream(wrapped.as_bytes(), &Secrets::default()).kind(), Overloaded);
    let status_alone = r#"{"error":{"message":"x","status":"RESOURCE_EXHAUSTED"}}"#;
    assert_eq!(in_stream(status_alone.as_bytes(), &Secrets::default()).kind(), RateLimited);
}

#[test]
fn a_secret_that_the_server_escapes_is_not_shown() {
    let mut secrets = Secrets::default();
    secrets.add(&"sk/0123456789".into());
    let body = br#"{"error":{"message":"No such key: sk\/012345678\u0039."}}"#;
    let refused = of_status(StatusCode::UNAUTHORIZED, &HeaderMap::new(), body, &secrets);
    for error in [refused, in_stream(body, &secrets)] {
        assert!(error.message().ends_with("No such key: [redacted]."), "{error}");
    }
}
