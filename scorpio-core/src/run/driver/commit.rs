//! Makes a step durable, and tells of what it changed. While the store does not answer, the run waits: nothing begins without its record.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use super::Driver;
use crate::{
    ApprovalRequested, EventKind, Json, Result, ToolFinished, WaitingForStore,
    failpoint::reach_step,
    model::Entry,
    run::{Applied, Step, patience::Patience},
    store::{Commit, ExecutionStatus, JournalEntry, JournalHash, Statement, StoreError, ToolExecution, Wait},
};

impl Driver {
    pub(super) async fn commit(&mut self, applied: Applied) -> Result<()> {
        self.commit_with(applied, &[]).await.map_err(Into::into)
    }

    /// As [`Driver::commit`], together with what a transactional tool says to the database.
    pub(super) async fn commit_with(
        &mut self,
        applied: Applied,
        statements: &[Statement],
    ) -> Result<(), StoreError> {
        let entries: Vec<Arc<Entry>> =
            applied.append.into_iter().map(|message| Arc::new(Entry::new(message))).collect();
        let (end, wait) = match self.machine.next() {
            Step::Done(end) => (Some(end), None),
            Step::AwaitDecisions(_) => (None, Some(Wait::until(self.machine.wake_at()))),
            Step::CallModel { .. } | Step::CallTools(_) => (None, None),
        };
        let before = self.machine.clone_step();
        let journal = self.journal_entry(&entries, &applied.executions);
        self.machine.count_step(journal.as_ref().map(|entry| entry.hash));
        let what = subject(&applied.executions, wait.is_some(), end.is_some(), !entries.is_empty());
        reach_step(what, "before");
        let written =
            self.write(&entries, &applied.executions, statements, wait, end, journal.as_ref()).await;
        if let Err(error) = written {
            self.machine.restore_step(before);
            return Err(error);
        }
        reach_step(what, "after");
        self.watch.confirmed();
        if end.is_some() || wait.is_some() {
            self.alive = None;
        }
        for entry in entries {
            self.transcript.push_entry(Arc::clone(&entry));
            self.appended.push(entry);
        }
        for resolved in std::mem::take(&mut self.decided) {
            self.emitter.emit(|| EventKind::ApprovalResolved(resolved));
        }
        for execution in applied.executions {
            self.tell_of(execution);
        }
        reach_step(what, "told");
        Ok(())
    }

    /// Writes the step, however long the store takes to answer within the agent's patience.
    async fn write(
        &mut self,
        entries: &[Arc<Entry>],
        executions: &[ToolExecution],
        statements: &[Statement],
        wait: Option<Wait>,
        end: Option<crate::RunEnd>,
        journal: Option<&JournalEntry>,
    ) -> Result<(), StoreError> {
        let mut patience = Patience::new(self.agent.store_patience);
        loop {
            let mut commit = Commit::new(&self.lease, self.version, &self.machine);
            commit.ttl = self.agent.lease;
            commit.step = Some(self.machine.step());
            commit.append = entries;
            commit.executions = executions;
            commit.statements = statements;
            (commit.wait, commit.end, commit.journal) = (wait, end, journal);
            match self.agent.store.commit(commit).await {
                Ok(version) => {
                    self.version = version;
                    return Ok(());
                }
                Err(error) => self.wait_for_store(&mut patience, error).await?,
            }
        }
    }

    /// Waits a while for a store that does not answer, and says so. The error comes back when waiting does not help.
    pub(super) async fn wait_for_store(
        &mut self,
        patience: &mut Patience,
        error: StoreError,
    ) -> Result<(), StoreError> {
        let what = format!("{error:?}");
        let wait = patience.after(error)?;
        tracing::warn!(run = %self.lease.run, error = what, "the store does not answer; the run waits for it");
        let after_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        self.emitter.emit(|| EventKind::WaitingForStore(WaitingForStore { after_ms }));
        self.emitter.flush().await;
        tokio::time::sleep(wait).await;
        Ok(())
    }

