//! What the binary keeps everything in, as its settings name it.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use scorpio_core::store::VectorStore;
use scorpio_server::Stores;
use scorpio_store::SqliteStore;
#[cfg(feature = "postgres")]
use scorpio_store::{PostgresStore, PostgresVectors};

use crate::{BoxError, config::Config, data_folder::DataFolder};

/// The stores that the settings name, open.
#[derive(Debug)]
pub(crate) struct Backend {
    stores: Stores,
    vectors: Option<Arc<dyn VectorStore>>,
    database: Database,
}

/// What has something to write before the process ends.
#[derive(Debug)]
enum Database {
    Sqlite(SqliteStore),
    #[cfg(feature = "postgres")]
    Postgres(PostgresStore),
}

impl Backend {
    /// Opens what is set. Unset, it is a SQLite file in the data folder.
    pub(crate) async fn open(config: &Config, data: &DataFolder) -> Result<Self, BoxError> {
        let mut backend = match config.database_url.as_deref() {
            None => Self::sqlite(data.database()?, true).await?,
            Some(url) => Self::database(url).await?,
        };
        if let Some(url) = &config.mongodb_url {
            backend.mongodb(url).await?;
        }
        if let Some(url) = &config.redis_url {
            backend.redis(url, config.event_ttl()).await?;
        }
        match &config.blob_url {
            Some(url) => backend.blobs(url)?,
            None => backend.local_blobs(&data.path().join("files"))?,
        }
        Ok(backend)
    }

    async fn database(url: &str) -> Result<Self, BoxError> {
        match url.split_once("://") {
            Some(("sqlite", "")) => Err("SCORPIO_DATABASE_URL: it names no file; write sqlite://FILE".into()),
            Some(("sqlite", file)) => Self::sqlite(file.into(), false).await,
            Some(("postgres" | "postgresql", _)) => Self::postgres(url).await,
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
        let store = SqliteStore::open(file).await?;
        let shared = Arc::new(store.clone());
        let stores = Stores::of(shared.clone());
        let stores = if is_locked { stores.sole_user() } else { stores };
        Ok(Self { stores, vectors: Some(shared), database: Database::Sqlite(store) })
    }

    #[cfg(feature = "postgres")]
    async fn postgres(url: &str) -> Result<Self, BoxError> {
        let store =
            PostgresStore::connect(url).await.map_err(|error| format!("SCORPIO_DATABASE_URL: {error}"))?;
        let vectors: Option<Arc<dyn VectorStore>> = match PostgresVectors::connect(url).await {
            Ok(vectors) => Some(Arc::new(vectors)),
            // Everything else works without it.
            Err(error) if error.kind() == scorpio_core::store::StoreErrorKind::Unsupported => {
                tracing::warn!(%error, "documents cannot be searched on this database");
                None
            }
            Err(error) => return Err(format!("SCORPIO_DATABASE_URL: {error}").into()),
        };
        Ok(Self { stores: Stores::of(Arc::new(store.clone())), vectors, database: Database::Postgres(store) })
    }

    #[cfg(not(feature = "postgres"))]
    async fn postgres(_url: &str) -> Result<Self, BoxError> {
        Err(missing("SCORPIO_DATABASE_URL", "postgres"))
    }

    /// Keeps chats and runs on MongoDB; the rest stays where it is.
    #[cfg(feature = "mongodb")]
    async fn mongodb(&mut self, url: &str) -> Result<(), BoxError> {
        let store = scorpio_store::MongoStore::connect(url).await;
        let store = store.map_err(|error| format!("SCORPIO_MONGODB_URL: {error}"))?;
        self.stores = self.stores.clone().with_store(Arc::new(store));
        Ok(())
    }

    #[cfg(not(feature = "mongodb"))]
    async fn mongodb(&mut self, _url: &str) -> Result<(), BoxError> {
        Err(missing("SCORPIO_MONGODB_URL", "mongodb"))
    }

    /// Keeps the events of answers on Redis, and counts there how often things are done.
    #[cfg(feature = "redis")]
    async fn redis(&mut self, url: &str, ttl: std::time::Duration) -> Result<(), BoxError> {
        let options = scorpio_store::redis::RedisOptions::new().with_event_ttl(ttl);
        let redis = scorpio_store::RedisStore::connect_with(url, options).await;
        let redis = redis.map_err(|error| format!("SCORPIO_REDIS_URL: {error}"))?;
        let redis = Arc::new(redis);
        self.stores = self.stores.clone().with_log(redis.clone()).with_limiter(redis);
        Ok(())
    }

    #[cfg(not(feature = "redis"))]
    async fn redis(&mut self, _url: &str, _ttl: std::time::Duration) -> Result<(), BoxError> {
        Err(missing("SCORPIO_REDIS_URL", "redis"))
    }

    /// Keeps files in a folder or a bucket.
    #[cfg(feature = "blobs")]
    fn blobs(&mut self, url: &str) -> Result<(), BoxError> {
        let blobs = scorpio_store::ObjectBlobStore::open(url);
        let blobs = blobs.map_err(|error| format!("SCORPIO_BLOB_URL: {error}"))?;
        self.stores = self.stores.clone().with_blobs(Arc::new(blobs));
        Ok(())
    }

    /// Keeps files in the data folder.
    #[cfg(feature = "blobs")]
    fn local_blobs(&mut self, folder: &Path) -> Result<(), BoxError> {
        let in_folder = |error: &dyn std::fmt::Display| format!("--data: {}: {error}", folder.display());
        std::fs::create_dir_all(folder).map_err(|error| in_folder(&error))?;
        let blobs = scorpio_store::ObjectBlobStore::folder(folder).map_err(|error| in_folder(&error))?;
        self.stores = self.stores.clone().with_blobs(Arc::new(blobs));
        Ok(())
    }

    /// Files are in memory.
    #[cfg(not(feature = "blobs"))]
    fn local_blobs(&mut self, _folder: &Path) -> Result<(), BoxError> {
        Ok(())
    }

    #[cfg(not(feature = "blobs"))]
    fn blobs(&mut self, _url: &str) -> Result<(), BoxError> {
        Err(missing("SCORPIO_BLOB_URL", "blobs"))
    }

    /// The stores, for the server.
    pub(crate) fn stores(&self) -> Stores {
        self.stores.clone()
    }

    /// Where documents are searched, if the database can do that.
    pub(crate) fn vectors(&self) -> Option<Arc<dyn VectorStore>> {
        self.vectors.clone()
    }

    /// Writes what is not written yet.
    pub(crate) async fn close(self) -> Result<(), BoxError> {
        match self.database {
            Database::Sqlite(store) => Ok(store.close().await?),
            #[cfg(feature = "postgres")]
            Database::Postgres(store) => Ok(store.close().await?),
        }
    }
}

#[allow(dead_code, reason = "with every feature nothing is missing")]
fn missing(name: &str, feature: &str) -> BoxError {
    format!("{name}: this program was built without the feature `{feature}`, which it needs").into()
}
