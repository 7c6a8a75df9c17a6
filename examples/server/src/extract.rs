//! Reading requests: JSON bodies, query strings and ids in paths, each with errors that name the place.

mod depth;

use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, FromRequestParts, Request},
    http::{HeaderMap, StatusCode, header, request::Parts},
    response::IntoResponse,
};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use scorpio_core::{ErrorKind, InvalidId, SessionId, Surface};
use serde::de::DeserializeOwned;

use self::depth::is_deeper_than;
use crate::problem::{FieldError, Problem, Result};

/// The most bytes of a body.
pub(crate) const BODY_LIMIT: usize = 1024 * 1024;
/// The most levels of arrays and objects in a body.
const DEPTH_LIMIT: usize = 64;

/// A JSON body.
#[derive(Debug)]
pub(crate) struct JsonBody<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self> {
        let (parts, body) = request.into_parts();
        read_json(&parts.headers, body, BODY_LIMIT).await.map(Self)
    }
}

/// A body that may be left out, and is an empty object otherwise.
#[derive(Debug)]
pub(crate) struct NoBody;

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Empty {}

impl<S: Send + Sync> FromRequest<S> for NoBody {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self> {
        let (parts, body) = request.into_parts();
        let bytes = read(body, BODY_LIMIT).await?;
        if bytes.is_empty() {
            return Ok(Self);
        }
        check_content_type(&parts.headers)?;
        parse::<Empty>(&bytes).map(|_| Self)
    }
}

/// Reads a JSON body of at most `limit` bytes.
pub(crate) async fn read_json<T: DeserializeOwned>(
    headers: &HeaderMap,
    body: Body,
    limit: usize,
) -> Result<T> {
    check_content_type(headers)?;
    parse(&read(body, limit).await?)
}

/// Reads a text of this media type and of at most `limit` bytes.
pub(crate) async fn read_text(
    headers: &HeaderMap,
    body: Body,
    media_type: &str,
    limit: usize,
) -> Result<String> {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = value.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case(media_type) {
        let detail = format!("Send it as {media_type}.");
        return Err(Problem::new(ErrorKind::UnsupportedMediaType, Surface::Api, detail));
    }
    let text = String::from_utf8(read(body, limit).await?.into());
    text.map_err(|_| Problem::field(Surface::Api, "", "The text is not UTF-8."))
}

fn check_content_type(headers: &HeaderMap) -> Result<()> {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut pieces = value.split(';').map(str::trim);
    let is_json = pieces.next().is_some_and(|essence| essence.eq_ignore_ascii_case("application/json"));
    let mut charsets = pieces
        .filter_map(|piece| piece.split_once('='))
        .filter(|(name, _)| name.eq_ignore_ascii_case("charset"));
    let is_utf8 = charsets.all(|(_, charset)| charset.trim_matches('"').eq_ignore_ascii_case("utf-8"));
    if is_json && is_utf8 { Ok(()) } else { Err(Problem::of_status(StatusCode::UNSUPPORTED_MEDIA_TYPE)) }
}

async fn read(body: Body, limit: usize) -> Result<Bytes> {
    match Limited::new(body, limit).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => {
            let detail = format!("The request is larger than {limit} bytes.");
            Err(Problem::new(ErrorKind::TooLarge, Surface::Api, detail))
        }
        Err(_) => Err(Problem::new(ErrorKind::BadRequest, Surface::Api, "The request broke off.")),
    }
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    if is_deeper_than(bytes, DEPTH_LIMIT) {
        return Err(Problem::field(
            Surface::Api,
            "",
            format!("The JSON is nested deeper than {DEPTH_LIMIT} levels."),
        ));
    }
    let text =
        std::str::from_utf8(bytes).map_err(|_| Problem::field(Surface::Api, "", "The JSON is not UTF-8."))?;
    parse_at("", text)
}

/// Reads JSON that stands at `path` of the body. Errors name the whole path.
pub(crate) fn parse_at<T: DeserializeOwned>(path: &str, text: &str) -> Result<T> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let inner = error.path().to_string();
        let path = match (path, inner.as_str()) {
            (path, ".") => path.to_owned(),
            ("", inner) => inner.to_owned(),
            (path, inner) => format!("{path}.{inner}"),
        };
        let message = without_position(&error.into_inner().to_string());
        Problem::bad_request(Surface::Api, vec![FieldError::new(path, message)])
    })?;
    let rest = "There is something after the end of the JSON.";
    deserializer.end().map_err(|_| Problem::field(Surface::Api, "", rest))?;
    Ok(value)
}

/// serde_json appends ` at line 1 column 2`, which helps nobody who wrote the body with a program.
fn without_position(message: &str) -> String {
    message.rsplit_once(" at line ").map_or(message, |(message, _)| message).to_owned()
}

/// A query string.
#[derive(Debug)]
pub(crate) struct QueryOf<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for QueryOf<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        let query = parts.uri.query().unwrap_or_default();
        let value = serde_urlencoded::from_str(query).map_err(|error| {
            Problem::bad_request(Surface::Api, vec![FieldError::new("", error.to_string())])
        })?;
        Ok(Self(value))
    }
}

/// The id of a chat in a path.
#[derive(Debug)]
pub(crate) struct ChatId(pub(crate) SessionId);

impl<S: Send + Sync> FromRequestParts<S> for ChatId {
    type Rejection = axum::response::Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let path = axum::extract::Path::<String>::from_request_parts(parts, state).await;
        let id = path.map_err(|_| Problem::no_such_chat().into_response())?;
        // What cannot be an id is the id of nothing.
        id.parse().map(Self).map_err(|_: InvalidId| Problem::no_such_chat().into_response())
    }
}

#[cfg(test)]
mod tests;
