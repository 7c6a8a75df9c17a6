//! The one connection that writes. A task owns it, takes what has queued up and commits it together: one sync of the disk for all
//! of them. Whoever asked is answered after the commit. Because the task owns the work, a caller that goes away leaves nothing half done.

use std::sync::Arc;

use scorpio_core::store::StoreError;
use sqlx::{Connection, SqliteConnection};
use tokio::sync::{mpsc, oneshot};

use super::{
    error,
    file::DatabaseFile,
    script::{self, Script, Step},
};

/// How many transactions are committed together at most.
const BATCH: usize = 256;

/// How many equal scripts are sent to the connection's thread in one trip at most. Each count has a prepared statement of its own,
/// so only powers of two are used.
const TRIP: usize = 16;

type Outcome = Result<Vec<Step>, Arc<sqlx::Error>>;

struct Job {
    script: Script,
    answer: oneshot::Sender<Outcome>,
}

enum Order {
    Run(Job),
    Close(oneshot::Sender<Result<(), sqlx::Error>>),
}

/// The way to the writing task.
#[derive(Debug, Clone)]
pub(super) struct Writer(mpsc::Sender<Order>);

impl Writer {
    /// Gives `connection` to a task. It ends when every [`Writer`] is gone or one is closed. Nothing is written while `file`, if it is one,
    /// is not where it was.
    pub(super) fn start(connection: SqliteConnection, file: Option<DatabaseFile>) -> Self {
        let (orders, queue) = mpsc::channel(1024);
        tokio::spawn(write(connection, file, queue));
        Self(orders)
    }

    /// Runs a script in a transaction and answers once it is durable.
    ///
    /// # Cancel safety
    ///
    /// It happens whole or not at all.
    pub(super) async fn run(&self, script: Script) -> Outcome {
        let (answer, outcome) = oneshot::channel();
        let closed = |_| Arc::new(sqlx::Error::PoolClosed);
        self.0.send(Order::Run(Job { script, answer })).await.map_err(|_| closed(()))?;
        outcome.await.unwrap_or_else(|_| Err(closed(())))
    }

    /// Commits what has queued up, writes the log of the database into its file, and closes the connection.
    pub(super) async fn close(&self) -> Result<(), StoreError> {
        let (answer, outcome) = oneshot::channel();
        if self.0.send(Order::Close(answer)).await.is_err() {
            return Ok(());
        }
        match outcome.await {
            Ok(Err(failure)) => Err(error::store_error(Arc::new(failure))),
            // A second one that closes finds the task gone.
            Ok(Ok(())) | Err(_) => Ok(()),
        }
    }
}

async fn write(
    mut connection: SqliteConnection,
    file: Option<DatabaseFile>,
    mut queue: mpsc::Receiver<Order>,
) {
    let (mut orders, mut jobs) = (Vec::new(), Vec::new());
    let mut close = None;
    while close.is_none() && queue.recv_many(&mut orders, BATCH).await > 0 {
        for order in orders.drain(..) {
            match order {
                Order::Run(job) => jobs.push(job),
                Order::Close(answer) => close = Some(answer),
            }
        }
        let jobs = std::mem::take(&mut jobs);
        match file.as_ref().map_or(Ok(()), DatabaseFile::expect_in_place) {
            Ok(()) => commit(&mut connection, jobs).await,
            Err(gone) => refuse(jobs, gone),
        }
    }
    drop(queue);
    let closed = finish(connection).await;
    if let Some(answer) = close {
        let _ = answer.send(closed);
    }
}

async fn finish(mut connection: SqliteConnection) -> Result<(), sqlx::Error> {
    let checkpoint = Script::new("pragma wal_checkpoint(truncate)").run(&mut connection).await;
    connection.close().await?;
    checkpoint.map(drop)
}

/// Answers all of `jobs` with the same failure.
fn refuse(jobs: Vec<Job>, failure: sqlx::Error) {
    let failure = Arc::new(failure);
    for Job { answer, .. } in jobs {
        let _ = answer.send(Err(failure.clone()));
    }
}

/// Commits `jobs` together, in their order, and answers them.
async fn commit(connection: &mut SqliteConnection, mut jobs: Vec<Job>) {
    // Who has gone away while the work was queued is not asked for it: it has not begun.
    jobs.retain(|job| !job.answer.is_closed());
    match jobs.len() {
        0 => {}
        1 => {
            for Job { script, answer } in jobs {
                let _ = answer.send(alone(connection, script).await);
            }
        }
        _ => together(connection, jobs).await,
    }
}

