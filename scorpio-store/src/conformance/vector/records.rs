use std::sync::Arc;

use scorpio_core::{
    Trust,
    store::{VectorListing, VectorPage, VectorRecord, VectorSource, VectorStore},
};

use super::{add, at_angle, count, document_id, notes, owner, query, random_unit, record, vector_id};
use crate::conformance::random::Random;

async fn list(store: &dyn VectorStore, page: VectorPage) -> VectorListing {
    store.list(&owner(), &notes(), page).await.unwrap()
}

fn full_record() -> VectorRecord {
    let source = VectorSource::new(document_id("handbook"))
        .at(7)
        .with_title("The handbook")
        .with_uri("https://example.com/handbook#7")
        .with_trust(Trust::Trusted);
    VectorRecord::new(vector_id("h7"), super::unit(&[3.0, 4.0, 12.0]), "Seventh part.", source)
        .with_metadata("language", "en")
        .with_metadata("year", "2026")
}

pub(super) async fn a_record_comes_back(store: Arc<dyn VectorStore>) {
    let record = full_record();
    add(&*store, vec![record.clone()]).await;
    let listing = list(&*store, VectorPage::first(10)).await;
    assert_eq!((listing.records.as_slice(), listing.has_more), ([record.clone()].as_slice(), false));
    let mut query = query(1);
    query.embedding = record.embedding.clone();
    let hits = store.query(query).await.unwrap();
    let hit = &hits[0];
    assert_eq!((&hit.id, &hit.text), (&record.id, &record.text));
    assert_eq!((&hit.source, &hit.metadata), (&record.source, &record.metadata));
}

pub(super) async fn an_embedding_comes_back_bit_by_bit(store: Arc<dyn VectorStore>) {
    let mut random = Random::new(1);
    let mut record = at_angle("a", 0.0);
    record.embedding = random_unit(&mut random, 1536);
    add(&*store, vec![record.clone()]).await;
    assert_eq!(list(&*store, VectorPage::first(1)).await.records, [record]);
}

pub(super) async fn a_record_with_a_known_id_replaces_the_other(store: Arc<dyn VectorStore>) {
    add(&*store, vec![at_angle("a", 10.0), at_angle("b", 20.0), at_angle("c", 30.0)]).await;
    let mut other = record("a", "another", &[0.0, 1.0]).with_metadata("new", "yes");
    other.text = "Another text.".to_owned();
    add(&*store, vec![other.clone()]).await;
    assert_eq!(count(&*store).await, 3);
    assert_eq!(list(&*store, VectorPage::first(1)).await.records, [other]);
    assert_eq!(super::found(&*store, query(3)).await, ["b", "c", "a"]);
}

pub(super) async fn of_equal_ids_in_one_call_the_last_counts(store: Arc<dyn VectorStore>) {
    add(&*store, vec![at_angle("a", 10.0), at_angle("b", 20.0), at_angle("a", 30.0)]).await;
    assert_eq!(count(&*store).await, 2);
    assert_eq!(super::found(&*store, query(3)).await, ["b", "a"]);
}

pub(super) async fn any_text_and_metadata_are_kept(store: Arc<dyn VectorStore>) {
    let strange = "'; drop table scorpio_vectors; -- \" \\ % _ \u{1f980} \u{202e}\n\t{}[]$?";
    let mut record = at_angle("a", 0.0).with_metadata(strange, strange).with_metadata("", "");
    record.text = strange.repeat(1000);
    record.source = record.source.with_title(strange).with_uri("");
    add(&*store, vec![record.clone()]).await;
    assert_eq!(list(&*store, VectorPage::first(1)).await.records, [record]);
    assert_eq!(super::found(&*store, query(1).with_filter(strange, strange)).await, ["a"]);
    assert_eq!(super::found(&*store, query(1).with_filter("", "")).await, ["a"]);
}

pub(super) async fn records_are_listed_by_id_in_pages(store: Arc<dyn VectorStore>) {
    // The order of bytes: capitals before small letters, whatever the language of the database.
    let ids = ["A", "Z", "a", "a-1", "a.1", "a1", "b"];
    let mut sorted = ids;
    sorted.sort_unstable();
    add(&*store, ids.iter().rev().map(|id| at_angle(id, 5.0)).collect()).await;
    let (mut listed, mut after) = (Vec::new(), None);
    loop {
        let mut page = VectorPage::first(3);
        page.after = after;
        let listing = list(&*store, page).await;
        listed.extend(listing.records.iter().map(|record| record.id.to_string()));
        after = listing.records.last().map(|record| record.id.clone());
        if !listing.has_more {
            break;
        }
        assert_eq!(listing.records.len(), 3);
    }
    assert_eq!(listed, sorted);
    assert_eq!(list(&*store, VectorPage::first(0)).await, VectorListing::new(Vec::new(), true));
    let all = list(&*store, VectorPage::first(usize::MAX)).await;
    assert_eq!((all.records.len(), all.has_more), (7, false));
}

pub(super) async fn records_of_a_document_are_listed_alone(store: Arc<dyn VectorStore>) {
    let records = [("a", "x"), ("b", "y"), ("c", "x"), ("d", "x")];
    add(&*store, records.map(|(id, document)| record(id, document, &[1.0, 0.0])).to_vec()).await;
    let page = VectorPage::first(2).of_document(document_id("x"));
    let first = list(&*store, page.clone()).await;
    let ids = |listing: &VectorListing| -> Vec<String> {
        listing.records.iter().map(|record| record.id.to_string()).collect()
    };
    assert_eq!((ids(&first), first.has_more), (vec!["a".to_owned(), "c".to_owned()], true));
    let second = list(&*store, page.after(vector_id("c"))).await;
    assert_eq!((ids(&second), second.has_more), (vec!["d".to_owned()], false));
}

pub(super) async fn adding_nothing_does_nothing(store: Arc<dyn VectorStore>) {
    add(&*store, Vec::new()).await;
    assert_eq!(count(&*store).await, 0);
    add(&*store, vec![at_angle("a", 0.0)]).await;
    add(&*store, Vec::new()).await;
    assert_eq!(count(&*store).await, 1);
}
