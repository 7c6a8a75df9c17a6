//! A tap on the line to a server: what goes by is handed on as it is, and the bodies of requests are remembered.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy},
    net::{TcpListener, TcpStream, tcp::OwnedReadHalf, tcp::OwnedWriteHalf},
    sync::Notify,
};

#[derive(Clone)]
pub struct Tee {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    /// What each connection sent.
    sent: Mutex<Vec<Vec<u8>>>,
    open: AtomicUsize,
    closed: Notify,
}

impl Tee {
    /// A tap on the line to `url`, of which only the host and the port matter.
    pub async fn start(url: &str) -> Self {
        let upstream = url.trim_start_matches("http://").trim_end_matches('/').to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared::default());
        let tee = Self { address, shared: Arc::clone(&shared) };
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(hand_on(client, upstream.clone(), Arc::clone(&shared)));
            }
        });
        tee
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The bodies of all requests, connection by connection.
    pub fn bodies(&self) -> Vec<serde_json::Value> {
        self.shared.sent.lock().unwrap().iter().flat_map(|sent| bodies(sent)).collect()
    }

    /// How many connections there are.
    pub fn open(&self) -> &AtomicUsize {
        &self.shared.open
    }

    /// Waits until a client has closed its connection.
    pub async fn closed(&self) {
        self.shared.closed.notified().await;
    }
}

async fn hand_on(client: TcpStream, upstream: String, shared: Arc<Shared>) {
    let server = TcpStream::connect(upstream).await.unwrap();
    let place = {
        let mut sent = shared.sent.lock().unwrap();
        sent.push(Vec::new());
        sent.len() - 1
    };
    shared.open.fetch_add(1, Ordering::SeqCst);
    let (from_client, mut to_client) = client.into_split();
    let (mut from_server, to_server) = server.into_split();
    let requests = record(from_client, to_server, Arc::clone(&shared), place);
    let responses = async move {
        let _ = copy(&mut from_server, &mut to_client).await;
        let _ = to_client.shutdown().await;
    };
    tokio::join!(requests, responses);
    shared.open.fetch_sub(1, Ordering::SeqCst);
}

async fn record(mut client: OwnedReadHalf, mut server: OwnedWriteHalf, shared: Arc<Shared>, place: usize) {
    let mut piece = vec![0; 1 << 16];
    loop {
        let count = client.read(&mut piece).await.unwrap_or(0);
        if count == 0 {
            break;
        }
        shared.sent.lock().unwrap()[place].extend_from_slice(&piece[..count]);
        if server.write_all(&piece[..count]).await.is_err() {
            break;
        }
    }
    shared.closed.notify_one();
    let _ = server.shutdown().await;
}

/// The bodies of the requests that follow each other in `sent`.
fn bodies(mut sent: &[u8]) -> Vec<serde_json::Value> {
    let mut bodies = Vec::new();
    while let Some(end) = sent.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
        let head = String::from_utf8(sent[..end].to_vec()).unwrap().to_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
        let length: usize = length.map_or(0, |length| length.trim().parse().unwrap());
        let body = &sent[end + 4..end + 4 + length];
        bodies.push(serde_json::from_slice(body).unwrap());
        sent = &sent[end + 4 + length..];
    }
    bodies
}
