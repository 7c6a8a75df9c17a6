//! What holds on every database.

use scorpio_core::{
    Decision, OwnerId, SessionId, ToolOutcome,
    model::{Scripted, ScriptedTurn},
    store::{ExecutionStatus, Store, ToolExecution, verify_journal},
    tool::Approve,
};

use crate::rig::{Database, Rig, order, said_by_hand};

async fn executions<D: Database>(rig: &Rig<D>, session: &SessionId) -> Vec<ToolExecution> {
    rig.store.executions(&OwnerId::local(), session, 10).await.unwrap()
}

pub(crate) async fn an_effect_and_its_record_happen_together<D: Database>(rig: &Rig<D>) {
    let script = Scripted::new()
        .turn(order("a", "tea").tool_call("b", "place_order", r#"{"item": "milk"}"#))
        .text("Done.");
    let session = SessionId::new();
    let outcome = rig.run(rig.agent(script)).session(&session).await.unwrap();
    assert!(outcome.is_done());
    assert_eq!(rig.orders().await, ["milk", "tea"]);
    let executions = executions(rig, &session).await;
    assert_eq!(executions.len(), 2);
    assert!(executions.iter().all(|execution| execution.status == ExecutionStatus::Completed));
}

pub(crate) async fn what_the_database_refuses_is_a_failure_of_the_tool_and_nothing_is_done<D: Database>(
    rig: &Rig<D>,
) {
    let script = Scripted::new()
        .turn(order("a", "bomb").tool_call("b", "place_order", r#"{"item": "tea"}"#))
        .text("I am sorry.");
    let session = SessionId::new();
    let outcome = rig.run(rig.agent(script)).session(&session).await.unwrap();
    assert!(outcome.is_done(), "the run goes on");
    assert_eq!(rig.orders().await, ["tea"], "the other one is not harmed");
    let executions = executions(rig, &session).await;
    let failed = executions.iter().find(|execution| execution.call_id.as_str() == "a").unwrap();
    assert_eq!(failed.result.as_ref().unwrap().status, ToolOutcome::Failed);
    let names_the_check = |text: &str| text.to_lowercase().contains("check");
    assert!(names_the_check(failed.error.as_ref().unwrap()), "the operator reads why: {:?}", failed.error);
    assert!(!names_the_check(failed.result.as_ref().unwrap().output.get()), "the model does not");
}

pub(crate) async fn a_tool_that_fails_says_nothing_to_the_database<D: Database>(rig: &Rig<D>) {
    let script = Scripted::new().turn(order("a", "nothing")).text("I am sorry.");
    assert!(rig.run(rig.agent(script)).await.unwrap().is_done());
    assert!(rig.orders().await.is_empty());
}

pub(crate) async fn only_transactional_tools_speak_to_the_database<D: Database>(rig: &Rig<D>) {
    let said = said_by_hand();
    assert_eq!(said[0].parameters().len(), 3, "called by hand, a tool shows what it would say");
    let call = ScriptedTurn::new().tool_call("a", "just_say", r#"{"item": "tea"}"#);
    let script = Scripted::new().turn(call).text("I am sorry.");
    assert!(rig.run(rig.plain_agent(script)).await.unwrap().is_done());
    assert!(rig.orders().await.is_empty());
}

/// What would end the transaction, or say more than the tool's own part of it, fails the tool and harms nothing else.
pub(crate) async fn what_is_no_statement_of_its_own_is_refused<D: Database>(rig: &Rig<D>) {
    let refused = [
        "commit",
        "rollback",
        "savepoint mine",
        "insert into orders (item) values ('a'); insert into orders (item) values ('b')",
        "insert into orders (item) values ('a') /* ",
        "insert into orders (item) values ('a",
        "insert into orders (item) values (?)",
        "insert into orders (item) values ($1)",
        "",
    ];
    for sql in refused {
        let say = serde_json::json!({ "sql": sql }).to_string();
        let turn = ScriptedTurn::new().tool_call("a", "say_anything", &say);
        let script = Scripted::new().turn(turn).turn(order("b", "tea")).text("I am sorry.");
        let session = SessionId::new();
        let outcome = rig.run(rig.agent(script)).session(&session).await.unwrap();
        assert!(outcome.is_done(), "{sql}");
        let statuses: Vec<_> =
            executions(rig, &session).await.iter().map(|execution| execution.status).collect();
        assert_eq!(statuses, [ExecutionStatus::Failed, ExecutionStatus::Completed], "{sql}");
        assert_eq!(rig.orders().await, ["tea"], "{sql}");
        rig.database.execute("delete from orders").await;
    }
}

pub(crate) async fn the_journal_of_a_run_holds_over_pauses_and_hands<D: Database>(rig: &Rig<D>) {
    let script = Scripted::new().turn(order("a", "tea")).turn(order("b", "milk")).text("Done.");
    let agent = || rig.agent(script.clone()).approve(Approve::all());
    let mut outcome = rig.run(agent()).await.unwrap();
    let run = outcome.report().run;
    while let Some(call) = outcome.pending().first().map(|call| call.call_id.clone()) {
        let resumed = agent().build().unwrap().resume(run).with(rig.insert());
        outcome = resumed.decide(&call, Decision::approve()).await.unwrap();
    }
    assert!(outcome.is_done());
    assert_eq!(rig.orders().await, ["milk", "tea"]);
    let journal = rig.store.journal(&OwnerId::local(), run, 0, 1_000).await.unwrap();
    verify_journal(&journal).unwrap();
    assert!(journal.len() >= 8, "{}", journal.len());
    let record = rig.store.run(&OwnerId::local(), run).await.unwrap().unwrap();
    assert_eq!(
        (record.machine.step(), record.machine.journal()),
        (journal.len() as u64, journal.last().unwrap().hash)
    );
    let fences: Vec<u64> = journal.iter().map(|entry| entry.fence).collect();
    assert_eq!((fences.first(), fences.last()), (Some(&1), Some(&3)), "it changed hands twice");

    let forge =
        "update scorpio_journal set payload = replace(payload, 'call_tools', 'call_model') where seq = 3";
    rig.database.execute(forge).await;
    let forged = rig.store.journal(&OwnerId::local(), run, 0, 1_000).await.unwrap();
    assert!(forged != journal && verify_journal(&forged).is_err());
}
