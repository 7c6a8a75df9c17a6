//! Listing.

use std::sync::Arc;

use futures::TryStreamExt;
use scorpio_core::store::{BlobKey, BlobListing, BlobPage, BlobStore, BlobStoreExt};

use super::{key, put};

const NAMES: [&str; 12] = ["B", "a", "b-c", "b.d", "b/1", "b/10", "b/2", "b/c/1", "b/c/2", "b0", "c/x", "z"];

async fn fill(store: &dyn BlobStore) {
    // Not in order.
    for index in 0..NAMES.len() {
        put(store, NAMES[index * 5 % NAMES.len()], "text").await;
    }
}

fn names(listing: &BlobListing) -> Vec<&str> {
    listing.blobs.iter().map(|blob| blob.key.as_str()).collect()
}

async fn all(store: &dyn BlobStore, folder: Option<BlobKey>, limit: usize) -> Vec<String> {
    let mut page = BlobPage::new().with_limit(limit);
    page.folder = folder;
    let mut found = Vec::new();
    loop {
        let listing = store.list(page.clone()).await.unwrap();
        assert!(listing.blobs.len() <= limit.max(1));
        found.extend(names(&listing).into_iter().map(str::to_owned));
        match listing.next {
            Some(next) => page = page.with_after(next),
            None => return found,
        }
    }
}

pub(super) async fn an_empty_store_lists_nothing(store: Arc<dyn BlobStore>) {
    assert_eq!(store.list(BlobPage::new()).await.unwrap(), BlobListing::default());
    assert_eq!(store.list(BlobPage::new().with_folder(key("a"))).await.unwrap(), BlobListing::default());
    assert_eq!(store.list(BlobPage::new().with_after(key("a"))).await.unwrap(), BlobListing::default());
}

pub(super) async fn blobs_are_listed_in_order(store: Arc<dyn BlobStore>) {
    fill(&*store).await;
    let listing = store.list(BlobPage::new()).await.unwrap();
    assert_eq!(names(&listing), NAMES);
    assert_eq!(listing.next, None);
}

pub(super) async fn a_folder_is_listed_with_its_folders(store: Arc<dyn BlobStore>) {
    fill(&*store).await;
    let b = store.list(BlobPage::new().with_folder(key("b"))).await.unwrap();
    assert_eq!(names(&b), ["b/1", "b/10", "b/2", "b/c/1", "b/c/2"]);
    let c = store.list(BlobPage::new().with_folder(key("b/c"))).await.unwrap();
    assert_eq!(names(&c), ["b/c/1", "b/c/2"]);
}

pub(super) async fn a_folder_is_not_a_beginning(store: Arc<dyn BlobStore>) {
    fill(&*store).await;
    for not_a_folder in ["a", "b/1", "b/", "z", "missing"].iter().filter_map(|name| BlobKey::parse(name).ok())
    {
        let listing = store.list(BlobPage::new().with_folder(not_a_folder.clone())).await.unwrap();
        assert_eq!(names(&listing), [""; 0], "{not_a_folder}");
    }
}

pub(super) async fn pages_join_without_gaps(store: Arc<dyn BlobStore>) {
    fill(&*store).await;
    let first = store.list(BlobPage::new().with_limit(5)).await.unwrap();
    assert_eq!(names(&first), NAMES[..5]);
    let second = store.list(BlobPage::new().with_limit(5).with_after(first.next.unwrap())).await.unwrap();
    assert_eq!(names(&second), NAMES[5..10]);
    let third = store.list(BlobPage::new().with_limit(5).with_after(second.next.unwrap())).await.unwrap();
    assert_eq!((names(&third), third.next.clone()), (NAMES[10..].to_vec(), None));
}

pub(super) async fn after_a_key_that_is_gone(store: Arc<dyn BlobStore>) {
    fill(&*store).await;
    let after = async |name| {
        let listing = store.list(BlobPage::new().with_after(key(name))).await.unwrap();
        listing.blobs.first().map(|blob| blob.key.to_string())
    };
    store.delete(&key("b/10")).await.unwrap();
    assert_eq!(after("b/10").await.as_deref(), Some("b/2"));
    assert_eq!(after("b").await.as_deref(), Some("b-c"));
    assert_eq!(after("zz").await, None);
    let in_folder = store.list(BlobPage::new().with_folder(key("b")).with_after(key("a"))).await.unwrap();
    assert_eq!(in_folder.blobs.len(), 4);
    let past = store.list(BlobPage::new().with_folder(key("b")).with_after(key("c"))).await.unwrap();
    assert_eq!(past, BlobListing::default());
}

pub(super) async fn a_listing_tells_sizes(store: Arc<dyn BlobStore>) {
    for size in [0, 1, 600, 70_000] {
        put(&*store, &format!("{size:06}"), vec![b'x'; size]).await;
    }
    let sizes: Vec<_> =
        store.list(BlobPage::new()).await.unwrap().blobs.iter().map(|blob| blob.size).collect();
    assert_eq!(sizes, [0, 1, 600, 70_000]);
}

pub(super) async fn what_is_deleted_is_not_listed(store: Arc<dyn BlobStore>) {
    fill(&*store).await;
    for name in &NAMES[1..] {
        store.delete(&key(name)).await.unwrap();
    }
    assert_eq!(names(&store.list(BlobPage::new()).await.unwrap()), ["B"]);
}

pub(super) async fn every_page_size_lists_the_same(store: Arc<dyn BlobStore>) {
    fill(&*store).await;
    for limit in [0, 1, 2, 3, 4, 11, 12, 13, usize::MAX] {
        assert_eq!(all(&*store, None, limit).await, NAMES, "{limit} at a time");
        assert_eq!(all(&*store, Some(key("b")), limit).await, NAMES[4..9], "{limit} at a time");
    }
    let streamed: Vec<_> = store.list_all(Some(key("b"))).try_collect().await.unwrap();
    assert_eq!(streamed.len(), 5);
}
