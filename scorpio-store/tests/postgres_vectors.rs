//! Vectors in a real PostgreSQL with pgvector, which `tests/services/run --only postgres` starts. Each test has a database of its own.
#![cfg(all(feature = "conformance", feature = "postgres"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "helpers of tests")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use scorpio_core::{
    CollectionId, DocumentId, OwnerId, VectorId,
    store::{StoreErrorKind, UnitVector, VectorQuery, VectorRecord, VectorSource, VectorStore},
};
use scorpio_store::PostgresVectors;
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool, Row, postgres::PgPoolOptions};

/// The address of a server, whose database holds nothing that is tested.
fn server() -> String {
    std::env::var("SCORPIO_TEST_POSTGRES_URL").expect(
        "SCORPIO_TEST_POSTGRES_URL is not set; run `tests/services/run --only postgres cargo nextest run …`",
    )
}

/// A pool on a new database.
async fn new_database() -> PgPool {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let nanos = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos();
    let name = format!("vectors_{}_{count}_{nanos}", std::process::id());
    let server = server();
    let mut connection = PgConnection::connect(&server).await.unwrap();
    // Copied from a template that nobody is connected to.
    let create = format!("create database {name} template template0");
    sqlx::raw_sql(AssertSqlSafe(create)).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    let (base, _) = server.rsplit_once('/').unwrap();
    PgPoolOptions::new().max_connections(5).connect(&format!("{base}/{name}")).await.unwrap()
}

async fn empty() -> Arc<dyn VectorStore> {
    Arc::new(PostgresVectors::from_pool(new_database().await).await.unwrap())
}

mod conformance {
    use super::*;
    scorpio_store::vector_store_conformance!(empty);
}

fn notes() -> CollectionId {
    CollectionId::parse("notes").unwrap()
}

fn owner(name: &str) -> OwnerId {
    OwnerId::parse(name).unwrap()
}

/// Numbers that look random and are the same at every run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f32 / (1 << 23) as f32 - 1.0
    }

    fn unit(&mut self, dimensions: usize) -> UnitVector {
        UnitVector::new((0..dimensions).map(|_| self.next()).collect()).unwrap()
    }

    /// A direction near to another.
    fn near(&mut self, other: &UnitVector) -> UnitVector {
        UnitVector::new(other.iter().map(|number| number + self.next() / 20.0).collect()).unwrap()
    }

    fn records(&mut self, count: usize, mut make: impl FnMut(&mut Self) -> UnitVector) -> Vec<VectorRecord> {
        let source = VectorSource::new(DocumentId::parse("doc").unwrap());
        let record = |at| {
            let id = VectorId::parse(&format!("r{at:06}")).unwrap();
            VectorRecord::new(id, make(self), "text", source.clone())
        };
        (0..count).map(record).collect()
    }
}

fn nearest(records: &[VectorRecord], wanted: &UnitVector, limit: usize) -> Vec<VectorId> {
    let mut scored: Vec<_> =
        records.iter().map(|record| (wanted.cosine(&record.embedding), record.id.clone())).collect();
    scored.sort_by(|left, right| right.0.total_cmp(&left.0).then_with(|| left.1.cmp(&right.1)));
    scored.into_iter().take(limit).map(|(_, id)| id).collect()
}

async fn found(store: &PostgresVectors, query: VectorQuery) -> Vec<VectorId> {
    store.query(query).await.unwrap().into_iter().map(|hit| hit.id).collect()
}

/// All of the others are nearer than any of the owner's: a search that sieved behind the index would find nothing.
#[tokio::test]
async fn twenty_records_among_twenty_thousand_of_others_are_found_exactly() {
    const DIMENSIONS: usize = 16;
    let store = PostgresVectors::from_pool(new_database().await).await.unwrap();
    let mut numbers = Numbers(5);
    let wanted = numbers.unit(DIMENSIONS);
    for other in ["bob", "carol"] {
        let theirs = numbers.records(10_000, |numbers| numbers.near(&wanted));
        store.upsert(&owner(other), &notes(), theirs).await.unwrap();
    }
    let own = numbers.records(20, |numbers| numbers.unit(DIMENSIONS));
    store.upsert(&owner("alice"), &notes(), own.clone()).await.unwrap();
    for limit in [1, 5, 20] {
        let query = VectorQuery::new(owner("alice"), notes(), wanted.clone(), limit);
        assert_eq!(found(&store, query).await, nearest(&own, &wanted, limit));
    }
}

