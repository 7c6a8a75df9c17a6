//! Tool executions, and the way from a message to its run.

use std::sync::Arc;

use scorpio_core::{
    Provenance, ToolOutcome,
    store::{ExecutionStatus, Store, ToolExecution},
};

use super::super::sample::{
    Live, begin, live, message_id, new_session, now, owner, result_of, session_id, stranger, user, with_calls,
};

async fn write(store: &dyn Store, live: &Live, executions: &[ToolExecution]) {
    let mut commit = live.commit(&[]);
    commit.executions = executions;
    store.commit(commit).await.unwrap();
}

pub(super) async fn executions_come_back_as_they_were(store: Arc<dyn Store>) {
    let mut live = live(&*store, "s").await;
    let mut executions = with_calls(&mut live.machine, 3);
    executions[1].status = ExecutionStatus::Running;
    executions[1].attempts = 2;
    executions[1].started_at = Some(now());
    let failed = &mut executions[2];
    failed.status = ExecutionStatus::Failed;
    failed.result = Some(result_of(failed, ToolOutcome::Failed));
    failed.error = Some("connection refused: \"é\"\0".into());
    (failed.attempts, failed.started_at, failed.finished_at) = (1, Some(now()), Some(now()));
    write(&*store, &live, &executions).await;
    assert_eq!(store.executions(&owner(), &live.session, 10).await.unwrap(), executions);
}

pub(super) async fn an_execution_is_overwritten_in_place(store: Arc<dyn Store>) {
    let mut live = live(&*store, "s").await;
    let mut executions = with_calls(&mut live.machine, 2);
    write(&*store, &live, &executions).await;
    let first = &mut executions[0];
    first.status = ExecutionStatus::Completed;
    first.result = Some(result_of(first, ToolOutcome::Completed));
    write(&*store, &live, &executions[..1]).await;
    assert_eq!(store.executions(&owner(), &live.session, 10).await.unwrap(), executions);
}

pub(super) async fn every_status_of_an_execution_comes_back(store: Arc<dyn Store>) {
    let mut live = live(&*store, "s").await;
    let mut executions = with_calls(&mut live.machine, 6);
    for (execution, status) in executions.iter_mut().zip(ExecutionStatus::ALL) {
        execution.status = status;
        let started = status == ExecutionStatus::OutcomeUnknown;
        let mut result = result_of(execution, ToolOutcome::Interrupted { started });
        result.provenance = Provenance::Mcp { server: "s".into() };
        execution.result = Some(result);
    }
    write(&*store, &live, &executions).await;
    assert_eq!(store.executions(&owner(), &live.session, 10).await.unwrap(), executions);
}

pub(super) async fn executions_are_listed_oldest_first(store: Arc<dyn Store>) {
    let session = new_session(&*store, "s").await;
    let mut all = Vec::new();
    for _ in 0..3 {
        let mut live = Live::begin(&*store, begin(&session, None)).await.unwrap();
        let executions = with_calls(&mut live.machine, 2);
        write(&*store, &live, &executions).await;
        // A change does not move the first one to the end.
        write(&*store, &live, &executions[..1]).await;
        let mut next_turn = executions.clone();
        next_turn.iter_mut().for_each(|execution| execution.turn = 2);
        write(&*store, &live, &next_turn).await;
        live.end(&*store).await.unwrap();
        all.extend(executions.into_iter().chain(next_turn));
    }
    assert_eq!(store.executions(&owner(), &session, usize::MAX).await.unwrap(), all);
    assert_eq!(store.executions(&owner(), &session, 5).await.unwrap(), all[..5]);
    assert_eq!(store.executions(&owner(), &session, 0).await.unwrap(), []);
}

pub(super) async fn executions_of_somebody_else_are_absent(store: Arc<dyn Store>) {
    let mut live = live(&*store, "s").await;
    let executions = with_calls(&mut live.machine, 2);
    write(&*store, &live, &executions).await;
    assert_eq!(store.executions(&stranger(), &live.session, 10).await.unwrap(), []);
    assert_eq!(store.executions(&owner(), &session_id("none"), 10).await.unwrap(), []);
}

pub(super) async fn a_message_leads_to_the_run_that_it_began(store: Arc<dyn Store>) {
    let live = live(&*store, "s").await;
    let record = live.record(&*store).await;
    let found = store.run_of_message(&owner(), &live.session, &message_id("s-input")).await.unwrap();
    assert_eq!(found, Some(record));
    let found = store.run_of_message(&owner(), &live.session, &message_id("none")).await.unwrap();
    assert_eq!(found, None);
}

pub(super) async fn a_message_leads_to_the_run_that_wrote_it(store: Arc<dyn Store>) {
    let mut first = live(&*store, "s").await;
    first.append(&*store, &["a", "b"]).await.unwrap();
    first.end(&*store).await.unwrap();
    let mut second = Live::begin(&*store, begin(&first.session, Some(user("q")))).await.unwrap();
    second.append(&*store, &["c"]).await.unwrap();
    for (id, run) in [("a", first.run()), ("b", first.run()), ("q", second.run()), ("c", second.run())] {
        let found = store.run_of_message(&owner(), &first.session, &message_id(id)).await.unwrap();
        assert_eq!(found.map(|record| record.id), Some(run), "{id}");
    }
}

pub(super) async fn a_message_of_somebody_else_leads_nowhere(store: Arc<dyn Store>) {
    let live = live(&*store, "s").await;
    new_session(&*store, "other").await;
    for (owner, session) in [(stranger(), live.session.clone()), (owner(), session_id("other"))] {
        let found = store.run_of_message(&owner, &session, &message_id("s-input")).await.unwrap();
        assert_eq!(found, None);
    }
}

pub(super) async fn a_session_has_at_most_one_live_run(store: Arc<dyn Store>) {
    let session = new_session(&*store, "s").await;
    for _ in 0..3 {
        assert_eq!(store.live_run(&owner(), &session).await.unwrap(), None);
        let mut live = Live::begin(&*store, begin(&session, None)).await.unwrap();
        let record = live.record(&*store).await;
        assert_eq!(store.live_run(&owner(), &session).await.unwrap(), Some(record));
        live.end(&*store).await.unwrap();
    }
}
