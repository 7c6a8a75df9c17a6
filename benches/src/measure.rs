//! What a process has used so far, and what a number of runs uses.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Result, bail, ensure};
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

use crate::{case::Work, client::Client};

/// What was allocated.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Allocations {
    /// How many times memory was asked for, growing what was there included.
    pub count: usize,
    /// How many bytes were asked for.
    pub bytes: usize,
}

/// Tells what the process has allocated so far.
pub type CountAllocations = fn() -> Allocations;

/// What the runs of one launch used. Times are in microseconds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Sample {
    /// User and system time of the process, for one run.
    pub(crate) cpu: f64,
    /// Time on the clock, for one run.
    pub(crate) wall: f64,
    /// Until the first delta, the median; only when the runs are watched.
    pub(crate) first_delta: Option<f64>,
    /// The most memory that the process ever had, in KiB.
    pub(crate) peak_rss: i64,
    /// For one run, when this is what was measured.
    pub(crate) allocations: Option<Allocations>,
    /// Runs that were done, those for warming up included.
    pub(crate) runs: usize,
    /// The final text of every run.
    pub(crate) text: String,
}

/// A text that was watched while it was written.
#[derive(Debug)]
pub(crate) struct Watched {
    pub(crate) text: String,
    pub(crate) deltas: usize,
    pub(crate) first_delta: Option<Duration>,
}

/// User and system time of the process so far.
pub(crate) fn cpu() -> Result<Duration> {
    Ok(used()?.cpu)
}

/// Lets `client` do its work and tells what it used.
pub(crate) async fn measure<C: Client>(
    client: Arc<C>,
    work: &Work,
    count: Option<CountAllocations>,
) -> Result<Sample> {
    let warm_up = (work.runs / 5).max(work.at_once);
    perform(&client, work, warm_up).await?;

    let allocated = count.map(|count| count());
    let (began, cpu) = (Instant::now(), used()?.cpu);
    let mut first_deltas = perform(&client, work, work.runs).await?;
    let (used, wall) = (used()?, began.elapsed());
    let allocations = allocated.zip(count).map(|(before, count)| {
        let after = count();
        let count = (after.count - before.count) / work.runs;
        Allocations { count, bytes: (after.bytes - before.bytes) / work.runs }
    });

    first_deltas.sort_unstable();
    let per_run = |time: Duration| time.as_secs_f64() * 1e6 / work.runs as f64;
    Ok(Sample {
        cpu: per_run(used.cpu.saturating_sub(cpu)),
        wall: per_run(wall),
        first_delta: first_deltas.get(first_deltas.len() / 2).map(|time| time.as_secs_f64() * 1e6),
        peak_rss: used.peak_rss,
        allocations,
        runs: warm_up + work.runs,
        text: work.conversation.text(),
    })
}

/// Does `runs` runs, and gives the times until the first deltas of those that are watched.
async fn perform<C: Client>(client: &Arc<C>, work: &Work, runs: usize) -> Result<Vec<Duration>> {
    let left = Arc::new(AtomicUsize::new(runs));
    let mut workers = JoinSet::new();
    for _ in 0..work.at_once {
        workers.spawn(worker(Arc::clone(client), work.clone(), Arc::clone(&left)));
    }
    let mut first_deltas = Vec::new();
    while let Some(worker) = workers.join_next().await {
        first_deltas.extend(worker??);
    }
    Ok(first_deltas)
}

async fn worker<C: Client>(client: Arc<C>, work: Work, left: Arc<AtomicUsize>) -> Result<Vec<Duration>> {
    let expected = work.conversation.text();
    let mut first_deltas = Vec::new();
    let take = || left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
    while take().is_ok() {
        let text = if work.watched {
            let Watched { text, deltas, first_delta } = client.watch().await?;
            ensure!(deltas == work.conversation.deltas, "{deltas} deltas came");
            first_deltas.extend(first_delta);
            text
        } else {
            client.run().await?
        };
        if text != expected {
            bail!("the run ended with {text:?}, and not with {expected:?}");
        }
    }
    Ok(first_deltas)
}

struct Used {
    /// User and system time.
    cpu: Duration,
    /// In KiB.
    peak_rss: i64,
}

#[cfg(unix)]
fn used() -> Result<Used> {
    use nix::sys::{
        resource::{UsageWho, getrusage},
        time::TimeValLike,
    };

    let usage = getrusage(UsageWho::RUSAGE_SELF)?;
    let micros = (usage.user_time() + usage.system_time()).num_microseconds();
    // macOS counts bytes where the others count KiB.
    let unit = if cfg!(target_vendor = "apple") { 1024 } else { 1 };
    Ok(Used { cpu: Duration::from_micros(u64::try_from(micros)?), peak_rss: usage.max_rss() / unit })
}

#[cfg(not(unix))]
fn used() -> Result<Used> {
    bail!("CPU time is only measured on Unix")
}
