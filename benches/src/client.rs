//! Those who hold the conversations. Each runs in a process of its own, on one thread.

mod provider;
mod raw;
mod scorpio;

use std::{
    io::{Write, stdout},
    sync::Arc,
};

use anyhow::Result;
use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};

use self::{provider::Provider, raw::Raw, scorpio::Scorpio};
use crate::{
    case::Work,
    measure::{CountAllocations, Watched, measure},
};

/// Holds one conversation, again and again.
pub(crate) trait Client: Send + Sync + 'static {
    /// Runs it and waits for the final text.
    fn run(&self) -> impl Future<Output = Result<String>> + Send;

    /// Runs it and looks at each delta of the final text.
    fn watch(&self) -> impl Future<Output = Result<Watched>> + Send;
}

/// The clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ClientName {
    /// reqwest and serde_json by hand; answers are streamed.
    Raw,
    /// reqwest and serde_json by hand; answers are sent at once.
    RawWhole,
    /// An agent.
    Scorpio,
    /// A provider without an agent.
    Provider,
}

impl ClientName {
    pub(crate) const ALL: [Self; 4] = [Self::Raw, Self::RawWhole, Self::Scorpio, Self::Provider];

    /// Its spelling on the command line.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::RawWhole => "raw-whole",
            Self::Scorpio => "scorpio",
            Self::Provider => "provider",
        }
    }

    /// Whether it can do this work.
    pub(crate) fn can(self, work: &Work) -> bool {
        match self {
            Self::Raw => true,
            Self::RawWhole => !work.watched,
            Self::Scorpio => !work.alone,
            Self::Provider => work.alone,
        }
    }
}

/// What a client is told on its command line.
#[derive(Debug, Args)]
pub(crate) struct ClientArguments {
    client: ClientName,
    /// Where the models are.
    #[arg(long)]
    base_url: String,
    #[command(flatten)]
    work: Work,
}

/// Does the work of one launch and prints what it took.
pub(crate) fn run(arguments: &ClientArguments, count: Option<CountAllocations>) -> Result<()> {
    let ClientArguments { client, base_url, work } = arguments;
    let model = work.conversation.to_string();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let sample = runtime.block_on(async {
        match client {
            ClientName::Raw => {
                measure(Arc::new(Raw::new(base_url, &model, work.wire, true)?), work, count).await
            }
            ClientName::RawWhole => {
                measure(Arc::new(Raw::new(base_url, &model, work.wire, false)?), work, count).await
            }
            ClientName::Scorpio => measure(Arc::new(Scorpio::new(base_url, &model)?), work, count).await,
            ClientName::Provider => {
                measure(Arc::new(Provider::new(base_url, &model, work.wire)?), work, count).await
            }
        }
    })?;
    Ok(writeln!(stdout(), "{}", serde_json::to_string(&sample)?)?)
}
