//! What the tools did, in a file outside of the store: the witness that no transaction can take anything back from.

use std::{
    fs::{File, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
};

#[derive(Debug, Clone)]
pub struct Ledger(PathBuf);

/// One effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effect {
    pub key: String,
    pub tool: String,
    pub process: u32,
}

impl Ledger {
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Notes an effect. Once this returns it is on the disk.
    pub fn note(&self, key: &str, tool: &str) {
        let mut file: File = OpenOptions::new().append(true).create(true).open(&self.0).unwrap();
        let line = format!("{key}\t{tool}\t{}\n", std::process::id());
        file.write_all(line.as_bytes()).unwrap();
        file.sync_data().unwrap();
    }

    pub fn read(&self) -> Vec<Effect> {
        let text = std::fs::read_to_string(&self.0).unwrap_or_default();
        text.lines()
            .map(|line| {
                let fields: Vec<&str> = line.split('\t').collect();
                Effect {
                    key: fields[0].to_owned(),
                    tool: fields[1].to_owned(),
                    process: fields[2].parse().unwrap(),
                }
            })
            .collect()
    }
}
