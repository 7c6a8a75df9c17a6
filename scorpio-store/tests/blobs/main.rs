//! Blobs on a disk, on S3 and on any other object store pass the suite that every store passes, and keep what each adds to it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests")]

mod disk;
mod opening;
mod other;
#[cfg(feature = "s3")]
mod s3;
