//! `/api/chat…`, `/api/history`, `/api/messages` and `/api/models`.

use axum::{
    Json, Router,
    extract::{Path, Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, patch, post},
};
use scorpio_core::{ErrorKind, SessionId, Surface, store::RunStatus, ui::FrameId};
use serde::{Deserialize, Serialize};

use super::{
    approvals::{self, Approvals, PostedAnswer},
    begin::{self, AnsweringRun},
    branches::{self, Branches, Switch},
    copies::{self, Fork},
    history::{self, ChatPage, ChatView, Conversation, HistoryQuery},
    models::{self, Models},
    request::ChatRequest,
    steer::{self, Steering},
    stream::{self, Since},
};
use crate::{
    App,
    auth::SignedIn,
    extract::{ChatId, JsonBody, QueryOf},
    problem::{Problem, Result},
};

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/api/chat", post(send).delete(delete))
        .route("/api/chat/{id}/stream", get(resume))
        .route("/api/chat/{id}/stop", post(stop))
        .route("/api/chat/{id}/steer", post(steer))
        .route("/api/chat/{id}/approvals", get(approvals))
        .route("/api/chat/{id}/approvals/{approval}", post(decide))
        .route("/api/chat/{id}/branches", get(branches))
        .route("/api/chat/{id}/branch", post(switch))
        .route("/api/chat/{id}/fork", post(fork))
        .route("/api/chat/{id}/export", get(export))
        .route("/api/chat/import", post(import))
        .route("/api/chat/{id}/title", patch(rename))
        .route("/api/history", get(list))
        .route("/api/messages", get(messages))
        .route("/api/models", get(models))
}

/// In this order: is it a chat request at all, who asks, may they, and is the chat theirs.
async fn send(State(app): State<App>, request: Request) -> Result<Response> {
    let (parts, body) = request.into_parts();
    let request = ChatRequest::read(&parts.headers, body).await?;
    let signed_in = SignedIn::of(&app, &parts.headers).await?;
    let answer = begin::answer(&app, &signed_in, request).await?;
    let mut response = match &answer.run {
        AnsweringRun::New(record) => stream::live(&app, record, Since::Start, answer.model).await?,
        AnsweringRun::Known(record) => stream::of_record(&app, record).await?,
        AnsweringRun::Continued(record, since) => stream::live(&app, record, *since, answer.model).await?,
    };
    answer.quota.write(response.headers_mut(), app.now());
    Ok(response)
}

async fn resume(
    signed_in: SignedIn,
    State(app): State<App>,
    ChatId(chat): ChatId,
    headers: HeaderMap,
) -> Result<Response> {
    let seen = last_event_id(&headers)?;
    let owner = signed_in.owner();
    app.store().session(&owner, &chat).await?.ok_or_else(Problem::no_such_chat)?;
    if let Some(seen) = seen {
        let record = app.store().run(&owner, seen.run).await?.filter(|record| record.session == chat);
        let missing =
            || Problem::new(ErrorKind::NotFound, Surface::Stream, "There is no such answer in this chat.");
        return stream::rest(&app, &record.ok_or_else(missing)?, seen).await;
    }
    match app.store().live_run(&owner, &chat).await? {
        Some(record) if record.status == RunStatus::Running => {
            let model = history::model_of_run(&app, &record).await?;
            stream::live(&app, &record, Since::Start, model).await
        }
        // It waits for somebody, and nobody writes anything.
        Some(_) | None => Ok(StatusCode::NO_CONTENT.into_response()),
    }
}

fn last_event_id(headers: &HeaderMap) -> Result<Option<FrameId>> {
    let Some(value) = headers.get("last-event-id") else { return Ok(None) };
    let id = value.to_str().ok().and_then(|text| text.parse().ok());
    id.map(Some).ok_or_else(|| Problem::field(Surface::Stream, "Last-Event-ID", "must be the id of an event"))
}

#[derive(Serialize)]
struct Stopped {
    stopped: bool,
}

async fn stop(signed_in: SignedIn, State(app): State<App>, ChatId(chat): ChatId) -> Result<Json<Stopped>> {
    let owner = signed_in.owner();
    app.store().session(&owner, &chat).await?.ok_or_else(Problem::no_such_chat)?;
    history::stop(&app, &owner, &chat).await.map(|stopped| Json(Stopped { stopped }))
}

