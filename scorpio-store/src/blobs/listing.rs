//! Listing blobs in order, a page at a time, also where the store itself has no order.

use std::collections::BTreeMap;

use futures::TryStreamExt;
use object_store::ObjectMeta;
use scorpio_core::store::{BlobKey, BlobListing, BlobMeta, BlobPage, StoreError};

use super::{Layout, ObjectBlobStore, error::store_error, header, read::modified};

pub(super) async fn list(store: &ObjectBlobStore, page: BlobPage) -> Result<BlobListing, StoreError> {
    let folder = page.folder.as_ref().map(|folder| store.path(folder)).or_else(|| store.folder.clone());
    let mut objects = match &page.after {
        Some(after) => store.objects.list_with_offset(folder.as_ref(), &store.path(after)),
        None => store.objects.list(folder.as_ref()),
    };
    // One more, to see whether there are more.
    let wanted = page.limit.max(1).saturating_add(1);
    let mut found: BTreeMap<BlobKey, BlobMeta> = BTreeMap::new();
    while let Some(object) = objects.try_next().await.map_err(store_error)? {
        let Some(meta) = meta(store, &object).filter(|meta| page.wants(&meta.key)) else { continue };
        found.insert(meta.key.clone(), meta);
        if found.len() == wanted && store.is_sorted {
            break;
        }
        if found.len() > wanted {
            found.pop_last();
        }
    }
    Ok(BlobListing::cut(found.into_values().collect(), page.limit))
}

/// What is told of an object, if it is a blob: others may be there as well.
fn meta(store: &ObjectBlobStore, object: &ObjectMeta) -> Option<BlobMeta> {
    let size = match store.layout {
        Layout::Attribute => object.size,
        Layout::Header => object.size.checked_sub(header::LENGTH as u64)?,
    };
    Some(BlobMeta::new(store.key(&object.location)?, size, modified(object)))
}
