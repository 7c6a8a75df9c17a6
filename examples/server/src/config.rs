//! Flags and environment variables.

use std::{
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
    time::Duration,
};

use clap::{Parser, Subcommand, ValueEnum};
use scorpio_core::store::RateQuota;
use scorpio_server::{Approval, Origin, Settings};

/// A chat server on Scorpio: accounts, resumable answers and a web page.
#[derive(Debug, Parser)]
#[command(name = "scorpio-server", version, about)]
pub(crate) struct Config {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,

    /// Where to listen; port 0 takes any free one
    #[arg(long, env = "SCORPIO_ADDR", value_name = "HOST:PORT", default_value = "127.0.0.1:8080")]
    pub(crate) addr: SocketAddr,

    /// The folder for the database and the keys [default: a folder of this user]
    #[arg(long, env = "SCORPIO_DATA", value_name = "FOLDER")]
    data: Option<PathBuf>,

    /// The model that answers, as provider:model [default: what there is a key for, an Ollama that answers, else scripted:demo]
    #[arg(long, env = "SCORPIO_MODEL", value_name = "MODEL", global = true)]
    pub(crate) model: Option<String>,

    /// A TOML file that names the models, their providers and prices
    #[arg(long, env = "SCORPIO_MODELS", value_name = "FILE", global = true)]
    pub(crate) models: Option<PathBuf>,

    /// The model that compares documents: openai:MODEL, gemini:MODEL, scripted:word-hash or none [default: what there is a key for; with the demo, scripted:word-hash]
    #[arg(long, env = "SCORPIO_EMBEDDER", value_name = "MODEL")]
    pub(crate) embedder: Option<String>,

    /// The address that browsers know the server by; with https the cookie is Secure
    #[arg(long, env = "SCORPIO_PUBLIC_URL", value_name = "URL")]
    pub(crate) public_url: Option<Origin>,

    /// Another origin whose pages may call the API; may be repeated
    #[arg(long = "cors-origin", env = "SCORPIO_CORS_ORIGINS", value_name = "ORIGIN", value_delimiter = ',')]
    cors_origins: Vec<Origin>,

    /// The address of a proxy whose X-Forwarded-For is believed; may be repeated
    #[arg(long = "trusted-proxy", env = "SCORPIO_TRUSTED_PROXIES", value_name = "IP", value_delimiter = ',')]
    trusted_proxies: Vec<IpAddr>,

    /// How logs are written to stderr; RUST_LOG sets what is logged
    #[arg(long, env = "SCORPIO_LOG_FORMAT", value_name = "FORMAT", default_value = "pretty")]
    pub(crate) log_format: LogFormat,

    /// The fewest characters of a password
    #[arg(long, env = "SCORPIO_MIN_PASSWORD_LENGTH", value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u8).range(8..=64))]
    min_password_length: u8,

    /// How many messages a guest may send in 24 hours
    #[arg(long, env = "SCORPIO_GUEST_MESSAGES", value_name = "N", default_value_t = 20)]
    guest_messages: u64,

    /// How many messages a registered user may send in 24 hours
    #[arg(long, env = "SCORPIO_USER_MESSAGES", value_name = "N", default_value_t = 100)]
    user_messages: u64,

    /// How many guests one address may start in an hour
    #[arg(long, env = "SCORPIO_GUESTS_PER_HOUR", value_name = "N", default_value_t = 120, value_parser = clap::value_parser!(u32).range(1..))]
    guests_per_hour: u32,

    /// How many users one address may register in an hour
    #[arg(long, env = "SCORPIO_REGISTRATIONS_PER_HOUR", value_name = "N", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..))]
    registrations_per_hour: u32,

    /// The file of the key that signs access tokens; servers that share a database share it [default: a file in the data folder]
    #[arg(long, env = "SCORPIO_SIGNING_KEY", value_name = "FILE")]
    signing_key: Option<PathBuf>,

    /// Where chats and accounts are kept: sqlite://FILE, or postgres://… [default: a SQLite file in the data folder]
    #[arg(long, env = "SCORPIO_DATABASE_URL", value_name = "URL", hide_env_values = true)]
    pub(crate) database_url: Option<String>,

