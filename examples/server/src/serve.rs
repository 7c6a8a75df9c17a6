//! Connections: HTTP/1.1 with limits on headers, and an orderly end.

use std::{convert::Infallible, future::Future, io, net::SocketAddr, time::Duration};

use axum::{Router, body::Body, extract::ConnectInfo, http::Request, response::Response};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt;

use crate::App;

/// The most bytes of a request's headers.
const HEADER_LIMIT: usize = 16 * 1024;
/// How long the headers of a request may take.
const HEADER_PATIENCE: Duration = Duration::from_secs(10);
/// How long connections may take to end once nothing is being written any more.
const LAST_WORDS: Duration = Duration::from_secs(2);
const HOUR: Duration = Duration::from_secs(60 * 60);

/// Serves `app` on `listener` until `stop` is ready. Then no further connection is taken, answers that are being written have `grace` to
/// end and are stopped after it, and the function returns.
///
/// # Cancel safety
///
/// Dropping the future closes the listener at once. Answers go on being written; [`App::shut_down`] ends them.
pub async fn serve(listener: TcpListener, app: App, stop: impl Future<Output = ()> + Send, grace: Duration) {
    let router = app.router();
    let connections = GracefulShutdown::new();
    let worker = app.work();
    let mut housekeeping = tokio::time::interval(HOUR);
    let mut stop = std::pin::pin!(stop);
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => connect(stream, peer, router.clone(), &connections),
                Err(error) => wait_after(error).await,
            },
            _ = housekeeping.tick() => {
                if let Err(error) = app.expire_events().await {
                    tracing::warn!(?error, "old events could not be removed");
                }
            }
            () = &mut stop => break,
        }
    }
    drop(listener);
    tracing::info!("shutting down");
    worker.stop().await;
    // At once, so that connections that are only kept open close, while those that carry an answer go on until it ends.
    let closed = tokio::spawn(connections.shutdown());
    app.shut_down(grace).await;
    if tokio::time::timeout(LAST_WORDS, closed).await.is_err() {
        tracing::warn!("some connections were cut");
    }
}

fn connect(stream: TcpStream, peer: SocketAddr, router: Router, connections: &GracefulShutdown) {
    // Small pieces of an answer are worth nothing later.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| respond(router.clone(), peer, request));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_PATIENCE)
        .max_header_size(HEADER_LIMIT)
        .serve_connection(TokioIo::new(stream), service);
    let connection = connections.watch(connection);
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%peer, %error, "a connection broke");
        }
    });
}

async fn respond(
    router: Router,
    peer: SocketAddr,
    mut request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    request.extensions_mut().insert(ConnectInfo(peer));
    router.oneshot(request.map(Body::new)).await
}

/// A connection that was gone before it was taken is nobody's problem; being out of file descriptors passes when others close theirs.
async fn wait_after(error: io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if !matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
        tracing::error!(%error, "no connection can be taken");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}
