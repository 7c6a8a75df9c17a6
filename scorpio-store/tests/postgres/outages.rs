//! What becomes of calls when the database is in trouble: they end in time with an error that says so, nothing happens by halves, and
//! the store works again when the database does.

use std::time::{Duration, Instant};

use scorpio_core::SessionId;
use scorpio_core::store::{NewSession, Store, StoreError, StoreErrorKind};
use scorpio_store::{PostgresStore, postgres::PostgresOptions};
use scorpio_test_services::{postgres::Server, signal};
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::{
    harness::Schema,
    run::{Run, owner},
};

async fn connect(url: &str) -> PgConnection {
    PgConnection::connect(url).await.unwrap()
}

/// The processes of the database that serve connections with this name.
async fn backends(connection: &mut PgConnection, application: &str) -> Vec<i32> {
    let sql = "select pid from pg_stat_activity where application_name = $1";
    sqlx::query_scalar(sql).bind(application).fetch_all(connection).await.unwrap()
}

/// Kills the connections with this name. Answers how many there were.
async fn kill(connection: &mut PgConnection, application: &str) -> usize {
    let sql = "select pg_terminate_backend(pid, 5000) from pg_stat_activity where application_name = $1";
    let killed: Vec<bool> = sqlx::query_scalar(sql).bind(application).fetch_all(connection).await.unwrap();
    killed.len()
}

/// Tries until it works, for at most half a minute. Answers the errors before that.
async fn until_it_works<T>(mut call: impl AsyncFnMut() -> Result<T, StoreError>) -> (T, Vec<StoreError>) {
    let (start, mut errors) = (Instant::now(), Vec::new());
    loop {
        match call().await {
            Ok(answer) => return (answer, errors),
            Err(error) => {
                assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{error:?}");
                assert!(start.elapsed() < Duration::from_secs(30), "{error:?}");
                errors.push(error);
            }
        }
    }
}

fn impatient() -> PostgresOptions {
    PostgresOptions::new()
        .with_connections(2)
        .with_acquire_timeout(Duration::from_millis(500))
        .with_statement_timeout(Duration::from_millis(800))
        .with_lock_timeout(Duration::from_millis(200))
}

async fn create(store: &PostgresStore) -> Result<SessionId, StoreError> {
    let id = SessionId::new();
    store.create_session(NewSession::new(id.clone(), owner())).await?;
    Ok(id)
}

#[tokio::test]
async fn a_connection_that_was_closed_costs_one_call_at_most() {
    let Some(schema) = Schema::new() else { return };
    let url = format!("{}?application_name={}", schema.url, schema.name);
    let store = PostgresStore::connect_with(&url, schema.options()).await.unwrap();
    let mut admin = connect(&schema.url).await;
    for _ in 0..5 {
        // So that there are several.
        futures::future::try_join_all((0..4).map(|_| create(&store))).await.unwrap();
        assert!(kill(&mut admin, &schema.name).await > 0);
        let (_, errors) = until_it_works(async || create(&store).await).await;
        assert!(errors.len() <= 1, "{errors:?}");
        for error in errors {
            let expected =
                ["the database has closed the connection", "the connection to the database was lost"];
            assert!(expected.contains(&error.to_string().as_str()), "{error}");
        }
    }
}

#[tokio::test]
async fn no_commit_is_made_by_halves_when_its_connection_is_killed() {
    let Some(schema) = Schema::new() else { return };
    let url = format!("{}?application_name={}", schema.url, schema.name);
    let store = PostgresStore::connect_with(&url, schema.options()).await.unwrap();
    let mut run = Run::begin(&store).await;
    let killer = tokio::spawn({
        let (url, name) = (schema.url.clone(), schema.name.clone());
        async move {
            let mut admin = connect(&url).await;
            for _ in 0..60 {
                kill(&mut admin, &name).await;
                tokio::time::sleep(Duration::from_millis(7)).await;
            }
        }
    });
    let mut lost = 0;
    while !killer.is_finished() {
        if let Err(error) = run.commit(&store).await {
            assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{error:?}");
            lost += 1;
            until_it_works(async || run.look(&store).await).await;
        }
    }
    killer.await.unwrap();
    assert!(lost > 0, "no commit was hit");
    run.look(&store).await.unwrap();
    run.commit(&store).await.unwrap();
}

#[tokio::test]
async fn a_database_that_crashes_and_comes_back_keeps_what_it_has_answered() {
    let Some(server) = Server::start() else { return };
    let store = PostgresStore::connect_with(&server.url(), impatient()).await.unwrap();
    let mut run = Run::begin(&store).await;
    for _ in 0..3 {
        for _ in 0..20 {
            run.commit(&store).await.unwrap();
        }
        server.stop();
        let start = Instant::now();
        let error = store.session(&owner(), &run.session).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Unavailable);
        let error = run.commit(&store).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Unavailable);
        assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
        assert_eq!(store.ping().await.unwrap_err().kind(), StoreErrorKind::Unavailable);
        server.resume();
        let before = run.version;
        until_it_works(async || run.look(&store).await).await;
        assert_eq!(run.version, before, "the commit that failed did not happen");
    }
    run.commit(&store).await.unwrap();
    run.end(&store).await;
    store.close().await.unwrap();
}

