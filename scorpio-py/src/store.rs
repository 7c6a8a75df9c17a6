//! Stores: where sessions are kept.

use std::{fmt, path::PathBuf, sync::Arc};

use pyo3::prelude::*;
use scorpio_core::{
    OwnerId, SessionId,
    store::{MemoryStore, Page, Session, Store, StoreError},
};
use scorpio_store::SqliteStore;

use crate::{
    error, json, message,
    operation::{Answer, Operation},
    runtime,
};

/// How many messages are read at a time.
const PAGE: usize = 1_000;

/// A store.
#[pyclass(frozen, module = "scorpio._scorpio")]
pub(crate) struct StoreCore {
    store: Arc<dyn Store>,
    /// The same, where it is a file that can be closed.
    file: Option<SqliteStore>,
}

impl StoreCore {
    pub(crate) fn store(&self) -> Arc<dyn Store> {
        Arc::clone(&self.store)
    }
}

impl From<Arc<dyn Store>> for StoreCore {
    fn from(store: Arc<dyn Store>) -> Self {
        Self { store, file: None }
    }
}

#[pymethods]
impl StoreCore {
    /// A store in memory.
    #[staticmethod]
    fn memory() -> Self {
        Self { store: Arc::new(MemoryStore::new()), file: None }
    }

    /// A store in a SQLite file.
    #[staticmethod]
    fn sqlite(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        let runtime = runtime::handle()?;
        // What is wrong with a file is for the programmer who named it.
        let opened = py.detach(|| runtime.block_on(SqliteStore::open(path)));
        let file = opened.map_err(|failed| error::store_error(py, &failed.to_string()))?;
        Ok(Self { store: Arc::new(file.clone()), file: Some(file) })
    }

    /// Closes the file, if there is one.
    fn close(&self) -> PyResult<Operation> {
        let file = self.file.clone();
        Operation::spawn(async move {
            let closed = match file {
                Some(file) => file.close().await,
                None => Ok(()),
            };
            answer(closed, |py, ()| Ok(py.None()))
        })
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

    /// The messages of a session.
    fn messages(&self, owner: &str, id: &str) -> PyResult<Operation> {
        let (store, owner, id) = (self.store(), owner_id(owner)?, session_id(id)?);
        Operation::spawn(async move {
            let read = messages(&*store, &owner, &id).await;
            answer(read, |py, messages| message::write(py, messages))
        })
    }
}

async fn messages(
    store: &dyn Store,
    owner: &OwnerId,
    id: &SessionId,
) -> Result<Vec<scorpio_core::Message>, StoreError> {
    let (mut messages, mut after) = (Vec::new(), 0);
    loop {
        let page = store.messages(owner, id, after, PAGE).await?;
        let size = page.len();
        for stored in page {
            after = stored.seq;
            messages.push(stored.message);
        }
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

/// Reads the id of an owner.
pub(crate) fn owner_id(text: &str) -> PyResult<OwnerId> {
    OwnerId::parse(text).map_err(error::invalid)
}

impl fmt::Debug for StoreCore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("StoreCore").field(&self.store).finish()
    }
}
