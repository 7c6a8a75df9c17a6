//! Logs of events: what happened in runs, for those who look at it later or from elsewhere.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures::StreamExt;
use pyo3::{IntoPyObjectExt, prelude::*};
use scorpio_core::{
    Event, RunId,
    store::{EventLog, EventLogStream, StoreError},
};

use super::{
    Backend, answer,
    place::{Place, Unopened},
    run_id,
};
use crate::{
    event::Translator,
    operation::{Answer, Operation},
};

/// A log of events.
#[derive(Clone)]
#[pyclass(frozen, module = "scorpio._scorpio")]
pub(crate) struct EventLogCore {
    log: Arc<dyn EventLog>,
}

impl EventLogCore {
    pub(super) fn of(backend: &Backend) -> Result<Self, Unopened> {
        backend.events().map(|log| Self { log }).ok_or(Unopened::NoEvents)
    }

    pub(crate) fn log(&self) -> Arc<dyn EventLog> {
        Arc::clone(&self.log)
    }
}

#[pymethods]
impl EventLogCore {
    /// What a path or a URL names: ends with an `EventLogCore`.
    #[staticmethod]
    fn open(place: &str) -> PyResult<Operation> {
        let place = Place::parse(place)?;
        Operation::spawn(async move {
            let opened = place.open().await.and_then(|backend| Self::of(&backend));
            Box::new(move |py: Python<'_>| match &opened {
                Ok(core) => Ok(Py::new(py, core.clone())?.into_any()),
                Err(failed) => Err(failed.exception(py)),
            }) as Answer
        })
    }

    /// The events of a run after the first `after`, at most `limit`, as a list.
    fn read(&self, run: &str, after: u64, limit: usize) -> PyResult<Operation> {
        let (log, run) = (self.log(), run_id(run)?);
        let most = usize::try_from(after).unwrap_or(usize::MAX).saturating_add(limit);
        Operation::spawn(async move {
            // From the first one on: what a delta belongs to began before it.
            answer(log.read(run, 0, most).await, move |py, events| {
                let mut translator = Translator::default();
                let mut read = Vec::new();
                for event in events {
                    if event.seq > after {
                        read.push(translator.translate(py, Arc::clone(event))?);
                    } else {
                        translator.note(event);
                    }
                }
                read.into_py_any(py)
            })
        })
    }

    /// The events of a run after the first `after`, those to come as well.
    fn follow(&self, run: &str, after: u64) -> PyResult<FollowCore> {
        Ok(FollowCore(Arc::new(Following {
            log: self.log(),
            run: run_id(run)?,
            after,
            stream: tokio::sync::Mutex::default(),
            translator: Mutex::default(),
        })))
    }
}

/// The events of a run, as they come.
#[pyclass(frozen, module = "scorpio._scorpio")]
pub(crate) struct FollowCore(Arc<Following>);

struct Following {
    log: Arc<dyn EventLog>,
    run: RunId,
    after: u64,
    stream: tokio::sync::Mutex<Option<EventLogStream>>,
    translator: Mutex<Translator>,
}

impl Following {
    fn translator(&self) -> MutexGuard<'_, Translator> {
        self.translator.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn next(&self) -> Result<Option<Arc<Event>>, StoreError> {
        let mut stream = self.stream.lock().await;
        if stream.is_none() {
            // From the first one on: what a delta belongs to began before it.
            *stream = Some(self.log.follow(self.run, 0).await?);
        }
        let Some(stream) = stream.as_mut() else { return Ok(None) };
        while let Some(event) = stream.next().await.transpose()? {
            if event.seq > self.after {
                return Ok(Some(event));
            }
            self.translator().note(&event);
        }
        Ok(None)
    }
}

#[pymethods]
impl FollowCore {
    /// The next event, or `None` after the last one.
    fn next(&self) -> PyResult<Operation> {
        let following = Arc::clone(&self.0);
        Operation::spawn(async move {
            let next = following.next().await;
            answer(next, move |py, event| match event {
                Some(event) => following.translator().translate(py, Arc::clone(event)),
                None => Ok(py.None()),
            })
        })
    }
}

impl fmt::Debug for EventLogCore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("EventLogCore").field(&self.log).finish()
    }
}

impl fmt::Debug for FollowCore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FollowCore").field(&self.0.run).finish()
    }
}
