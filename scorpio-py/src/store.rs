//! Stores: where sessions are kept.

mod event_log;
mod place;
mod snapshot;

use std::{fmt, sync::Arc};

use pyo3::{IntoPyObjectExt, prelude::*};
use scorpio_core::{
    OwnerId, RunId, ScorpioError, SessionId,
    store::{
        BrokenJournal, EventLog, MemoryEventLog, MemoryStore, Page, Session, SessionPatch, Store, StoreError,
        StoreErrorKind, StoredMessage, verify_journal,
    },
};
use scorpio_store::{MongoStore, PostgresStore, RedisStore, SqliteStore};

pub(crate) use self::event_log::{EventLogCore, FollowCore};
use self::place::{Place, Unopened};
use crate::{
    error, json, message,
    operation::{Answer, Operation},
};

/// How many messages are read at a time.
const PAGE: usize = 1_000;

/// What keeps sessions, events or both.
#[derive(Debug, Clone)]
pub(crate) enum Backend {
    Memory(Arc<MemoryStore>, Arc<MemoryEventLog>),
    Sqlite(SqliteStore),
    Postgres(PostgresStore),
    /// Sessions alone.
    Mongo(MongoStore),
    /// Events alone.
    Redis(RedisStore),
}

impl Backend {
    /// The sessions, where it keeps some.
    fn store(&self) -> Option<Arc<dyn Store>> {
        match self {
            Self::Memory(store, _) => Some(Arc::clone(store) as _),
            Self::Sqlite(store) => Some(Arc::new(store.clone())),
            Self::Postgres(store) => Some(Arc::new(store.clone())),
            Self::Mongo(store) => Some(Arc::new(store.clone())),
            Self::Redis(_) => None,
        }
    }

    /// The events, where it keeps some.
    fn events(&self) -> Option<Arc<dyn EventLog>> {
        match self {
            Self::Memory(_, events) => Some(Arc::clone(events) as _),
            Self::Sqlite(store) => Some(Arc::new(store.clone())),
            Self::Postgres(store) => Some(Arc::new(store.clone())),
            Self::Mongo(_) => None,
            Self::Redis(store) => Some(Arc::new(store.clone())),
        }
    }

    async fn close(&self) -> Result<(), StoreError> {
        match self {
            Self::Memory(..) | Self::Mongo(_) | Self::Redis(_) => Ok(()),
            Self::Sqlite(store) => store.close().await,
            Self::Postgres(store) => store.close().await,
        }
    }
}

/// A store.
#[derive(Clone)]
#[pyclass(frozen, module = "scorpio._scorpio")]
pub(crate) struct StoreCore {
    store: Arc<dyn Store>,
    backend: Backend,
}

impl StoreCore {
    pub(crate) fn store(&self) -> Arc<dyn Store> {
        Arc::clone(&self.store)
    }

    fn of(backend: Backend) -> Result<Self, Unopened> {
        let store = backend.store().ok_or(Unopened::NoSessions)?;
        Ok(Self { store, backend })
    }
}

#[pymethods]
impl StoreCore {
    /// A store in memory.
    #[staticmethod]
    fn memory() -> Self {
        let (store, events) = (Arc::new(MemoryStore::new()), Arc::new(MemoryEventLog::new()));
        Self { store: Arc::clone(&store) as _, backend: Backend::Memory(store, events) }
    }

