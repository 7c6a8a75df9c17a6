//! What was measured, as a table for people and as JSON for programs.

mod statistics;
mod table;

use std::fmt;

use serde::Serialize;

pub(crate) use self::{
    statistics::Spread,
    table::{Align, Table},
};
use crate::{
    case::Case,
    client::ClientName,
    machine,
    measure::{Allocations, Sample},
};

/// What one client's launches used.
#[derive(Debug, Serialize)]
pub(crate) struct Launches {
    pub(crate) name: ClientName,
    pub(crate) samples: Vec<Sample>,
    /// For one run.
    pub(crate) allocations: Option<Allocations>,
}

impl Launches {
    /// Those of a client that has not been launched yet.
    pub(crate) fn of(name: ClientName) -> Self {
        Self { name, samples: Vec::new(), allocations: None }
    }

    fn median(&self, figure: impl Fn(&Sample) -> f64) -> f64 {
        Spread::of(self.samples.iter().map(figure)).median
    }
}

/// A case and what its launches used.
#[derive(Debug, Serialize)]
pub(crate) struct Measured {
    case: &'static str,
    /// The deltas of each run, if they are watched.
    deltas: Option<usize>,
    clients: Vec<Launches>,
    /// CPU time of Scorpio, or of its provider alone, over that of `raw`.
    ratio: Option<Spread>,
    /// CPU time of Scorpio over that of `raw-whole`.
    ratio_whole: Option<Spread>,
}

impl Measured {
    pub(crate) fn new(case: &Case, clients: Vec<Launches>) -> Self {
        let ratio = scorpio_over(ClientName::Raw, &clients);
        let ratio_whole = scorpio_over(ClientName::RawWhole, &clients);
        let deltas = case.work.watched.then_some(case.work.conversation.deltas);
        Self { case: case.name, deltas, clients, ratio, ratio_whole }
    }
}

/// CPU time of Scorpio over that of `other`, launch by launch.
fn scorpio_over(other: ClientName, clients: &[Launches]) -> Option<Spread> {
    let of = |name| clients.iter().find(|client| client.name == name);
    let scorpio = of(ClientName::Scorpio).or_else(|| of(ClientName::Provider));
    let pairs = scorpio?.samples.iter().zip(&of(other)?.samples);
    Some(Spread::of(pairs.map(|(scorpio, other)| scorpio.cpu / other.cpu)))
}

/// Everything that was measured.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    date: String,
    machine: String,
    cases: Vec<Measured>,
}

impl Report {
    pub(crate) fn new(cases: Vec<Measured>) -> Self {
        let date = jiff::Timestamp::now().strftime("%Y-%m-%d").to_string();
        Self { date, machine: machine::describe(), cases }
    }

    fn clients(&self) -> Table {
        let mut table = Table::new(&[
            ("case", Align::Left),
            ("client", Align::Left),
            ("CPU µs/run", Align::Right),
            ("allocations/run", Align::Right),
            ("KiB/run", Align::Right),
            ("peak RSS MiB", Align::Right),
        ]);
        for measured in &self.cases {
            for client in &measured.clients {
                let allocated = client.allocations;
                table.row([
                    measured.case.to_owned(),
                    client.name.as_str().to_owned(),
                    format!("{:.1}", client.median(|sample| sample.cpu)),
                    allocated.map_or_else(absent, |allocated| allocated.count.to_string()),
                    allocated
                        .map_or_else(absent, |allocated| format!("{:.1}", allocated.bytes as f64 / 1024.0)),
                    format!("{:.1}", client.median(|sample| sample.peak_rss as f64 / 1024.0)),
                ]);
            }
        }
        table
    }

    fn ratios(&self) -> Table {
        let mut table = Table::new(&[
            ("CPU of scorpio", Align::Left),
            ("over raw (min–max)", Align::Right),
            ("over raw-whole (min–max)", Align::Right),
        ]);
        let text = |ratio: Option<Spread>| ratio.map_or_else(absent, |ratio| ratio.to_string());
        for measured in &self.cases {
            table.row([measured.case.to_owned(), text(measured.ratio), text(measured.ratio_whole)]);
        }
        table
    }

    fn streams(&self) -> Table {
        let mut table = Table::new(&[
            ("stream", Align::Left),
            ("client", Align::Left),
            ("CPU µs/delta", Align::Right),
            ("µs to the first delta", Align::Right),
        ]);
        for measured in &self.cases {
            let Some(deltas) = measured.deltas else { continue };
            for client in &measured.clients {
                table.row([
                    measured.case.to_owned(),
                    client.name.as_str().to_owned(),
                    format!("{:.2}", client.median(|sample| sample.cpu / deltas as f64)),
                    format!("{:.0}", client.median(|sample| sample.first_delta.unwrap_or(f64::NAN))),
                ]);
            }
        }
        table
    }
}

fn absent() -> String {
    "–".to_owned()
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n{}\n{}\n", self.clients(), self.ratios(), self.streams())?;
        write!(f, "{}, {}", self.date, self.machine)
    }
}
