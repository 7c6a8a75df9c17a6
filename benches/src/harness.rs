//! Starts the server, lets the clients take turns, and sees to it that they all held the same conversation.

mod counting;
mod processes;

use std::{
    fs,
    io::{Write, stderr, stdout},
    path::Path,
};

use anyhow::{Context, Result, ensure};

use self::processes::{Program, Server};
use crate::{
    case::{Case, Size, cases},
    client::ClientName,
    measure::Sample,
    report::{Launches, Measured, Report},
};

/// Measures every case and prints the report.
pub(crate) fn bench(size: Size, json: Option<&Path>) -> Result<()> {
    let program = Program::this()?;
    let counting = counting::program();
    if let Err(error) = &counting {
        writeln!(stderr(), "Allocations are not counted: {error:#}")?;
    }
    let bench = Bench { server: Server::start(&program)?, program, counting: counting.ok() };
    let measured =
        cases(size).into_iter().map(|case| bench.measure(case, size.launches)).collect::<Result<Vec<_>>>()?;
    let report = Report::new(measured);
    writeln!(stdout(), "{report}")?;
    if let Some(file) = json {
        fs::write(file, serde_json::to_vec_pretty(&report)?)
            .with_context(|| format!("{} cannot be written", file.display()))?;
    }
    Ok(())
}

struct Bench {
    server: Server,
    program: Program,
    counting: Option<Program>,
}

impl Bench {
    /// Launches every client in turn, again and again, so that whatever else the machine does hits them alike.
    fn measure(&self, case: Case, launches: usize) -> Result<Measured> {
        let clients = ClientName::ALL.into_iter().filter(|client| client.can(&case.work));
        let mut measured: Vec<Launches> = clients.map(Launches::of).collect();
        for launch in 0..launches {
            for client in &mut measured {
                let label = format!("{}-{launch}", client.name.as_str());
                client.samples.push(self.launch(&self.program, &case, client.name, &label)?);
            }
        }
        if let Some(counting) = &self.counting {
            for client in &mut measured {
                let label = format!("{}-counting", client.name.as_str());
                client.allocations = self.launch(counting, &case, client.name, &label)?.allocations;
            }
        }
        writeln!(stderr(), "measured: {}", case.name)?;
        Ok(Measured::new(&case, measured))
    }

    fn launch(&self, program: &Program, case: &Case, client: ClientName, label: &str) -> Result<Sample> {
        let Case { name, work } = case;
        // No two launches share a name, so that the server can tell their requests apart.
        let wire = if work.alone { work.wire.as_str() } else { "agent" };
        let label = format!("{label}-of-{}-by-{}-on-{wire}", work.conversation, work.at_once);
        let sample = program
            .client(client, &self.server.base_url(&label), work)
            .with_context(|| format!("{} failed at {name}", client.as_str()))?;
        let (made, expected) = (self.server.requests(&label)?, sample.runs * work.conversation.requests());
        ensure!(made == expected, "{} made {made} requests for {name}, not {expected}", client.as_str());
        Ok(sample)
    }
}
