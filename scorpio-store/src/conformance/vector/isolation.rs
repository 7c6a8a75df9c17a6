use std::sync::Arc;

use scorpio_core::{
    CollectionId,
    store::{DocumentListing, Selection, VectorListing, VectorPage, VectorQuery, VectorRecord, VectorStore},
};

use super::{
    add, at_angle, count, document_id, found, ids, notes, owner, query, random_unit, record, vector_id,
};
use crate::conformance::{random::Random, sample::stranger};

pub(super) async fn an_owner_finds_only_their_own(store: Arc<dyn VectorStore>) {
    add(&*store, vec![at_angle("a", 0.0), at_angle("b", 1.0)]).await;
    // The same ids and the same document are somebody else's, too.
    let theirs = vec![at_angle("a", 90.0).with_metadata("whose", "theirs")];
    store.upsert(&stranger(), &notes(), theirs).await.unwrap();
    assert_eq!(found(&*store, query(10)).await, ["a", "b"]);
    assert!(found(&*store, query(10).with_filter("whose", "theirs")).await.is_empty());
    let mut of_stranger = query(10);
    of_stranger.owner = stranger();
    assert_eq!(found(&*store, of_stranger).await, ["a"]);
    assert_eq!((count(&*store).await, store.count(&stranger(), &notes()).await.unwrap()), (2, 1));

    let nobody = super::someone("nobody");
    let page = VectorPage::first(10);
    assert_eq!(store.list(&nobody, &notes(), page).await.unwrap(), VectorListing::default());
    let documents = store.documents(&nobody, &notes(), None, 10).await.unwrap();
    assert_eq!(documents, DocumentListing::default());
    assert_eq!(store.document(&nobody, &notes(), &document_id("doc")).await.unwrap(), None);
}

pub(super) async fn a_stranger_cannot_delete_or_replace(store: Arc<dyn VectorStore>) {
    add(&*store, vec![at_angle("a", 0.0)]).await;
    for selection in
        [Selection::All, Selection::Ids(vec![vector_id("a")]), Selection::Document(document_id("doc"))]
    {
        assert_eq!(store.delete(&stranger(), &notes(), selection).await.unwrap(), 0);
    }
    store.replace_document(&stranger(), &notes(), &document_id("doc"), Vec::new()).await.unwrap();
    // Their collection has vectors of its own length.
    store.upsert(&stranger(), &notes(), vec![record("a", "doc", &[1.0; 5])]).await.unwrap();
    assert_eq!(found(&*store, query(10)).await, ["a"]);
}

/// The records of the others are nearer to what is asked for than those of the owner.
pub(super) async fn few_records_among_many_of_others_are_all_found(store: Arc<dyn VectorStore>) {
    let mut random = Random::new(77);
    let wanted = random_unit(&mut random, 8);
    for other in 0..4 {
        let records = (0..250).map(|at| {
            let mut record: VectorRecord = record(&format!("r{at}"), "doc", &wanted);
            record.embedding = near(&wanted, &mut random);
            record
        });
        store.upsert(&super::someone(&format!("other-{other}")), &notes(), records.collect()).await.unwrap();
    }
    let own: Vec<VectorRecord> = (0..7)
        .map(|at| {
            let mut record = record(&format!("mine{at}"), "doc", &wanted);
            record.embedding = random_unit(&mut random, 8);
            record
        })
        .collect();
    let mut expected: Vec<(f32, String)> =
        own.iter().map(|record| (wanted.cosine(&record.embedding), record.id.to_string())).collect();
    expected.sort_by(|left, right| right.0.total_cmp(&left.0));
    add(&*store, own).await;
    let hits = store.query(VectorQuery::new(owner(), notes(), wanted, 5)).await.unwrap();
    let expected: Vec<String> = expected.into_iter().take(5).map(|(_, id)| id).collect();
    assert_eq!(ids(&hits), expected);
}

fn near(wanted: &[f32], random: &mut Random) -> scorpio_core::store::UnitVector {
    super::unit(&wanted.iter().map(|number| number + random.below(100) as f32 / 10_000.0).collect::<Vec<_>>())
}

pub(super) async fn collections_of_one_owner_are_apart(store: Arc<dyn VectorStore>) {
    let other = CollectionId::parse("other").unwrap();
    add(&*store, vec![at_angle("a", 0.0)]).await;
    store.upsert(&owner(), &other, vec![at_angle("a", 1.0), at_angle("b", 1.0)]).await.unwrap();
    assert_eq!(found(&*store, query(10)).await, ["a"]);
    assert_eq!(store.delete(&owner(), &notes(), Selection::All).await.unwrap(), 1);
    assert_eq!(store.count(&owner(), &other).await.unwrap(), 2);
}
