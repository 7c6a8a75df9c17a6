//! The strict provider as a program, for tests in other languages and of other processes.

use std::{
    fs,
    io::{self, Read, Write},
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    process::ExitCode,
};

use clap::Parser;
use scorpio_testkit::{Script, StrictProvider};

/// A strict fake of OpenAI (Chat Completions under /v1/chat/completions, Responses under /v1/responses), Anthropic (/v1/messages) and
/// Gemini (/v1beta/models/MODEL:generateContent and :streamGenerateContent). It follows a script, and refuses what the vendors refuse.
///
/// Its first line of output is its address, such as http://127.0.0.1:40123. It runs until it is interrupted or terminated.
///
/// GET /__scorpio/requests tells what was asked and what came of it, DELETE /__scorpio/requests forgets it, POST /__scorpio/script
/// replaces the script, GET /health answers.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Where to listen.
    #[arg(long, default_value = "127.0.0.1")]
    host: IpAddr,
    /// The port; 0 is any free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// A file with the script; - is standard input. Without it the script has no turns until one is sent.
    #[arg(long, value_name = "FILE")]
    script: Option<PathBuf>,
    /// The only API key that is let in. Without it any is.
    #[arg(long)]
    api_key: Option<String>,
    /// The key that signatures, ids and encrypted contents are made by. Servers with one key take each other's for their own.
    #[arg(long)]
    seal_key: Option<String>,
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "scorpio-testkit: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: Arguments) -> Result<(), String> {
    let mut provider = StrictProvider::new(script(&arguments)?);
    if let Some(key) = arguments.api_key {
        provider = provider.api_key(key);
    }
    if let Some(key) = arguments.seal_key {
        provider = provider.seal_key(key);
    }
    let address = SocketAddr::new(arguments.host, arguments.port);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("no runtime: {error}"))?;
    runtime.block_on(async {
        let running = provider.serve_at(address).await;
        let running = running.map_err(|error| format!("cannot listen at {address}: {error}"))?;
        let mut out = io::stdout().lock();
        let told = writeln!(out, "{}", running.url()).and_then(|()| out.flush());
        told.map_err(|error| format!("cannot tell the address: {error}"))?;
        terminated().await.map_err(|error| format!("cannot wait for a signal: {error}"))
    })
}

fn script(arguments: &Arguments) -> Result<Script, String> {
    let Some(path) = &arguments.script else { return Ok(Script::in_order([])) };
    let text = match path.to_str() {
        Some("-") => {
            let mut text = String::new();
            io::stdin().read_to_string(&mut text).map(|_| text)
        }
        _ => fs::read_to_string(path),
    };
    let text = text.map_err(|error| format!("cannot read the script {}: {error}", path.display()))?;
    Script::from_json(&text).map_err(|error| format!("{}: {error}", path.display()))
}

/// Waits until the program is interrupted or terminated.
#[cfg(unix)]
async fn terminated() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = terminate.recv() => Ok(()),
    }
}

/// Waits until the program is interrupted.
#[cfg(not(unix))]
async fn terminated() -> io::Result<()> {
    tokio::signal::ctrl_c().await
}
