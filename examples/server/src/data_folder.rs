//! The folder that holds the database and the keys: closed to other users, and used by one server at a time.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use scorpio_server::SigningKey;

use crate::BoxError;

/// A data folder that this process has locked.
#[derive(Debug)]
pub(crate) struct DataFolder {
    path: PathBuf,
    /// The lock ends with the process, however it ends.
    _lock: File,
}

impl DataFolder {
    /// Makes the folder if it is not there, and locks it.
    pub(crate) fn open(path: PathBuf) -> Result<Self, BoxError> {
        let in_folder = |error: io::Error| format!("--data {}: {error}", path.display());
        create_private_folder(&path).map_err(in_folder)?;
        let lock = private_file().truncate(false).open(path.join("lock")).map_err(in_folder)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { _lock: lock, path }),
            Err(TryLockError::WouldBlock) => Err(format!(
                "--data {}: another scorpio-server uses this folder; stop it, or give this one a folder of its own",
                path.display()
            )
            .into()),
            Err(TryLockError::Error(error)) => Err(in_folder(error).into()),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The database, which is made here, so that it is its owner's alone in a folder that is not, too. SQLite gives the files
    /// beside it the same permissions.
    pub(crate) fn database(&self) -> Result<PathBuf, BoxError> {
        let path = self.path.join("scorpio.db");
        let file = private_file().truncate(false).open(&path);
        file.and_then(|file| only_for_owner(&file))
            .map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(path)
    }

    /// The key that signs access tokens, in this folder or in `elsewhere`. It is made at the first start.
    pub(crate) fn signing_key(&self, elsewhere: Option<&Path>) -> Result<SigningKey, BoxError> {
        let path = elsewhere.map_or_else(|| self.path.join("access-token.key"), Path::to_owned);
        let in_file = |error: io::Error| format!("{}: {error}", path.display());
        let mut text = String::new();
        match File::open(&path) {
            Ok(mut file) => {
                only_for_owner(&file).map_err(in_file)?;
                file.read_to_string(&mut text).map_err(in_file)?;
                let seed = STANDARD.decode(text.trim()).ok().and_then(|seed| <[u8; 32]>::try_from(seed).ok());
                let damaged =
                    || format!("{} is damaged; remove it, and everybody signs in again", path.display());
                Ok(SigningKey::from_seed(seed.ok_or_else(damaged)?))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let key = SigningKey::generate()?;
                write_whole(&path, &STANDARD.encode(key.to_seed())).map_err(in_file)?;
                Ok(key)
            }
            Err(error) => Err(in_file(error).into()),
        }
    }
}

/// The file is there with all of its text or not at all, whenever the machine stops.
fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    let draft = path.with_extension("new");
    let mut file = private_file().truncate(true).open(&draft)?;
    only_for_owner(&file)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&draft, path)
}

#[cfg(unix)]
fn create_private_folder(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

#[cfg(not(unix))]
fn create_private_folder(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)
}

#[cfg(unix)]
fn private_file() -> OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).mode(0o600);
    options
}

#[cfg(not(unix))]
fn private_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true);
    options
}

#[cfg(unix)]
fn only_for_owner(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(0o600))
}

#[cfg(not(unix))]
fn only_for_owner(_: &File) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests;
