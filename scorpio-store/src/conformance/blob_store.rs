//! The cases of [`BlobStore`].

mod concurrency;
mod listing;
mod reading;
mod writing;

use bytes::Bytes;
use futures::{StreamExt, stream};
use scorpio_core::store::{BlobKey, BlobStore, BlobStoreExt, BlobStream};

super::suite! {
    /// Everything that a [`BlobStore`] promises.
    BLOB_STORE: BlobStore,
    /// Makes one test for each promise of a [`BlobStore`](scorpio_core::store::BlobStore).
    ///
    /// It takes the path of an async function that answers an empty store as `Arc<dyn BlobStore>`, or as a pair with something that must
    /// outlive it. Use it once in a module.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use scorpio_core::store::{BlobStore, MemoryBlobStore};
    /// async fn empty_store() -> Arc<dyn BlobStore> {
    ///     Arc::new(MemoryBlobStore::new())
    /// }
    ///
    /// scorpio_store::blob_store_conformance!(empty_store);
    /// # fn main() {}
    /// ```
    blob_store_conformance!,
    writing {
        what_was_put_is_got,
        an_empty_blob_is_a_blob,
        any_bytes_come_back,
        a_large_blob_comes_back,
        pieces_of_any_size_come_back,
        the_content_type_comes_back,
        a_blob_without_a_content_type_has_none,
        a_blob_is_replaced_with_its_content_type,
        keys_of_every_shape_work,
        too_large_is_refused_and_changes_nothing,
        a_limit_that_is_just_enough_is_enough,
        a_body_that_never_ends_is_cut_at_the_limit,
        a_body_that_fails_changes_nothing,
        a_bad_content_type_is_refused,
        a_deleted_blob_is_gone,
    }
    reading {
        a_missing_blob_is_none,
        head_tells_what_get_tells,
        the_time_is_told,
        every_range_of_a_small_blob_is_right,
        ranges_of_a_large_blob_are_right,
        a_range_outside_is_invalid,
        get_bytes_refuses_what_is_too_large,
    }
    listing {
        an_empty_store_lists_nothing,
        blobs_are_listed_in_order,
        a_folder_is_listed_with_its_folders,
        a_folder_is_not_a_beginning,
        pages_join_without_gaps,
        after_a_key_that_is_gone,
        a_listing_tells_sizes,
        what_is_deleted_is_not_listed,
        every_page_size_lists_the_same,
    }
    concurrency {
        writers_of_one_key_do_not_mix,
        a_reader_never_sees_half_a_blob,
        many_blobs_at_once,
        a_dropped_put_leaves_the_old_blob,
    }
    [$]
}

const LIMIT: u64 = 64 * 1024 * 1024;

fn key(text: &str) -> BlobKey {
    BlobKey::parse(text).unwrap()
}

/// Bytes that differ everywhere.
fn sample(size: usize, seed: u8) -> Bytes {
    (0..size).map(|index| (index as u8).wrapping_mul(31) ^ (index >> 8) as u8 ^ seed).collect()
}

/// A body in pieces of that size.
fn body(bytes: &Bytes, piece: usize) -> BlobStream {
    let pieces: Vec<_> = bytes.chunks(piece).map(|piece| Ok(bytes.slice_ref(piece))).collect();
    stream::iter(pieces).boxed()
}

async fn put(store: &dyn BlobStore, name: &str, bytes: impl Into<Bytes> + Send) {
    store.put_bytes(&key(name), bytes, "application/octet-stream").await.unwrap();
}

async fn get(store: &dyn BlobStore, name: &str) -> Option<Bytes> {
    store.get_bytes(&key(name), LIMIT).await.unwrap()
}
