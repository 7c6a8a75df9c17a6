//! The whole of the crash tests, and a report as JSON: `crash-report [FILE [STORE [SERIES]]]`. It takes about ten minutes on two cores. PostgreSQL is part
//! of it where `SCORPIO_TEST_POSTGRES_URL` is set, as by `tests/services/run`. `STORE` is `sqlite` or `postgres`, and `SERIES` is `places`,
//! `random`, `chains` or `zombies`, for one of them alone.
#![allow(clippy::expect_used, clippy::print_stdout, reason = "it is a test")]

use std::time::Duration;

use scorpio_crash::{
    series::{Report, Rig, at_every_place, at_random, chains},
    zombie::zombies,
};

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let file = std::env::args().nth(1).unwrap_or_else(|| "crash-report.json".to_owned());
    let program = std::env::current_exe().expect("this program has a path").with_file_name("crashkid");
    let mut stores = vec![("sqlite", Rig::sqlite(&program))];
    if let Ok(address) = std::env::var("SCORPIO_TEST_POSTGRES_URL") {
        stores.push(("postgres", Rig::postgres(&program, address)));
    }
    if let Some(only) = std::env::args().nth(2) {
        stores.retain(|(name, _)| *name == only);
        assert!(!stores.is_empty(), "there is no {only} to test");
    }
    let only = std::env::args().nth(3);
    let is_wanted = |series: &str| only.as_deref().is_none_or(|only| only == series);
    let known = ["places", "random", "chains", "zombies"];
    assert!(known.into_iter().any(is_wanted), "the series are {}", known.join(", "));
    let mut reports = Vec::new();
    for (name, rig) in &stores {
        let longest = Duration::from_millis(if *name == "sqlite" { 120 } else { 180 });
        if is_wanted("places") {
            let places = at_every_place(rig, &[0, 1, 2, 3], 6).await;
            reports.push(told(rig.series(&format!("{name}, every place"), places).await));
        }
        if is_wanted("random") {
            let kills = at_random(1_000, 1, 7, longest);
            reports.push(told(rig.series(&format!("{name}, at random"), kills).await));
        }
        if is_wanted("chains") {
            let chains = chains(rig, 200, 8).await;
            reports.push(told(rig.series(&format!("{name}, chains"), chains).await));
        }
        if is_wanted("zombies") {
            reports.push(told(zombies(rig, &format!("{name}, zombies"), 200, 9).await));
        }
    }
    let kills: usize = reports.iter().map(|report| report.kills).sum();
    let violations: usize = reports.iter().map(|report| report.violations.len()).sum();
    let json = serde_json::json!({"kills": kills, "violations": violations, "series": reports});
    std::fs::write(&file, serde_json::to_string_pretty(&json).expect("a report is JSON"))
        .expect("the report is written");
    println!("{kills} kills, {violations} violations; see {file}");
    std::process::exit(i32::from(violations > 0));
}

fn told(report: Report) -> Report {
    println!(
        "{}: {} scenarios, {} kills, {} violations in {} s",
        report.name,
        report.scenarios,
        report.kills,
        report.violations.len(),
        report.seconds
    );
    report
}
