//! Writes down what a provider is asked and what it answers.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, ready},
};

use async_trait::async_trait;
use futures::Stream;
use scorpio_core::model::{
    CallContext, Capabilities, LlmProvider, ModelError, ModelErrorKind, ModelEvent, ModelRequest,
    ModelStream, ProviderId, WireKey,
};
use secrecy::SecretString;

use super::{
    line::{Asked, Failure, Line},
    redact::Redactor,
};
use crate::wrappers::form::form;

/// A provider whose exchanges are written to a file, for [`Replay`](crate::Replay) to give again.
///
/// The file is JSON Lines: one exchange a line, with the version of the format, the digest of the request, the request as the model sees
/// it, and the events of the answer or the error that it ended with. A line is appended with one write, and flushed, before the last event
/// of its answer is handed on. The write blocks the thread for as
/// long as the disk takes. When it cannot be written, the call fails with [`ModelErrorKind::Configuration`]: a recording with holes is of no use.
///
/// Secrets are taken out of the request, of the answer and of errors: those given to [`with_secret`](Self::with_secret), wherever they
/// stand, escaped or spread over several deltas; the values of fields and headers such as `authorization`, `x-api-key`, `cookie` or
/// `password`; and what looks like a key of a known service, a bearer token or a private key. What held a secret is replayed without
/// it. A secret that was encoded, as base64 or for an address, is not recognized. What users and tools said is in the file, so treat it as you treat them.
///
/// ```
/// use scorpio_core::{Agent, model::{Model, Scripted}};
/// use scorpio_providers::{Record, Replay};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// let path = folder.path().join("greeting.jsonl");
/// let recorder = Record::create(Scripted::new().text("Hello."), &path)?.with_secret("sk-0123456789");
/// let agent = Agent::builder("recorded").with_model(Model::new(recorder, "any")).build()?;
/// assert_eq!(agent.run("Hi!").await?.text(), "Hello.");
///
/// let agent = Agent::builder("replayed").with_model(Model::new(Replay::open(&path)?, "any")).build()?;
/// assert_eq!(agent.run("Hi!").await?.text(), "Hello.");
/// # Ok(()) }
/// ```
///
/// # Cancel safety
///
/// An exchange whose stream is dropped before it has ended is not written.
#[derive(Debug, Clone)]
pub struct Record {
    provider: Arc<dyn LlmProvider>,
    cassette: Arc<Cassette>,
    redactor: Arc<Redactor>,
}

#[derive(Debug)]
struct Cassette {
    path: PathBuf,
    file: Mutex<File>,
}

impl Record {
    /// Records exchanges with `provider` in a new file. One that is there is emptied.
    ///
    /// # Errors
    ///
    /// [`ModelErrorKind::Configuration`] when the file cannot be opened.
    pub fn create(provider: impl LlmProvider, path: impl AsRef<Path>) -> Result<Self, ModelError> {
        let path = path.as_ref();
        File::create(path).map_err(|error| unusable(path, "created", error))?;
        Self::append(provider, path)
    }

    /// Records exchanges with `provider` after those that are in the file.
    ///
    /// # Errors
    ///
    /// [`ModelErrorKind::Configuration`] when the file cannot be opened.
    pub fn append(provider: impl LlmProvider, path: impl AsRef<Path>) -> Result<Self, ModelError> {
        let path = path.as_ref();
        let file = OpenOptions::new().create(true).append(true).open(path);
        let file = Mutex::new(file.map_err(|error| unusable(path, "opened", error))?);
        let cassette = Arc::new(Cassette { path: path.to_owned(), file });
        Ok(Self { provider: Arc::new(provider), cassette, redactor: Arc::default() })
    }

    /// Adds a text that must not be written.
    #[must_use]
    pub fn with_secret(mut self, secret: impl Into<SecretString>) -> Self {
        Arc::make_mut(&mut self.redactor).add(secret.into());
        self
    }
}

#[async_trait]
impl LlmProvider for Record {
    fn id(&self) -> &ProviderId {
        self.provider.id()
    }

    fn capabilities(&self, model: &str) -> Capabilities {
        self.provider.capabilities(model)
    }

    fn wire(&self, model: &str) -> WireKey {
        self.provider.wire(model)
    }

    async fn stream(&self, request: ModelRequest, cx: &CallContext) -> Result<ModelStream, ModelError> {
        let exchange = Exchange {
            provider: ProviderId::clone(self.id()),
            wire: self.wire(&request.model),
            asked: Asked::new(&form(&request), &self.redactor),
            events: Vec::new(),
            cassette: Arc::clone(&self.cassette),
            redactor: Arc::clone(&self.redactor),
        };
        match self.provider.stream(request, cx).await {
            Ok(inner) => Ok(Box::pin(RecordedStream { inner, exchange: Some(exchange) })),
            Err(error) => {
                exchange.write(Some(Failure::of(&error, true)))?;
                Err(error)
            }
        }
    }
}

struct Exchange {
    provider: ProviderId,
    wire: WireKey,
    asked: Asked,
    events: Vec<ModelEvent>,
    cassette: Arc<Cassette>,
    redactor: Arc<Redactor>,
}

impl Exchange {
    fn write(self, error: Option<Failure>) -> Result<(), ModelError> {
        let path = &self.cassette.path;
        let line = Line::write(&self.provider, self.wire, &self.asked, &self.events, error, &self.redactor);
        let line = line.map_err(|error| unusable(path, "written", error))?;
        if self.redactor.is_told(&line) {
            return Err(unusable(path, "written", "a secret was left in an exchange"));
        }
        let mut file = self.cassette.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(line.as_bytes())
            .and_then(|()| file.flush())
            .map_err(|error| unusable(path, "written", error))
    }
}

struct RecordedStream {
    inner: ModelStream,
    /// None once it is written.
    exchange: Option<Exchange>,
}

impl Stream for RecordedStream {
    type Item = Result<ModelEvent, ModelError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let item = ready!(self.inner.as_mut().poll_next(cx));
        let Some(exchange) = &mut self.exchange else { return Poll::Ready(item) };
        let failure = match &item {
            Some(Ok(event)) => {
                exchange.events.push(event.clone());
                if !matches!(event, ModelEvent::Finish { .. }) {
                    return Poll::Ready(item);
                }
                None
            }
            Some(Err(error)) => Some(Failure::of(error, false)),
            None => None,
        };
        match self.exchange.take().map_or(Ok(()), |exchange| exchange.write(failure)) {
            Ok(()) => Poll::Ready(item),
            Err(error) => Poll::Ready(Some(Err(error))),
        }
    }
}

pub(super) fn unusable(
    path: &Path,
    what: &str,
    error: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> ModelError {
    let error = error.into();
    let message = format!("the cassette `{}` cannot be {what}: {error}", path.display());
    ModelError::new(ModelErrorKind::Configuration, message).with_source(io::Error::other(error))
}