#[tokio::test]
async fn a_large_collection_is_searched_through_the_index_and_rare_filters_exactly() {
    const DIMENSIONS: usize = 8;
    let pool = new_database().await;
    let store = PostgresVectors::from_pool(pool.clone()).await.unwrap();
    let mut numbers = Numbers(6);
    let mut own = numbers.records(10_500, |numbers| numbers.unit(DIMENSIONS));
    for record in own.iter_mut().step_by(1500) {
        *record = record.clone().with_metadata("rare", "yes");
    }
    store.upsert(&owner("alice"), &notes(), own.clone()).await.unwrap();
    let theirs = numbers.records(3000, |numbers| numbers.unit(DIMENSIONS));
    store.upsert(&owner("bob"), &notes(), theirs).await.unwrap();
    sqlx::raw_sql("analyze scorpio_vectors").execute(&pool).await.unwrap();

    let uses = "select idx_scan from pg_stat_user_indexes where indexrelname = 'scorpio_vectors_hnsw_8'";
    let (mut hit, mut all) = (0, 0);
    for _ in 0..20 {
        let wanted = numbers.unit(DIMENSIONS);
        let found = found(&store, VectorQuery::new(owner("alice"), notes(), wanted.clone(), 10)).await;
        let expected = nearest(&own, &wanted, 10);
        assert_eq!(found.len(), 10);
        hit += found.iter().filter(|id| expected.contains(id)).count();
        all += expected.len();
    }
    assert!(hit * 100 >= all * 90, "{hit} of the {all} nearest were found");

    let rare: Vec<VectorRecord> = own.iter().filter(|record| !record.metadata.is_empty()).cloned().collect();
    assert_eq!(rare.len(), 7);
    let wanted = numbers.unit(DIMENSIONS);
    let query = VectorQuery::new(owner("alice"), notes(), wanted.clone(), 5).with_filter("rare", "yes");
    assert_eq!(found(&store, query.clone()).await, nearest(&rare, &wanted, 5));

    // What an index was used for shows once the connections have reported it, at the latest when they close.
    pool.close().await;
    let mut connection = PgConnection::connect_with(&pool.connect_options()).await.unwrap();
    let row = sqlx::query(uses).fetch_one(&mut connection).await.unwrap();
    assert!(row.try_get::<i64, _>(0).unwrap() >= 20, "the index was used");
    drop(store);
}

#[tokio::test]
async fn vectors_are_kept_and_the_tables_are_made_once() {
    let pool = new_database().await;
    let record = Numbers(1).records(1, |numbers| numbers.unit(3));
    let opened = futures::future::join_all((0..4).map(|_| PostgresVectors::from_pool(pool.clone()))).await;
    let stores: Vec<PostgresVectors> = opened.into_iter().map(Result::unwrap).collect();
    stores[0].upsert(&owner("alice"), &notes(), record).await.unwrap();
    let again = PostgresVectors::from_pool(pool).await.unwrap();
    assert_eq!(again.count(&owner("alice"), &notes()).await.unwrap(), 1);
}

#[tokio::test]
async fn writers_of_a_new_collection_agree_on_its_length() {
    let store = PostgresVectors::from_pool(new_database().await).await.unwrap();
    let write = |dimensions: usize| {
        let (store, records) = (store.clone(), Numbers(1).records(3, |numbers| numbers.unit(dimensions)));
        async move { store.upsert(&owner("alice"), &notes(), records).await }
    };
    let written = futures::future::join_all((2..10).map(write)).await;
    let refused = written
        .iter()
        .filter(|written| written.as_ref().is_err_and(|error| error.kind() == StoreErrorKind::Invalid));
    assert_eq!((refused.count(), written.iter().filter(|written| written.is_ok()).count()), (7, 1));
    assert_eq!(store.count(&owner("alice"), &notes()).await.unwrap(), 3);
}

#[tokio::test]
async fn a_role_that_may_not_create_the_extension_is_told_so() {
    let pool = new_database().await;
    let name = format!("limited_{}", SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos());
    let create = format!("create role {name} login; grant create on schema public to {name}");
    sqlx::raw_sql(AssertSqlSafe(create)).execute(&pool).await.unwrap();
    let options = (*pool.connect_options()).clone().username(&name);
    let limited = PgPoolOptions::new().connect_with(options).await.unwrap();
    let error = PostgresVectors::from_pool(limited.clone()).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unsupported);
    assert!(error.to_string().contains("may not create the extension `vector`"), "{error}");
    // Once it is there, the role can do the rest.
    sqlx::raw_sql("create extension vector").execute(&pool).await.unwrap();
    let store = PostgresVectors::from_pool(limited).await.unwrap();
    assert_eq!(store.count(&owner("alice"), &notes()).await.unwrap(), 0);
}

#[tokio::test]
async fn a_server_without_pgvector_is_told_from_a_broken_one() {
    let pool = new_database().await;
    // Where the server finds no extensions, it has none.
    let options = (*pool.connect_options()).clone().options([("extension_control_path", "/nonexistent")]);
    let without = PgPoolOptions::new().connect_with(options).await.unwrap();
    let error = PostgresVectors::from_pool(without.clone()).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unsupported);
    assert_eq!(
        error.to_string(),
        "the server does not have pgvector: install it for vectors to be stored here"
    );
    // Nothing is left behind, and everything else goes on.
    let tables = "select count(*) from pg_tables where tablename like 'scorpio_%'";
    let row = sqlx::query(tables).fetch_one(&without).await.unwrap();
    assert_eq!(row.try_get::<i64, _>(0).unwrap(), 0);
}

#[tokio::test]
async fn tables_of_a_newer_version_are_refused() {
    let pool = new_database().await;
    PostgresVectors::from_pool(pool.clone()).await.unwrap();
    sqlx::raw_sql("insert into scorpio_vector_schema values (9)").execute(&pool).await.unwrap();
    let error = PostgresVectors::from_pool(pool).await.unwrap_err();
    assert!(error.to_string().contains("schema version 9"), "{error}");
}

#[tokio::test]
async fn what_postgresql_cannot_keep_is_refused_with_the_reason() {
    let store = PostgresVectors::from_pool(new_database().await).await.unwrap();
    let mut records = Numbers(1).records(1, |numbers| numbers.unit(3));
    records[0].text = "a\0b".to_owned();
    let error = store.upsert(&owner("alice"), &notes(), records).await.unwrap_err();
    assert_eq!((error.kind(), error.to_string().contains("U+0000")), (StoreErrorKind::Invalid, true));
    let records = Numbers(1).records(1, |numbers| numbers.unit(16_001));
    let error = store.upsert(&owner("alice"), &notes(), records).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Invalid);
    assert_eq!(store.count(&owner("alice"), &notes()).await.unwrap(), 0);
}
