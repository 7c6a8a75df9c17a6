//! The processes of a bench: the server, and one after another of the clients.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use anyhow::{Context, Result, ensure};

use crate::{case::Work, client::ClientName, measure::Sample};

/// A program that can be any of the processes.
#[derive(Debug)]
pub(super) struct Program(PathBuf);

impl Program {
    /// This program.
    pub(super) fn this() -> Result<Self> {
        Ok(Self(std::env::current_exe()?))
    }

    pub(super) fn at(path: PathBuf) -> Self {
        Self(path)
    }

    /// Runs a client to its end.
    pub(super) fn client(&self, client: ClientName, base_url: &str, work: &Work) -> Result<Sample> {
        let mut command = Command::new(&self.0);
        command.args(["client", client.as_str(), "--base-url", base_url]);
        let numbers = [
            ("--tool-turns", work.conversation.tool_turns),
            ("--deltas", work.conversation.deltas),
            ("--runs", work.runs),
            ("--at-once", work.at_once),
        ];
        for (option, number) in numbers {
            command.arg(option).arg(number.to_string());
        }
        command.args(["--wire", work.wire.as_str()]);
        for (option, is_set) in [("--watched", work.watched), ("--alone", work.alone)] {
            if is_set {
                command.arg(option);
            }
        }
        let output = command.stderr(Stdio::inherit()).output()?;
        ensure!(output.status.success(), "its process ended with {}", output.status);
        Ok(serde_json::from_slice(&output.stdout)?)
    }
}

/// The server that plays the model. It ends with this value.
#[derive(Debug)]
pub(super) struct Server {
    process: Child,
    port: u16,
}

impl Server {
    pub(super) fn start(program: &Program) -> Result<Self> {
        // It serves until its standard input ends, which happens however this process ends.
        let mut process =
            Command::new(&program.0).arg("serve").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let stdout = process.stdout.take().context("the server has no standard output")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let port = line.trim().parse().with_context(|| format!("the server told {line:?} for its port"))?;
        Ok(Self { process, port })
    }

    pub(super) fn base_url(&self, label: &str) -> String {
        format!("http://127.0.0.1:{}/{label}", self.port)
    }

    /// How many requests came under this label.
    pub(super) fn requests(&self, label: &str) -> Result<usize> {
        let mut socket = TcpStream::connect(("127.0.0.1", self.port))?;
        write!(socket, "GET /{label}/requests HTTP/1.1\r\nhost: mock\r\nconnection: close\r\n\r\n")?;
        let mut response = String::new();
        socket.read_to_string(&mut response)?;
        let (_, body) = response.split_once("\r\n\r\n").context("the server did not answer")?;
        Ok(body.trim().parse()?)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
