//! A provider that does as it is told, and what is needed to watch it.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use async_trait::async_trait;
use futures::{StreamExt, stream};
use scorpio_core::{
    Message, Origin, Part, Provenance, Usage,
    model::{
        Assembler, CallContext, Capabilities, FinishReason, LlmProvider, ModelAnswer, ModelError,
        ModelErrorKind, ModelEvent, ModelRequest, ModelStream, PartKind, ProviderId, ScriptedTurn,
        Transcript, WireKey,
    },
};

pub(crate) type Item = Result<ModelEvent, ModelError>;

pub(crate) const KINDS: [ModelErrorKind; 13] = [
    ModelErrorKind::Unreachable,
    ModelErrorKind::Truncated,
    ModelErrorKind::Timeout,
    ModelErrorKind::RateLimited,
    ModelErrorKind::Quota,
    ModelErrorKind::Overloaded,
    ModelErrorKind::Auth,
    ModelErrorKind::NotFound,
    ModelErrorKind::InvalidRequest,
    ModelErrorKind::ContextOverflow,
    ModelErrorKind::Protocol,
    ModelErrorKind::TooLarge,
    ModelErrorKind::Configuration,
];

/// What one call comes to.
#[derive(Default)]
pub(crate) struct Turn {
    latency: Duration,
    refusal: Option<ModelError>,
    items: Vec<(Duration, Item)>,
}

impl Turn {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn refuse(error: impl Into<Failure>) -> Self {
        Self { refusal: Some(error.into().0), ..Self::default() }
    }

    pub(crate) fn latency(mut self, latency: Duration) -> Self {
        self.latency = latency;
        self
    }

    pub(crate) fn event(self, event: ModelEvent) -> Self {
        self.after(Duration::ZERO, event)
    }

    pub(crate) fn after(mut self, wait: Duration, event: ModelEvent) -> Self {
        self.items.push((wait, Ok(event)));
        self
    }

    pub(crate) fn usage(self) -> Self {
        self.event(ModelEvent::Usage(Usage::new(3, 4)))
    }

    pub(crate) fn start(self) -> Self {
        self.event(ModelEvent::PartStart { index: 0, kind: PartKind::Text })
    }

    pub(crate) fn delta(self, text: &str) -> Self {
        self.event(ModelEvent::Delta { index: 0, text: text.into() })
    }

    pub(crate) fn end(self, text: &str) -> Self {
        let part = Box::new(Part::text(text, Provenance::Model));
        self.event(ModelEvent::PartEnd { index: 0, part })
    }

    pub(crate) fn finish(self) -> Self {
        self.event(ModelEvent::Finish { reason: FinishReason::Stop })
    }

    /// A whole answer.
    pub(crate) fn text(text: &str) -> Self {
        Self::new().start().delta(text).end(text).usage().finish()
    }

    pub(crate) fn fail(mut self, error: impl Into<Failure>) -> Self {
        self.items.push((Duration::ZERO, Err(error.into().0)));
        self
    }
}

pub(crate) struct Failure(ModelError);

impl From<ModelErrorKind> for Failure {
    fn from(kind: ModelErrorKind) -> Self {
        Self(ModelError::new(kind, "told to"))
    }
}

impl From<ModelError> for Failure {
    fn from(error: ModelError) -> Self {
        Self(error)
    }
}

/// Plays the turn that the closure makes of the number of the call, from 0, and of the request.
#[derive(Clone)]
pub(crate) struct Puppet(Arc<Inner>);

type Play = dyn Fn(u32, &ModelRequest) -> Turn + Send + Sync;

struct Inner {
    id: ProviderId,
    calls: AtomicU32,
    live: Arc<AtomicUsize>,
    play: Box<Play>,
}

struct Live(Arc<AtomicUsize>);

impl Live {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, SeqCst);
        Self(Arc::clone(count))
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

impl Puppet {
    pub(crate) fn new(play: impl Fn(u32) -> Turn + Send + Sync + 'static) -> Self {
        Self::named("puppet", move |call, _| play(call))
    }

    pub(crate) fn named(id: &str, play: impl Fn(u32, &ModelRequest) -> Turn + Send + Sync + 'static) -> Self {
        let (calls, live) = (AtomicU32::new(0), Arc::default());
        Self(Arc::new(Inner { id: id.into(), calls, live, play: Box::new(play) }))
    }

    /// How often it was called.
    pub(crate) fn calls(&self) -> u32 {
        self.0.calls.load(SeqCst)
    }

    /// How many calls and streams of it there are that have not been dropped.
    pub(crate) fn live(&self) -> usize {
        self.0.live.load(SeqCst)
    }
}

impl fmt::Debug for Puppet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Puppet")
    }
}

#[async_trait]
impl LlmProvider for Puppet {
    fn id(&self) -> &ProviderId {
        &self.0.id
    }

    fn capabilities(&self, model: &str) -> Capabilities {
        if model == "clever" { Capabilities::all() } else { Capabilities::basic() }
    }

    fn wire(&self, _model: &str) -> WireKey {
        "strings"
    }

    async fn stream(&self, request: ModelRequest, _cx: &CallContext) -> Result<ModelStream, ModelError> {
        let live = Live::new(&self.0.live);
        let turn = (self.0.play)(self.0.calls.fetch_add(1, SeqCst), &request);
        tokio::time::sleep(turn.latency).await;
        if let Some(refusal) = turn.refusal {
            return Err(refusal);
        }
        let state = (turn.items.into_iter(), live);
        Ok(Box::pin(stream::unfold(state, async |(mut items, live)| {
            let (wait, item) = items.next()?;
            if !wait.is_zero() {
                tokio::time::sleep(wait).await;
            }
            Some((item, (items, live)))
        })))
    }
}

