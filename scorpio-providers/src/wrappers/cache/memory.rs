//! Answers in memory, up to a size and for a time.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use scorpio_core::{
    Part,
    model::{ModelEvent, PartKind},
};
use tokio::time::Instant;

use super::{AnswerCache, CacheKey, CachedAnswer};

/// Keeps answers in the process: at most 64 MiB of them, and each for an hour, unless set otherwise. The one that has not been asked for
/// the longest goes first. An answer that would take more than an eighth of the room is not kept.
///
/// ```
/// use std::time::Duration;
/// use scorpio_core::model::Scripted;
/// use scorpio_providers::{Cache, MemoryCache};
/// let answers = MemoryCache::new(8 << 20, Duration::from_secs(60));
/// let provider = Cache::new(Scripted::new()).with_answers(answers);
/// # let _ = provider;
/// ```
pub struct MemoryCache {
    room: usize,
    time: Duration,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    answers: HashMap<CacheKey, Kept>,
    /// The keys by when they were last asked for.
    by_use: BTreeMap<u64, CacheKey>,
    uses: u64,
    bytes: usize,
}

struct Kept {
    answer: CachedAnswer,
    bytes: usize,
    at: Instant,
    used: u64,
}

impl MemoryCache {
    /// Keeps up to `bytes` of answers, each for `time`. The size of an answer is that of its texts and items and a little for each event.
    pub fn new(bytes: usize, time: Duration) -> Self {
        Self { room: bytes, time, state: Mutex::default() }
    }

    /// How many answers it holds, expired ones among them.
    pub fn len(&self) -> usize {
        self.lock().answers.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for MemoryCache {
    fn default() -> Self {
        Self::new(64 << 20, Duration::from_secs(3600))
    }
}

impl fmt::Debug for MemoryCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (answers, bytes) = {
            let state = self.lock();
            (state.answers.len(), state.bytes)
        };
        f.debug_struct("MemoryCache")
            .field("answers", &answers)
            .field("bytes", &bytes)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl AnswerCache for MemoryCache {
    async fn get(&self, key: &CacheKey) -> Option<CachedAnswer> {
        let mut state = self.lock();
        if state.answers.get(key)?.at.elapsed() >= self.time {
            state.remove(key);
            return None;
        }
        state.touch(key)
    }

    async fn put(&self, key: CacheKey, answer: CachedAnswer) {
        let bytes = size_of_val(&*answer) + answer.iter().map(bytes).sum::<usize>();
        if bytes > self.room / 8 {
            return;
        }
        let mut state = self.lock();
        state.remove(&key);
        while state.bytes + bytes > self.room
            && let Some((_, oldest)) = state.by_use.first_key_value()
        {
            let oldest = *oldest;
            state.remove(&oldest);
        }
        let used = state.next_use();
        state.bytes += bytes;
        state.by_use.insert(used, key);
        state.answers.insert(key, Kept { answer, bytes, at: Instant::now(), used });
    }
}

impl State {
    fn next_use(&mut self) -> u64 {
        self.uses += 1;
        self.uses
    }

    fn touch(&mut self, key: &CacheKey) -> Option<CachedAnswer> {
        let used = self.next_use();
        let kept = self.answers.get_mut(key)?;
        self.by_use.remove(&kept.used);
        self.by_use.insert(used, *key);
        kept.used = used;
        Some(CachedAnswer::clone(&kept.answer))
    }

    fn remove(&mut self, key: &CacheKey) {
        if let Some(kept) = self.answers.remove(key) {
            self.by_use.remove(&kept.used);
            self.bytes -= kept.bytes;
        }
    }
}

/// What an event holds beside itself.
fn bytes(event: &ModelEvent) -> usize {
    match event {
        ModelEvent::Delta { text, .. } => text.len(),
        ModelEvent::PartStart { kind: PartKind::ToolCall { call_id, name }, .. } => {
            call_id.as_str().len() + name.len()
        }
        ModelEvent::PartEnd { part, .. } => size_of::<Part>() + part_bytes(part),
        ModelEvent::Usage(usage) => usage.raw.as_ref().map_or(0, |raw| raw.get().len()),
        ModelEvent::Response(_) | ModelEvent::FellBack(_) => 128,
        _ => 0,
    }
}

fn part_bytes(part: &Part) -> usize {
    let (own, native) = match part {
        Part::Text(text) => (text.text.len(), text.native.as_ref()),
        Part::Reasoning(reasoning) => (reasoning.text.len(), reasoning.native.as_ref()),
        Part::ToolCall(call) => (call.arguments.len() + call.name.len(), call.native.as_ref()),
        Part::Opaque(opaque) => (0, Some(&opaque.native)),
        other => (serde_json::to_string(other).map_or(0, |json| json.len()), None),
    };
    own + native.map_or(0, |native| native.item.get().len())
}
