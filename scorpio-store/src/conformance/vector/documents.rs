use std::sync::Arc;

use scorpio_core::{
    Trust,
    store::{Selection, StoreErrorKind, VectorSource, VectorStore},
};

use super::{add, count, document_id, found, notes, owner, query, record, vector_id};
use crate::conformance::sample::kind_of;

async fn replace(store: &dyn VectorStore, document: &str, ids: &[&str]) {
    let records = ids.iter().map(|id| record(id, document, &[1.0, 0.0])).collect();
    store.replace_document(&owner(), &notes(), &document_id(document), records).await.unwrap();
}

pub(super) async fn a_document_is_replaced_whole(store: Arc<dyn VectorStore>) {
    replace(&*store, "x", &["x1", "x2", "x3"]).await;
    replace(&*store, "y", &["y1"]).await;
    replace(&*store, "x", &["x2", "x4"]).await;
    assert_eq!(found(&*store, query(10)).await, ["x2", "x4", "y1"]);
    // The source names the document that is replaced, whatever it said.
    let stray = record("x9", "elsewhere", &[1.0, 0.0]);
    store.replace_document(&owner(), &notes(), &document_id("x"), vec![stray]).await.unwrap();
    let document = store.document(&owner(), &notes(), &document_id("x")).await.unwrap().unwrap();
    assert_eq!(document.records, 1);
    assert_eq!(found(&*store, query(10)).await, ["x9", "y1"]);
}

pub(super) async fn a_refused_replacement_leaves_the_old_version(store: Arc<dyn VectorStore>) {
    replace(&*store, "x", &["x1", "x2"]).await;
    let records = vec![record("x3", "x", &[1.0, 0.0]), record("x4", "x", &[1.0, 0.0, 0.0])];
    let refused = store.replace_document(&owner(), &notes(), &document_id("x"), records).await;
    assert_eq!(kind_of(refused), StoreErrorKind::Invalid);
    assert_eq!(found(&*store, query(10)).await, ["x1", "x2"]);
}

pub(super) async fn replacing_by_nothing_deletes(store: Arc<dyn VectorStore>) {
    replace(&*store, "x", &["x1"]).await;
    replace(&*store, "x", &[]).await;
    replace(&*store, "y", &[]).await;
    assert_eq!(count(&*store).await, 0);
    assert_eq!(store.document(&owner(), &notes(), &document_id("x")).await.unwrap(), None);
}

pub(super) async fn a_search_sees_the_old_version_or_the_new_one(store: Arc<dyn VectorStore>) {
    let versions: [Vec<String>; 2] =
        ["old", "new"].map(|v| (0..20).map(|at| format!("{v}{at:02}")).collect());
    let write = |version: usize| {
        let (store, ids) = (Arc::clone(&store), versions[version].clone());
        async move { replace(&*store, "x", &ids.iter().map(String::as_str).collect::<Vec<_>>()).await }
    };
    write(0).await;
    let writer = async {
        for round in 1..=20 {
            write(round % 2).await;
        }
    };
    let searcher = {
        let (store, versions) = (Arc::clone(&store), versions.clone());
        tokio::spawn(async move {
            for _ in 0..60 {
                let found = found(&*store, query(100)).await;
                assert!(versions.contains(&found), "{found:?}");
            }
        })
    };
    writer.await;
    searcher.await.unwrap();
}

pub(super) async fn a_document_is_deleted_alone(store: Arc<dyn VectorStore>) {
    replace(&*store, "x", &["x1", "x2"]).await;
    replace(&*store, "y", &["y1"]).await;
    let selection = Selection::Document(document_id("x"));
    assert_eq!(store.delete(&owner(), &notes(), selection).await.unwrap(), 2);
    assert_eq!(found(&*store, query(10)).await, ["y1"]);
}

pub(super) async fn documents_are_listed_by_id_in_pages(store: Arc<dyn VectorStore>) {
    let documents = ["B", "a", "a-1", "b", "c"];
    for document in documents.iter().rev() {
        replace(&*store, document, &[&format!("{document}.1"), &format!("{document}.2")]).await;
    }
    let (mut listed, mut after) = (Vec::new(), None);
    loop {
        let listing = store.documents(&owner(), &notes(), after.as_ref(), 2).await.unwrap();
        listed.extend(listing.documents.iter().map(|document| {
            assert_eq!(document.records, 2);
            document.source.document.to_string()
        }));
        after = listing.documents.last().map(|document| document.source.document.clone());
        if !listing.has_more {
            break;
        }
    }
    assert_eq!(listed, documents);
}

pub(super) async fn a_document_is_told_by_its_first_record(store: Arc<dyn VectorStore>) {
    let source = |position: u32| {
        VectorSource::new(document_id("x"))
            .at(position)
            .with_title(format!("Title {position}"))
            .with_uri(format!("https://example.com/{position}"))
            .with_trust(if position == 2 { Trust::Trusted } else { Trust::Untrusted })
    };
    // The first by position has neither the lowest nor the highest id.
    let records = [("a", 5), ("b", 2), ("c", 9)].map(|(id, position)| {
        let mut record = record(id, "x", &[1.0, 0.0]).with_metadata("position", position.to_string());
        record.source = source(position);
        record
    });
    add(&*store, records.to_vec()).await;
    let document = store.document(&owner(), &notes(), &document_id("x")).await.unwrap().unwrap();
    assert_eq!((&document.source, document.records), (&source(2), 3));
    assert_eq!(document.metadata["position"], "2");
    let listing = store.documents(&owner(), &notes(), None, 10).await.unwrap();
    assert_eq!((listing.documents, listing.has_more), (vec![document], false));
    store.delete(&owner(), &notes(), Selection::Ids(vec![vector_id("b")])).await.unwrap();
    let document = store.document(&owner(), &notes(), &document_id("x")).await.unwrap().unwrap();
    assert_eq!((document.source, document.records), (source(5), 2));
}
