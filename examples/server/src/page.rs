//! The web page, which is built into the program.

use axum::{
    Router,
    body::{Body, Bytes},
    handler::Handler,
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use rust_embed::{Embed, EmbeddedFile};
use tower_http::compression::CompressionLayer;

use crate::{App, security_headers::PAGE_POLICY};

#[derive(Embed)]
#[folder = "web/dist"]
struct Files;

const INDEX: &str = "index.html";
/// Files here carry a hash of their content in their name.
const HASHED: &str = "assets/";

/// Serves the page wherever `routes` has nothing.
pub(crate) fn serve_on(routes: Router<App>) -> Router<App> {
    routes.fallback_service(serve.layer(CompressionLayer::new()).with_state(()))
}

async fn serve(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    if !matches!(method, Method::GET | Method::HEAD) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let path = match uri.path().trim_start_matches('/') {
        "" => INDEX,
        path => path,
    };
    match Files::get(path) {
        Some(file) => answer(path, file, &headers),
        None if is_view(path, &headers) => match Files::get(INDEX) {
            Some(file) => answer(INDEX, file, &headers),
            None => StatusCode::NOT_FOUND.into_response(),
        },
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Whether an address is one that the page makes up, such as that of a chat.
fn is_view(path: &str, headers: &HeaderMap) -> bool {
    let is_api = path == "api" || path.starts_with("api/");
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    !is_api && !path.starts_with(HASHED) && accept.contains("text/html")
}

fn answer(path: &str, file: EmbeddedFile, request: &HeaderMap) -> Response {
    let digest = file.metadata.sha256_hash();
    // Weak: the same file may be sent compressed.
    let tag = format!("W/\"{}\"", URL_SAFE_NO_PAD.encode(digest.get(..16).unwrap_or_default()));
    let caching = if path.starts_with(HASHED) { "public, max-age=31536000, immutable" } else { "no-cache" };
    let media_type = file.metadata.mimetype();
    let charset = if media_type.starts_with("text/") { "; charset=utf-8" } else { "" };
    let content_type = HeaderValue::from_str(&format!("{media_type}{charset}"));
    let mut response = if is_known(request, &tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        Body::from(Bytes::from(file.data.into_owned())).into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(PAGE_POLICY));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    if let Ok(content_type) = content_type {
        headers.insert(header::CONTENT_TYPE, content_type);
    }
    response
}

fn is_known(request: &HeaderMap, tag: &str) -> bool {
    let known = request.get(header::IF_NONE_MATCH).and_then(|known| known.to_str().ok()).unwrap_or_default();
    known.split(',').any(|known| known.trim() == tag || known.trim() == "*")
}
