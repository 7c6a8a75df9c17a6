//! The outermost layer: gives each request its id, writes the bodies of problems, sets the security headers and logs.

use std::{error::Error as StdError, time::Instant};

use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::Response,
};
use serde::Serialize;
use uuid::Uuid;

use super::{FieldError, Problem, whole_seconds};
use crate::{App, security_headers};

/// The members of RFC 9457, and ours.
#[derive(Serialize)]
struct Body9457<'a> {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    detail: &'a str,
    instance: String,
    code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
    #[serde(skip_serializing_if = "<[FieldError]>::is_empty")]
    errors: &'a [FieldError],
}

pub(crate) async fn finish(State(app): State<App>, request: Request, next: Next) -> Response {
    // In the logs, in `x-request-id`, and in the `instance` of a problem.
    let id = Uuid::now_v7();
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let begun = Instant::now();
    let mut response = next.run(request).await;
    if let Some(problem) = problem_of(&response) {
        problem.log(id);
        response = problem.write(response, id);
    }
    security_headers::set(response.headers_mut(), app.settings());
    if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
        response.headers_mut().insert("x-request-id", value);
    }
    let (status, millis) = (response.status().as_u16(), begun.elapsed().as_millis());
    tracing::info!(request = %id, %method, path, status, millis, "answered");
    response
}

/// The problem that an answer stands for: one of ours, or one of a layer that knows nothing of problems.
fn problem_of(response: &Response) -> Option<Problem> {
    let ours = response.extensions().get::<Problem>().cloned();
    let foreign = || {
        let status = response.status();
        (status.is_client_error() || status.is_server_error()).then(|| Problem::of_status(status))
    };
    ours.or_else(foreign)
}

impl Problem {
    fn log(&self, id: Uuid) {
        let Some(error) = self.0.source.as_deref().filter(|_| self.0.status.is_server_error()) else {
            return;
        };
        let mut causes = Vec::new();
        let mut next = error.source();
        while let Some(cause) = next {
            causes.push(cause.to_string());
            next = cause.source();
        }
        tracing::error!(request = %id, code = self.0.code, causes = causes.join(": "), "{}", error.message());
    }

    fn write(&self, response: Response, id: Uuid) -> Response {
        let retry_after = self.0.retry_after.map(whole_seconds);
        let body = serde_json::to_vec(&Body9457 {
            r#type: "about:blank",
            title: self.0.status.canonical_reason().unwrap_or("Error"),
            status: self.0.status.as_u16(),
            detail: &self.0.detail,
            instance: format!("urn:scorpio:request:{}", id),
            code: &self.0.code,
            retry_after,
            errors: &self.0.errors,
        });
        let (mut parts, _) = response.into_parts();
        parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        parts.headers.remove(header::CONTENT_LENGTH);
        match body {
            Ok(body) => Response::from_parts(parts, Body::from(body)),
            Err(_) => {
                parts.status = StatusCode::INTERNAL_SERVER_ERROR;
                Response::from_parts(parts, Body::empty())
            }
        }
    }
}
