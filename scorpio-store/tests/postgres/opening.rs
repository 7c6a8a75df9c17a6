//! Opening a database, and sharing it.

use scorpio_core::{
    OwnerId, SessionId,
    store::{NewSession, Store, StoreErrorKind},
};
use scorpio_store::{PostgresStore, postgres::PostgresOptions};
use sqlx::{AssertSqlSafe, PgConnection, PgPool, postgres::PgPoolOptions};

use crate::harness::Schema;

async fn execute(connection: &mut PgConnection, sql: &'static str) {
    sqlx::raw_sql(sql).execute(connection).await.unwrap();
}

async fn refused(url: &str, options: PostgresOptions) -> (StoreErrorKind, String) {
    let error = PostgresStore::connect_with(url, options).await.unwrap_err();
    (error.kind(), error.to_string())
}

/// A pool of a program whose connections have this schema.
async fn pool(schema: &Schema, settings: &str) -> PgPool {
    let sql = format!(
        "create schema if not exists {name}; set search_path to {name}; {settings}",
        name = schema.name
    );
    let connect = PgPoolOptions::new().max_connections(2).after_connect(move |connection, _| {
        let sql = sql.clone();
        Box::pin(async move { sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.map(drop) })
    });
    connect.connect(&schema.url).await.unwrap()
}

#[tokio::test]
async fn where_nothing_answers_is_named_without_the_password() {
    let url = "postgres://me:secret@127.0.0.1:1/agents";
    let (kind, message) = refused(url, PostgresOptions::new()).await;
    assert_eq!(kind, StoreErrorKind::Unavailable);
    assert_eq!(message, "cannot open the database agents at 127.0.0.1:1: nothing answers there");
}

#[tokio::test]
async fn a_url_that_is_none_is_told_so() {
    let (kind, message) = refused("postgres//no", PostgresOptions::new()).await;
    assert_eq!(kind, StoreErrorKind::Unavailable);
    assert_eq!(message, "cannot open the database: its URL is not valid");
}

#[tokio::test]
async fn a_missing_database_is_named() {
    let Some(schema) = Schema::new() else { return };
    let url = schema.url.replace("/postgres", "/nowhere");
    let (kind, message) = refused(&url, PostgresOptions::new()).await;
    assert_eq!(kind, StoreErrorKind::Unavailable);
    assert!(message.starts_with("cannot open the database nowhere at "), "{message}");
    assert!(message.ends_with(": there is no such database"), "{message}");
}

#[tokio::test]
async fn a_schema_of_a_newer_version_is_refused() {
    let Some(schema) = Schema::new() else { return };
    schema.open().await.close().await.unwrap();
    execute(&mut schema.connect().await, "insert into scorpio_schema values (1000)").await;
    let (kind, message) = refused(&schema.url, schema.options()).await;
    assert_eq!(kind, StoreErrorKind::Corrupt);
    let why =
        format!("the schema {} is of version 1000, which a newer version of Scorpio wrote; ", schema.name);
    assert!(message.contains(&why), "{message}");
}

#[tokio::test]
async fn many_may_open_a_new_schema_at_once() {
    let Some(schema) = Schema::new() else { return };
    let stores = (0..8).map(|_| PostgresStore::connect_with(&schema.url, schema.options()));
    for (index, store) in futures::future::join_all(stores).await.into_iter().enumerate() {
        let id = SessionId::parse(&format!("s{index}")).unwrap();
        store.unwrap().create_session(NewSession::new(id, OwnerId::local())).await.unwrap();
    }
    let versions =
        sqlx::query("select version from scorpio_schema").fetch_all(&mut schema.connect().await).await;
    assert_eq!(versions.unwrap().len(), 1, "one of them made the tables");
}

#[tokio::test]
async fn a_schema_that_is_up_to_date_needs_no_right_to_change_it() {
    let Some(schema) = Schema::new() else { return };
    schema.open().await.close().await.unwrap();
    let (role, name) = (format!("{}_guest", schema.name), &schema.name);
    let sql = format!(
        "create role {role} login; grant usage on schema {name} to {role};
         grant select, insert, update, delete on all tables in schema {name} to {role}"
    );
    let mut connection = schema.connect().await;
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
    let url = schema.url.replace("//scorpio@", &format!("//{role}@"));
    let store = PostgresStore::connect_with(&url, schema.options()).await.unwrap();
    store.create_session(NewSession::new(SessionId::new(), OwnerId::local())).await.unwrap();
    store.close().await.unwrap();
    let sql = format!("drop owned by {role}; drop role {role}");
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
}

#[tokio::test]
async fn the_pool_of_a_program_takes_the_tables_in() {
    let Some(schema) = Schema::new() else { return };
    let pool = pool(&schema, "create table if not exists mine (x int)").await;
    let store = PostgresStore::from_pool(pool.clone()).await.unwrap();
    let id = SessionId::new();
    store.create_session(NewSession::new(id.clone(), OwnerId::local())).await.unwrap();
    // Whatever becomes of the search path, the store finds its tables.
    for _ in 0..2 {
        sqlx::raw_sql("set search_path to pg_catalog").execute(&pool).await.unwrap();
    }
    assert!(store.session(&OwnerId::local(), &id).await.unwrap().is_some());
    store.close().await.unwrap();
    let sql = format!("select count(*) from {}.scorpio_sessions", schema.name);
    let sessions: i64 = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&pool).await.unwrap();
    assert_eq!(sessions, 1, "the pool goes on");
    pool.close().await;
}

#[tokio::test]
async fn a_pool_that_would_lose_what_was_answered_is_refused() {
    let Some(schema) = Schema::new() else { return };
    let pool = pool(&schema, "set synchronous_commit = off").await;
    let error = PostgresStore::from_pool(pool.clone()).await.unwrap_err();
    assert!(error.to_string().contains("synchronous_commit = off"), "{error}");
    pool.close().await;
}

#[tokio::test]
async fn an_encoding_that_cannot_hold_every_text_is_refused() {
    let Some(schema) = Schema::new() else { return };
    let mut connection = schema.connect().await;
    let create =
        format!("create database {}_latin encoding 'LATIN1' locale 'C' template template0", schema.name);
    sqlx::raw_sql(AssertSqlSafe(create)).execute(&mut connection).await.unwrap();
    let url = schema.url.replace("/postgres", &format!("/{}_latin", schema.name));
    let (kind, message) = refused(&url, PostgresOptions::new()).await;
    let drop = format!("drop database {}_latin with (force)", schema.name);
    sqlx::raw_sql(AssertSqlSafe(drop)).execute(&mut connection).await.unwrap();
    assert_eq!(kind, StoreErrorKind::Unavailable);
    assert!(message.ends_with("its encoding is LATIN1, and must be UTF8"), "{message}");
}

#[tokio::test]
async fn a_closed_store_refuses_work() {
    let Some(schema) = Schema::new() else { return };
    let store = schema.open().await;
    store.close().await.unwrap();
    store.close().await.expect("closing twice is no error");
    let error = store.create_session(NewSession::new(SessionId::new(), OwnerId::local())).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.to_string().as_str()),
        (StoreErrorKind::Unavailable, "the store is closed")
    );
}
