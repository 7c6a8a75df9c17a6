//! The provider as a server on a port.

use std::{convert::Infallible, io, net::SocketAddr};

use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
};

use crate::StrictProvider;

/// The largest body of a request, in bytes.
const MAX_BODY: usize = 64 << 20;

/// A provider that is being served. It is served until this is dropped.
///
/// ```
/// use scorpio_testkit::{Script, StrictProvider, Turn};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// let running = StrictProvider::new(Script::in_order([Turn::text("Hi")])).serve().await?;
/// assert!(running.url().starts_with("http://127.0.0.1:"));
/// # Ok::<(), std::io::Error>(())
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Running {
    provider: StrictProvider,
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl StrictProvider {
    /// Serves on a free port of the loopback device.
    ///
    /// # Errors
    ///
    /// When there is no port to be had.
    pub async fn serve(&self) -> io::Result<Running> {
        self.serve_at(SocketAddr::from(([127, 0, 0, 1], 0))).await
    }

    /// Serves at this address; port 0 is any free one.
    ///
    /// # Errors
    ///
    /// When the address cannot be listened at.
    pub async fn serve_at(&self, address: SocketAddr) -> io::Result<Running> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let provider = self.clone();
        let task = tokio::spawn(accept(listener, provider.clone()));
        Ok(Running { provider, address, task })
    }
}

impl Running {
    /// Its origin, such as `http://127.0.0.1:40123`. OpenAI's wires are under `/v1`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The provider.
    pub fn provider(&self) -> &StrictProvider {
        &self.provider
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, provider: StrictProvider) {
    // Its connections end with it.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                // A connection that is gone before it is accepted is nobody's loss.
                if let Ok((connection, _)) = accepted {
                    let provider = provider.clone();
                    connections.spawn(async move { connected(connection, provider).await });
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn connected(connection: TcpStream, provider: StrictProvider) {
    let _ = connection.set_nodelay(true);
    let answer = |request: http::Request<Incoming>| {
        let provider = provider.clone();
        async move {
            let (head, body) = request.into_parts();
            let body = match Limited::new(body, MAX_BODY).collect().await {
                Ok(body) => body.to_bytes(),
                // The vendor's words for a body that is not JSON come of it.
                Err(_) => Bytes::new(),
            };
            Ok::<_, Infallible>(provider.respond(http::Request::from_parts(head, body)).await)
        }
    };
    // Clients that go away, and faults that break the connection, are what this server is for.
    let _ = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(connection), service_fn(answer))
        .await;
}
