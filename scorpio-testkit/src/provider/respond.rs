//! How a request is answered.

use std::{future::pending, time::Duration};

use bytes::Bytes;
use http::{HeaderValue, Response, header::CONTENT_TYPE};
use serde_json::{Value, json};

use super::{Played, StrictProvider};
use crate::{
    answer::{Answering, Data},
    body::AnswerBody,
    fault::{Ending, Fault, FaultKind},
    request::{Asked, Request, Verdict},
    rule::{Admission, Refusal, Rule},
    stream,
    wire::Wire,
};

const EVENTS: &str = "text/event-stream; charset=utf-8";
const JSON: &str = "application/json";
const PAGE: &str = "<!doctype html><title>Sign in</title><p>Please sign in to this network.";

impl StrictProvider {
    /// Answers a request. Only the path of its address matters.
    ///
    /// # Cancel safety
    ///
    /// It waits only for a fault that hangs before the headers; by then the request is remembered.
    pub async fn respond(&self, request: http::Request<Bytes>) -> Response<AnswerBody> {
        let (head, body) = request.into_parts();
        if let Some(response) = self.control(&head.method, head.uri.path(), &body) {
            return response;
        }
        let path = head.uri.path().to_owned();
        let Some(request) = Request::read(&head.method, head.uri, head.headers, body) else {
            let message = format!("Unknown request URL: {} {path}", head.method);
            return plain(
                404,
                JSON,
                json!({"error": {"message": message, "type": "invalid_request_error"}}).to_string(),
            );
        };
        let judged = self.authorized(&request).and_then(|()| request.wire().judge(&request, &self.seal));
        let (verdict, response) = match judged {
            Err(refusal) => {
                let response = self.refuse(request.wire(), &refusal, None);
                (Verdict::Refused(refusal), Some(response))
            }
            Ok(admission) => self.answer(&request, &admission),
        };
        self.state().asked.push(Asked { request, verdict });
        match response {
            Some(response) => response,
            None => pending().await,
        }
    }

    fn authorized(&self, request: &Request) -> Result<(), Refusal> {
        let Some(expected) = &self.api_key else { return Ok(()) };
        let bearer = request.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
        let headers = ["x-api-key", "x-goog-api-key", "api-key"];
        let key = bearer.or_else(|| headers.iter().find_map(|name| request.header(name)));
        match key {
            // That there is none has words of its own.
            None => Ok(()),
            Some(key) if key == expected => Ok(()),
            Some(_) => Err(match request.wire() {
                Wire::GeminiGenerateContent => {
                    Refusal::new(Rule::Headers, "API key not valid. Please pass a valid API key.")
                }
                Wire::AnthropicMessages => Refusal::new(Rule::Headers, "invalid x-api-key").status(401),
                _ => Refusal::new(Rule::Headers, "Incorrect API key provided.").status(401),
            }),
        }
    }

