//! What the errors of `object_store` mean here.

use std::{error::Error as StdError, io};

use object_store::Error;
use scorpio_core::store::{StoreError, StoreErrorKind};

pub(super) fn store_error(error: Error) -> StoreError {
    let (kind, message) = explain(&error);
    StoreError::new(kind, message).with_source(error)
}

fn explain(error: &Error) -> (StoreErrorKind, &'static str) {
    use StoreErrorKind::{Full, Invalid, NotFound, Unavailable};
    match error {
        Error::NotFound { .. } => return (NotFound, "there is no such object, or no such bucket"),
        Error::InvalidPath { .. } => return (Invalid, "the object store does not take this key"),
        Error::UnknownConfigurationKey { .. } => return (Invalid, "there is no such setting"),
        Error::NotSupported { .. } | Error::NotImplemented { .. } => {
            return (Invalid, "the object store cannot do this");
        }
        Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => {
            return (Unavailable, "the object store refuses the credentials");
        }
        _ => {}
    }
    match io_kind(error) {
        Some(io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) => (Full, "the disk is full"),
        Some(
            io::ErrorKind::NotADirectory | io::ErrorKind::IsADirectory | io::ErrorKind::DirectoryNotEmpty,
        ) => (Invalid, "the key is named like the folder of another, or the other way round"),
        Some(io::ErrorKind::PermissionDenied) => (Unavailable, "the files may not be used"),
        Some(io::ErrorKind::ReadOnlyFilesystem) => (Unavailable, "the disk is read-only"),
        _ => (Unavailable, "the object store failed"),
    }
}

/// Whether there is no such blob. On a disk, that is also when a part of its key is a file, or all of it a folder.
pub(super) fn is_missing(error: &Error) -> bool {
    let kinds = [io::ErrorKind::NotFound, io::ErrorKind::NotADirectory, io::ErrorKind::IsADirectory];
    matches!(error, Error::NotFound { .. }) || io_kind(error).is_some_and(|kind| kinds.contains(&kind))
}

fn io_kind(error: &Error) -> Option<io::ErrorKind> {
    let mut source: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(error) = source {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return Some(error.kind());
        }
        source = error.source();
    }
    None
}
