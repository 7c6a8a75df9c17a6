//! The live end of all runs that are followed in this process: one task reads them over one connection and hands on what comes.
//! Followers compare what they get with what they have, and look into the log where something is missing.

use std::{
    collections::HashMap,
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use ::redis::{Cmd, Value, aio::MultiplexedConnection, cmd};
use scorpio_core::{Event, RunId, store::StoreError};
use tokio::sync::{Notify, broadcast};

use super::{PAGE, entry};
use crate::redis::{
    RedisOptions,
    connection::{Connection, Repeat},
    error::store_error,
    events_key,
};

/// How long the server holds a read when nothing comes.
const BLOCK: Duration = Duration::from_secs(2);

/// How long to wait until a read that has not ended is told again to end.
const UNBLOCK: Duration = Duration::from_millis(5);

/// How long to wait between attempts to come back.
const PAUSE: Duration = Duration::from_millis(200);

pub(super) type Receiver = broadcast::Receiver<Arc<Event>>;

/// Where to follow.
#[derive(Clone)]
pub(in crate::redis) struct Tail(Arc<Inner>);

struct Inner {
    connection: Connection,
    prefix: String,
    backlog: usize,
    state: Mutex<State>,
    /// Somebody follows a run that is not being read.
    changed: Notify,
}

#[derive(Default)]
struct State {
    runs: HashMap<RunId, Followed>,
    is_running: bool,
}

struct Followed {
    events: broadcast::Sender<Arc<Event>>,
    /// The last event that was handed on, or an earlier one for the sake of a follower who has not got so far. None until one has
    /// caught up.
    position: Option<u64>,
}

impl Tail {
    pub(in crate::redis) fn new(connection: Connection, options: &RedisOptions) -> Self {
        Self(Arc::new(Inner {
            connection,
            prefix: options.prefix.clone(),
            backlog: options.backlog,
            state: Mutex::default(),
            changed: Notify::new(),
        }))
    }

    /// What is handed on of a run from now. It is complete from [`Tail::start`] on.
    pub(super) fn join(&self, run: RunId) -> Receiver {
        let mut state = self.0.lock();
        let new = || Followed { events: broadcast::channel(self.0.backlog).0, position: None };
        state.runs.entry(run).or_insert_with(new).events.subscribe()
    }

    /// Has a run read from `position`, where the caller has got to, or from before: what comes after is handed on.
    pub(super) fn start(&self, run: RunId, position: u64) {
        let mut state = self.0.lock();
        let Some(followed) = state.runs.get_mut(&run) else { return };
        if followed.position.is_some_and(|read| read <= position) {
            return;
        }
        followed.position = Some(position);
        if !state.is_running {
            state.is_running = true;
            tokio::spawn(read_all(Arc::clone(&self.0)));
        }
        drop(state);
        self.0.changed.notify_one();
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The runs to read, with the last event of each that was handed on; none when nobody follows any more, and then the task ends.
    fn wanted(&self) -> Option<Vec<(RunId, u64)>> {
        let mut state = self.lock();
        state.runs.retain(|_, followed| followed.events.receiver_count() > 0);
        if state.runs.is_empty() {
            state.is_running = false;
            return None;
        }
        let read = state.runs.iter().filter_map(|(run, followed)| Some((*run, followed.position?)));
        Some(read.collect())
    }

    fn hand_on(&self, run: RunId, answer: Value) {
        let events = entry::entries(answer).and_then(|entries| {
            entries.into_iter().map(|entry| entry.event()).collect::<Result<Vec<_>, _>>()
        });
        let mut state = self.lock();
        let (Ok(events), Some(followed)) = (events, state.runs.get_mut(&run)) else {
            // The followers look into the log, and find what is wrong themselves.
            state.runs.remove(&run);
            return;
        };
        for event in events {
            followed.position = Some(event.seq);
            // Nobody is there to get it when the last follower has just gone.
            let _ = followed.events.send(event);
        }
    }
}

/// A connection whose reads can be ended from outside.
struct Reader {
    connection: MultiplexedConnection,
    client_id: u64,
}

impl Reader {
    async fn connect(connection: &Connection) -> Result<Self, StoreError> {
        let mut connection = connection.dedicated(BLOCK).await?;
        let client_id = cmd("CLIENT").arg("ID").query_async(&mut connection).await.map_err(store_error)?;
        Ok(Self { connection, client_id })
    }

    /// Reads until something comes, or until another run is to be read as well.
    async fn read(&mut self, command: &Cmd, inner: &Inner) -> Result<Value, StoreError> {
        let mut unblock = cmd("CLIENT");
        unblock.arg("UNBLOCK").arg(self.client_id);
        let mut reading = pin!(command.query_async(&mut self.connection));
        let mut is_changed = false;
        loop {
            tokio::select! {
                answer = &mut reading => return answer.map_err(store_error),
                () = inner.changed.notified(), if !is_changed => is_changed = true,
                () = tokio::time::sleep(UNBLOCK), if is_changed => {}
            }
            // It may come before the read has begun, so it is sent again until the read ends. When it is not permitted, the read ends
            // by itself.
            let _ = inner.connection.query::<u64>(&unblock, Repeat::Allowed).await;
        }
    }
}

async fn read_all(inner: Arc<Inner>) {
    let mut reader = None;
    while let Some(wanted) = inner.wanted() {
        if wanted.is_empty() {
            // Somebody is catching up.
            let _ = tokio::time::timeout(BLOCK, inner.changed.notified()).await;
            continue;
        }
        if let Err(error) = read_some(&inner, &mut reader, &wanted).await {
            tracing::debug!(error = ?error, "Redis' streams cannot be read; it is tried again");
            reader = None;
            tokio::time::sleep(PAUSE).await;
        }
    }
}

async fn read_some(
    inner: &Inner,
    reader: &mut Option<Reader>,
    wanted: &[(RunId, u64)],
) -> Result<(), StoreError> {
    let reader = match reader {
        Some(reader) => reader,
        None => reader.insert(Reader::connect(&inner.connection).await?),
    };
    let keys: HashMap<String, RunId> =
        wanted.iter().map(|(run, _)| (events_key(&inner.prefix, *run), *run)).collect();
    let mut command = cmd("XREAD");
    command.arg("COUNT").arg(PAGE).arg("BLOCK").arg(BLOCK.as_millis() as u64).arg("STREAMS");
    for (run, _) in wanted {
        command.arg(events_key(&inner.prefix, *run));
    }
    for (_, position) in wanted {
        command.arg(*position);
    }
    for (key, entries) in entry::streams(reader.read(&command, inner).await?)? {
        if let Some(run) = keys.get(&key) {
            inner.hand_on(*run, entries);
        }
    }
    Ok(())
}
