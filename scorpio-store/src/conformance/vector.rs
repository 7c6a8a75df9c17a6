//! The cases of [`VectorStore`].

mod collections;
mod documents;
mod isolation;
mod random_queries;
mod records;
mod searching;

use scorpio_core::{
    CollectionId, DocumentId, OwnerId, VectorId,
    store::{UnitVector, VectorHit, VectorQuery, VectorRecord, VectorSource, VectorStore},
};

use super::{random::Random, sample::owner};

super::suite! {
    /// Everything that a [`VectorStore`] promises.
    VECTOR_STORE: VectorStore,
    /// Makes one test for each promise of a [`VectorStore`](scorpio_core::store::VectorStore).
    ///
    /// It takes the path of an async function that answers an empty store as `Arc<dyn VectorStore>`, or as a pair with something
    /// that must outlive it. Use it once in a module.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use scorpio_core::store::{MemoryVectors, VectorStore};
    /// async fn empty_store() -> Arc<dyn VectorStore> {
    ///     Arc::new(MemoryVectors::new())
    /// }
    ///
    /// scorpio_store::vector_store_conformance!(empty_store);
    /// # fn main() {}
    /// ```
    vector_store_conformance!,
    records {
        a_record_comes_back,
        an_embedding_comes_back_bit_by_bit,
        a_record_with_a_known_id_replaces_the_other,
        of_equal_ids_in_one_call_the_last_counts,
        any_text_and_metadata_are_kept,
        records_are_listed_by_id_in_pages,
        records_of_a_document_are_listed_alone,
        adding_nothing_does_nothing,
    }
    searching {
        the_nearest_come_first,
        equally_near_ones_come_by_id,
        the_score_is_the_cosine,
        no_more_than_the_limit_are_found,
        a_limit_of_none_finds_none,
        a_minimum_score_leaves_out_what_is_below,
        a_filter_is_applied_before_the_limit,
        a_filter_wants_all_of_its_values,
        names_of_metadata_are_not_patterns,
        an_empty_collection_has_no_hits,
    }
    collections {
        a_vector_of_another_length_is_refused_and_nothing_is_kept,
        a_query_of_another_length_is_refused,
        collections_may_have_different_lengths,
        an_emptied_collection_takes_another_length,
        records_are_deleted_by_id,
        a_whole_collection_is_deleted,
        deleting_what_is_not_there_deletes_nothing,
    }
    documents {
        a_document_is_replaced_whole,
        a_refused_replacement_leaves_the_old_version,
        replacing_by_nothing_deletes,
        a_search_sees_the_old_version_or_the_new_one,
        a_document_is_deleted_alone,
        documents_are_listed_by_id_in_pages,
        a_document_is_told_by_its_first_record,
    }
    isolation {
        an_owner_finds_only_their_own,
        a_stranger_cannot_delete_or_replace,
        few_records_among_many_of_others_are_all_found,
        collections_of_one_owner_are_apart,
    }
    random_queries {
        queries_agree_with_brute_force,
        queries_agree_with_brute_force_after_changes,
        filtered_queries_agree_with_brute_force,
    }
    [$]
}

fn notes() -> CollectionId {
    CollectionId::parse("notes").unwrap()
}

fn vector_id(text: &str) -> VectorId {
    VectorId::parse(text).unwrap()
}

fn document_id(text: &str) -> DocumentId {
    DocumentId::parse(text).unwrap()
}

fn unit(numbers: &[f32]) -> UnitVector {
    UnitVector::new(numbers.to_vec()).unwrap()
}

/// A record of the document `doc` in two dimensions, at an angle in degrees.
fn at_angle(id: &str, degrees: f32) -> VectorRecord {
    let (sine, cosine) = degrees.to_radians().sin_cos();
    record(id, "doc", &[cosine, sine])
}

fn record(id: &str, document: &str, numbers: &[f32]) -> VectorRecord {
    VectorRecord::new(
        vector_id(id),
        unit(numbers),
        format!("text of {id}"),
        VectorSource::new(document_id(document)),
    )
}

/// What is near to the direction of 0 degrees.
fn query(limit: usize) -> VectorQuery {
    VectorQuery::new(owner(), notes(), unit(&[1.0, 0.0]), limit)
}

async fn add(store: &dyn VectorStore, records: Vec<VectorRecord>) {
    store.upsert(&owner(), &notes(), records).await.unwrap();
}

async fn found(store: &dyn VectorStore, query: VectorQuery) -> Vec<String> {
    ids(&store.query(query).await.unwrap())
}

fn ids(hits: &[VectorHit]) -> Vec<String> {
    hits.iter().map(|hit| hit.id.to_string()).collect()
}

async fn count(store: &dyn VectorStore) -> u64 {
    store.count(&owner(), &notes()).await.unwrap()
}

/// A direction by chance.
fn random_unit(random: &mut Random, dimensions: usize) -> UnitVector {
    loop {
        let number = |random: &mut Random| random.below(2001) as f32 / 1000.0 - 1.0;
        let numbers = (0..dimensions).map(|_| number(random)).collect();
        if let Ok(vector) = UnitVector::new(numbers) {
            return vector;
        }
    }
}

fn someone(name: &str) -> OwnerId {
    OwnerId::parse(name).unwrap()
}
