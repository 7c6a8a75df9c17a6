//! PostgreSQL, in a schema.

use std::sync::Arc;

use scorpio_core::store::Store;
use scorpio_store::{PostgresStore, postgres::PostgresOptions};
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use self::harness::Schema;
use crate::kill::{Database, survives_kills};

#[allow(dead_code, reason = "the tests of PostgreSQL use all of it")]
#[path = "../postgres/harness.rs"]
mod harness;

/// A place is the URL of the database and the name of the schema.
struct Postgres;

fn split(place: &str) -> (&str, &str) {
    place.split_once(' ').unwrap()
}

impl Database for Postgres {
    async fn open(&self, place: &str) -> Arc<dyn Store> {
        let (url, schema) = split(place);
        let url = format!("{url}?application_name={schema}");
        let options = PostgresOptions::new().with_schema(schema).with_connections(6);
        Arc::new(PostgresStore::connect_with(&url, options).await.unwrap())
    }

    /// The server has not crashed, so what to look for are rows that a statement has left alone.
    async fn check(&self, place: &str) {
        let (url, schema) = split(place);
        let mut connection = PgConnection::connect(url).await.unwrap();
        // What the process sent last may still be on its way.
        sqlx::query(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity where application_name = $1",
        )
        .bind(schema)
        .execute(&mut connection)
        .await
        .unwrap();
        let exists: bool = sqlx::query_scalar("select to_regclass($1) is not null")
            .bind(format!("{schema}.scorpio_runs"))
            .fetch_one(&mut connection)
            .await
            .unwrap();
        if !exists {
            return;
        }
        let sql = format!(
            "select count(*) from {schema}.scorpio_messages m
             where not exists (select from {schema}.scorpio_runs r where r.id = m.run_id and r.session_id = m.session_id)"
        );
        let orphans: i64 = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut connection).await.unwrap();
        assert_eq!(orphans, 0, "messages without the run that wrote them");
        connection.close().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_a_kill() {
    let name = "postgres::what_was_acknowledged_survives_a_kill";
    let make = || Schema::new().map(|schema| (format!("{} {}", schema.url, schema.name), schema));
    survives_kills(name, &Postgres, make).await;
}
