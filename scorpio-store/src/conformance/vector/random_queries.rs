//! Queries by chance, held against the plainest search that there is.

use std::{collections::BTreeMap, sync::Arc};

use scorpio_core::store::{Selection, VectorHit, VectorQuery, VectorRecord, VectorStore};

use super::{add, document_id, notes, owner, random_unit, record, vector_id};
use crate::conformance::random::Random;

const DIMENSIONS: usize = 24;

/// How much two ways of computing a cosine may differ.
const TOLERANCE: f32 = 1e-5;

type Model = BTreeMap<String, VectorRecord>;

fn random_record(random: &mut Random, id: u64) -> VectorRecord {
    let document = format!("doc{}", random.below(10));
    let mut record = record(&format!("r{id}"), &document, &[1.0; DIMENSIONS]);
    record.embedding = random_unit(random, DIMENSIONS);
    for (name, values) in [("colour", 3), ("size", 5)] {
        if !random.one_in(4) {
            record = record.with_metadata(name, random.below(values).to_string());
        }
    }
    record
}

fn brute_force(model: &Model, query: &VectorQuery) -> Vec<(f32, String)> {
    let is_wanted = |record: &&VectorRecord| {
        query.filter.iter().all(|(name, value)| record.metadata.get(name) == Some(value))
    };
    let score = |record: &VectorRecord| -> f32 {
        let products = record.embedding.iter().zip(query.embedding.iter());
        products.map(|(left, right)| f64::from(*left) * f64::from(*right)).sum::<f64>() as f32
    };
    let mut scored: Vec<(f32, String)> =
        model.values().filter(is_wanted).map(|record| (score(record), record.id.to_string())).collect();
    scored.retain(|(score, _)| query.min_score.is_none_or(|min| *score >= min));
    scored.sort_by(|left, right| right.0.total_cmp(&left.0).then_with(|| left.1.cmp(&right.1)));
    scored.truncate(query.limit);
    scored
}

/// Ids may only differ where scores are so near to each other that rounding decides.
fn check(model: &Model, query: &VectorQuery, hits: &[VectorHit]) {
    let expected = brute_force(model, query);
    assert_eq!(hits.len(), expected.len(), "{query:?}");
    for (hit, (score, id)) in hits.iter().zip(&expected) {
        assert!((hit.score - score).abs() < TOLERANCE, "{} {score}", hit.score);
        if hit.id.as_str() != id {
            let mut all = query.clone();
            all.limit = usize::MAX;
            let other = brute_force(model, &all);
            let own = other.iter().find(|(_, known)| known == hit.id.as_str()).expect("it is one of them");
            assert!((own.0 - score).abs() < TOLERANCE, "{id} was expected and {} was found", hit.id);
        }
    }
}

fn random_query(random: &mut Random) -> VectorQuery {
    let limit = usize::try_from(random.below(20)).unwrap();
    VectorQuery::new(owner(), notes(), random_unit(random, DIMENSIONS), limit)
}

async fn filled(store: &dyn VectorStore, random: &mut Random, records: u64) -> Model {
    let records: Vec<VectorRecord> = (0..records).map(|id| random_record(random, id)).collect();
    add(store, records.clone()).await;
    records.into_iter().map(|record| (record.id.to_string(), record)).collect()
}

pub(super) async fn queries_agree_with_brute_force(store: Arc<dyn VectorStore>) {
    let mut random = Random::new(42);
    let model = filled(&*store, &mut random, 400).await;
    for _ in 0..60 {
        let query = random_query(&mut random);
        check(&model, &query, &store.query(query.clone()).await.unwrap());
    }
}

pub(super) async fn queries_agree_with_brute_force_after_changes(store: Arc<dyn VectorStore>) {
    let mut random = Random::new(43);
    let mut model = filled(&*store, &mut random, 120).await;
    for _ in 0..80 {
        match random.below(5) {
            0 => {
                let id = format!("r{}", random.below(120));
                let deleted = store.delete(&owner(), &notes(), Selection::Ids(vec![vector_id(&id)])).await;
                assert_eq!(deleted.unwrap(), u64::from(model.remove(&id).is_some()));
            }
            1 => {
                let document = document_id(&format!("doc{}", random.below(10)));
                let new: Vec<VectorRecord> = (0..random.below(6))
                    .map(|_| {
                        let id = 1000 + random.below(1_000_000);
                        let mut record = random_record(&mut random, id);
                        record.source.document = document.clone();
                        record
                    })
                    .collect();
                store.replace_document(&owner(), &notes(), &document, new.clone()).await.unwrap();
                model.retain(|_, record| record.source.document != document);
                model.extend(new.into_iter().map(|record| (record.id.to_string(), record)));
            }
            _ => {
                let id = random.below(150);
                let record = random_record(&mut random, id);
                add(&*store, vec![record.clone()]).await;
                model.insert(record.id.to_string(), record);
            }
        }
        let query = random_query(&mut random);
        check(&model, &query, &store.query(query.clone()).await.unwrap());
        assert_eq!(store.count(&owner(), &notes()).await.unwrap(), model.len() as u64);
    }
}

pub(super) async fn filtered_queries_agree_with_brute_force(store: Arc<dyn VectorStore>) {
    let mut random = Random::new(44);
    let model = filled(&*store, &mut random, 300).await;
    for _ in 0..60 {
        let mut query = random_query(&mut random);
        if !random.one_in(3) {
            query = query.with_filter("colour", random.below(3).to_string());
        }
        if random.one_in(2) {
            query = query.with_filter("size", random.below(5).to_string());
        }
        if random.one_in(3) {
            // Between two scores, not upon one, where rounding would decide.
            query = query.with_min_score(random.below(100) as f32 / 100.0 - 0.5 + 0.001_234_5);
        }
        check(&model, &query, &store.query(query.clone()).await.unwrap());
    }
}
