//! Answers as server-sent events. Whoever reads them, how fast, or whether at all, is nothing to the run.

use std::{
    collections::{BTreeMap, VecDeque},
    convert::Infallible,
    sync::Arc,
};

use axum::{
    body::Body,
    http::{HeaderName, HeaderValue},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures::{Stream, StreamExt, stream, stream::ReadyChunks};
use scorpio_core::{
    Event, Json, RunId,
    store::{EventLogStream, RunRecord, RunStatus, StoreError},
    ui::{self, UiStream},
};

use super::{history, models::MODEL, stored};
use crate::{App, problem::Result};

/// How many events are encoded into one piece of a body, if so many are there.
const AT_ONCE: usize = 64;
/// How many events of a finished run are read at a time.
const BATCH: usize = 1_000;

/// The answer that a run is writing, from its first event on; what was sent up to the event `after` is left out. `model` is the metadata
/// that says who writes it.
pub(super) async fn live(app: &App, run: RunId, after: u64, model: Option<Json>) -> Result<Response> {
    let source = Source::Log(app.log().follow(run, 0).await?.ready_chunks(AT_ONCE));
    Ok(response(app, run, source, after, model))
}

/// The answer of a run that may be over.
pub(super) async fn of_record(app: &App, record: &RunRecord) -> Result<Response> {
    let model = history::model_of_run(app, record).await?;
    if record.status == RunStatus::Running || app.runs().has(record.id) {
        return live(app, record.id, 0, model).await;
    }
    let logged = logged(app, record.id).await?;
    let is_whole = logged.first().is_some_and(|event| event.seq == 1)
        && logged.last().is_some_and(|event| event.is_last());
    let events = if is_whole {
        logged
    } else {
        stored::events(record, &history::all(app, &record.owner, &record.session).await?)
    };
    Ok(response(app, record.id, Source::Events(events.into()), 0, model))
}

async fn logged(app: &App, run: RunId) -> Result<Vec<Arc<Event>>> {
    let mut events: Vec<Arc<Event>> = Vec::new();
    loop {
        let after = events.last().map_or(0, |last| last.seq);
        let page = app.log().read(run, after, BATCH).await?;
        let is_full = page.len() == BATCH;
        events.extend(page);
        if !is_full {
            return Ok(events);
        }
    }
}

fn response(app: &App, run: RunId, source: Source, after: u64, model: Option<Json>) -> Response {
    let encoder = match model.and_then(|model| Json::new(&BTreeMap::from([(MODEL, model)])).ok()) {
        Some(metadata) => UiStream::new().with_metadata(metadata),
        None => UiStream::new(),
    };
    let reader = Reader { app: app.clone(), run, source, encoder, after, position: 0, ended: false };
    let mut response = Body::from_stream(reader.pieces()).into_response();
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
    run: RunId,
    source: Source,
    encoder: UiStream,
    /// Events up to this one are encoded, for what follows to fit, and not sent.
    after: u64,
    /// The last event that was encoded.
    position: u64,
    ended: bool,
}

impl Reader {
    fn pieces(self) -> impl Stream<Item = Result<Bytes, Infallible>> {
        stream::unfold(self, async |mut reader| {
            let piece = reader.next().await?;
            Some((Ok(piece), reader))
        })
    }

    /// The next piece of the body.
    async fn next(&mut self) -> Option<Bytes> {
        while !self.ended {
            let mut piece = String::new();
            let silence = self.app.settings().keep_alive;
            match tokio::time::timeout(silence, self.source.next()).await {
                Err(_) => piece.push_str(ui::KEEP_ALIVE),
                Ok(Some(events)) => self.encode(events, &mut piece).await,
                Ok(None) => self.ended = true,
            }
            if !piece.is_empty() {
                return Some(piece.into());
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
            let mut unsent = String::new();
            let out = if event.seq > self.after { &mut *piece } else { &mut unsent };
            self.encoder.encode(&event, out);
            self.position = event.seq;
            self.ended |= event.is_last();
        }
    }

    /// A log may cut off a reader that is too slow for it; the reader comes back to where it was.
    async fn follow_again(&mut self, error: &StoreError) {
        tracing::debug!(run = %self.run, ?error, "a reader fell behind");
        match self.app.log().follow(self.run, self.position).await {
            Ok(events) => self.source = Source::Log(events.ready_chunks(AT_ONCE)),
            Err(error) => {
                tracing::warn!(run = %self.run, ?error, "an answer can not be read on");
                self.ended = true;
            }
        }
    }
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