    fn tell_of(&mut self, execution: ToolExecution) {
        if execution.awaits_decision()
            && let Some(asked) = &execution.approval
        {
            let (approval, reason, expires_at) = (asked.id.clone(), asked.reason, asked.expires_at);
            self.emitter.emit(|| {
                EventKind::ApprovalRequested(ApprovalRequested {
                    call_id: execution.call_id.clone(),
                    name: execution.tool.clone(),
                    arguments: crate::message::arguments_json(&execution.arguments),
                    approval,
                    reason,
                    expires_at,
                })
            });
            return;
        }
        let duration_ms = duration_ms(&execution);
        if let Some(result) = execution.result {
            self.emitter.emit(|| EventKind::ToolFinished(ToolFinished { result, duration_ms }));
        }
    }

    /// What the journal is told, if the store keeps one.
    fn journal_entry(&self, entries: &[Arc<Entry>], executions: &[ToolExecution]) -> Option<JournalEntry> {
        let store = &self.agent.store;
        store.keeps_journal().then(|| {
            let payload = payload(self.machine.turn(), &self.machine.next(), entries, executions);
            let (seq, fence) = (self.machine.step() + 1, self.lease.fence);
            JournalEntry::new(seq, fence, payload, Timestamp::now(), self.machine.journal())
        })
    }
}

/// What a step is about, for whoever wants to be there.
fn subject(executions: &[ToolExecution], waits: bool, ends: bool, appends: bool) -> &'static str {
    let any = |status| executions.iter().any(|execution| execution.status == status);
    match () {
        () if ends => "end",
        () if waits => "pause",
        () if appends && any(ExecutionStatus::Running) => "answer",
        () if any(ExecutionStatus::Running) && executions.len() == 1 => "start",
        () if !executions.is_empty() => "finish",
        () if appends => "answer",
        () => "signal",
    }
}

#[derive(Serialize)]
struct Payload<'a> {
    turn: u32,
    next: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    messages: Vec<PayloadMessage<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    executions: Vec<PayloadExecution<'a>>,
}

#[derive(Serialize)]
struct PayloadMessage<'a> {
    id: &'a crate::MessageId,
    sha256: String,
}

#[derive(Serialize)]
struct PayloadExecution<'a> {
    index: u32,
    tool: &'a str,
    key: &'a str,
    status: ExecutionStatus,
    attempts: u32,
    sha256: String,
}

/// What happened in a step. Whatever is stored beside the journal stands in it by its hash.
pub(in crate::run) fn payload(
    turn: u32,
    next: &Step<'_>,
    entries: &[Arc<Entry>],
    executions: &[ToolExecution],
) -> Json {
    let next = match next {
        Step::CallModel { .. } => "call_model",
        Step::CallTools(_) => "call_tools",
        Step::AwaitDecisions(_) => "await_decisions",
        Step::Done(_) => "done",
    };
    let messages = entries.iter().map(|entry| entry.message());
    let messages =
        messages.map(|message| PayloadMessage { id: &message.id, sha256: digest(message) }).collect();
    let executions = executions.iter().map(|execution| PayloadExecution {
        index: execution.index,
        tool: execution.tool.as_str(),
        key: &execution.idempotency_key,
        status: execution.status,
        attempts: execution.attempts,
        sha256: digest(execution),
    });
    Json::new(&Payload { turn, next, messages, executions: executions.collect() })
        .unwrap_or_else(|_| Json::null())
}

/// SHA-256 of the JSON that a store keeps of `value`.
fn digest(value: &impl Serialize) -> String {
    let json = serde_json::to_vec(value).unwrap_or_default();
    JournalHash::of(&json).to_string()
}

fn duration_ms(execution: &ToolExecution) -> u64 {
    let (Some(started), Some(finished)) = (execution.started_at, execution.finished_at) else { return 0 };
    u64::try_from(finished.duration_since(started).as_millis()).unwrap_or(0)
}
