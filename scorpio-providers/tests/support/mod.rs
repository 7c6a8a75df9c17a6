//! A server that answers with the bytes it is told to, and remembers what it was asked.

#![allow(dead_code, unreachable_pub)]

mod bodies;
pub mod oracle;
pub mod tee;

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use rustls::{crypto::ring, pki_types::PrivateKeyDer};
use scorpio_core::{
    Message,
    model::{self, CallContext, ModelAnswer, ModelError, ModelRequest, Transcript},
};
use scorpio_providers::{OpenAi, OpenAiBuilder};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::Notify,
};
use tokio_rustls::TlsAcceptor;

/// What was asked.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The request line and the headers.
    pub head: String,
    pub body: serde_json::Value,
    /// The body, whatever it is.
    pub text: String,
}

impl Asked {
    /// The path that was asked, and its query.
    pub fn path(&self) -> &str {
        self.head.split(' ').nth(1).unwrap()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(':'));
        lines.filter(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).next()
    }
}

/// What to answer.
#[derive(Debug, Clone)]
pub struct Reply {
    bytes: Vec<u8>,
    after: After,
}

#[derive(Debug, Clone)]
enum After {
    /// Wait for the next request on the same connection.
    KeepOpen,
    Close,
    /// Say nothing more, for ever.
    Hang,
    /// Say this again and again, for ever.
    Repeat(Vec<u8>),
}

impl Reply {
    /// Bytes as they are; the connection is closed after them.
    pub fn raw(bytes: impl AsRef<[u8]>) -> Self {
        Self { bytes: bytes.as_ref().to_vec(), after: After::Close }
    }

    /// A whole response of this status, type and body.
    pub fn of(status: u16, content_type: &str, body: &str) -> Self {
        Self::with_headers(status, &format!("content-type: {content_type}\r\n"), body)
    }

    /// A whole response with these header lines.
    pub fn with_headers(status: u16, headers: &str, body: &str) -> Self {
        let head = format!("HTTP/1.1 {status} X\r\n{headers}content-length: {}\r\n\r\n", body.len());
        Self { bytes: (head + body).into_bytes(), after: After::KeepOpen }
    }

    /// A stream of events, in chunks.
    pub fn events(body: &str) -> Self {
        let chunk = format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
        Self { bytes: (Self::events_head() + &chunk).into_bytes(), after: After::KeepOpen }
    }

    /// A stream of events whose last chunk never comes.
    pub fn events_without_end(body: &str) -> Self {
        let chunk = format!("{:x}\r\n{body}\r\n", body.len());
        Self { bytes: (Self::events_head() + &chunk).into_bytes(), after: After::Close }
    }

    fn events_head() -> String {
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nx-request-id: req_7\r\n\
         transfer-encoding: chunked\r\n\r\n"
            .to_owned()
    }

    pub fn then_hang(mut self) -> Self {
        self.after = After::Hang;
        self
    }

    pub fn then_close(mut self) -> Self {
        self.after = After::Close;
        self
    }

    pub fn then_repeat(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.after = After::Repeat(bytes.as_ref().to_vec());
        self
    }
}

/// The server. Each request is answered with the next reply; without one, the connection is closed.
#[derive(Clone)]
pub struct Server {
    address: std::net::SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    replies: Mutex<VecDeque<Reply>>,
    asked: Mutex<Vec<Asked>>,
    connections: AtomicUsize,
    closed: Notify,
}

impl Server {
    pub async fn start(replies: impl IntoIterator<Item = Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared =
            Arc::new(Shared { replies: Mutex::new(replies.into_iter().collect()), ..Shared::default() });
        let server = Self { address, shared: Arc::clone(&shared) };
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                shared.connections.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(connection, Arc::clone(&shared)));
            }
        });
        server
    }

    pub fn url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    pub fn builder(&self) -> OpenAiBuilder {
        OpenAi::builder().base_url(self.url()).api_key("sk-0123456789")
    }

    pub fn provider(&self) -> OpenAi {
        self.builder().build().unwrap()
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.shared.asked.lock().unwrap().clone()
    }

    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// Waits until a client has closed a connection that hangs.
    pub async fn closed(&self) {
        self.shared.closed.notified().await;
    }
}

async fn serve(connection: TcpStream, shared: Arc<Shared>) {
    let mut connection = BufReader::new(connection);
    while let Some(asked) = read_request(&mut connection).await {
        shared.asked.lock().unwrap().push(asked);
        let Some(reply) = shared.replies.lock().unwrap().pop_front() else { return };
        if connection.write_all(&reply.bytes).await.is_err() {
            return;
        }
        match reply.after {
            After::KeepOpen => {}
            After::Close => return,
            After::Hang => {
                let _ = connection.read_u8().await;
                shared.closed.notify_one();
                return;
            }
            After::Repeat(bytes) => {
                while connection.write_all(&bytes).await.is_ok() {}
                shared.closed.notify_one();
                return;
            }
        }
    }
}

async fn read_request(connection: &mut BufReader<TcpStream>) -> Option<Asked> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(connection.read_u8().await.ok()?);
    }
    let mut asked =
        Asked { head: String::from_utf8(head).unwrap(), body: serde_json::Value::Null, text: String::new() };
    let length = asked.header("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    connection.read_exact(&mut body).await.ok()?;
    bodies::keep(asked.path(), &body);
    asked.body = serde_json::from_slice(&body).unwrap_or_default();
    asked.text = String::from_utf8_lossy(&body).into_owned();
    Some(asked)
}

pub fn request() -> ModelRequest {
    ModelRequest::new("test-model", Transcript::from_iter([Message::user("Hi")]))
}

pub async fn ask(provider: &OpenAi) -> Result<ModelAnswer, ModelError> {
    model::complete(provider, request(), &CallContext::new()).await
}

/// A stream that says `Hi`.
pub const HI: &str = concat!(
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"},\"finish_reason\":null}]}\n\n",
    "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n",
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2,\"total_tokens\":3}}\n\n",
    "data: [DONE]\n\n",
);

/// The beginning of a stream, with a text.
pub const HALF: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Ha\"}}]}\n\n";

/// A server whose only words over TLS are its certificate, which nobody trusts.
pub async fn untrusted_server() -> std::net::SocketAddr {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let tls = rustls::ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(tls));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            // The client hangs up when it sees the certificate.
            assert!(acceptor.accept(connection).await.is_err());
        }
    });
    address
}
