//! Durable stores beside plain sqlx that does the same writes: commits a second, and what each costs the process in CPU time.
//!
//! A commit moves a run on by one message of 600 bytes: the run, the session and the message are written, under the checks of the
//! lease and of the version. Plain sqlx is a transaction of four statements, on a pool; beside it stands a bare insert of the message,
//! which checks nothing.
//!
//! A tool turn is one of a whole run, whose model is scripted, and has two commits; in memory it shows what the engine itself costs. Plain
//! sqlx makes the two commits and does nothing else.

mod ours;
mod plain;
mod turns;

use std::{
    future::Future,
    io::Write,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Result;
use clap::Args;
use futures::future::try_join_all;
use scorpio::{postgres::PostgresOptions, sqlite::SqliteStore, store::MemoryStore};
use sqlx::{PgPool, SqlitePool};

use self::{
    ours::Ours,
    plain::{Plain, PlainPostgres, PlainSqlite},
};
use crate::{
    measure::cpu,
    report::{Align, Spread, Table},
};

/// What to measure.
#[derive(Debug, Args)]
pub(crate) struct StoresArguments {
    /// A database in which schemas may be made. Without it PostgreSQL is left out.
    #[arg(long, value_name = "URL")]
    postgres: Option<String>,
    /// How often each is measured, in turns.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// For how long each time.
    #[arg(long, default_value_t = 2_000)]
    millis: u64,
}

/// How many connections everybody may open to PostgreSQL.
const CONNECTIONS: u32 = 16;

/// The text of a message.
fn text() -> String {
    "Lorem ipsum dolor sit amet. ".chars().cycle().take(600).collect()
}

/// Somebody who commits. Each lane has a session and a run of its own.
pub(crate) trait Commits: Send + Sync + 'static {
    type Lane: Send;

    fn lane(&self) -> impl Future<Output = Result<Self::Lane>> + Send;

    fn commit(&self, lane: &mut Self::Lane) -> impl Future<Output = Result<()>> + Send;
}

/// What was measured in one turn.
#[derive(Debug, Clone, Copy)]
struct Figure {
    per_second: f64,
    /// Microseconds of the process for one commit, or turn. The thread of SQLite is in the process, the server of PostgreSQL is not.
    cpu: f64,
}

impl Figure {
    /// Of so many commits, or turns, since `start`, when the process had used `cpu_before`.
    fn of(count: u32, start: Instant, cpu_before: Duration) -> Result<Self> {
        let (elapsed, used) = (start.elapsed(), cpu()?.saturating_sub(cpu_before));
        Ok(Self {
            per_second: f64::from(count) / elapsed.as_secs_f64(),
            cpu: used.as_secs_f64() * 1e6 / f64::from(count),
        })
    }
}

async fn figure<C: Commits>(store: &Arc<C>, writers: usize, time: Duration) -> Result<Figure> {
    let lanes = try_join_all((0..writers).map(|_| store.lane())).await?;
    let (start, cpu_before) = (Instant::now(), cpu()?);
    let tasks = lanes.into_iter().map(|mut lane| {
        let store = store.clone();
        tokio::spawn(async move {
            let mut commits = 0_u32;
            while start.elapsed() < time {
                store.commit(&mut lane).await?;
                commits += 1;
            }
            anyhow::Ok(commits)
        })
    });
    let mut commits = 0;
    for task in tasks.collect::<Vec<_>>() {
        commits += task.await??;
    }
    Figure::of(commits, start, cpu_before)
}

/// One line of the report.
struct Line {
    name: &'static str,
    writers: usize,
    figures: Vec<Figure>,
    /// Over plain sqlx that does the same writes, round by round: commits a second, or the CPU time of turns.
    ratios: Vec<f64>,
}

impl Line {
    fn new(name: &'static str, writers: usize) -> Self {
        Self { name, writers, figures: Vec::new(), ratios: Vec::new() }
    }
}

/// What a database is called in the report.
struct Names {
    ours: &'static str,
    plain: &'static str,
    bare: &'static str,
}

/// The lines of a database.
#[derive(Default)]
struct Compared {
    commits: Vec<Line>,
    turns: Vec<Line>,
}

impl StoresArguments {
    /// Little: enough to see that everything works.
    pub(crate) fn quick(&mut self) {
        (self.rounds, self.millis) = (1, 50);
    }
}

