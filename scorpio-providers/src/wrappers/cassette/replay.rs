//! Gives again what was recorded.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use futures::stream;
use scorpio_core::model::{
    CallContext, Capabilities, LlmProvider, ModelError, ModelErrorKind, ModelEvent, ModelRequest,
    ModelStream, ProviderId, WireKey,
};
use secrecy::SecretString;

use super::{
    compare::differences,
    line::{Asked, Failure, Line},
    record::unusable,
    redact::Redactor,
    wire::wire_key,
};
use crate::wrappers::form::form;

/// How many differences a miss names.
const NAMED: usize = 5;

/// A provider that answers from a recording, without a network.
///
/// A request gets the answer that was recorded to the same request: one whose model, instructions, messages, tools and parameters are the
/// same, whatever its ids and times. A request that was recorded several times gets its answers in their order, each once. Events and
/// errors are the recorded ones, without the pauses between them.
///
/// A request that was not recorded, or not so often, fails with [`ModelErrorKind::Configuration`]: the message names the recorded request
/// that is nearest to it, and in what they differ.
///
/// Its id and wire are those of the first exchange of the file, so what it says has the origin that it had. [`Record`](crate::Record)
/// describes the file and has an example.
///
/// # Cancel safety
///
/// An answer counts as given as soon as it is asked for, even when its stream is dropped.
#[derive(Clone)]
pub struct Replay {
    path: PathBuf,
    id: ProviderId,
    wire: WireKey,
    capabilities: Capabilities,
    redactor: Redactor,
    exchanges: Arc<Mutex<Vec<Exchange>>>,
}

struct Exchange {
    line: usize,
    digest: String,
    form: String,
    answer: Option<(Vec<ModelEvent>, Option<Failure>)>,
}

impl Replay {
    /// Reads a recording.
    ///
    /// # Errors
    ///
    /// [`ModelErrorKind::Configuration`] when the file cannot be read, or a line of it is not an exchange of a known version.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, ModelError> {
        let path = path.as_ref();
        let text = std::fs::read_to_string(path).map_err(|error| unusable(path, "read", error))?;
        Self::read(path, &text)
    }

    /// Reads the text of the recording at `path`.
    pub(crate) fn read(path: &Path, text: &str) -> Result<Self, ModelError> {
        let mut exchanges = Vec::new();
        let (mut id, mut wire) = (ProviderId::from("replay"), "replay");
        // A line of JSON may hold any other kind of line break.
        let lines = text.split('\n').enumerate().filter(|(_, line)| !line.trim().is_empty());
        for (index, text) in lines {
            let number = index + 1;
            let wrong = |problem: String| unusable(path, "used", format!("line {number}: {problem}"));
            let line = Line::read(text).map_err(wrong)?;
            if exchanges.is_empty() {
                (id, wire) = (line.provider.as_str().into(), wire_key(&line.wire));
            }
            let answer = Some((line.events().map_err(wrong)?, line.error));
            let form = line.request.get().to_owned();
            exchanges.push(Exchange { line: number, digest: line.digest, form, answer });
        }
        Ok(Self {
            path: path.to_owned(),
            id,
            wire,
            capabilities: Capabilities::all(),
            redactor: Redactor::default(),
            exchanges: Arc::new(Mutex::new(exchanges)),
        })
    }

    /// Adds a text that was taken out of the recording, and is taken out of requests before they are compared with it.
    #[must_use]
    pub fn with_secret(mut self, secret: impl Into<SecretString>) -> Self {
        self.redactor.add(secret.into());
        self
    }

    /// Sets what its models can do. Unset, it is everything.
    #[must_use]
    pub fn with_capabilities(mut self, capabilities: Capabilities) -> Self {
        self.capabilities = capabilities;
        self
    }

    /// How many exchanges have not been replayed.
    pub fn remaining(&self) -> usize {
        let exchanges = self.exchanges.lock().unwrap_or_else(PoisonError::into_inner);
        exchanges.iter().filter(|exchange| exchange.answer.is_some()).count()
    }

    fn answer(&self, asked: &Asked) -> Result<(Vec<ModelEvent>, Option<Failure>), ModelError> {
        let mut exchanges = self.exchanges.lock().unwrap_or_else(PoisonError::into_inner);
        let same = |exchange: &&mut Exchange| exchange.digest == asked.digest && exchange.answer.is_some();
        let answer = exchanges.iter_mut().find(same).and_then(|exchange| exchange.answer.take());
        answer.ok_or_else(|| self.missed(&exchanges, asked))
    }

    fn missed(&self, exchanges: &[Exchange], asked: &Asked) -> ModelError {
        let times = exchanges.iter().filter(|exchange| exchange.digest == asked.digest).count();
        let why = if times > 0 {
            format!("it was recorded {times} times and is asked for once more")
        } else {
            nearest(exchanges, asked).unwrap_or_else(|| "nothing was recorded".to_owned())
        };
        let message = format!("the cassette `{}` has no answer to this request: {why}", self.path.display());
        ModelError::new(ModelErrorKind::Configuration, message)
    }
}

fn nearest(exchanges: &[Exchange], asked: &Asked) -> Option<String> {
    let compared = exchanges.iter().map(|exchange| (exchange.line, differences(&exchange.form, &asked.form)));
    let (line, differences) = compared.min_by_key(|(_, differences)| differences.len())?;
    let more = differences.len().saturating_sub(NAMED);
    let mut named = differences.into_iter().take(NAMED).collect::<Vec<_>>().join("; ");
    if named.is_empty() {
        named.push_str("spaces in JSON that is kept as it came");
    }
    if more > 0 {
        named.push_str(&format!("; and {more} more"));
    }
    Some(format!("the nearest one is on line {line}, and differs in this: {named}"))
}

#[async_trait]
impl LlmProvider for Replay {
    fn id(&self) -> &ProviderId {
        &self.id
    }

    fn capabilities(&self, _model: &str) -> Capabilities {
        self.capabilities
    }

    fn wire(&self, _model: &str) -> WireKey {
        self.wire
    }

    async fn stream(&self, request: ModelRequest, _cx: &CallContext) -> Result<ModelStream, ModelError> {
        let (events, failure) = self.answer(&Asked::new(&form(&request), &self.redactor))?;
        let error = failure.as_ref().map(Failure::to_error);
        match (failure, error) {
            (Some(Failure { at_call: true, .. }), Some(error)) => Err(error),
            (_, error) => Ok(Box::pin(stream::iter(events.into_iter().map(Ok).chain(error.map(Err))))),
        }
    }
}

impl fmt::Debug for Replay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replay")
            .field("path", &self.path)
            .field("remaining", &self.remaining())
            .finish_non_exhaustive()
    }
}
