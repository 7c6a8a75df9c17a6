use std::sync::Arc;

use scorpio_core::{
    CollectionId,
    store::{Selection, StoreErrorKind, VectorQuery, VectorStore},
};

use super::{add, at_angle, count, document_id, found, notes, owner, query, record, unit, vector_id};
use crate::conformance::sample::kind_of;

pub(super) async fn a_vector_of_another_length_is_refused_and_nothing_is_kept(store: Arc<dyn VectorStore>) {
    add(&*store, vec![at_angle("a", 0.0)]).await;
    let mixed = vec![at_angle("b", 0.0), record("c", "doc", &[1.0, 0.0, 0.0]), at_angle("d", 0.0)];
    let error = store.upsert(&owner(), &notes(), mixed.clone()).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Invalid);
    let told = error.to_string();
    assert!(told.contains("2 numbers") && told.contains('3'), "{told}");
    assert_eq!(count(&*store).await, 1);
    // Of a new collection the first record says how long its vectors are.
    let new = CollectionId::parse("new").unwrap();
    let refused = store.upsert(&owner(), &new, mixed).await;
    assert_eq!(kind_of(refused), StoreErrorKind::Invalid);
    assert_eq!(store.count(&owner(), &new).await.unwrap(), 0);
    store.upsert(&owner(), &new, vec![record("c", "doc", &[1.0, 0.0, 0.0])]).await.unwrap();
}

pub(super) async fn a_query_of_another_length_is_refused(store: Arc<dyn VectorStore>) {
    add(&*store, vec![at_angle("a", 0.0)]).await;
    let query = VectorQuery::new(owner(), notes(), unit(&[1.0, 0.0, 0.0]), 5);
    assert_eq!(kind_of(store.query(query).await), StoreErrorKind::Invalid);
}

pub(super) async fn collections_may_have_different_lengths(store: Arc<dyn VectorStore>) {
    for dimensions in [1_usize, 2, 3, 256, 1536, 3072] {
        let collection = CollectionId::parse(&format!("c{dimensions}")).unwrap();
        let mut numbers = vec![0.0; dimensions];
        numbers[dimensions - 1] = 1.0;
        store.upsert(&owner(), &collection, vec![record("a", "doc", &numbers)]).await.unwrap();
        let query = VectorQuery::new(owner(), collection, unit(&numbers), 5);
        let hits = store.query(query).await.unwrap();
        assert_eq!(hits.len(), 1, "{dimensions}");
        assert!((hits[0].score - 1.0).abs() < 1e-5);
    }
}

pub(super) async fn an_emptied_collection_takes_another_length(store: Arc<dyn VectorStore>) {
    let last =
        [Selection::All, Selection::Ids(vec![vector_id("a")]), Selection::Document(document_id("doc"))];
    for (selection, dimensions) in last.into_iter().zip(3_usize..) {
        let before = dimensions - 1;
        add(&*store, vec![record("a", "doc", &vec![1.0; before])]).await;
        let longer = record("a", "doc", &vec![1.0; dimensions]);
        assert_eq!(
            kind_of(store.upsert(&owner(), &notes(), vec![longer.clone()]).await),
            StoreErrorKind::Invalid
        );
        assert_eq!(store.delete(&owner(), &notes(), selection.clone()).await.unwrap(), 1, "{selection:?}");
        add(&*store, vec![longer]).await;
    }
    store.replace_document(&owner(), &notes(), &document_id("doc"), Vec::new()).await.unwrap();
    add(&*store, vec![at_angle("a", 0.0)]).await;
}

pub(super) async fn records_are_deleted_by_id(store: Arc<dyn VectorStore>) {
    add(&*store, ["a", "b", "c", "d"].map(|id| at_angle(id, 5.0)).to_vec()).await;
    let some = Selection::Ids(vec![vector_id("a"), vector_id("c"), vector_id("x"), vector_id("c")]);
    assert_eq!(store.delete(&owner(), &notes(), some).await.unwrap(), 2);
    assert_eq!(found(&*store, query(10)).await, ["b", "d"]);
}

pub(super) async fn a_whole_collection_is_deleted(store: Arc<dyn VectorStore>) {
    add(&*store, (0..10_u8).map(|at| at_angle(&format!("a{at}"), at.into())).collect()).await;
    assert_eq!(store.delete(&owner(), &notes(), Selection::All).await.unwrap(), 10);
    assert_eq!(count(&*store).await, 0);
    assert!(found(&*store, query(10)).await.is_empty());
    assert_eq!(store.delete(&owner(), &notes(), Selection::All).await.unwrap(), 0);
}

pub(super) async fn deleting_what_is_not_there_deletes_nothing(store: Arc<dyn VectorStore>) {
    let selections = || {
        [
            Selection::Ids(Vec::new()),
            Selection::Ids(vec![vector_id("x")]),
            Selection::Document(document_id("x")),
        ]
    };
    for selection in selections() {
        assert_eq!(store.delete(&owner(), &notes(), selection).await.unwrap(), 0);
    }
    add(&*store, vec![at_angle("a", 0.0)]).await;
    for selection in selections() {
        assert_eq!(store.delete(&owner(), &notes(), selection).await.unwrap(), 0);
    }
    assert_eq!(count(&*store).await, 1);
}
