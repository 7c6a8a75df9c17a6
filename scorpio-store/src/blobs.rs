//! Files on whatever `object_store` speaks to: a folder of the local disk, S3 and everything compatible with it, or a store that the program
//! brings along.

mod error;
mod header;
mod listing;
mod read;
#[cfg(feature = "s3")]
mod s3;
mod upload;
mod url;

use std::{fs, sync::Arc};

use async_trait::async_trait;
use object_store::{ObjectStore, local::LocalFileSystem, path::Path};
use scorpio_core::store::{
    Blob, BlobKey, BlobListing, BlobMeta, BlobPage, BlobPut, BlobRange, BlobStore, BlobStream, StoreError,
};

use self::error::{is_missing, store_error};

/// A [`BlobStore`] on a folder, on S3, or on any other [`ObjectStore`].
///
/// On a disk, a blob is a file under its key that begins with 512 bytes of text in which its media type stands: so both change at once, or
/// not at all. A file is written beside its place, synced, and moved there. What other programs put into the folder is not read.
///
/// ```
/// use scorpio_core::store::{BlobKey, BlobStoreExt};
/// use scorpio_store::ObjectBlobStore;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let directory = tempfile::tempdir()?;
/// let files = ObjectBlobStore::folder(directory.path().join("files"))?;
/// let key = BlobKey::parse("alice/notes.txt")?;
/// files.put_bytes(&key, "Buy milk.", "text/plain").await?;
/// assert_eq!(files.get_bytes(&key, 1_024).await?.as_deref(), Some(&b"Buy milk."[..]));
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct ObjectBlobStore {
    objects: Arc<dyn ObjectStore>,
    folder: Option<Path>,
    layout: Layout,
    /// Whether listings come in order.
    is_sorted: bool,
}

/// Where the media type of a blob is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layout {
    /// With the object.
    Attribute,
    /// Before its bytes.
    Header,
}

impl ObjectBlobStore {
    /// The store at a URL: `file:///path/to/folder` or, with the feature `s3`, `s3://bucket/folder`.
    ///
    /// S3 takes its credentials, region and endpoint from the environment, under the names that the AWS tools use: `AWS_ACCESS_KEY_ID`,
    /// `AWS_SECRET_ACCESS_KEY`, `AWS_REGION`, `AWS_ENDPOINT_URL` and so on.
    ///
    /// # Errors
    ///
    /// [`Invalid`](scorpio_core::store::StoreErrorKind::Invalid), with what is wrong, when it is no such URL;
    /// [`Unavailable`](scorpio_core::store::StoreErrorKind::Unavailable) when the folder cannot be made. Whether a bucket is there shows when it is used.
    pub fn open(url: &str) -> Result<Self, StoreError> {
        Self::open_with(url, [])
    }

    /// The store at a URL, with settings of S3 that go before those of the environment: `access_key_id`, `secret_access_key`,
    /// `session_token`, `region`, `endpoint`, `allow_http`, `virtual_hosted_style_request` and the others of `object_store`.
    ///
    /// # Errors
    ///
    /// Those of [`ObjectBlobStore::open`], and [`Invalid`](scorpio_core::store::StoreErrorKind::Invalid) when there is no such setting.
    pub fn open_with<'a>(
        url: &str,
        settings: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, StoreError> {
        url::open(url, settings)
    }

    /// The store in a folder of the local disk, which is made if it is not there.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](scorpio_core::store::StoreErrorKind::Unavailable) when it cannot be made.
    pub fn folder(path: impl AsRef<std::path::Path>) -> Result<Self, StoreError> {
        let path = path.as_ref();
        let no_folder = |error: std::io::Error| {
            let message = format!("the folder {} cannot be used: {error}", path.display());
            StoreError::new(scorpio_core::store::StoreErrorKind::Unavailable, message).with_source(error)
        };
        fs::create_dir_all(path).map_err(no_folder)?;
        let files = LocalFileSystem::new_with_prefix(path).map_err(store_error)?.with_fsync(true);
        Ok(Self { objects: Arc::new(files), folder: None, layout: Layout::Header, is_sorted: false })
    }

    /// The store on an existing one, which must keep the attributes of objects; `object_store`'s own one of the local disk does not, so use
    /// [`ObjectBlobStore::folder`] for that.
    pub fn new(objects: Arc<dyn ObjectStore>) -> Self {
        Self { objects, folder: None, layout: Layout::Attribute, is_sorted: false }
    }

    /// Keeps everything in a folder of the store.
    #[must_use]
    pub fn in_folder(mut self, folder: &BlobKey) -> Self {
        self.folder = Some(self.path(folder));
        self
    }

    fn path(&self, key: &BlobKey) -> Path {
        // What a key may have in it means itself in a path.
        let parts = key.as_str().split('/');
        match &self.folder {
            Some(folder) => parts.fold(folder.clone(), Path::join),
            None => Path::from_iter(parts),
        }
    }

    fn key(&self, path: &Path) -> Option<BlobKey> {
        let text = match &self.folder {
            Some(folder) => path.as_ref().strip_prefix(folder.as_ref())?.strip_prefix('/')?,
            None => path.as_ref(),
        };
        BlobKey::parse(text).ok()
    }
}

#[async_trait]
impl BlobStore for ObjectBlobStore {
    async fn put(&self, key: &BlobKey, body: BlobStream, put: BlobPut) -> Result<BlobMeta, StoreError> {
        put.expect_valid()?;
        upload::put(self, key, body, put).await
    }

    async fn get(&self, key: &BlobKey, range: Option<BlobRange>) -> Result<Option<Blob>, StoreError> {
        match self.layout {
            Layout::Attribute => read::object(self, key, range).await,
            Layout::Header => read::file(self, key, range).await,
        }
    }

    async fn head(&self, key: &BlobKey) -> Result<Option<BlobMeta>, StoreError> {
        match self.layout {
            Layout::Attribute => read::object_meta(self, key).await,
            Layout::Header => Ok(read::file(self, key, None).await?.map(|blob| blob.meta)),
        }
    }

    async fn delete(&self, key: &BlobKey) -> Result<(), StoreError> {
        use object_store::ObjectStoreExt;
        match self.objects.delete(&self.path(key)).await {
            Err(error) if !is_missing(&error) => Err(store_error(error)),
            _ => Ok(()),
        }
    }

    async fn list(&self, page: BlobPage) -> Result<BlobListing, StoreError> {
        listing::list(self, page).await
    }
}
