//! Whether anything was lost, done twice, or told wrongly: the store, the ledger and the journal held against each other.

use scorpio_core::{
    Message, OwnerId, Role, SessionId, dangling_tool_calls,
    store::{ExecutionStatus, ToolExecution, verify_journal},
    tool::RetryClass,
};

use crate::{
    backend::Backend,
    child::question_id,
    ledger::{Effect, Ledger},
    scenario::{ANSWER, CONSULTATION, EXPERT_ANSWER, expert_session},
};

/// How the processes of a scenario have worked on its run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Processes {
    /// Each began after the one before it had ended.
    OneByOne,
    /// One slept and woke up while another had gone on.
    AtOnce,
}

/// What is wrong after a scenario. Nothing should be.
pub async fn violations(
    backend: &Backend,
    ledger: &Ledger,
    session: &SessionId,
    processes: Processes,
) -> Vec<String> {
    let mut wrong = Vec::new();
    let owner = OwnerId::local();
    if let Some(live) = backend.store.live_run(&owner, session).await.unwrap() {
        wrong.push(format!("run {} is not over: {:?}", live.id, live.status));
    }
    let history = history(backend, session).await;
    if history.first().map(|message| &message.id) != Some(&question_id()) {
        wrong.push("the question was acknowledged and is lost".to_owned());
    }
    if history.iter().filter(|message| message.id == question_id()).count() > 1 {
        wrong.push("the question is there twice".to_owned());
    }
    let dangling = dangling_tool_calls(&history);
    if !dangling.is_empty() {
        wrong.push(format!("calls without results: {dangling:?}"));
    }
    if history.last().is_none_or(|message| message.text() != ANSWER) {
        wrong.push(format!("the answer is missing: {:?}", history.last().map(Message::text)));
    }
    let executions = backend.store.executions(&owner, session, 1_000).await.unwrap();
    if executions.len() != 6 {
        wrong.push(format!("{} tool executions in place of 6", executions.len()));
    }
    let effects = ledger.read();
    for execution in &executions {
        wrong.extend(of_execution(backend, execution, &effects, &history, processes).await);
    }
    for effect in &effects {
        if !executions.iter().any(|execution| *execution.idempotency_key == *effect.key) {
            wrong.push(format!("{} took effect without a durable record", effect.tool));
        }
    }
    wrong.extend(of_journals(backend, session, &history).await);
    wrong
}

async fn history(backend: &Backend, session: &SessionId) -> Vec<Message> {
    let stored = backend.store.messages(&OwnerId::local(), session, 0, 1_000).await.unwrap();
    stored.into_iter().map(|stored| stored.message).collect()
}

async fn of_execution(
    backend: &Backend,
    execution: &ToolExecution,
    effects: &[Effect],
    history: &[Message],
    processes: Processes,
) -> Vec<String> {
    let mut wrong = Vec::new();
    let key = &*execution.idempotency_key;
    let count = effects.iter().filter(|effect| effect.key == key).count();
    let completed = execution.status == ExecutionStatus::Completed;
    let tool = &execution.tool;
    match execution.retry {
        RetryClass::AtMostOnce if count > 1 => wrong.push(format!("{tool} took effect {count} times")),
        RetryClass::AtMostOnce if completed && count != 1 => {
            wrong.push(format!("{tool} answered and did nothing"))
        }
        RetryClass::AtMostOnce if !completed && execution.status != ExecutionStatus::OutcomeUnknown => {
            wrong.push(format!("{tool} is {:?}", execution.status));
        }
        RetryClass::Pure | RetryClass::Idempotent if completed && count == 0 => {
            wrong.push(format!("{tool} answered and did nothing"));
        }
        RetryClass::Transactional => {
            let orders = backend.orders(key).await;
            if orders != i64::from(completed) {
                wrong.push(format!("{tool} is {:?} and its order is there {orders} times", execution.status));
            }
        }
        _ => {}
    }
    let results = history.iter().flat_map(Message::tool_results);
    let told: Vec<_> = results.filter(|result| result.call_id == execution.call_id).collect();
    if told.len() != 1 || Some(told[0]) != execution.result.as_ref() {
        wrong.push(format!("the result of {tool} is {} times in the history, or another one", told.len()));
    }
    if tool.as_str() == "consult" && completed {
        let asked = self::history(backend, &expert_session(key)).await;
        wrong.extend(of_consultation(&asked, count, processes));
    }
    wrong
}

/// The expert has answered, and that is the end of it. Of processes at once, each may have asked, which is what an idempotent tool allows:
/// then one may have ended before it was answered.
fn of_consultation(asked: &[Message], starts: usize, processes: Processes) -> Option<String> {
    let is_question = |message: &Message| message.role == Role::User && message.text() == CONSULTATION;
    let is_answer = |message: &Message| message.role == Role::Assistant && message.text() == EXPERT_ANSWER;
    let ends = asked.last().is_some_and(is_answer);
    let asks_again = processes == Processes::AtOnce
        && starts > 1
        && asked.iter().any(is_answer)
        && asked.last().is_some_and(is_question);
    if dangling_tool_calls(asked).is_empty() && (ends || asks_again) {
        return None;
    }
    let told: Vec<_> = asked.iter().map(|message| (message.role, message.text(), message.status)).collect();
    Some(format!("the expert's session is broken: {told:?}"))
}

/// Every run that wrote the history has a journal without a gap, whose end is where its machine stands.
async fn of_journals(backend: &Backend, session: &SessionId, history: &[Message]) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut runs: Vec<_> = history.iter().filter_map(|message| message.run).collect();
    runs.dedup();
    for run in runs {
        let owner = OwnerId::local();
        let Some(record) = backend.store.run(&owner, run).await.unwrap() else {
            wrong.push(format!("run {run} of session {session} is gone"));
            continue;
        };
        let journal = backend.store.journal(&owner, run, 0, 10_000).await.unwrap();
        if let Err(error) = verify_journal(&journal) {
            wrong.push(error.to_string());
        }
        if journal.len() as u64 != record.machine.step() {
            wrong.push(format!(
                "{} steps and {} entries in the journal",
                record.machine.step(),
                journal.len()
            ));
        }
    }
    wrong
}
