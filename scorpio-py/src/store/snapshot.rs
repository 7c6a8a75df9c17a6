//! Sessions as text: exported, imported, and forked.

use std::sync::Arc;

use pyo3::{IntoPyObjectExt, prelude::*};
use scorpio_core::{
    OwnerId, SessionId,
    store::{Session, SessionSnapshot, Store, StoreError, StoreErrorKind},
};

use super::{answer, sessions};
use crate::{error, operation::Operation};

/// Ends with a session as JSON Lines, or `None`.
pub(super) fn export(store: Arc<dyn Store>, owner: OwnerId, id: SessionId) -> PyResult<Operation> {
    Operation::spawn(async move {
        let exported = store.export_session(&owner, &id).await;
        let text = exported.map(|snapshot| snapshot.map(|snapshot| snapshot.to_json_lines()));
        answer(text, |py, text| text.into_py_any(py))
    })
}

/// Puts a session in that was exported, and ends with it.
pub(super) fn import(
    store: Arc<dyn Store>,
    owner: OwnerId,
    text: &str,
    id: Option<SessionId>,
) -> PyResult<Operation> {
    let mut snapshot = SessionSnapshot::from_json_lines(text).map_err(error::invalid)?;
    snapshot.session.owner = owner;
    if let Some(id) = id {
        snapshot.session.id = id;
    }
    // The store would not tell what is wrong; whoever gives it a text is told.
    snapshot.check().map_err(error::invalid)?;
    Operation::spawn(async move {
        answer(store.import_session(snapshot).await, |py, session| {
            sessions(py, std::slice::from_ref(session))
        })
    })
}

/// Makes a session that begins as another one did, and ends with it.
pub(super) fn fork(
    store: Arc<dyn Store>,
    owner: OwnerId,
    id: SessionId,
    at: Option<u64>,
    to: SessionId,
) -> PyResult<Operation> {
    Operation::spawn(async move {
        let forked = forked(&*store, &owner, &id, at, to).await;
        answer(forked, |py, session| sessions(py, std::slice::from_ref(session)))
    })
}

async fn forked(
    store: &dyn Store,
    owner: &OwnerId,
    id: &SessionId,
    at: Option<u64>,
    to: SessionId,
) -> Result<Session, StoreError> {
    let missing = || StoreError::new(StoreErrorKind::NotFound, "there is no such session or message");
    let snapshot = store.export_session(owner, id).await?.ok_or_else(missing)?;
    let last = snapshot.messages.iter().rev().find(|message| message.is_current).map(|message| message.seq);
    let at = at.or(last).ok_or_else(missing)?;
    store.import_session(snapshot.fork_at(at, to).ok_or_else(missing)?).await
}
