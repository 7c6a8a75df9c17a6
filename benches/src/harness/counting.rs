//! Finds the program that counts allocations, which stands beside this one. Cargo builds no other program when it is asked to run
//! one, so it may have to be built.

use std::{path::Path, process::Command};

use anyhow::{Result, ensure};

use super::processes::Program;

const NAME: &str = "scorpio-benches-counting";

pub(super) fn program() -> Result<Program> {
    let this = std::env::current_exe()?;
    let path = this.with_file_name(format!("{NAME}{}", std::env::consts::EXE_SUFFIX));
    let built = |path: &Path| path.metadata().and_then(|metadata| metadata.modified()).ok();
    // Cargo tells the programs that it runs where it is.
    let cargo = std::env::var_os("CARGO").filter(|_| built(&path) < built(&this));
    if let Some(cargo) = cargo {
        let mut build = Command::new(cargo);
        build.args(["build", "--quiet", "--package", env!("CARGO_PKG_NAME"), "--bin", NAME]);
        if !cfg!(debug_assertions) {
            build.arg("--release");
        }
        ensure!(build.status()?.success(), "{NAME} could not be built");
    }
    ensure!(path.exists(), "there is no {}", path.display());
    Ok(Program::at(path))
}