async fn steer(
    signed_in: SignedIn,
    State(app): State<App>,
    ChatId(chat): ChatId,
    JsonBody(body): JsonBody<Steering>,
) -> Result<StatusCode> {
    steer::steer(&app, &signed_in, &chat, &body).await?;
    Ok(StatusCode::ACCEPTED)
}

async fn approvals(
    signed_in: SignedIn,
    State(app): State<App>,
    ChatId(chat): ChatId,
) -> Result<Json<Approvals>> {
    approvals::pending(&app, &signed_in.owner(), &chat).await.map(Json)
}

async fn decide(
    signed_in: SignedIn,
    State(app): State<App>,
    Path((chat, approval)): Path<(String, String)>,
    JsonBody(body): JsonBody<PostedAnswer>,
) -> Result<StatusCode> {
    approvals::answer(&app, &signed_in.user, &chat_id(&chat)?, &approval, body).await?;
    Ok(StatusCode::ACCEPTED)
}

async fn branches(
    signed_in: SignedIn,
    State(app): State<App>,
    ChatId(chat): ChatId,
) -> Result<Json<Branches>> {
    branches::list(&app, &signed_in.owner(), &chat).await.map(Json)
}

async fn switch(
    signed_in: SignedIn,
    State(app): State<App>,
    ChatId(chat): ChatId,
    JsonBody(body): JsonBody<Switch>,
) -> Result<Json<ChatView>> {
    branches::switch(&app, &signed_in.owner(), &chat, body).await.map(Json)
}

async fn fork(
    signed_in: SignedIn,
    State(app): State<App>,
    ChatId(chat): ChatId,
    JsonBody(body): JsonBody<Fork>,
) -> Result<(StatusCode, Json<ChatView>)> {
    let fork = copies::fork(&app, &signed_in.owner(), &chat, &body).await?;
    Ok((StatusCode::CREATED, Json(fork)))
}

async fn export(signed_in: SignedIn, State(app): State<App>, ChatId(chat): ChatId) -> Result<Response> {
    let lines = copies::export(&app, &signed_in.owner(), &chat).await?;
    Ok(([(header::CONTENT_TYPE, copies::JSON_LINES)], lines).into_response())
}

async fn import(
    signed_in: SignedIn,
    State(app): State<App>,
    request: Request,
) -> Result<(StatusCode, Json<ChatView>)> {
    let (parts, body) = request.into_parts();
    let chat = copies::import(&app, signed_in.owner(), &parts.headers, body).await?;
    Ok((StatusCode::CREATED, Json(chat)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewTitle {
    title: String,
}

async fn rename(
    signed_in: SignedIn,
    State(app): State<App>,
    ChatId(chat): ChatId,
    JsonBody(body): JsonBody<NewTitle>,
) -> Result<Json<ChatView>> {
    history::rename(&app, &signed_in.owner(), &chat, &body.title).await.map(Json)
}

#[derive(Deserialize)]
struct ById {
    id: String,
}

async fn delete(
    signed_in: SignedIn,
    State(app): State<App>,
    QueryOf(query): QueryOf<ById>,
) -> Result<Json<ChatView>> {
    history::delete(&app, &signed_in.owner(), &chat_id(&query.id)?).await.map(Json)
}

async fn list(
    signed_in: SignedIn,
    State(app): State<App>,
    QueryOf(query): QueryOf<HistoryQuery>,
) -> Result<Json<ChatPage>> {
    history::list(&app, &signed_in.owner(), &query).await.map(Json)
}

#[derive(Deserialize)]
struct ByChat {
    #[serde(rename = "chatId")]
    chat_id: String,
}

async fn messages(
    signed_in: SignedIn,
    State(app): State<App>,
    QueryOf(query): QueryOf<ByChat>,
) -> Result<Json<Conversation>> {
    history::conversation(&app, &signed_in.owner(), &chat_id(&query.chat_id)?).await.map(Json)
}

/// What cannot be an id is the id of nothing.
fn chat_id(text: &str) -> Result<SessionId> {
    text.parse().map_err(|_| Problem::no_such_chat())
}

async fn models(signed_in: SignedIn, State(app): State<App>) -> Json<Models> {
    Json(models::list(&app, &signed_in.user))
}
