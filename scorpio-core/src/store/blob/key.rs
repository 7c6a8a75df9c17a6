//! What a blob is called.

use std::{fmt, str::FromStr, sync::Arc};

use crate::store::StoreError;

/// The longest key, in bytes: that of S3.
const LONGEST: usize = 1_024;

/// The longest part between two slashes, in bytes: that of the file systems in use.
const LONGEST_PART: usize = 255;

/// The name of a blob: parts with a slash between each.
///
/// A part is 1 to 255 letters, digits or `-_.=@+,` of ASCII and does not begin with a dot; a key has at most 1,024 bytes. So it means
/// the same in a URL, on a disk and in a bucket, and cannot lead out of a folder. The name that a user gave a file belongs in a database.
///
/// Two blobs are not to be told apart by letter case alone, and none is to be named like the folder of another (`a` beside `a/b`):
/// some disks cannot hold both.
///
/// ```
/// use scorpio_core::store::BlobKey;
/// assert_eq!(BlobKey::parse("alice/report.pdf")?.as_str(), "alice/report.pdf");
/// assert!(BlobKey::parse("../etc/passwd").is_err());
/// # Ok::<_, scorpio_core::store::StoreError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BlobKey(Arc<str>);

impl BlobKey {
    /// Checks `text`.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::Invalid`](crate::store::StoreErrorKind::Invalid), with what is wrong, when it is not a key.
    pub fn parse(text: &str) -> Result<Self, StoreError> {
        if text.len() > LONGEST {
            return Err(invalid("it is longer than 1,024 bytes"));
        }
        text.split('/').try_for_each(check_part)?;
        Ok(Self(text.into()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is in `folder` or in a folder of it.
    pub fn is_in(&self, folder: &Self) -> bool {
        self.0.strip_prefix(folder.as_str()).is_some_and(|rest| rest.starts_with('/'))
    }
}

fn check_part(part: &str) -> Result<(), StoreError> {
    let is_safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.=@+,".contains(&byte);
    match part.as_bytes() {
        [] => Err(invalid("a part of it is empty")),
        [b'.', ..] => Err(invalid("a part of it begins with a dot")),
        bytes if bytes.len() > LONGEST_PART => Err(invalid("a part of it is longer than 255 bytes")),
        bytes if !bytes.iter().copied().all(is_safe) => {
            Err(invalid("only letters, digits and -_.=@+, of ASCII, and slashes, may be in it"))
        }
        _ => Ok(()),
    }
}

fn invalid(reason: &str) -> StoreError {
    StoreError::invalid(format!("not a valid blob key: {reason}"))
}

impl FromStr for BlobKey {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self, StoreError> {
        Self::parse(text)
    }
}

impl fmt::Display for BlobKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for BlobKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}
