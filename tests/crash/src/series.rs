//! Kills, one after the other and side by side: at named places, at random times, and again while what was left is taken up.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use futures::future::join_all;
use scorpio_core::SessionId;
use scorpio_testkit::{Running, StrictProvider};

use crate::{
    backend::{Backend, in_schema},
    child::Orders,
    judge::{self, Processes},
    kill,
    ledger::Ledger,
    scenario::script,
};

/// A child that does not come to an end by itself is a violation.
const PATIENCE: Duration = Duration::from_secs(60);

/// When a child is to be killed.
#[derive(Debug, Clone)]
pub enum Kill {
    /// By itself, at a place that it passes for the nth time.
    At(String),
    /// From outside, after so long.
    After(Duration),
}

impl Kill {
    /// Makes it come sooner, if it can.
    fn hasten(&mut self) -> bool {
        match self {
            Self::At(_) => false,
            Self::After(time) => {
                *time /= 2;
                !time.is_zero()
            }
        }
    }
}

/// What came of a series.
#[derive(Debug, Default, serde::Serialize)]
pub struct Report {
    pub name: String,
    pub scenarios: usize,
    pub kills: usize,
    pub violations: Vec<String>,
    pub seconds: u64,
}

impl Report {
    /// Counts what a part of the series has found.
    pub(crate) fn add(&mut self, part: Self) {
        self.scenarios += part.scenarios;
        self.kills += part.kills;
        self.violations.extend(part.violations);
    }
}

/// How many scenarios go on at the same time.
pub(crate) const SIDE_BY_SIDE: usize = 3;

/// What a series runs on.
pub struct Rig {
    program: PathBuf,
    /// A schema in it for each scenario; `None` makes a database in a file for each.
    postgres: Option<String>,
    directory: tempfile::TempDir,
    /// Which rig of this process it is.
    id: usize,
    count: AtomicUsize,
}

impl Rig {
    pub fn sqlite(program: impl Into<PathBuf>) -> Self {
        Self::new(program, None)
    }

    pub fn postgres(program: impl Into<PathBuf>, address: String) -> Self {
        Self::new(program, Some(address))
    }

    fn new(program: impl Into<PathBuf>, postgres: Option<String>) -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let directory = tempfile::tempdir().unwrap();
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        Self { program: program.into(), postgres, directory, id, count: AtomicUsize::new(0) }
    }

    /// The orders of a scenario of its own.
    pub fn orders(&self, provider: &Running, wire: usize) -> Orders {
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        let path = |kind: &str| self.directory.path().join(format!("{number}.{kind}"));
        // Whoever is the sole user of a store takes up every run in it.
        let store = match &self.postgres {
            Some(address) => {
                in_schema(address, &format!("crash_{}_{}_{number}", std::process::id(), self.id))
            }
            None => format!("sqlite://{}", path("db").display()),
        };
        Orders {
            store,
            provider: provider.url(),
            wire,
            ledger: path("ledger"),
            session: format!("crash-{}-{number}", std::process::id()),
            lease: 30_000,
            takes: 4,
            alone: true,
            decides: true,
        }
    }

    pub fn spawn(&self, orders: &Orders, kill: Option<&Kill>, trace: Option<&Path>) -> Child {
        let mut command = Command::new(&self.program);
        command.args(orders.to_arguments()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        if let Some(Kill::At(place)) = kill {
            command.env(kill::AT, place);
        }
        if let Some(path) = trace {
            command.env(kill::TRACE, path);
        }
        command.spawn().expect("the child starts")
    }

    /// The places that an undisturbed run passes, with their numbers, in order.
    pub async fn places(&self, wire: usize) -> Vec<String> {
        let provider = StrictProvider::new(script()).serve().await.unwrap();
        let trace = self.directory.path().join(format!("trace-{wire}"));
        let orders = self.orders(&provider, wire);
        let mut child = self.spawn(&orders, None, Some(&trace));
        assert!(wait(&mut child, PATIENCE).await, "an undisturbed run ends");
        std::fs::read_to_string(trace).unwrap().lines().map(str::to_owned).collect()
    }

    /// Kills a run so often, one time for each of `kills`, lets it come to its end, and tells what is wrong then.
    pub async fn scenario(&self, provider: &Running, wire: usize, kills: &[Kill]) -> (usize, Vec<String>) {
        let orders = self.orders(provider, wire);
        let mut killed = 0;
        for kill in kills {
            let mut child = self.spawn(&orders, Some(kill), None);
            let ended = match kill {
                Kill::At(_) => wait(&mut child, PATIENCE).await,
                Kill::After(time) => wait(&mut child, *time).await,
            };
            if ended {
                killed += usize::from(child.wait().unwrap().code().is_none());
                continue;
            }
            child.kill().unwrap();
            child.wait().unwrap();
            if let Kill::At(place) = kill {
                return (killed, vec![format!("a child that was to die at {place} hangs")]);
            }
            killed += 1;
        }
        let mut child = self.spawn(&orders, None, None);
        if !wait(&mut child, PATIENCE).await {
            child.kill().unwrap();
            child.wait().unwrap();
            return (killed, vec!["the run does not come to an end".to_owned()]);
        }
        let backend = Backend::open(&orders.store).await;
        let session = SessionId::parse(&orders.session).unwrap();
        let mut wrong =
            judge::violations(&backend, &Ledger::at(&orders.ledger), &session, Processes::OneByOne).await;
        backend.close().await;
        wrong.extend(
            provider.provider().refusals().iter().map(|refusal| format!("the model refuses: {refusal:?}")),
        );
        provider.provider().forget();
        if wrong.is_empty()
            && let Some(path) = orders.store.strip_prefix("sqlite://")
        {
            // There are thousands of them.
            for end in ["", "-wal", "-shm"] {
                let _ = std::fs::remove_file(format!("{path}{end}"));
            }
        }
        (killed, wrong)
    }

    /// Runs scenarios, a few side by side. `kills` says what each is to suffer.
    pub async fn series(&self, name: &str, scenarios: Vec<(usize, Vec<Kill>)>) -> Report {
        let began = Instant::now();
        let next = AtomicUsize::new(0);
        let workers = (0..SIDE_BY_SIDE).map(|_| async {
            let provider = StrictProvider::new(script()).serve().await.unwrap();
            let mut report = Report::default();
            while let Some((wire, kills)) = scenarios.get(next.fetch_add(1, Ordering::Relaxed)) {
                let mut kills = kills.clone();
                let (mut killed, mut wrong) = self.scenario(&provider, *wire, &kills).await;
                // The run was over before: another one is killed earlier.
                while killed == 0 && wrong.is_empty() && kills.iter_mut().all(Kill::hasten) {
                    (killed, wrong) = self.scenario(&provider, *wire, &kills).await;
                }
                report.scenarios += 1;
                report.kills += killed;
                report
                    .violations
                    .extend(wrong.into_iter().map(|wrong| format!("wire {wire}, {kills:?}: {wrong}")));
            }
            report
        });
        let mut report = Report { name: name.to_owned(), ..Report::default() };
        for part in join_all(workers).await {
            report.add(part);
        }
        report.seconds = began.elapsed().as_secs();
        report
    }
}