/// Measures and prints.
pub(crate) fn bench(arguments: &StoresArguments) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let folder = tempfile::tempdir()?;
        let mut all = sqlite(arguments, folder.path()).await?;
        if let Some(url) = &arguments.postgres {
            let more = postgres(arguments, url).await?;
            all.commits.extend(more.commits);
            all.turns.extend(more.turns);
        }
        let mut out = std::io::stdout();
        writeln!(out, "{}", table(&all.commits, "durable commits", "over plain sqlx (min–max)"))?;
        write!(out, "{}", table(&all.turns, "tool turns", "CPU over plain sqlx (min–max)"))?;
        Ok(())
    })
}

async fn sqlite(arguments: &StoresArguments, folder: &Path) -> Result<Compared> {
    let ours = Arc::new(Ours::new(Arc::new(SqliteStore::open(folder.join("ours.db")).await?)));
    let options = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(folder.join("plain.db"))
        .create_if_missing(true)
        .journal_mode(sqlx::sqlite::SqliteJournalMode::Wal)
        .synchronous(sqlx::sqlite::SqliteSynchronous::Full)
        .busy_timeout(Duration::from_secs(60));
    // More would only wait for each other.
    let pool: SqlitePool =
        sqlx::sqlite::SqlitePoolOptions::new().max_connections(1).connect_with(options).await?;
    let names = Names { ours: "SQLite, scorpio", plain: "SQLite, plain sqlx", bare: "SQLite, bare insert" };
    let plain = Plain::<PlainSqlite>::new(PlainSqlite(pool)).await?;
    compare(arguments, &names, ours, Arc::new(plain.clone()), Arc::new(plain.bare())).await
}

async fn postgres(arguments: &StoresArguments, url: &str) -> Result<Compared> {
    let schema = format!("scorpio_bench_{}", std::process::id());
    let options = PostgresOptions::new().with_schema(&schema).with_connections(CONNECTIONS);
    let store = scorpio::postgres::PostgresStore::connect_with(url, options).await?;
    let pool: PgPool = sqlx::postgres::PgPoolOptions::new().max_connections(CONNECTIONS).connect(url).await?;
    let names = Names {
        ours: "PostgreSQL, scorpio",
        plain: "PostgreSQL, plain sqlx",
        bare: "PostgreSQL, bare insert",
    };
    let plain =
        Plain::<PlainPostgres>::new(PlainPostgres { pool: pool.clone(), schema: schema.clone() }).await?;
    let (ours, all) = (Arc::new(Ours::new(Arc::new(store.clone()))), Arc::new(plain.clone()));
    let compared = compare(arguments, &names, ours, all, Arc::new(plain.bare())).await;
    store.close().await?;
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!("drop schema {schema} cascade"))).execute(&pool).await?;
    compared
}

async fn compare<B: Commits, C: Commits>(
    arguments: &StoresArguments,
    names: &Names,
    ours: Arc<Ours>,
    plain: Arc<B>,
    bare: Arc<C>,
) -> Result<Compared> {
    let time = Duration::from_millis(arguments.millis);
    let mut compared = Compared::default();
    for writers in [1, 64] {
        let mut lines = [names.ours, names.plain, names.bare].map(|name| Line::new(name, writers));
        for _ in 0..arguments.rounds {
            let figures = [
                figure(&ours, writers, time).await?,
                figure(&plain, writers, time).await?,
                figure(&bare, writers, time).await?,
            ];
            let [_, plain, _] = figures;
            for (line, figure) in lines.iter_mut().zip(figures) {
                line.figures.push(figure);
                line.ratios.push(figure.per_second / plain.per_second);
            }
        }
        compared.commits.extend(lines);
    }
    let mut lines = [names.ours, "in memory", names.plain].map(|name| Line::new(name, 1));
    for _ in 0..arguments.rounds {
        let figures = [
            turns::run(ours.store()).await?,
            turns::run(Arc::new(MemoryStore::new())).await?,
            turns::commits(&*plain).await?,
        ];
        let [.., plain] = figures;
        for (line, figure) in lines.iter_mut().zip(figures) {
            line.figures.push(figure);
            line.ratios.push(figure.cpu / plain.cpu);
        }
    }
    compared.turns.extend(lines);
    Ok(compared)
}

fn table(lines: &[Line], what: &'static str, ratio: &'static str) -> Table {
    let mut table = Table::new(&[
        (what, Align::Left),
        ("writers", Align::Right),
        ("a second", Align::Right),
        ("CPU each, µs", Align::Right),
        (ratio, Align::Right),
    ]);
    for line in lines {
        let median = |of: fn(&Figure) -> f64| Spread::of(line.figures.iter().map(of)).median;
        table.row([
            line.name.to_owned(),
            line.writers.to_string(),
            format!("{:.0}", median(|figure| figure.per_second)),
            format!("{:.1}", median(|figure| figure.cpu)),
            Spread::of(line.ratios.iter().copied()).to_string(),
        ]);
    }
    table
}