    /// The answer to a request that keeps the rules, or nothing when it never comes.
    fn answer(&self, request: &Request, admission: &Admission) -> (Verdict, Option<Response<AnswerBody>>) {
        let wire = request.wire();
        let played = self.state().play(request, admission, &self.seal);
        let Some(Played { number, turn, fault }) = played else {
            let message = format!(
                "The script has no turn for this request: {} turns of the assistant were before it, and the user said {:?}.",
                request.conversation().assistant_turns(),
                request.conversation().last_user()
            );
            let refusal = Refusal::of_status(400, message.clone());
            return (Verdict::OutOfScript { message }, Some(self.refuse(wire, &refusal, None)));
        };
        let verdict = match &fault {
            Some(fault) => Verdict::Faulted { turn: number, fault: fault.to_json() },
            None => Verdict::Answered { turn: number, transformations: admission.transformations.clone() },
        };
        if let Some(fault) = &fault {
            match fault.kind {
                FaultKind::HangBeforeHeaders => return (verdict, None),
                FaultKind::WebPage => {
                    return (verdict, Some(plain(fault.status.unwrap_or(200), "text/html", PAGE.to_owned())));
                }
                _ => {}
            }
            if let Some(refusal) = fault.refusal(wire) {
                return (verdict, Some(self.refuse(wire, &refusal, Some(fault))));
            }
        }
        let to = Answering::new(request, &self.seal, admission, &turn);
        let request_id = format!("req_{}", to.nonce);
        let in_events = request.streams()
            && (wire != Wire::GeminiGenerateContent
                || request.uri().query().is_some_and(|query| query.contains("alt=sse")));
        let (content_type, body) = if in_events {
            let events = wire.events(&turn, &to);
            (EVENTS, stream::body(wire, events, &turn.style, fault.as_ref(), &request_id))
        } else {
            let whole = match request.streams() {
                // Without being told of events, Gemini streams a list.
                true => wire
                    .events(&turn, &to)
                    .into_iter()
                    .filter_map(|event| match event.data {
                        Data::Json(data) => Some(data),
                        Data::Text(_) => None,
                    })
                    .collect::<Value>(),
                false => wire.whole(&turn, &to),
            };
            (JSON, whole_body(&whole, turn.style.pause_ms, fault.as_ref()))
        };
        let mut response = Response::new(body);
        headers(&mut response, wire, content_type, &request_id);
        (verdict, Some(response))
    }

    fn refuse(&self, wire: Wire, refusal: &Refusal, fault: Option<&Fault>) -> Response<AnswerBody> {
        let number = self.state().asked.len();
        let request_id = format!("req_{number}");
        let mut response = plain(refusal.status, JSON, wire.error(refusal, &request_id).to_string());
        headers(&mut response, wire, JSON, &request_id);
        for (name, value) in fault.into_iter().flat_map(|fault| &fault.headers) {
            if let (Ok(name), Ok(value)) =
                (http::HeaderName::try_from(name.as_str()), HeaderValue::try_from(value.as_str()))
            {
                response.headers_mut().insert(name, value);
            }
        }
        response
    }
}

/// An answer that is not streamed, or what a fault leaves of it.
fn whole_body(whole: &Value, pause_ms: u64, fault: Option<&Fault>) -> AnswerBody {
    let mut bytes = whole.to_string().into_bytes();
    if let Some(fault) = fault {
        bytes.truncate(fault.after_bytes.unwrap_or(bytes.len() / 2));
    }
    let ending = fault.map_or(Ending::Ends, Fault::ending);
    AnswerBody::new([Bytes::from(bytes)], Duration::from_millis(pause_ms), ending)
}

/// What the vendor says of every request in headers.
fn headers(response: &mut Response<AnswerBody>, wire: Wire, content_type: &'static str, request_id: &str) {
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    let (id, limits): (&'static str, &[(&'static str, &'static str)]) = match wire {
        Wire::OpenAiChat | Wire::OpenAiResponses => (
            "x-request-id",
            &[
                ("x-ratelimit-limit-requests", "50"),
                ("x-ratelimit-remaining-requests", "49"),
                ("x-ratelimit-reset-requests", "100ms"),
            ],
        ),
        Wire::AnthropicMessages => (
            "request-id",
            &[
                ("anthropic-ratelimit-requests-limit", "50"),
                ("anthropic-ratelimit-requests-remaining", "49"),
                ("anthropic-ratelimit-requests-reset", "2026-11-26T12:00:00Z"),
            ],
        ),
        Wire::GeminiGenerateContent => ("x-gemini-request-id", &[]),
    };
    if let Ok(value) = HeaderValue::try_from(request_id) {
        headers.insert(id, value);
    }
    for (name, value) in limits {
        headers.insert(*name, HeaderValue::from_static(value));
    }
}

pub(super) fn plain(status: u16, content_type: &'static str, body: String) -> Response<AnswerBody> {
    let mut response = Response::new(AnswerBody::from(body));
    // A status that is none is the script's mistake, and the client's to see.
    *response.status_mut() =
        http::StatusCode::from_u16(status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
