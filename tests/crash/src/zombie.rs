//! A process that is stopped past its lease and wakes up again: whatever it writes then is refused, and no effect happens twice.

use std::{
    process::Child,
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use futures::future::join_all;
use rustix::process::{Pid, Signal, kill_process};
use scorpio_core::SessionId;
use scorpio_testkit::{Running, StrictProvider};

use crate::{
    backend::Backend,
    child::Orders,
    judge::{self, Processes},
    ledger::Ledger,
    scenario::script,
    series::{Report, Rig, SIDE_BY_SIDE, wait},
};

const LEASE: u64 = 300;
const PATIENCE: Duration = Duration::from_secs(60);

/// In each round the holder of the lease sleeps past it while another process finishes the run.
pub async fn zombies(rig: &Rig, name: &str, rounds: usize, seed: u64) -> Report {
    let began = Instant::now();
    let next = AtomicUsize::new(0);
    let workers = (0..SIDE_BY_SIDE).map(|_| async {
        let provider = StrictProvider::new(script()).serve().await.unwrap();
        let mut report = Report::default();
        loop {
            let round = next.fetch_add(1, Ordering::Relaxed);
            if round >= rounds {
                return report;
            }
            let wrong = self::round(rig, &provider, round, seed.wrapping_add(round as u64)).await;
            report.scenarios += 1;
            report.kills += 1;
            report.violations.extend(wrong);
        }
    });
    let mut report = Report { name: name.to_owned(), ..Report::default() };
    for part in join_all(workers).await {
        report.add(part);
    }
    report.seconds = began.elapsed().as_secs();
    report
}

/// One nap. Answers what was wrong afterwards.
async fn round(rig: &Rig, provider: &Running, round: usize, seed: u64) -> Vec<String> {
    let mut violations = Vec::new();
    let mut naptime = Duration::from_millis(fastrand::Rng::with_seed(seed).u64(20..200));
    let mut orders = orders_of(rig, provider, round);
    let mut zombie = rig.spawn(&orders, None, None);
    while wait(&mut zombie, naptime).await {
        // The run was over before the nap.
        naptime /= 2;
        orders = orders_of(rig, provider, round);
        zombie = rig.spawn(&orders, None, None);
    }
    signal(&zombie, Signal::STOP);
    let mut heir = rig.spawn(&orders, None, None);
    let finished = wait(&mut heir, PATIENCE).await;
    signal(&zombie, Signal::CONT);
    // It finds that the run is another's, or over, and ends by itself.
    let ended = wait(&mut zombie, PATIENCE).await;
    for (child, word) in [(&mut heir, finished), (&mut zombie, ended)] {
        if !word {
            child.kill().unwrap();
            violations.push(format!("round {round}: a process does not come to its end"));
        }
        child.wait().unwrap();
    }
    let backend = Backend::open(&orders.store).await;
    let session = SessionId::parse(&orders.session).unwrap();
    let mut wrong =
        judge::violations(&backend, &Ledger::at(&orders.ledger), &session, Processes::AtOnce).await;
    backend.close().await;
    wrong.extend(
        provider.provider().refusals().iter().map(|refusal| format!("the model refuses: {refusal:?}")),
    );
    provider.provider().forget();
    violations.extend(wrong.into_iter().map(|wrong| format!("round {round}, after {naptime:?}: {wrong}")));
    violations
}

fn orders_of(rig: &Rig, provider: &Running, round: usize) -> Orders {
    Orders { lease: LEASE, takes: 30, alone: false, ..rig.orders(provider, round % 4) }
}

fn signal(child: &Child, signal: Signal) {
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    kill_process(pid, signal).unwrap();
}
