//! Word of what other processes have written. One connection listens for all of a process. What it says is a hint: it may be lost
//! with the connection, so whoever waits looks again after a while in any case.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures::future::BoxFuture;
use scorpio_core::RunId;
use sqlx::{
    ConnectOptions, Executor, PgPool,
    postgres::{PgConnectOptions, PgListener, PgPoolOptions},
};
use tokio::sync::Notify;
use uuid::Uuid;

use super::error::SqlResult;

/// The channel. What is said on it is the id of the store that says it, the topic and the run, with blanks between them.
pub(super) const CHANNEL: &str = "scorpio";

/// How often to look while nothing listens.
const POLL: Duration = Duration::from_millis(250);

/// How often to look while notifications come. Each of those who wait looks, so it is seldom.
const POLL_WHILE_LISTENING: Duration = Duration::from_secs(10);

/// How often to ask whether the connection that listens still stands: one question for all who wait.
const PING: Duration = Duration::from_millis(500);

/// How long an answer to that may take.
const PING_TIMEOUT: Duration = Duration::from_secs(2);

/// How long connecting may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// What a notification is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Topic {
    /// The run has new events.
    Events,
    /// The run was told something.
    Signals,
}

impl Topic {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Signals => "signals",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Events, Self::Signals].into_iter().find(|topic| topic.as_str() == text)
    }
}

type Key = (Topic, RunId);

/// Those who wait for notifications, and the task that listens.
#[derive(Debug)]
pub(super) struct Notifications {
    /// This store among all that share the database.
    id: Uuid,
    waiting: Mutex<HashMap<Key, Weak<Notify>>>,
    connect: Arc<PgConnectOptions>,
    is_started: AtomicBool,
    is_listening: AtomicBool,
    closed: Notify,
    is_closed: AtomicBool,
}

impl Notifications {
    /// Nothing listens until somebody waits.
    pub(super) fn new(connect: Arc<PgConnectOptions>) -> Arc<Self> {
        Arc::new(Self {
            id: Uuid::now_v7(),
            waiting: Mutex::default(),
            connect,
            is_started: AtomicBool::new(false),
            is_listening: AtomicBool::new(false),
            closed: Notify::new(),
            is_closed: AtomicBool::new(false),
        })
    }

    /// The beginning of what this store says about `topic`; the run's id completes it.
    pub(super) fn announcement(&self, topic: Topic) -> String {
        format!("{} {} ", self.id, topic.as_str())
    }

    /// What to wait for before another look. Made before a look, it misses nothing that comes after.
    pub(super) fn wait(self: &Arc<Self>, topic: Topic, run: RunId) -> BoxFuture<'static, ()> {
        self.start();
        let notified = self.notify((topic, run)).notified_owned();
        let poll = if self.is_listening.load(Ordering::Acquire) { POLL_WHILE_LISTENING } else { POLL };
        Box::pin(async move {
            // Either way there is another look.
            let _ = tokio::time::timeout(poll, notified).await;
        })
    }

    /// Ends the listening.
    pub(super) fn close(&self) {
        self.is_closed.store(true, Ordering::Release);
        self.closed.notify_one();
    }

    fn notify(&self, key: Key) -> Arc<Notify> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(notify) = waiting.get(&key).and_then(Weak::upgrade) {
            return notify;
        }
        if waiting.len() == waiting.capacity() {
            waiting.retain(|_, notify| notify.strong_count() > 0);
        }
        let notify = Arc::new(Notify::new());
        waiting.insert(key, Arc::downgrade(&notify));
        notify
    }

    fn start(self: &Arc<Self>) {
        if !self.is_started.swap(true, Ordering::AcqRel) {
            tokio::spawn(listen(self.clone()));
        }
    }

    /// Wakes those who wait in this process.
    pub(super) fn wake(&self, key: Key) {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(notify) = waiting.get(&key).and_then(Weak::upgrade) {
            notify.notify_waiters();
        }
    }

    fn wake_all(&self) {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        for notify in waiting.values().filter_map(Weak::upgrade) {
            notify.notify_waiters();
        }
    }

    fn hear(&self, payload: &str) {
        let mut words = payload.split(' ');
        let (Some(from), Some(topic), Some(run)) = (words.next(), words.next(), words.next()) else { return };
        // What this store has written, those who wait in it know already.
        if from.parse() == Ok(self.id) {
            return;
        }
        if let (Some(topic), Ok(run)) = (Topic::parse(topic), run.parse()) {
            self.wake((topic, run));
        }
    }
}

async fn listen(notifications: Arc<Notifications>) {
    // A pool of one, because a listener connects through a pool.
    let connect = PgConnectOptions::clone(&notifications.connect).disable_statement_logging();
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .acquire_timeout(CONNECT_TIMEOUT)
        .max_lifetime(None)
        .idle_timeout(None)
        .connect_lazy_with(connect);
    while !notifications.is_closed.load(Ordering::Acquire) {
        let lost = tokio::select! {
            lost = hear_until_lost(&notifications, &pool) => lost,
            () = notifications.closed.notified() => break,
        };
        if notifications.is_listening.swap(false, Ordering::AcqRel) {
            tracing::warn!(error = ?lost, "the connection that listens was lost; it is made again");
        }
        // What was said in the meantime is lost.
        notifications.wake_all();
        tokio::select! {
            () = tokio::time::sleep(POLL) => {}
            () = notifications.closed.notified() => break,
        }
    }
    pool.close().await;
}

async fn hear_until_lost(notifications: &Notifications, pool: &PgPool) -> sqlx::Error {
    let hear = async {
        let mut listener = PgListener::connect_with(pool).await?;
        listener.eager_reconnect(false);
        listener.listen(CHANNEL).await?;
        notifications.is_listening.store(true, Ordering::Release);
        // What was said before this could not be heard.
        notifications.wake_all();
        loop {
            match tokio::time::timeout(PING, listener.try_recv()).await {
                Ok(Ok(Some(notification))) => notifications.hear(notification.payload()),
                Ok(Ok(None)) => return Err(closed()),
                Ok(Err(error)) => return Err(error),
                Err(_) => {
                    let ping = tokio::time::timeout(PING_TIMEOUT, listener.execute("select 1")).await;
                    ping.map_err(|_| closed())??;
                }
            }
        }
    };
    let lost: SqlResult<std::convert::Infallible> = hear.await;
    match lost {
        Ok(never) => match never {},
        Err(error) => error,
    }
}

fn closed() -> sqlx::Error {
    std::io::Error::from(std::io::ErrorKind::ConnectionAborted).into()
}
