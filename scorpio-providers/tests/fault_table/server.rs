//! A server in memory, whose answers wait, break off and go on for ever as they are told.

use std::{
    collections::VecDeque,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use http_body::Frame;
use scorpio_core::model::{ModelError, ModelErrorKind};
use scorpio_providers::{Transport, TransportBody};
use tokio::time::{Sleep, sleep};

/// What to answer.
#[derive(Debug, Clone)]
pub enum Reply {
    /// The answer never begins: the connection fails like this.
    Broken(ModelErrorKind),
    /// The answer never begins, and nobody says so.
    Silence,
    /// An answer.
    Answer(Answer),
}

#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<Piece>,
}

/// A piece of a body.
#[derive(Debug, Clone)]
pub enum Piece {
    Data(Bytes),
    Wait(Duration),
    /// The connection is reset.
    Reset,
    /// Nothing more comes, for ever.
    Hang,
    /// The same again and again, so many times, with this much time between them.
    Repeat(Bytes, usize, Duration),
}

impl Reply {
    /// A stream of events.
    pub fn events(body: impl Into<Bytes>) -> Self {
        Self::pieces(vec![Piece::Data(body.into())])
    }

    /// A stream of events in pieces.
    pub fn pieces(body: Vec<Piece>) -> Self {
        let headers = vec![("content-type".to_owned(), "text/event-stream".to_owned())];
        Self::Answer(Answer { status: 200, headers, body })
    }

    /// An error.
    pub fn status(status: u16, body: impl Into<Bytes>) -> Self {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        Self::Answer(Answer { status, headers, body: vec![Piece::Data(body.into())] })
    }

    /// Sets a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if let Self::Answer(answer) = &mut self {
            answer.headers.retain(|(known, _)| known != name);
            answer.headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }
}

/// The server.
#[derive(Debug, Clone, Default)]
pub struct Server(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    replies: VecDeque<Reply>,
    attempts: usize,
}

impl Server {
    pub fn new(replies: impl IntoIterator<Item = Reply>) -> Self {
        let state = State { replies: replies.into_iter().collect(), attempts: 0 };
        Self(Arc::new(Mutex::new(state)))
    }

    /// How many requests came.
    pub fn attempts(&self) -> usize {
        self.0.lock().unwrap().attempts
    }
}

#[async_trait]
impl Transport for Server {
    async fn send(&self, _: http::Request<Bytes>) -> Result<http::Response<TransportBody>, ModelError> {
        let reply = {
            let mut state = self.0.lock().unwrap();
            state.attempts += 1;
            state.replies.pop_front()
        };
        match reply.expect("no more requests than replies") {
            Reply::Broken(kind) => Err(ModelError::new(kind, "the connection failed")),
            Reply::Silence => std::future::pending().await,
            Reply::Answer(Answer { status, headers, body }) => {
                let mut response = http::Response::builder().status(status);
                for (name, value) in headers {
                    response = response.header(name, value);
                }
                let body = Body { pieces: body.into(), timer: None };
                Ok(response.body(TransportBody::new(body)).unwrap())
            }
        }
    }
}

struct Body {
    pieces: VecDeque<Piece>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        loop {
            if let Some(timer) = &mut self.timer {
                if timer.as_mut().poll(cx).is_pending() {
                    return Poll::Pending;
                }
                self.timer = None;
            }
            let Some(piece) = self.pieces.pop_front() else { return Poll::Ready(None) };
            match piece {
                Piece::Data(bytes) => return Poll::Ready(Some(Ok(Frame::data(bytes)))),
                Piece::Wait(time) => self.timer = Some(Box::pin(sleep(time))),
                Piece::Reset => {
                    self.pieces.clear();
                    return Poll::Ready(Some(Err(std::io::ErrorKind::ConnectionReset.into())));
                }
                Piece::Hang => {
                    self.pieces.push_front(Piece::Hang);
                    return Poll::Pending;
                }
                Piece::Repeat(bytes, times, between) => {
                    if times > 1 {
                        self.pieces.push_front(Piece::Repeat(bytes.clone(), times - 1, between));
                    }
                    if !between.is_zero() {
                        self.pieces.push_front(Piece::Wait(between));
                    }
                    return Poll::Ready(Some(Ok(Frame::data(bytes))));
                }
            }
        }
    }
}