/// Runs one script as a transaction, in one trip.
async fn alone(connection: &mut SqliteConnection, script: Script) -> Outcome {
    let statements = script.statements();
    let sql = ["begin immediate;", script.sql(), "commit;"].concat();
    let mut steps = Vec::with_capacity(statements + 2);
    match script::run(connection, sql, script.into_values(), &mut steps).await {
        Ok(()) => Ok(inner(steps, 1, statements)),
        Err(failure) => {
            roll_back(connection).await;
            Err(Arc::new(failure))
        }
    }
}

async fn together(connection: &mut SqliteConnection, jobs: Vec<Job>) {
    let mut answers = Vec::with_capacity(jobs.len());
    let mut outcomes = Vec::with_capacity(jobs.len());
    let mut scripts = Vec::with_capacity(jobs.len());
    for Job { script, answer } in jobs {
        answers.push(answer);
        scripts.push(script);
    }
    let committed = transaction(connection, scripts, &mut outcomes).await;
    match committed {
        Ok(()) => {
            for (answer, outcome) in answers.into_iter().zip(outcomes) {
                let _ = answer.send(outcome.map_err(Arc::new));
            }
        }
        Err(failure) => {
            roll_back(connection).await;
            let failure = Arc::new(failure);
            for answer in answers {
                let _ = answer.send(Err(failure.clone()));
            }
        }
    }
}

/// Runs the scripts in one transaction. One that fails is undone and the others go on; an error of this function means that there is
/// no transaction any more.
async fn transaction(
    connection: &mut SqliteConnection,
    scripts: Vec<Script>,
    outcomes: &mut Vec<Result<Vec<Step>, sqlx::Error>>,
) -> Result<(), sqlx::Error> {
    Script::new("begin immediate").run(connection).await?;
    let mut scripts = scripts.into_iter().peekable();
    while let Some(first) = scripts.next() {
        let mut trip = vec![first];
        while trip.len() < TRIP
            && let Some(next) = scripts.next_if(|next| trip.iter().all(|script| script.sql() == next.sql()))
        {
            trip.push(next);
        }
        while !trip.is_empty() {
            // The highest power of two that the trip is long enough for.
            let count = 1 << trip.len().ilog2();
            let rest = trip.split_off(count);
            send(connection, std::mem::replace(&mut trip, rest), outcomes).await?;
        }
    }
    Script::new("commit").run(connection).await?;
    Ok(())
}

/// Runs equal scripts in one trip, each in a savepoint. When one fails, it is undone, and those after it make another trip each.
async fn send(
    connection: &mut SqliteConnection,
    scripts: Vec<Script>,
    outcomes: &mut Vec<Result<Vec<Step>, sqlx::Error>>,
) -> Result<(), sqlx::Error> {
    let mut left = scripts;
    while let Some(first) = left.first() {
        let statements = first.statements();
        let sql = ["savepoint job;", first.sql(), "release job;"].concat().repeat(left.len());
        let values = left.iter().flat_map(|script| script.values().iter().cloned()).collect();
        let mut steps = Vec::with_capacity((statements + 2) * left.len());
        let result = script::run(connection, sql, values, &mut steps).await;
        let mut done = 0;
        let mut steps = steps.into_iter();
        while steps.len() >= statements + 2 {
            let of_one = steps.by_ref().take(statements + 2).collect();
            outcomes.push(Ok(inner(of_one, 1, statements)));
            done += 1;
        }
        if let Err(failure) = result {
            // This fails when SQLite has rolled back the whole transaction, as it does when the disk is full.
            Script::new("rollback to job").then("release job").run(connection).await?;
            outcomes.push(Err(failure));
            done += 1;
        }
        left.drain(..done);
    }
    Ok(())
}

/// The steps of a script without those of the statements around it.
fn inner(steps: Vec<Step>, skip: usize, take: usize) -> Vec<Step> {
    steps.into_iter().skip(skip).take(take).collect()
}

async fn roll_back(connection: &mut SqliteConnection) {
    // There may be nothing to roll back any more, or the connection is lost: the next transaction will tell.
    let _ = Script::new("rollback").run(connection).await;
}