    /// What a path or a URL names: ends with a `StoreCore`.
    #[staticmethod]
    fn open(place: &str) -> PyResult<Operation> {
        let place = Place::parse(place)?;
        Operation::spawn(async move {
            let opened = place.open().await.and_then(Self::of);
            Box::new(move |py: Python<'_>| match &opened {
                Ok(core) => Ok(Py::new(py, core.clone())?.into_any()),
                Err(failed) => Err(failed.exception(py)),
            }) as Answer
        })
    }

    /// The events in the same place.
    fn events(&self, py: Python<'_>) -> PyResult<EventLogCore> {
        EventLogCore::of(&self.backend).map_err(|unfit| unfit.exception(py))
    }

    /// Closes the connections, if there are some.
    fn close(&self) -> PyResult<Operation> {
        let backend = self.backend.clone();
        Operation::spawn(async move { answer(backend.close().await, |py, ()| Ok(py.None())) })
    }

    /// A page of sessions, the one with the newest activity first.
    fn sessions(&self, owner: &str, limit: usize, before: Option<&str>) -> PyResult<Operation> {
        let (store, owner) = (self.store(), owner_id(owner)?);
        let page = match before {
            Some(id) => Page::OlderThan { id: session_id(id)?, limit },
            None => Page::First { limit },
        };
        Operation::spawn(async move {
            let listed = store.list_sessions(&owner, page).await;
            answer(listed, |py, listing| sessions(py, &listing.sessions))
        })
    }

    /// One session, as a list of one or none.
    fn session(&self, owner: &str, id: &str) -> PyResult<Operation> {
        let (store, owner, id) = (self.store(), owner_id(owner)?, session_id(id)?);
        Operation::spawn(async move {
            let found = store.session(&owner, &id).await;
            answer(found, |py, session| sessions(py, session.as_slice()))
        })
    }

    /// Deletes a session, and answers with it as `session` does.
    fn delete_session(&self, owner: &str, id: &str) -> PyResult<Operation> {
        let (store, owner, id) = (self.store(), owner_id(owner)?, session_id(id)?);
        Operation::spawn(async move {
            let deleted = store.delete_session(&owner, &id).await;
            answer(deleted, |py, session| sessions(py, session.as_slice()))
        })
    }

    /// Changes what a session is called, and answers with it as `session` does.
    fn rename_session(&self, owner: &str, id: &str, title: String) -> PyResult<Operation> {
        let (store, owner, id) = (self.store(), owner_id(owner)?, session_id(id)?);
        Operation::spawn(async move {
            let renamed = store.update_session(&owner, &id, SessionPatch::title(title)).await;
            answer(renamed, |py, session| sessions(py, session.as_slice()))
        })
    }

    /// Where a session went on in more than one way: `(after, [(seq, message_id, is_current)])` each.
    fn branches(&self, owner: &str, id: &str) -> PyResult<Operation> {
        let (store, owner, id) = (self.store(), owner_id(owner)?, session_id(id)?);
        Operation::spawn(async move {
            answer(store.branch_points(&owner, &id).await, |py, points| {
                let written: Vec<_> = points
                    .iter()
                    .map(|point| {
                        let ways =
                            point.ways.iter().map(|way| (way.seq, way.message.as_str(), way.is_current));
                        (point.after, ways.collect::<Vec<_>>())
                    })
                    .collect();
                written.into_py_any(py)
            })
        })
    }

    /// Makes the branch through a message the history, and answers with the session as `session` does.
    fn switch_branch(&self, owner: &str, id: &str, seq: u64) -> PyResult<Operation> {
        let (store, owner, id) = (self.store(), owner_id(owner)?, session_id(id)?);
        Operation::spawn(async move {
            let switched = store.switch_branch(&owner, &id, seq).await;
            answer(switched, |py, session| sessions(py, session.as_slice()))
        })
    }

    /// Makes a session that begins as another one did, up to the message whose place is `at`, and answers with it as `session` does.
    fn fork_session(&self, owner: &str, id: &str, at: Option<u64>, to: Option<&str>) -> PyResult<Operation> {
        let to = to.map(session_id).transpose()?.unwrap_or_else(SessionId::new);
        snapshot::fork(self.store(), owner_id(owner)?, session_id(id)?, at, to)
    }

    /// A session as JSON Lines, or `None`.
    fn export_session(&self, owner: &str, id: &str) -> PyResult<Operation> {
        snapshot::export(self.store(), owner_id(owner)?, session_id(id)?)
    }

    /// Puts a session in that was exported, as one of `owner`, and answers with it as `session` does.
    fn import_session(&self, owner: &str, text: &str, id: Option<&str>) -> PyResult<Operation> {
        snapshot::import(self.store(), owner_id(owner)?, text, id.map(session_id).transpose()?)
    }

    /// Checks the journal of a run, and answers with how many steps it has.
    fn verify_journal(&self, owner: &str, run: &str) -> PyResult<Operation> {
        let (store, owner, run) = (self.store(), owner_id(owner)?, run_id(run)?);
        Operation::spawn(async move {
            let journal = journal(&*store, &owner, run).await;
            Box::new(move |py: Python<'_>| match &journal {
                Ok(Ok(steps)) => steps.into_py_any(py),
                Ok(Err(broken)) => Err(error::journal_error(py, broken.seq, &broken.to_string())),
                Err(failed) => Err(error::exception(py, failed)),
            }) as Answer
        })
    }

    /// The messages of a session.
    fn messages(&self, owner: &str, id: &str) -> PyResult<Operation> {
        let (store, owner, id) = (self.store(), owner_id(owner)?, session_id(id)?);
        Operation::spawn(async move {
            let read = messages(&*store, &owner, &id).await;
            answer(read, |py, messages| message::write_stored(py, messages))
        })
    }
}

