//! Answers as server-sent events. Whoever reads them, how fast, or whether at all, is nothing to the run.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, StatusCode},
    response::{IntoResponse, Response},
};
use futures::{StreamExt, stream::ReadyChunks};
use scorpio_core::{
    ErrorKind, Event, EventKind, Json, Surface,
    store::{EventLogStream, RunRecord, RunStatus, StoreError},
    ui::{self, FrameId, UiStream},
};

use super::{buffer, history, models::MODEL, stored};
use crate::{
    App,
    problem::{Problem, Result},
};

/// How many events are encoded into one piece of a body, if so many are there.
const AT_ONCE: usize = 64;
/// How many events of a finished run are read at a time.
const BATCH: usize = 1_000;
/// How many events a client may have seen more than the log has: those that were not on disk yet when a process died.
const LOST_AT_MOST: u64 = 10_000;

/// Where the reading of an answer begins. What comes before is encoded, for what follows to fit, and not sent.
#[derive(Debug, Clone, Copy)]
pub(super) enum Since {
    /// With the first event.
    Start,
    /// Behind the event of this number: another stream has told of it.
    Event {
        seq: u64,
        /// That stream has not ended there.
        joins: bool,
    },
    /// Behind a frame that the client has.
    Frame(FrameId),
}

/// The answer that a run is writing. `model` is the metadata that says who writes it.
pub(super) async fn live(
    app: &App,
    record: &RunRecord,
    since: Since,
    model: Option<Json>,
) -> Result<Response> {
    let source = Source::Log(app.log().follow(record.id, 0).await?.ready_chunks(AT_ONCE));
    Ok(respond(app, Reader::new(app, record, source, since, model)))
}

/// The answer of a run that may be over.
pub(super) async fn of_record(app: &App, record: &RunRecord) -> Result<Response> {
    let model = history::model_of_run(app, record).await?;
    if record.status == RunStatus::Running || app.runs().has(record.id) {
        return live(app, record, Since::Start, model).await;
    }
    let logged = logged(app, record).await?;
    let is_whole = is_whole(&logged)
        && logged.last().is_some_and(|event| event.is_last() || record.status == RunStatus::Waiting);
    let events = if is_whole {
        logged
    } else {
        stored::events(record, &history::all(app, &record.owner, &record.session).await?)
    };
    Ok(respond(app, Reader::new(app, record, Source::Events(events.into()), Since::Start, model)))
}

/// The rest of an answer, for a client that has it up to a frame. Nothing, if it has all that there is and no more is to come.
pub(super) async fn rest(app: &App, record: &RunRecord, seen: FrameId) -> Result<Response> {
    let logged = logged(app, record).await?;
    let is_running = record.status == RunStatus::Running;
    let is_to_come = is_running && logged.is_empty();
    if !is_whole(&logged) && !is_to_come {
        let detail = "What was streamed of this answer is no longer kept. Load its messages instead.";
        return Err(Problem::new(ErrorKind::Gone, Surface::Stream, detail));
    }
    let last = logged.last().map_or(0, |last| last.seq);
    if seen.seq > last.saturating_add(LOST_AT_MOST) {
        return Err(Problem::field(
            Surface::Stream,
            "Last-Event-ID",
            "is not the id of an event of this answer",
        ));
    }
    let model = history::model_of_run(app, record).await?;
    if is_running {
        return live(app, record, Since::Frame(seen), model).await;
    }
    let mut reader = Reader::new(app, record, Source::Events(logged.into()), Since::Frame(seen), model);
    match reader.next().await {
        Some(first) => {
            reader.ready = Some(first);
            Ok(respond(app, reader))
        }
        None => Ok(StatusCode::NO_CONTENT.into_response()),
    }
}

/// Where the run goes on that asked for one of these approvals: behind the pause that followed, or, if it has not paused since, behind
/// the question.
pub(super) async fn behind_questions(app: &App, record: &RunRecord, approvals: &[&str]) -> Result<Since> {
    let mut asked = None;
    for event in logged(app, record).await? {
        match &event.kind {
            EventKind::ApprovalRequested(question) if approvals.contains(&question.approval.as_str()) => {
                asked = Some(event.seq);
            }
            EventKind::RunPaused(_) if asked.is_some() => {
                return Ok(Since::Event { seq: event.seq, joins: false });
            }
            _ => {}
        }
    }
    Ok(asked.map_or(Since::Start, |seq| Since::Event { seq, joins: true }))
}

/// Whether none of the first events has expired.
fn is_whole(logged: &[Arc<Event>]) -> bool {
    logged.first().is_some_and(|event| event.seq == 1)
}

async fn logged(app: &App, record: &RunRecord) -> Result<Vec<Arc<Event>>> {
    let mut events: Vec<Arc<Event>> = Vec::new();
    loop {
        let after = events.last().map_or(0, |last| last.seq);
        let page = app.log().read(record.id, after, BATCH).await?;
        let is_full = page.len() == BATCH;
        events.extend(page);
        if !is_full {
            return Ok(events);
        }
    }
}

