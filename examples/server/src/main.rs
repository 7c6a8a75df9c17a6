//! `scorpio-server`: the chat server with its page, on a data folder and the stores that are set; and a doctor for its models.

mod backend;
mod config;
mod data_folder;
mod embedder;
mod model;
mod telemetry;

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::Parser;
use scorpio_server::{App, serve};
use scorpio_tools::{Knowledge, KnowledgeLimits};
use tokio::net::TcpListener;

use self::{
    backend::Backend,
    config::{Command, Config},
    data_folder::DataFolder,
};

/// How much people may add: each passage costs an embedding.
const DOCUMENTS: KnowledgeLimits =
    KnowledgeLimits::new().with_document_characters(500_000).with_owner_passages(5_000);

type BoxError = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    let config = Config::parse();
    telemetry::init(config.log_format);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error.into()),
    };
    let done = runtime.block_on(async {
        match config.command {
            Some(Command::Doctor) => examine(&config).await,
            None => run(config).await.map(|()| ExitCode::SUCCESS),
        }
    });
    done.unwrap_or_else(|error| failed(&error))
}

/// Prints what the doctor finds. It is a failure when something is wrong.
async fn examine(config: &Config) -> Result<ExitCode, BoxError> {
    let models = model::registry(config.model.as_deref(), config.models.as_deref()).await?;
    let report = scorpio_providers::doctor(&models).await;
    say(&report.to_string());
    Ok(if report.is_healthy() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn run(config: Config) -> Result<(), BoxError> {
    let data = DataFolder::open(config.data_folder()?)?;
    let models = model::registry(config.model.as_deref(), config.models.as_deref()).await?;
    model::check(&models, config.model.as_deref())?;
    let hint = model::hint(&models);
    let signing_key = data.signing_key(config.signing_key())?;
    let backend = Backend::open(&config, &data).await?;
    let embedder = embedder::embedder(config.embedder.as_deref(), &models)?;
    let builder = match (embedder, backend.vectors()) {
        (Some(embedder), Some(vectors)) => {
            let knowledge = Knowledge::new(embedder, vectors).with_limits(DOCUMENTS);
            App::builder(models).knowledge(knowledge)
        }
        _ => App::builder(models),
    };
    let app = builder
        .toolset(scorpio_tools::everyday())
        .stores(backend.stores())
        .settings(config.settings())
        .signing_key(signing_key)
        .build()?;
    let recovered = app.recover().await?;
    if recovered > 0 {
        tracing::info!(recovered, "answers that the last server was writing when it ended go on");
    }
    let in_flag = |error: io::Error| format!("--addr {}: cannot listen there: {error}", config.addr);
    let listener = TcpListener::bind(config.addr).await.map_err(in_flag)?;
    let address = listener.local_addr()?;
    let shown = config.public_url.as_ref().map_or_else(|| format!("http://{address}"), ToString::to_string);
    let path = data.path().display();
    say(&format!("Scorpio is ready at {shown}\n  model  {hint}\n  data   {path}"));
    serve(listener, app, stopped(), config.shutdown_grace()).await;
    backend.close().await?;
    say("Goodbye.");
    Ok(())
}

/// Ready when somebody asks the process to end. Asked a second time, it ends at once.
async fn stopped() {
    signal().await;
    tokio::spawn(async {
        signal().await;
        std::process::exit(130);
    });
}

#[cfg(unix)]
async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let (interrupt, terminate) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
    let (Ok(mut interrupt), Ok(mut terminate)) = (interrupt, terminate) else {
        tracing::error!("signals cannot be watched");
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

#[cfg(not(unix))]
async fn signal() {
    if tokio::signal::ctrl_c().await.is_err() {
        tracing::error!("signals cannot be watched");
        std::future::pending::<()>().await;
    }
}

fn failed(error: &BoxError) -> ExitCode {
    let mut text = format!("scorpio-server: {error}");
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(&format!("\n  because: {cause}"));
        next = cause.source();
    }
    // Where there is nobody to read it, nothing is left to do.
    let _ = writeln!(io::stderr(), "{text}");
    ExitCode::FAILURE
}

/// Tells whoever started the server, without failing when nobody listens.
fn say(text: &str) {
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{text}");
    let _ = out.flush();
}
