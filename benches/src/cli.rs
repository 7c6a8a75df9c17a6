//! The command line. The same program is the bench, the server and each client.

use std::{
    io::{Write, stderr},
    path::PathBuf,
    process::ExitCode,
};

use anyhow::{Result, ensure};
use clap::{Parser, Subcommand};

use crate::{
    case::Size,
    client::{self, ClientArguments},
    harness,
    measure::CountAllocations,
    mock,
    stores::{self, StoresArguments},
};

/// Measures Scorpio against a hand-written agent loop.
#[derive(Debug, Parser)]
#[command(name = "scorpio-benches")]
struct Arguments {
    /// Measure little: enough to see that everything works, too little for figures.
    #[arg(long)]
    quick: bool,
    /// Launches of each client in each case.
    #[arg(long, default_value_t = 5)]
    launches: usize,
    /// Also write everything that was measured to this file.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    #[command(subcommand)]
    part: Option<Part>,
}

#[derive(Debug, Subcommand)]
enum Part {
    /// Play the model.
    #[command(hide = true)]
    Serve,
    /// Measure the durable stores instead, beside plain sqlx.
    Stores(StoresArguments),
    /// Run one client.
    #[command(hide = true)]
    Client(ClientArguments),
}

/// Does what the command line says. The program that counts allocations says how.
pub fn run(count: Option<CountAllocations>) -> ExitCode {
    match dispatch(Arguments::parse(), count) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // When that cannot be told either, the exit code tells.
            let _ = writeln!(stderr(), "Error: {error:?}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(arguments: Arguments, count: Option<CountAllocations>) -> Result<()> {
    match arguments.part {
        Some(Part::Serve) => mock::serve(),
        Some(Part::Stores(mut stores)) => {
            if arguments.quick {
                stores.quick();
            }
            stores::bench(&stores)
        }
        Some(Part::Client(client)) => client::run(&client, count),
        None => {
            ensure!(arguments.launches > 0, "there must be at least one launch");
            let size = match arguments.quick {
                true => Size { launches: 1, divisor: 100 },
                false => Size { launches: arguments.launches, divisor: 1 },
            };
            harness::bench(size, arguments.json.as_deref())
        }
    }
}
