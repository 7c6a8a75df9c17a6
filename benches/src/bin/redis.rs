//! Events that the store on Redis appends in a second, beside plain `redis` that adds the same entries to the same server:
//! `tests/services/run --only redis cargo run --release -p scorpio-benches --bin scorpio-benches-redis`.
//!
//! Both encode each event when they append it, over one connection that all writers share. They take turns; a ratio is of two turns
//! that followed each other.

use std::{
    io::{Write, stdout},
    sync::Arc,
    time::Instant,
};

use anyhow::{Context, Result};
use clap::Parser;
use jiff::Timestamp;
use redis::{Client, aio::ConnectionManager, cmd};
use scorpio::{
    Event, EventKind, PartDelta, RunId, SessionId,
    redis::{RedisOptions, RedisStore},
    store::EventLog,
};
use tokio::task::JoinSet;

/// Measures appending events on Redis.
#[derive(Debug, Parser)]
#[command(name = "scorpio-benches-redis")]
struct Arguments {
    /// The server.
    #[arg(long, env = "SCORPIO_TEST_REDIS_URL")]
    url: String,
    /// How often each takes its turn.
    #[arg(long, default_value_t = 9)]
    turns: usize,
    /// Measure little: enough to see that everything works, too little for figures.
    #[arg(long)]
    quick: bool,
}

/// So many writers that append so many events each.
#[derive(Debug, Clone, Copy)]
struct Load {
    writers: usize,
    events: u64,
}

/// Who appends.
#[derive(Debug, Clone)]
enum Appender {
    Scorpio(RedisStore),
    Plain(ConnectionManager),
}

impl Appender {
    async fn append(&mut self, run: RunId, event: Arc<Event>) -> Result<()> {
        match self {
            Self::Scorpio(store) => store.append(run, &[event]).await?,
            Self::Plain(connection) => {
                let (json, now) = (serde_json::to_vec(&*event)?, Timestamp::now().as_microsecond());
                let mut command = cmd("XADD");
                command.arg(format!("plain:events:{run}")).arg(event.seq);
                command.arg("event").arg(json).arg("at").arg(now);
                command.query_async::<()>(connection).await?;
            }
        }
        Ok(())
    }

    /// Events in a second.
    async fn take_turn(&self, load: Load) -> Result<f64> {
        let start = Instant::now();
        let mut writers = JoinSet::new();
        for _ in 0..load.writers {
            let mut appender = self.clone();
            writers.spawn(async move {
                let (session, run) = (SessionId::new(), RunId::new());
                for seq in 1..=load.events {
                    let text = "A few words of an answer. ".into();
                    let delta = EventKind::PartDelta(PartDelta { turn: 1, index: 0, text });
                    let event = Event::new(session.clone(), run, seq, Timestamp::now(), delta);
                    appender.append(run, Arc::new(event)).await?;
                }
                Ok::<_, anyhow::Error>(())
            });
        }
        while let Some(writer) = writers.join_next().await {
            writer??;
        }
        Ok(load.writers as f64 * load.events as f64 / start.elapsed().as_secs_f64())
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let client = Client::open(&*arguments.url).context("this is no URL of Redis")?;
    let plain = client.get_connection_manager().await.context("Redis does not answer")?;
    let options = RedisOptions::new().with_prefix("scorpio-benches");
    let store = RedisStore::connect_with(&arguments.url, options).await?;
    let appenders = [Appender::Scorpio(store), Appender::Plain(plain.clone())];
    let divisor = if arguments.quick { 100 } else { 1 };

    writeln!(stdout(), "| writers | scorpio, events/s | plain redis, events/s | ratio (min–max) |")?;
    writeln!(stdout(), "|---:|---:|---:|---:|")?;
    for load in [Load { writers: 1, events: 20_000 / divisor }, Load { writers: 64, events: 2_000 / divisor }]
    {
        let mut rates = [Vec::new(), Vec::new()];
        for turn in 0..=arguments.turns.max(1) {
            for (appender, rates) in appenders.iter().zip(&mut rates) {
                let rate = appender.take_turn(load).await?;
                // The first turn warms up.
                if turn > 0 {
                    rates.push(rate);
                }
            }
            forget(&mut plain.clone()).await?;
        }
        let [scorpio, plain] = rates;
        let ratios: Vec<_> = scorpio.iter().zip(&plain).map(|(scorpio, plain)| scorpio / plain).collect();
        let ([low, ratio, high], scorpio, plain) = (spread(ratios), spread(scorpio)[1], spread(plain)[1]);
        let writers = load.writers;
        writeln!(stdout(), "| {writers} | {scorpio:.0} | {plain:.0} | {ratio:.2} ({low:.2}–{high:.2}) |")?;
    }
    Ok(())
}

/// The least, the median and the most.
fn spread(mut values: Vec<f64>) -> [f64; 3] {
    values.sort_by(f64::total_cmp);
    let at = |index: usize| values.get(index).copied().unwrap_or(f64::NAN);
    [at(0), at(values.len() / 2), at(values.len().saturating_sub(1))]
}

/// Removes what was appended.
async fn forget(connection: &mut ConnectionManager) -> Result<()> {
    for pattern in ["plain:events:*", "scorpio-benches:events:*"] {
        let keys: Vec<String> = cmd("KEYS").arg(pattern).query_async(connection).await?;
        if !keys.is_empty() {
            cmd("DEL").arg(keys).query_async::<()>(connection).await?;
        }
    }
    Ok(())
}