/// Waits for a child. Answers whether it ended in time.
pub async fn wait(child: &mut Child, patience: Duration) -> bool {
    let until = Instant::now() + patience;
    loop {
        if child.try_wait().unwrap().is_some() {
            return true;
        }
        if Instant::now() >= until {
            return false;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Kills at every place that a run passes, on each wire: of places that are passed often, the first few times.
pub async fn at_every_place(rig: &Rig, wires: &[usize], times: u32) -> Vec<(usize, Vec<Kill>)> {
    let mut scenarios = Vec::new();
    for wire in wires {
        for place in rig.places(*wire).await {
            let nth: u32 = place.rsplit_once(':').and_then(|(_, nth)| nth.parse().ok()).unwrap_or(1);
            if nth <= times {
                scenarios.push((*wire, vec![Kill::At(place)]));
            }
        }
    }
    scenarios
}

/// Kills at random times, up to `deep` in a row.
pub fn at_random(count: usize, deep: usize, seed: u64, longest: Duration) -> Vec<(usize, Vec<Kill>)> {
    let mut random = fastrand::Rng::with_seed(seed);
    (0..count)
        .map(|number| {
            let kills = (0..random.usize(1..=deep)).map(|_| Kill::After(longest.mul_f64(random.f64())));
            (number % 4, kills.collect())
        })
        .collect()
}

/// Kills at a random place, and again at random places while what was left is taken up.
pub async fn chains(rig: &Rig, count: usize, seed: u64) -> Vec<(usize, Vec<Kill>)> {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut places = Vec::new();
    for wire in 0..4 {
        places.push(rig.places(wire).await);
    }
    (0..count)
        .map(|number| {
            let wire = number % 4;
            let mut kills = vec![Kill::At(random.choice(&places[wire]).unwrap().clone())];
            for _ in 0..random.usize(1..=4) {
                // Whoever takes up passes these for the first or second time.
                let name = random.choice(&places[wire]).unwrap().rsplit_once(':').unwrap().0;
                let recovering = ["take_over.before", "take_over.after", "recover.before", name];
                let name = random.choice(recovering).unwrap();
                kills.push(Kill::At(format!("{name}:{}", random.u32(1..=2))));
            }
            (wire, kills)
        })
        .collect()
}
