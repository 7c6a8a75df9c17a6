//! What the figures were measured on, in general terms.

use std::{fs, thread};

/// One line about the machine.
pub(crate) fn describe() -> String {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let (os, architecture) = (std::env::consts::OS, std::env::consts::ARCH);
    let profile = if cfg!(debug_assertions) { ", UNOPTIMIZED BUILD" } else { "" };
    format!("{cores} cores of {}, {os} {architecture}{profile}", processor())
}

fn processor() -> String {
    let information = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let mut fields = information.lines().filter_map(|line| line.split_once(':'));
    let name = fields.find(|(key, _)| key.trim() == "model name").map(|(_, name)| name.trim());
    name.unwrap_or("an unnamed processor").to_owned()
}
