//! `/api/files…`: files that people keep here, each its owner's alone. What they are made of is for nobody's browser to run.

use axum::{
    Json, Router,
    body::Body,
    extract::{FromRequestParts, Path, Request, State},
    http::{HeaderMap, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
    routing::get,
};
use futures::{StreamExt, TryStreamExt};
use scorpio_core::{
    ErrorKind, Surface,
    store::{BlobKey, BlobMeta, BlobPage, BlobPut, StoreError},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    App,
    auth::SignedIn,
    extract::QueryOf,
    problem::{Problem, Result},
};

/// The most bytes of a file.
const FILE_LIMIT: u64 = 5 * 1024 * 1024;
/// The most files of one user, unless several are added at the same moment.
const FILES: usize = 100;

pub(crate) fn routes() -> Router<App> {
    Router::new().route("/api/files", get(list).post(add)).route("/api/files/{id}", get(send).delete(delete))
}

/// The id of a file in a path. What cannot be an id is the id of nothing.
struct FileId(Uuid);

impl<S: Send + Sync> FromRequestParts<S> for FileId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let path = Path::<String>::from_request_parts(parts, state).await.map_err(|_| no_such_file())?;
        path.parse().map(Self).map_err(|_| no_such_file())
    }
}

fn no_such_file() -> Problem {
    Problem::new(ErrorKind::NotFound, Surface::Api, "There is no such file.")
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct File {
    id: String,
    size: u64,
    /// Listings of some stores do not know it.
    #[serde(skip_serializing_if = "Option::is_none")]
    media_type: Option<String>,
    /// When it was added, in RFC 3339.
    added_at: String,
}

impl From<BlobMeta> for File {
    fn from(meta: BlobMeta) -> Self {
        let key = meta.key.as_str();
        let id = key.rsplit_once('/').map_or(key, |(_, id)| id).to_owned();
        Self { id, size: meta.size, media_type: meta.content_type, added_at: meta.modified.to_string() }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct FilePage {
    files: Vec<File>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NoQuery {}

fn folder(signed_in: &SignedIn) -> Result<BlobKey> {
    Ok(BlobKey::parse(&format!("files/{}", signed_in.user.id))?)
}

fn key(signed_in: &SignedIn, id: Uuid) -> Result<BlobKey> {
    Ok(BlobKey::parse(&format!("files/{}/{id}", signed_in.user.id))?)
}

async fn files(app: &App, signed_in: &SignedIn) -> Result<Vec<BlobMeta>> {
    let page = BlobPage::new().with_folder(folder(signed_in)?).with_limit(2 * FILES);
    Ok(app.blobs().list(page).await?.blobs)
}

async fn add(signed_in: SignedIn, State(app): State<App>, request: Request) -> Result<impl IntoResponse> {
    let put = BlobPut::new().with_content_type(media_type(request.headers())?).with_limit(FILE_LIMIT);
    app.limits().files.take(signed_in.owner().as_str()).await?;
    if files(&app, &signed_in).await?.len() >= FILES {
        let detail = format!("There is room for {FILES} files. Delete some first.");
        return Err(Problem::new(ErrorKind::TooLarge, Surface::Api, detail));
    }
    let key = key(&signed_in, Uuid::now_v7())?;
    let body = request.into_body().into_data_stream();
    let body = body.map_err(|error| StoreError::invalid("the upload broke off").with_source(error)).boxed();
    let meta = app.blobs().put(&key, body, put).await?;
    Ok((StatusCode::CREATED, Json(File::from(meta))))
}

fn media_type(headers: &HeaderMap) -> Result<String> {
    let unsupported = || {
        let detail = "Say what the file is with a Content-Type, such as image/png.";
        Problem::new(ErrorKind::UnsupportedMediaType, Surface::Api, detail)
    };
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (kind, subtype) = value.trim().split_once('/').ok_or_else(unsupported)?;
    let is_named = !kind.is_empty() && !subtype.is_empty() && value.trim().len() <= 255;
    if is_named { Ok(value.trim().to_owned()) } else { Err(unsupported()) }
}

async fn list(
    signed_in: SignedIn,
    State(app): State<App>,
    QueryOf(NoQuery {}): QueryOf<NoQuery>,
) -> Result<Json<FilePage>> {
    let files = files(&app, &signed_in).await?.into_iter().map(File::from).collect();
    Ok(Json(FilePage { files }))
}

async fn send(signed_in: SignedIn, State(app): State<App>, FileId(id): FileId) -> Result<Response> {
    let blob = app.blobs().get(&key(&signed_in, id)?, None).await?.ok_or_else(no_such_file)?;
    let unknown = || "application/octet-stream".to_owned();
    let headers = [
        (header::CONTENT_TYPE, blob.meta.content_type.clone().unwrap_or_else(unknown)),
        (header::CONTENT_LENGTH, blob.meta.size.to_string()),
        // Whatever it says that it is: a page of a stranger must not run here.
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{id}\"")),
        (header::CACHE_CONTROL, "private, no-cache".to_owned()),
    ];
    Ok((headers, Body::from_stream(blob.body)).into_response())
}

async fn delete(signed_in: SignedIn, State(app): State<App>, FileId(id): FileId) -> Result<Json<File>> {
    let key = key(&signed_in, id)?;
    let meta = app.blobs().head(&key).await?.ok_or_else(no_such_file)?;
    app.blobs().delete(&key).await?;
    Ok(Json(meta.into()))
}
