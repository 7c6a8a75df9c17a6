//! What the binary keeps everything in, as its settings name it.

use std::{path::PathBuf, sync::Arc};

use scorpio_server::Stores;
use scorpio_store::SqliteStore;

use crate::{BoxError, config::Config, data_folder::DataFolder};

/// The stores that the settings name, open.
#[derive(Debug)]
pub(crate) enum Backend {
    /// One file.
    Sqlite {
        store: SqliteStore,
        /// It is in the data folder, which this process has locked.
        is_locked: bool,
    },
}

impl Backend {
    /// Opens what is set. Unset, it is a SQLite file in the data folder.
    pub(crate) async fn open(config: &Config, data: &DataFolder) -> Result<Self, BoxError> {
        for (name, url, feature) in [
            ("SCORPIO_REDIS_URL", &config.redis_url, "redis"),
            ("SCORPIO_MONGODB_URL", &config.mongodb_url, "mongodb"),
            ("SCORPIO_BLOB_URL", &config.blob_url, "blobs"),
        ] {
            if url.is_some() {
                return Err(missing(name, feature));
            }
        }
        let Some(url) = &config.database_url else { return Self::sqlite(data.database()?, true).await };
        match url.split_once("://") {
            Some(("sqlite", "")) => Err("SCORPIO_DATABASE_URL: it names no file; write sqlite://FILE".into()),
            Some(("sqlite", file)) => Self::sqlite(file.into(), false).await,
            Some(("postgres" | "postgresql", _)) => Err(missing("SCORPIO_DATABASE_URL", "postgres")),
            // The address may hold a password, so it is not repeated.
            Some((scheme, _)) => {
                let text = format!(
                    "SCORPIO_DATABASE_URL: there is no database `{scheme}`; write sqlite://FILE or postgres://USER@HOST/DATABASE"
                );
                Err(text.into())
            }
            None => Err("SCORPIO_DATABASE_URL: it is no address; write sqlite://FILE or postgres://USER@HOST/DATABASE".into()),
        }
    }

    async fn sqlite(file: PathBuf, is_locked: bool) -> Result<Self, BoxError> {
        Ok(Self::Sqlite { store: SqliteStore::open(file).await?, is_locked })
    }

    /// The stores, for the server.
    pub(crate) fn stores(&self) -> Stores {
        match self {
            Self::Sqlite { store, is_locked } => {
                let stores = Stores::of(Arc::new(store.clone()));
                if *is_locked { stores.sole_user() } else { stores }
            }
        }
    }

    /// Writes what is not written yet.
    pub(crate) async fn close(self) -> Result<(), BoxError> {
        match self {
            Self::Sqlite { store, .. } => Ok(store.close().await?),
        }
    }
}

fn missing(name: &str, feature: &str) -> BoxError {
    format!("{name}: this program was built without the feature `{feature}`, which it needs").into()
}
