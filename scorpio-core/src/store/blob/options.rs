//! How blobs are put, read in part and listed, and what is known of them.

use std::ops::Range;

use jiff::Timestamp;

use super::BlobKey;
use crate::store::StoreError;

/// How a blob is put.
///
/// ```
/// use scorpio_core::store::BlobPut;
/// let upload = BlobPut::new().with_content_type("image/png").with_limit(10 * 1024 * 1024);
/// assert_eq!(upload.limit, Some(10 * 1024 * 1024));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct BlobPut {
    /// Its media type, of at most 255 bytes of visible ASCII. None unless set.
    pub content_type: Option<String>,
    /// How many bytes it may have. As many as the store takes unless set.
    pub limit: Option<u64>,
}

impl BlobPut {
    /// No media type, no limit.
    pub const fn new() -> Self {
        Self { content_type: None, limit: None }
    }

    /// Sets the media type.
    #[must_use]
    pub fn with_content_type(mut self, content_type: impl Into<String>) -> Self {
        self.content_type = Some(content_type.into());
        self
    }

    /// Sets how many bytes it may have.
    #[must_use]
    pub const fn with_limit(mut self, limit: u64) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Refuses a media type that could not be stored or sent in a header. Implementations call it first.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::Invalid`](crate::store::StoreErrorKind::Invalid) when it is empty, too long or has other characters than visible ASCII and
    /// spaces.
    pub fn expect_valid(&self) -> Result<(), StoreError> {
        let Some(content_type) = &self.content_type else { return Ok(()) };
        let is_visible = content_type.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
        if is_visible && (1..=255).contains(&content_type.len()) && content_type.trim() == content_type {
            return Ok(());
        }
        Err(StoreError::invalid("a content type has 1 to 255 bytes of visible ASCII"))
    }

    /// Refuses a blob of `size` bytes if that is more than allowed.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::TooLarge`](crate::store::StoreErrorKind::TooLarge).
    pub fn expect_within(&self, size: u64) -> Result<(), StoreError> {
        match self.limit {
            Some(limit) if size > limit => Err(StoreError::too_large(limit)),
            _ => Ok(()),
        }
    }
}

/// A part of a blob, as in HTTP's `Range`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum BlobRange {
    /// These bytes; those after the end of the blob are left out.
    Within(Range<u64>),
    /// From this byte to the end.
    From(u64),
    /// That many bytes at the end, or all if there are fewer.
    Last(u64),
}

impl BlobRange {
    /// The bytes that it is of a blob of `size` bytes.
    ///
    /// ```
    /// use scorpio_core::store::BlobRange;
    /// assert_eq!(BlobRange::Last(3).of(10)?, 7..10);
    /// assert!(BlobRange::From(10).of(10).is_err());
    /// # Ok::<_, scorpio_core::store::StoreError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::Invalid`](crate::store::StoreErrorKind::Invalid) when there are none.
    pub fn of(&self, size: u64) -> Result<Range<u64>, StoreError> {
        let range = match self {
            Self::Within(range) => range.start..range.end.min(size),
            Self::From(start) => *start..size,
            Self::Last(count) => size.saturating_sub(*count)..size,
        };
        if range.is_empty() {
            return Err(StoreError::invalid(format!("the range is not within the {size} bytes of the blob")));
        }
        Ok(range)
    }
}

/// What is known of a blob.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BlobMeta {
    /// Its key.
    pub key: BlobKey,
    /// How many bytes it has.
    pub size: u64,
    /// Its media type, if it has one. Listings may leave it out.
    pub content_type: Option<String>,
    /// When it was put, at least to the second.
    pub modified: Timestamp,
}

impl BlobMeta {
    /// What is known of a blob without a media type.
    pub fn new(key: BlobKey, size: u64, modified: Timestamp) -> Self {
        Self { key, size, content_type: None, modified }
    }

    /// Sets the media type.
    #[must_use]
    pub fn with_content_type(mut self, content_type: Option<String>) -> Self {
        self.content_type = content_type;
        self
    }
}

/// Which blobs to list.
///
/// ```
/// use scorpio_core::store::{BlobKey, BlobPage};
/// let page = BlobPage::new().with_folder(BlobKey::parse("alice")?).with_limit(20);
/// assert_eq!(page.limit, 20);
/// # Ok::<_, scorpio_core::store::StoreError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BlobPage {
    /// Those in this folder and the folders in it. All unless set.
    pub folder: Option<BlobKey>,
    /// Those whose key comes after this one, which need not be there.
    pub after: Option<BlobKey>,
    /// How many at most. 100 unless set; 0 counts as 1.
    pub limit: usize,
}

impl BlobPage {
    /// The first 100 of all.
    pub const fn new() -> Self {
        Self { folder: None, after: None, limit: 100 }
    }

    /// Lists a folder.
    #[must_use]
    pub fn with_folder(mut self, folder: BlobKey) -> Self {
        self.folder = Some(folder);
        self
    }

    /// Goes on after a key.
    #[must_use]
    pub fn with_after(mut self, after: BlobKey) -> Self {
        self.after = Some(after);
        self
    }

    /// Sets how many at most.
    #[must_use]
    pub const fn with_limit(mut self, limit: usize) -> Self {
        self.limit = limit;
        self
    }

    /// Whether a key is in the folder and after the beginning of the page.
    pub fn wants(&self, key: &BlobKey) -> bool {
        self.folder.as_ref().is_none_or(|folder| key.is_in(folder))
            && self.after.as_ref().is_none_or(|after| key > after)
    }
}

impl Default for BlobPage {
    fn default() -> Self {
        Self::new()
    }
}

/// A page of blobs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct BlobListing {
    /// In order of their keys.
    pub blobs: Vec<BlobMeta>,
    /// The key to go on after, if there are more.
    pub next: Option<BlobKey>,
}

impl BlobListing {
    /// A page of `limit` out of `blobs`, which are in order and one more than that if there are more.
    pub fn cut(mut blobs: Vec<BlobMeta>, limit: usize) -> Self {
        let limit = limit.max(1);
        let is_more = blobs.len() > limit;
        blobs.truncate(limit);
        let next = blobs.last().filter(|_| is_more).map(|blob| blob.key.clone());
        Self { blobs, next }
    }
}