    /// Where the events of answers are kept for those who resume a stream, and how often things were done: redis://… [default: the database, and memory]
    #[arg(long, env = "SCORPIO_REDIS_URL", value_name = "URL", hide_env_values = true)]
    pub(crate) redis_url: Option<String>,

    /// Where chats are kept in place of the database: mongodb://…
    #[arg(long, env = "SCORPIO_MONGODB_URL", value_name = "URL", hide_env_values = true)]
    pub(crate) mongodb_url: Option<String>,

    /// Where files are kept: file://FOLDER, s3://BUCKET [default: a folder in the data folder]
    #[arg(long, env = "SCORPIO_BLOB_URL", value_name = "URL", hide_env_values = true)]
    pub(crate) blob_url: Option<String>,

    /// Which tools ask for approval: those that declare it, all that write or send something out, all, or none
    #[arg(long, env = "SCORPIO_APPROVAL", value_name = "WHICH", default_value_t = Approval::Declared)]
    approval: Approval,

    /// How many hours somebody who is asked has to answer
    #[arg(long, env = "SCORPIO_APPROVAL_HOURS", value_name = "N", default_value_t = 7 * 24, value_parser = clap::value_parser!(u32).range(1..))]
    approval_hours: u32,

    /// How many hours the events of an answer are kept for those who resume its stream
    #[arg(long, env = "SCORPIO_EVENT_HOURS", value_name = "N", default_value_t = 24, value_parser = clap::value_parser!(u32).range(1..))]
    event_hours: u32,

    /// How many seconds after the last word of a server another one on the same database goes on with its answers
    #[arg(long, env = "SCORPIO_LEASE_SECONDS", value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=3600))]
    lease_seconds: u32,

    /// How many seconds answers have to end when the server is stopped
    #[arg(long, env = "SCORPIO_SHUTDOWN_SECONDS", value_name = "N", default_value_t = 10)]
    shutdown_seconds: u16,
}

/// What to do instead of serving.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Subcommand)]
pub(crate) enum Command {
    /// Ask the providers of all models whether everything is in order, and say what is not
    Doctor,
}

/// How logs are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people
    Pretty,
    /// For programs
    Json,
}

impl Config {
    /// Where to keep everything.
    pub(crate) fn data_folder(&self) -> Result<PathBuf, String> {
        let of_user =
            || directories::ProjectDirs::from("", "", "scorpio").map(|folders| folders.data_dir().to_owned());
        let missing = "--data: this user has no home folder; say where to keep the database and the keys";
        self.data.clone().or_else(of_user).ok_or_else(|| missing.to_owned())
    }

    /// The file of the key that signs access tokens, if it is not in the data folder.
    pub(crate) fn signing_key(&self) -> Option<&Path> {
        self.signing_key.as_deref()
    }

    pub(crate) fn shutdown_grace(&self) -> Duration {
        Duration::from_secs(self.shutdown_seconds.into())
    }

    /// How long the events of an answer are kept.
    pub(crate) fn event_ttl(&self) -> Duration {
        Duration::from_secs(60 * 60) * self.event_hours
    }

    pub(crate) fn settings(&self) -> Settings {
        let hour = Duration::from_secs(60 * 60);
        let settings = Settings::new()
            .with_cors_origins(self.cors_origins.iter().cloned())
            .with_trusted_proxies(self.trusted_proxies.iter().copied())
            .with_min_password_length(self.min_password_length.into())
            .with_guest_messages(self.guest_messages)
            .with_user_messages(self.user_messages)
            .with_guests(RateQuota::new(self.guests_per_hour, hour))
            .with_registrations(RateQuota::new(self.registrations_per_hour, hour))
            .with_lease(Duration::from_secs(self.lease_seconds.into()))
            .with_approval(self.approval)
            .with_approval_patience(hour * self.approval_hours)
            .with_events_kept(self.event_ttl());
        match &self.public_url {
            Some(origin) => settings.with_public_url(origin.clone()),
            None => settings,
        }
    }
}
