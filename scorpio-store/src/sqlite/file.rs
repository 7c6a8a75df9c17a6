//! The file of a database, as it was opened. SQLite writes on into a file that has been deleted or replaced, and nobody would ever find what
//! it has answered for.

use std::{
    io,
    path::{Path, PathBuf},
};

/// The file that a connection has open.
#[derive(Debug)]
pub(super) struct DatabaseFile {
    path: PathBuf,
    identity: Identity,
}

impl DatabaseFile {
    /// The file at `path`. `None` when there is none, as with a database in memory.
    pub(super) fn at(path: &Path) -> Option<Self> {
        // The program may change its working directory.
        let path = std::path::absolute(path).ok()?;
        let identity = identity(&path).ok()?;
        Some(Self { path, identity })
    }

    /// Fails when the path leads to nothing, or to another file, by now.
    pub(super) fn expect_in_place(&self) -> Result<(), sqlx::Error> {
        match identity(&self.path) {
            Ok(found) if found == self.identity => Ok(()),
            Ok(_) => Err(io::Error::new(io::ErrorKind::NotFound, "another file is in its place").into()),
            Err(error) => Err(error.into()),
        }
    }
}

#[cfg(unix)]
type Identity = (u64, u64);

#[cfg(unix)]
fn identity(path: &Path) -> io::Result<Identity> {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(path).map(|file| (file.dev(), file.ino()))
}

/// Elsewhere a file that is open stays where it is.
#[cfg(not(unix))]
type Identity = ();

#[cfg(not(unix))]
fn identity(path: &Path) -> io::Result<Identity> {
    std::fs::metadata(path).map(drop)
}
