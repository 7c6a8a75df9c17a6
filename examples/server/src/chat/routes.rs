//! `/api/chat…`, `/api/history`, `/api/messages` and `/api/models`.

use axum::{
    Json, Router,
    extract::{Request, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, patch, post},
};
use scorpio_core::{SessionId, Surface};
use serde::{Deserialize, Serialize};

use super::{
    begin::{self, AnsweringRun},
    history::{self, ChatPage, ChatView, Conversation, HistoryQuery},
    models::{self, Models},
    request::ChatRequest,
    stream,
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
        AnsweringRun::New(run) => stream::live(&app, *run, 0, answer.model).await?,
        AnsweringRun::Known(record) => stream::of_record(&app, record).await?,
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
    let after = last_event_id(&headers)?;
    let owner = signed_in.owner();
    app.store().session(&owner, &chat).await?.ok_or_else(Problem::no_such_chat)?;
    match app.store().live_run(&owner, &chat).await? {
        Some(record) => {
            let model = history::model_of_run(&app, &record).await?;
            stream::live(&app, record.id, after, model).await
        }
        None => Ok(StatusCode::NO_CONTENT.into_response()),
    }
}

fn last_event_id(headers: &HeaderMap) -> Result<u64> {
    let Some(value) = headers.get("last-event-id") else { return Ok(0) };
    let seq = value.to_str().ok().and_then(|text| text.parse().ok());
    seq.ok_or_else(|| Problem::field(Surface::Stream, "Last-Event-ID", "must be the id of an event"))
}

#[derive(Serialize)]
struct Stopped {
    stopped: bool,
}

async fn stop(signed_in: SignedIn, State(app): State<App>, ChatId(chat): ChatId) -> Result<Json<Stopped>> {
    let owner = signed_in.owner();
    app.store().session(&owner, &chat).await?.ok_or_else(Problem::no_such_chat)?;
    let stopped = match app.store().live_run(&owner, &chat).await? {
        Some(record) => app.runs().stop(record.id).await,
        None => false,
    };
    Ok(Json(Stopped { stopped }))
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