#[tokio::test]
async fn a_connection_that_freezes_is_given_up() {
    let Some(server) = Server::start() else { return };
    let url = format!("{}?application_name=frozen", server.url());
    let store = PostgresStore::connect_with(&url, impatient()).await.unwrap();
    let mut run = Run::begin(&store).await;
    let frozen = backends(&mut connect(&server.url()).await, "frozen").await;
    for process in &frozen {
        signal("STOP", u32::try_from(*process).unwrap());
    }
    let start = Instant::now();
    let error = run.commit(&store).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.to_string().as_str()),
        (StoreErrorKind::Unavailable, "the database has not answered in time")
    );
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
    // The others go on meanwhile.
    until_it_works(async || create(&store).await).await;
    for process in &frozen {
        signal("CONT", u32::try_from(*process).unwrap());
    }
    until_it_works(async || run.look(&store).await).await;
    run.commit(&store).await.unwrap();
    store.close().await.unwrap();
}

#[tokio::test]
async fn a_call_that_is_dropped_leaves_no_connection_to_wait_for() {
    let Some(schema) = Schema::new() else { return };
    let options = schema.options().with_connections(1).with_lock_timeout(Duration::from_secs(8));
    let store = PostgresStore::connect_with(&schema.url, options).await.unwrap();
    let mut run = Run::begin(&store).await;
    let mut other = schema.connect().await;
    sqlx::raw_sql("begin; lock table scorpio_messages in exclusive mode").execute(&mut other).await.unwrap();
    let dropped = tokio::time::timeout(Duration::from_millis(200), run.commit(&store)).await;
    assert!(dropped.is_err(), "it waits for the lock");
    let start = Instant::now();
    store.session(&owner(), &run.session).await.unwrap();
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
    sqlx::raw_sql("rollback").execute(&mut other).await.unwrap();
    // The one that was dropped may go on or not.
    run.look(&store).await.unwrap();
}

#[tokio::test]
async fn a_lock_of_somebody_else_delays_and_then_fails_a_write() {
    let Some(schema) = Schema::new() else { return };
    let options = schema.options().with_lock_timeout(Duration::from_millis(200));
    let store = PostgresStore::connect_with(&schema.url, options).await.unwrap();
    let mut run = Run::begin(&store).await;
    let mut other = schema.connect().await;
    sqlx::raw_sql("begin; select from scorpio_sessions for update").execute(&mut other).await.unwrap();
    let error = run.commit(&store).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    assert_eq!(error.to_string(), "another statement has held a lock for too long");
    // Reading waits for nobody.
    assert!(store.session(&owner(), &run.session).await.unwrap().is_some());
    sqlx::raw_sql("rollback").execute(&mut other).await.unwrap();
    run.commit(&store).await.unwrap();
}

#[tokio::test]
async fn a_statement_that_takes_too_long_is_stopped() {
    let Some(schema) = Schema::new() else { return };
    let options = schema
        .options()
        .with_lock_timeout(Duration::from_secs(60))
        .with_statement_timeout(Duration::from_millis(200));
    let store = PostgresStore::connect_with(&schema.url, options).await.unwrap();
    let mut run = Run::begin(&store).await;
    let mut other = schema.connect().await;
    sqlx::raw_sql("begin; select from scorpio_sessions for update").execute(&mut other).await.unwrap();
    let error = run.commit(&store).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    assert_eq!(error.to_string(), "the database has not finished the statement in time");
    sqlx::raw_sql("rollback").execute(&mut other).await.unwrap();
    run.commit(&store).await.unwrap();
}

#[tokio::test]
async fn a_read_only_database_is_read_and_not_written() {
    let Some(schema) = Schema::new() else { return };
    let id = create(&schema.open().await).await.unwrap();
    let url = format!("{}?options=-c%20default_transaction_read_only%3Don", schema.url);
    let store = PostgresStore::connect_with(&url, schema.options()).await.unwrap();
    assert!(store.session(&owner(), &id).await.unwrap().is_some());
    let error = create(&store).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.to_string().as_str()),
        (StoreErrorKind::Unavailable, "the database is read-only")
    );
}

#[tokio::test]
async fn a_database_that_takes_no_more_connections_is_told_so() {
    let Some(schema) = Schema::new() else { return };
    schema.open().await.close().await.unwrap();
    let mut admin = connect(&schema.url).await;
    let role = format!("{}_guest", schema.name);
    sqlx::raw_sql(AssertSqlSafe(format!("create role {role} login connection limit 0")))
        .execute(&mut admin)
        .await
        .unwrap();
    let url = schema.url.replace("//scorpio@", &format!("//{role}@"));
    let error = PostgresStore::connect_with(&url, schema.options()).await.unwrap_err();
    sqlx::raw_sql(AssertSqlSafe(format!("drop role {role}"))).execute(&mut admin).await.unwrap();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    assert!(error.to_string().ends_with("the database has no connection left"), "{error}");
}

#[tokio::test]
async fn what_users_are_told_has_no_sql_in_it() {
    let Some(schema) = Schema::new() else { return };
    let store = schema.open().await;
    sqlx::raw_sql("drop table scorpio_sessions cascade").execute(&mut schema.connect().await).await.unwrap();
    let error = create(&store).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.to_string().as_str()),
        (StoreErrorKind::Unavailable, "the database failed")
    );
    let public = scorpio_core::ScorpioError::from(error).to_string();
    assert!(!public.contains("scorpio_") && !public.contains("relation"), "{public}");
}