pub(crate) fn request() -> ModelRequest {
    ask("Hello?")
}

pub(crate) fn ask(text: &str) -> ModelRequest {
    ModelRequest::new("clever", Transcript::from_iter([Message::user(text)]))
}

pub(crate) async fn items(provider: &impl LlmProvider) -> Vec<Item> {
    items_of(provider, request(), &CallContext::new()).await
}

/// Everything that comes back, a refusal included.
pub(crate) async fn items_of(
    provider: &impl LlmProvider,
    request: ModelRequest,
    cx: &CallContext,
) -> Vec<Item> {
    match provider.stream(request, cx).await {
        Ok(stream) => stream.collect().await,
        Err(error) => vec![Err(error)],
    }
}

/// The events alone, when none of the items is an error.
pub(crate) fn whole(items: Vec<Item>) -> Vec<ModelEvent> {
    items.into_iter().map(Result::unwrap).collect()
}

pub(crate) fn error_of(items: &[Item]) -> Option<ModelErrorKind> {
    items.iter().find_map(|item| item.as_ref().err().map(ModelError::kind))
}

pub(crate) fn text_of(items: &[Item]) -> String {
    let text = |item: &Item| match item {
        Ok(ModelEvent::Delta { text, .. }) => Some(text.to_string()),
        _ => None,
    };
    items.iter().filter_map(text).collect()
}

/// The announcements of retries: attempt, wait, error.
pub(crate) fn retries(items: &[Item]) -> Vec<(u32, Duration, ModelErrorKind)> {
    let retry = |item: &Item| match item {
        Ok(ModelEvent::Retrying(retrying)) => Some((retrying.attempt, retrying.after, retrying.error)),
        _ => None,
    };
    items.iter().filter_map(retry).collect()
}

/// The announcements of other routes.
pub(crate) fn fallbacks(items: &[Item]) -> Vec<(Origin, ModelErrorKind)> {
    let fall = |item: &Item| match item {
        Ok(ModelEvent::FellBack(fell_back)) => Some((fell_back.to.clone(), fell_back.error)),
        _ => None,
    };
    items.iter().filter_map(fall).collect()
}

/// A small generator of numbers, for random sequences that are the same in every run.
pub(crate) struct Numbers(u64);

impl Numbers {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `limit`.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % limit
    }
}

/// A turn of one text that streams in these pieces.
pub(crate) fn pieces<'a>(pieces: impl IntoIterator<Item = &'a str>) -> ScriptedTurn {
    ScriptedTurn::new().deltas(pieces)
}

/// `text` cut in every way that a test can afford: whole, at each place, into pieces of each small length, and at random.
pub(crate) fn cuts(text: &str) -> Vec<Vec<&str>> {
    let mut places: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
    places.push(text.len());
    let cut = |at: &[usize]| at.windows(2).map(|ends| &text[ends[0]..ends[1]]).collect::<Vec<_>>();
    let last = places.len() - 1;
    let mut cuts = vec![vec![text]];
    cuts.extend((1..last).map(|at| cut(&[0, places[at], places[last]])));
    for length in 1..=9 {
        let mut at: Vec<usize> = places.iter().copied().step_by(length).collect();
        at.extend((at.last() != Some(&text.len())).then_some(text.len()));
        cuts.push(cut(&at));
    }
    let mut numbers = Numbers::new(7);
    for _ in 0..50 {
        let mut at: Vec<usize> = places.iter().copied().filter(|_| numbers.below(3) == 0).collect();
        at.extend([0, text.len()]);
        at.sort_unstable();
        at.dedup();
        cuts.push(cut(&at));
    }
    cuts
}

/// The answer, held to the rules of the stream, after a look at each part's deltas: they add up to the part.
pub(crate) async fn answer(provider: &impl LlmProvider, request: ModelRequest) -> ModelAnswer {
    let items = items_of(provider, request, &CallContext::new()).await;
    let mut assembler = Assembler::new();
    let mut streamed: Vec<String> = Vec::new();
    for event in whole(items) {
        match &event {
            ModelEvent::PartStart { index, .. } => {
                assert_eq!(*index as usize, streamed.len(), "parts are numbered in the order they begin");
                streamed.push(String::new());
            }
            ModelEvent::Delta { index, text } => {
                assert!(!text.is_empty());
                streamed[*index as usize].push_str(text);
            }
            _ => {}
        }
        assembler.push(&event).unwrap();
    }
    let answer = assembler.finish().unwrap();
    let texts: Vec<String> = answer
        .parts
        .iter()
        .map(|part| match part {
            Part::Text(part) => part.text.clone(),
            Part::Reasoning(part) => part.text.clone(),
            Part::ToolCall(part) => part.arguments.to_string(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(texts, streamed);
    answer
}

/// The parts of an answer, each as its kind and its text.
pub(crate) fn shown(answer: &ModelAnswer) -> Vec<(&'static str, String)> {
    let show = |part: &Part| match part {
        Part::Text(part) => ("text", part.text.clone()),
        Part::Reasoning(part) => ("reasoning", part.text.clone()),
        Part::ToolCall(part) => ("call", format!("{} {}", part.name, part.arguments)),
        other => panic!("{other:?}"),
    };
    answer.parts.iter().map(show).collect()
}
