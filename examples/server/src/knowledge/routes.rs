//! `/api/knowledge/documents…`.

use axum::{
    Json, Router,
    extract::{FromRequestParts, Path, Request, State},
    http::{StatusCode, request::Parts},
    response::IntoResponse,
    routing::get,
};
use scorpio_core::{DocumentId, ErrorKind, Surface};
use scorpio_tools::Knowledge;

use super::view::{Added, DocumentPage, DocumentQuery, DocumentView, NewDocument};
use crate::{
    App,
    auth::SignedIn,
    extract::{QueryOf, read_json},
    problem::{Problem, Result},
};

/// The most bytes of a document that is posted, with what JSON makes of its characters.
const BODY_LIMIT: usize = 4 * 1024 * 1024;

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/api/knowledge/documents", get(list).post(add))
        .route("/api/knowledge/documents/{id}", get(show).delete(delete))
}

fn knowledge(app: &App) -> Result<&Knowledge> {
    let detail = "This server keeps no documents.";
    app.knowledge().ok_or_else(|| Problem::new(ErrorKind::NotFound, Surface::Knowledge, detail))
}

fn no_such_document() -> Problem {
    Problem::new(ErrorKind::NotFound, Surface::Knowledge, "There is no such document.")
}

/// The id of a document in a path. What cannot be an id is the id of nothing.
struct InPath(DocumentId);

impl<S: Send + Sync> FromRequestParts<S> for InPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let path = Path::<String>::from_request_parts(parts, state).await.map_err(|_| no_such_document())?;
        path.parse().map(Self).map_err(|_| no_such_document())
    }
}

async fn add(signed_in: SignedIn, State(app): State<App>, request: Request) -> Result<impl IntoResponse> {
    let knowledge = knowledge(&app)?;
    let (parts, body) = request.into_parts();
    let document = read_json::<NewDocument>(&parts.headers, body, BODY_LIMIT).await?.check()?;
    let (owner, id) = (signed_in.owner(), document.id.clone());
    app.limits().documents.take(owner.as_str()).await?;
    let ingested = knowledge.ingest(&owner, document).await?;
    // Somebody who deletes it at the same time has been quicker.
    let document = knowledge.document(&owner, &id).await?.ok_or_else(no_such_document)?;
    let status = if ingested.replaced { StatusCode::OK } else { StatusCode::CREATED };
    let added = Added { document: document.into(), embedded: ingested.embedded };
    Ok((status, Json(added)))
}

async fn list(
    signed_in: SignedIn,
    State(app): State<App>,
    QueryOf(query): QueryOf<DocumentQuery>,
) -> Result<Json<DocumentPage>> {
    let knowledge = knowledge(&app)?;
    let (after, limit) = (query.after()?, query.limit()?);
    let listing = knowledge.documents(&signed_in.owner(), after.as_ref(), limit).await?;
    Ok(Json(listing.into()))
}

async fn show(signed_in: SignedIn, State(app): State<App>, InPath(id): InPath) -> Result<Json<DocumentView>> {
    let document = knowledge(&app)?.document(&signed_in.owner(), &id).await?;
    Ok(Json(document.ok_or_else(no_such_document)?.into()))
}

async fn delete(
    signed_in: SignedIn,
    State(app): State<App>,
    InPath(id): InPath,
) -> Result<Json<DocumentView>> {
    let (knowledge, owner) = (knowledge(&app)?, signed_in.owner());
    let document = knowledge.document(&owner, &id).await?.ok_or_else(no_such_document)?;
    knowledge.delete(&owner, &id).await?;
    Ok(Json(document.into()))
}