/// A task of its own reads, so that it is known how far behind the client is.
fn respond(app: &App, mut reader: Reader) -> Response {
    let (mut sender, body) = buffer::channel(app.settings().slow_reader);
    tokio::spawn(async move {
        loop {
            let next = tokio::select! {
                () = sender.closed() => return,
                next = reader.next() => next,
            };
            let Some(piece) = next else { return };
            if sender.send(piece).await.is_err() {
                return;
            }
        }
    });
    let mut response = Body::from_stream(body).into_response();
    for (name, value) in ui::HEADERS {
        response.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    response
}

enum Source {
    Log(ReadyChunks<EventLogStream>),
    Events(VecDeque<Arc<Event>>),
}

struct Reader {
    app: App,
    record: RunRecord,
    source: Source,
    encoder: UiStream,
    since: Since,
    /// What was read ahead.
    ready: Option<String>,
    /// The last event that was encoded.
    position: u64,
    ended: bool,
}

impl Reader {
    fn new(app: &App, record: &RunRecord, source: Source, since: Since, model: Option<Json>) -> Self {
        let encoder = match model.and_then(|model| Json::new(&BTreeMap::from([(MODEL, model)])).ok()) {
            Some(metadata) => UiStream::new().with_metadata(metadata),
            None => UiStream::new(),
        };
        let encoder = encoder.with_message_id(record.machine.message_id().clone());
        let (app, record) = (app.clone(), record.clone());
        Self { app, record, source, encoder, since, ready: None, position: 0, ended: false }
    }

    /// The next piece of the body.
    async fn next(&mut self) -> Option<String> {
        if let Some(piece) = self.ready.take() {
            return Some(piece);
        }
        while !self.ended {
            let mut piece = String::new();
            let silence = self.app.settings().keep_alive;
            match tokio::time::timeout(silence, self.source.next()).await {
                Err(_) => piece.push_str(ui::KEEP_ALIVE),
                Ok(Some(events)) => self.encode(events, &mut piece).await,
                Ok(None) => self.ended = true,
            }
            if !piece.is_empty() {
                return Some(piece);
            }
        }
        None
    }

    async fn encode(&mut self, events: Vec<Result<Arc<Event>, StoreError>>, piece: &mut String) {
        for event in events {
            let event = match event {
                Ok(event) => event,
                Err(error) => return self.follow_again(&error).await,
            };
            self.position = event.seq;
            match self.since {
                Since::Start => self.encoder.encode(&event, piece),
                Since::Frame(seen) => self.encoder.encode_after(&event, seen, piece),
                Since::Event { seq, .. } if event.seq > seq => self.encoder.encode(&event, piece),
                Since::Event { seq, joins } => {
                    self.encoder.encode(&event, &mut String::new());
                    if joins && event.seq == seq {
                        self.encoder.join(piece);
                    }
                }
            }
            self.ended = event.is_last()
                || matches!(event.kind, EventKind::RunPaused(_))
                    && !self.is_behind(event.seq)
                    && waits(&self.app, &self.record, self.position).await;
            if self.ended {
                return;
            }
        }
    }

    /// Whether another stream has told of the event.
    fn is_behind(&self, event: u64) -> bool {
        matches!(self.since, Since::Event { seq, .. } if event <= seq)
    }

    /// A log may cut off a reader that is too slow for it; the reader comes back to where it was.
    async fn follow_again(&mut self, error: &StoreError) {
        let run = self.record.id;
        tracing::debug!(%run, ?error, "a reader fell behind");
        match self.app.log().follow(run, self.position).await {
            Ok(events) => self.source = Source::Log(events.ready_chunks(AT_ONCE)),
            Err(error) => {
                tracing::warn!(%run, ?error, "an answer can not be read on");
                self.ended = true;
            }
        }
    }
}

/// Whether the run, which has told in its event `position` that it pauses, waits still.
async fn waits(app: &App, record: &RunRecord, position: u64) -> bool {
    let now = app.store().run(&record.owner, record.id).await;
    if !now.is_ok_and(|now| now.is_some_and(|now| now.status == RunStatus::Waiting)) {
        return false;
    }
    let more = app.log().read(record.id, position, 1).await;
    more.is_ok_and(|more| more.is_empty())
}

impl Source {
    async fn next(&mut self) -> Option<Vec<Result<Arc<Event>, StoreError>>> {
        match self {
            Self::Log(events) => events.next().await,
            Self::Events(events) => {
                let count = events.len().min(AT_ONCE);
                let batch: Vec<_> = events.drain(..count).map(Ok).collect();
                (!batch.is_empty()).then_some(batch)
            }
        }
    }
}
