//! How requests get to a server and answers back. It is a client of HTTP unless a program sets something else, such as a server in its
//! own memory.

use std::{
    error::Error as StdError,
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use http_body::Frame;
use scorpio_core::model::ModelError;

/// Carries the requests of a provider. The limits of time and size of the provider hold all the same.
///
/// ```
/// use async_trait::async_trait;
/// use bytes::Bytes;
/// use scorpio_core::model::ModelError;
/// use scorpio_providers::{OpenAi, Transport, TransportBody};
///
/// /// Refuses everything.
/// #[derive(Debug)]
/// struct Closed;
///
/// #[async_trait]
/// impl Transport for Closed {
///     async fn send(&self, _: http::Request<Bytes>) -> Result<http::Response<TransportBody>, ModelError> {
///         let body = r#"{"error":{"message":"We are closed."}}"#;
///         let response = http::Response::builder().status(503).body(TransportBody::from(body));
///         Ok(response.unwrap())
///     }
/// }
///
/// let provider = OpenAi::builder().base_url("http://closed.example/v1").transport(Closed).build()?;
/// # Ok::<(), ModelError>(())
/// ```
#[async_trait]
pub trait Transport: fmt::Debug + Send + Sync + 'static {
    /// Sends a request and waits for the status and headers of the answer. It must not follow redirects.
    ///
    /// # Errors
    ///
    /// When the request does not reach the server or the answer does not begin: best of the kind
    /// [`Unreachable`](scorpio_core::model::ModelErrorKind::Unreachable).
    ///
    /// # Cancel safety
    ///
    /// The future is dropped when the time for the headers is up, or when nobody wants the answer any more.
    async fn send(&self, request: Request<Bytes>) -> Result<Response<TransportBody>, ModelError>;
}

/// The body of an answer, as it arrives.
pub struct TransportBody(pub(super) reqwest::Body);

impl TransportBody {
    /// A body that arrives in pieces.
    pub fn new<B>(body: B) -> Self
    where
        B: http_body::Body<Data = Bytes> + Send + Sync + 'static,
        B::Error: Into<Box<dyn StdError + Send + Sync>>,
    {
        Self(reqwest::Body::wrap(body))
    }
}

impl From<&'static str> for TransportBody {
    fn from(text: &'static str) -> Self {
        Self(text.into())
    }
}

impl From<Vec<u8>> for TransportBody {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes.into())
    }
}

impl http_body::Body for TransportBody {
    type Data = Bytes;
    type Error = Box<dyn StdError + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Pin::new(&mut self.0).poll_frame(cx).map_err(Into::into)
    }
}

impl fmt::Debug for TransportBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TransportBody")
    }
}
