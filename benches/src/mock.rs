//! A server that plays the models, from bytes that were made beforehand. The first segment of a path is
//! the name of a client; `GET /{client}/requests` tells how many requests it has made.

mod answer;
mod text;

use std::{
    collections::HashMap,
    convert::Infallible,
    io::{self, Write},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use futures::stream;
use http_body_util::{BodyExt, Full, StreamBody, combinators::UnsyncBoxBody};
use hyper::{
    Method, Request, Response, StatusCode,
    body::{Frame, Incoming},
    header::CONTENT_TYPE,
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use memchr::memmem;
use serde::Deserialize;
use tokio::{
    io::AsyncReadExt,
    net::{TcpListener, TcpStream},
};

use self::answer::{Answer, Answers};
use crate::{conversation::SUM, wire::Wire};

type Body = UnsyncBoxBody<Bytes, Infallible>;

#[derive(Default)]
struct Mock {
    answers: Mutex<Answers>,
    requests: Mutex<HashMap<String, usize>>,
}

/// Serves on a port of the system's choice, which it prints, until its standard input ends.
pub(crate) fn serve() -> Result<()> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        writeln!(io::stdout(), "{}", listener.local_addr()?.port())?;
        io::stdout().flush()?;
        let mut nothing = [0];
        let mut stdin = tokio::io::stdin();
        tokio::select! {
            served = accept(listener) => served,
            read = stdin.read(&mut nothing) => Ok(read.map(drop)?),
        }
    })
}

async fn accept(listener: TcpListener) -> Result<()> {
    let mock = Arc::new(Mock::default());
    loop {
        let (socket, _) = listener.accept().await?;
        socket.set_nodelay(true)?;
        tokio::spawn(connection(Arc::clone(&mock), socket));
    }
}

async fn connection(mock: Arc<Mock>, socket: TcpStream) {
    let service = service_fn(move |request| {
        let mock = Arc::clone(&mock);
        async move { Ok::<_, Infallible>(mock.answer(request).await.unwrap_or_else(|error| refusal(&error))) }
    });
    // A client that goes away is none of the server's business.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(socket), service).await;
}

impl Mock {
    async fn answer(&self, request: Request<Incoming>) -> Result<Response<Body>> {
        let (head, body) = request.into_parts();
        let body = body.collect().await?.to_bytes();
        let (client, rest) =
            head.uri.path().trim_start_matches('/').split_once('/').context("the path has no client")?;
        let mut requests = lock(&self.requests);
        if (&head.method, rest) == (&Method::GET, "requests") {
            return json(requests.get(client).copied().unwrap_or(0).to_string().into());
        }
        let (wire, model) = Wire::of_path(rest).with_context(|| format!("there is nothing at {rest}"))?;
        *requests.entry(client.to_owned()).or_default() += 1;
        match self.play(wire, model, &body)? {
            Answer::Whole(json_text) => json(json_text),
            Answer::Events(events) => event_stream(events),
        }
    }

    fn play(&self, wire: Wire, model: Option<&str>, body: &[u8]) -> Result<Answer> {
        #[derive(Deserialize)]
        struct Asked<'a> {
            #[serde(default)]
            model: &'a str,
            #[serde(default)]
            stream: bool,
        }

        let asked: Asked<'_> = serde_json::from_slice(body)?;
        if wire != Wire::Chat {
            return lock(&self.answers).text(wire, model.unwrap_or(asked.model));
        }
        let turn = memmem::find_iter(body, br#""role":"tool""#).count();
        let right = format!(r#""content":"{SUM}""#);
        let right = memmem::find_iter(body, right.as_bytes()).count();
        ensure!(right == turn, "{right} of {turn} results of the tool are {SUM}");
        lock(&self.answers).get(asked.model, turn, asked.stream)
    }
}

fn event_stream(events: Arc<[Bytes]>) -> Result<Response<Body>> {
    // One frame, and so one chunk on the wire, for each event, as real servers do.
    let frames = stream::unfold((events, 0), |(events, at)| async move {
        let event = events.get(at)?.clone();
        Some((Ok(Frame::data(event)), (events, at + 1)))
    });
    let body = BodyExt::boxed_unsync(StreamBody::new(frames));
    Ok(Response::builder().header(CONTENT_TYPE, "text/event-stream; charset=utf-8").body(body)?)
}

fn json(text: Bytes) -> Result<Response<Body>> {
    Ok(Response::builder().header(CONTENT_TYPE, "application/json").body(Full::new(text).boxed_unsync())?)
}

fn refusal(error: &anyhow::Error) -> Response<Body> {
    let error =
        serde_json::json!({"error": {"message": format!("{error:#}"), "type": "invalid_request_error"}});
    let mut response = Response::new(Full::new(error.to_string().into()).boxed_unsync());
    *response.status_mut() = StatusCode::BAD_REQUEST;
    response
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
