//! Writing at the same time, and what transactional tools have to say.

use std::{sync::Arc, time::Duration};

use scorpio_core::{
    Limits, Message, RunEnd, RunId,
    model::Entry,
    run::RunMachine,
    store::{Begin, Commit, Statement, Store, StoreError, StoreErrorKind},
};
use scorpio_store::PostgresStore;

use crate::{
    harness::Schema,
    run::{Run, owner},
};

/// Begins a run, appends to it, and ends it, as long as nobody else has one.
async fn try_a_run(store: &PostgresStore, run: &Run) -> Result<(), StoreError> {
    let machine = RunMachine::new(RunId::new(), run.session.clone(), Limits::new());
    let mut begin = Begin::new(run.session.clone(), owner(), "holder", machine.clone());
    begin.input = Some(Message::user("question"));
    let begun = store.begin_run(begin).await?;
    let append = [Arc::new(Entry::new(Message::user("answer")))];
    let mut commit = Commit::new(&begun.lease, begun.version, &machine);
    commit.append = &append;
    commit.end = Some(RunEnd::Interrupted);
    store.commit(commit).await.map(drop)
}

/// Whoever waits for the lock of a session sees, once it has it, what those before have written.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn runs_that_begin_at_once_follow_each_other() {
    let Some(schema) = Schema::new() else { return };
    let stores = [schema.open().await, schema.open().await];
    let run = Arc::new(Run::begin(&stores[0]).await);
    run.end(&stores[0]).await;
    let tasks = (0..8).map(|index| {
        let (store, run) = (stores[index % 2].clone(), run.clone());
        tokio::spawn(async move {
            let mut done = 0;
            while done < 10 {
                match try_a_run(&store, &run).await {
                    Ok(()) => done += 1,
                    Err(error) => assert_eq!(error.kind(), StoreErrorKind::Busy, "{error:?}"),
                }
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    let messages = stores[0].messages(&owner(), &run.session, 0, usize::MAX).await.unwrap();
    assert_eq!(messages.len(), 160);
    let mut last = 0;
    for stored in messages {
        assert_eq!(stored.parent, last, "each follows the one before");
        last = stored.seq;
    }
}

async fn say(store: &PostgresStore, run: &mut Run, statements: &[Statement]) -> Result<(), StoreError> {
    run.commit_with(store, statements).await
}

async fn orders(schema: &Schema) -> Vec<(String, i32)> {
    let sql = "select item, amount from orders order by item";
    sqlx::query_as(sql).fetch_all(&mut schema.connect().await).await.unwrap()
}

#[tokio::test]
async fn what_a_tool_says_happens_with_the_commit_or_not_at_all() {
    let Some(schema) = Schema::new() else { return };
    let store = schema.open().await;
    let table = "create table orders (item text primary key, amount int, at timestamptz, note text)";
    sqlx::raw_sql(table).execute(&mut schema.connect().await).await.unwrap();
    let insert = format!(
        "insert into {}.orders (item, amount, at, note) values ($1, $2, $3::timestamptz, $4)",
        schema.name
    );
    let order = |item: &str, amount: i64| {
        let statement = Statement::new(&insert).bind(item).bind(amount).bind("2026-01-01T00:00:00Z");
        statement.bind(serde_json::Value::Null)
    };
    let mut run = Run::begin(&store).await;
    say(&store, &mut run, &[order("tea", 2), order("milk", 1)]).await.unwrap();
    assert_eq!(orders(&schema).await, [("milk".to_owned(), 1), ("tea".to_owned(), 2)]);
    assert_eq!(run.version, 2);

    // The second is refused, so the first and the commit do not happen either.
    for refused in [
        order("tea", 3),
        Statement::new("insert into nowhere values (1)"),
        Statement::new("select 1; select 2"),
        Statement::new("commit"),
        Statement::new("  RollBack"),
        Statement::new(""),
        Statement::new("select $1::int").bind("no number"),
    ] {
        let error = say(&store, &mut run, &[order("bread", 1), refused.clone()]).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Rejected, "{refused:?}: {error:?}");
        assert_eq!(orders(&schema).await.len(), 2);
        run.look(&store).await.unwrap();
        assert_eq!(run.version, 2);
    }
    // Nothing is said for a commit that is refused.
    let version = std::mem::replace(&mut run.version, 0);
    let error = say(&store, &mut run, &[order("bread", 1)]).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Conflict { actual: 2 });
    assert_eq!(orders(&schema).await.len(), 2);
    run.version = version;
    say(&store, &mut run, &[order("bread", 1)]).await.unwrap();
    assert_eq!(orders(&schema).await.len(), 3);
}

#[tokio::test]
async fn a_commit_that_is_sent_again_says_nothing_twice() {
    let Some(schema) = Schema::new() else { return };
    let store = schema.open().await;
    sqlx::raw_sql("create table orders (item text, amount int)")
        .execute(&mut schema.connect().await)
        .await
        .unwrap();
    let insert = format!("insert into {}.orders values ('tea', 1)", schema.name);
    let mut run = Run::begin(&store).await;
    for _ in 0..3 {
        run.step(&store, 1, &[Statement::new(&insert)]).await.unwrap();
    }
    assert_eq!(orders(&schema).await.len(), 1);
    run.look(&store).await.unwrap();
    assert_eq!(run.version, 2);
    let after = tokio::time::timeout(Duration::from_secs(10), run.step(&store, 2, &[])).await;
    after.expect("in time").unwrap();
}
