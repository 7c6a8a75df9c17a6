//! The tier that every change goes through. `cargo run --release -p scorpio-crash --bin crash-report` is the whole.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, missing_docs)]

use std::time::Duration;

use scorpio_crash::{
    series::{Report, Rig, at_every_place, at_random, chains},
    zombie::zombies,
};
use scorpio_test_services::variable;

fn sqlite() -> Rig {
    Rig::sqlite(env!("CARGO_BIN_EXE_crashkid"))
}

/// PostgreSQL, where the services are started.
fn postgres() -> Option<Rig> {
    variable("SCORPIO_TEST_POSTGRES_URL")
        .map(|address| Rig::postgres(env!("CARGO_BIN_EXE_crashkid"), address))
}

fn check(report: &Report) {
    println!(
        "{}: {} scenarios, {} kills, {} violations",
        report.name,
        report.scenarios,
        report.kills,
        report.violations.len()
    );
    assert!(report.violations.is_empty(), "{:#?}", report.violations);
    assert!(report.kills > 0, "nothing was killed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_every_place_on_sqlite() {
    let rig = sqlite();
    let scenarios = at_every_place(&rig, &[2], 2).await;
    assert!(scenarios.len() >= 40, "{} places", scenarios.len());
    check(&rig.series("sqlite, every place", scenarios).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_random_on_sqlite() {
    let rig = sqlite();
    check(&rig.series("sqlite, at random", at_random(40, 3, 1, Duration::from_millis(250))).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn again_and_again_on_sqlite() {
    let rig = sqlite();
    let scenarios = chains(&rig, 20, 2).await;
    check(&rig.series("sqlite, chains", scenarios).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn zombies_on_sqlite() {
    check(&zombies(&sqlite(), "sqlite, zombies", 6, 3).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_every_place_on_postgres() {
    let Some(rig) = postgres() else { return };
    let scenarios = at_every_place(&rig, &[0], 1).await;
    check(&rig.series("postgres, every place", scenarios).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_random_on_postgres() {
    let Some(rig) = postgres() else { return };
    check(&rig.series("postgres, at random", at_random(30, 3, 4, Duration::from_millis(300))).await);
    let scenarios = chains(&rig, 10, 5).await;
    check(&rig.series("postgres, chains", scenarios).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn zombies_on_postgres() {
    let Some(rig) = postgres() else { return };
    check(&zombies(&rig, "postgres, zombies", 6, 6).await);
}