/// Reads a journal from its first step on and checks it. Answers how many steps it has.
async fn journal(
    store: &dyn Store,
    owner: &OwnerId,
    run: RunId,
) -> Result<Result<usize, BrokenJournal>, ScorpioError> {
    if store.run(owner, run).await?.is_none() {
        return Err(StoreError::new(StoreErrorKind::NotFound, "there is no such run").into());
    }
    let mut entries = Vec::new();
    loop {
        let page = store.journal(owner, run, entries.len() as u64, PAGE).await?;
        let size = page.len();
        entries.extend(page);
        if size < PAGE {
            return Ok(verify_journal(&entries).map(|()| entries.len()));
        }
    }
}

async fn messages(
    store: &dyn Store,
    owner: &OwnerId,
    id: &SessionId,
) -> Result<Vec<StoredMessage>, StoreError> {
    let (mut messages, mut after) = (Vec::new(), 0);
    loop {
        let page = store.messages(owner, id, after, PAGE).await?;
        let size = page.len();
        after = page.last().map_or(after, |stored| stored.seq);
        messages.extend(page);
        if size < PAGE {
            return Ok(messages);
        }
    }
}

fn answer<T: Send + Sync + 'static>(
    result: Result<T, StoreError>,
    write: impl Fn(Python<'_>, &T) -> PyResult<Py<PyAny>> + Send + Sync + 'static,
) -> Answer {
    let result = result.map_err(scorpio_core::ScorpioError::from);
    Box::new(move |py| match &result {
        Ok(value) => write(py, value),
        Err(failed) => Err(error::exception(py, failed)),
    })
}

fn sessions(py: Python<'_>, sessions: &[Session]) -> PyResult<Py<PyAny>> {
    let text = serde_json::to_string(sessions).map_err(error::invalid)?;
    json::read_by(py, "scorpio._stores", "sessions_from_engine", text).map(Bound::unbind)
}

/// Reads the id of a session.
pub(crate) fn session_id(text: &str) -> PyResult<SessionId> {
    SessionId::parse(text).map_err(error::invalid)
}

/// Reads the id of a run.
pub(crate) fn run_id(text: &str) -> PyResult<RunId> {
    text.parse().map_err(error::invalid)
}

/// Reads the id of an owner.
pub(crate) fn owner_id(text: &str) -> PyResult<OwnerId> {
    OwnerId::parse(text).map_err(error::invalid)
}

impl fmt::Debug for StoreCore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("StoreCore").field(&self.store).finish()
    }
}
