//! What somebody is asked before a tool runs, and what they answer. Only what the server itself has asked can be answered, once, and in the
//! name of the owner of the chat.

use jiff::Timestamp;
use scorpio_core::{
    Decision, ErrorKind, Json, OwnerId, RunId, SessionId, Surface, ToolCallId, ToolName,
    store::{Approval, ApprovalReason, ToolExecution, User},
    tool::Effects,
};
use serde::{Deserialize, Serialize};

use super::request::PostedDecision;
use crate::{
    App,
    problem::{Problem, Result},
};

/// The most characters of a reason.
const LONGEST_REASON: usize = 2_000;
/// The most tool calls of a chat among which a question is looked for.
const MOST_CALLS: usize = 10_000;

/// A call that somebody is asked about, as the API shows it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ApprovalView {
    id: String,
    run: RunId,
    tool_call_id: ToolCallId,
    tool: ToolName,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    /// What the tool can do to the world; unknown when there is no such tool any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    effects: Option<Effects>,
    /// Exactly what the tool would be called with.
    arguments: Json,
    arguments_hash: String,
    reason: ApprovalReason,
    requested_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Timestamp>,
}

/// What is asked in a chat.
#[derive(Debug, Serialize)]
pub(super) struct Approvals {
    approvals: Vec<ApprovalView>,
}

/// The answer to a question.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct PostedAnswer {
    decision: Choice,
    #[serde(default)]
    reason: Option<String>,
    #[serde(default)]
    arguments: Option<Json>,
    #[serde(default)]
    always: bool,
    /// That of the arguments that somebody has looked at.
    #[serde(default)]
    arguments_hash: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Choice {
    Approve,
    Deny,
}

/// What is asked in a chat now.
pub(super) async fn pending(app: &App, owner: &OwnerId, chat: &SessionId) -> Result<Approvals> {
    app.store().session(owner, chat).await?.ok_or_else(Problem::no_such_chat)?;
    let calls = app.runtime().approvals(owner, chat).await?;
    let tools = if calls.is_empty() { Vec::new() } else { app.tools(owner, chat).await };
    let view = |call: ToolExecution| {
        let Approval { id, reason, arguments_hash, requested_at, expires_at, .. } = call.approval?;
        let spec = tools.iter().map(|tool| tool.spec()).find(|spec| spec.name == call.tool.as_str());
        let arguments = Json::parse(&*call.arguments).unwrap_or_else(|_| Json::string(&call.arguments));
        Some(ApprovalView {
            id,
            run: call.run,
            tool_call_id: call.call_id,
            tool: call.tool,
            description: spec.map(|spec| spec.description.clone()),
            effects: spec.map(|spec| spec.effects),
            arguments,
            arguments_hash,
            reason,
            requested_at,
            expires_at,
        })
    };
    Ok(Approvals { approvals: calls.into_iter().filter_map(view).collect() })
}

/// Answers a question.
pub(super) async fn answer(
    app: &App,
    user: &User,
    chat: &SessionId,
    approval: &str,
    posted: PostedAnswer,
) -> Result<()> {
    let hash = posted.arguments_hash.clone();
    let decision = posted.decision()?;
    let owner = OwnerId::from(user.id);
    app.store().session(&owner, chat).await?.ok_or_else(Problem::no_such_chat)?;
    let Asked { call, is_live } = find(app, &owner, chat, approval).await?.ok_or_else(no_such_approval)?;
    let asked = call.approval.as_ref().ok_or_else(no_such_approval)?;
    if asked.decision.is_some() || is_live && !call.awaits_decision() {
        return Err(decided_already());
    }
    if !is_live || asked.expires_at.is_some_and(|expires_at| expires_at <= Timestamp::now()) {
        let detail = "This question is over: the answer that asked it has ended, or nobody answered in time.";
        return Err(Problem::new(ErrorKind::Gone, Surface::Tool, detail));
    }
    if hash.is_some_and(|hash| hash != asked.arguments_hash) {
        let detail = "The tool would be called with other arguments than those that were looked at.";
        return Err(Problem::stale(Surface::Tool, detail));
    }
    decide(app, user, call.run, approval, decision).await
}

/// Answers a question as the AI SDK posts it. The same answer may be given again.
pub(super) async fn decide_again(
    app: &App,
    user: &User,
    chat: &SessionId,
    posted: &PostedDecision,
) -> Result<()> {
    let choice = if posted.approved { Choice::Approve } else { Choice::Deny };
    let (reason, arguments) = (posted.reason.clone().filter(|_| !posted.approved), None);
    let answer = PostedAnswer { decision: choice, reason, arguments, always: false, arguments_hash: None };
    let owner = OwnerId::from(user.id);
    let found = find(app, &owner, chat, &posted.id).await?.ok_or_else(no_such_approval)?;
    match found.call.approval.and_then(|asked| asked.decision) {
        Some(decided) if decided.is_approval() == posted.approved => Ok(()),
        _ => self::answer(app, user, chat, &posted.id, answer).await,
    }
}

/// A server that is restarting leaves the run to the next one.
async fn decide(app: &App, user: &User, run: RunId, approval: &str, decision: Decision) -> Result<()> {
    app.runs().expect_open()?;
    let (owner, by) = (OwnerId::from(user.id), Some(user.id.to_string()));
    let (app, approval) = (app.clone(), approval.to_owned());
    // In a task of its own: a client that goes away in the middle of it changes nothing.
    let decided =
        tokio::spawn(async move { app.runtime().decide(&owner, run, &approval, decision, by).await });
    match decided.await {
        Ok(decided) => Ok(decided?),
        Err(cause) => Err(Problem::internal(cause)),
    }
}

impl PostedAnswer {
    fn decision(self) -> Result<Decision> {
        let wrong = |path: &str, complaint: &str| Err(Problem::field(Surface::Tool, path, complaint));
        if self.reason.as_ref().is_some_and(|reason| reason.chars().count() > LONGEST_REASON) {
            return wrong("reason", &format!("must not have more than {LONGEST_REASON} characters"));
        }
        match (self.decision, self.arguments) {
            (Choice::Approve, _) if self.reason.is_some() => wrong("reason", "is for denials"),
            (Choice::Approve, Some(arguments)) if !arguments.get().trim_start().starts_with('{') => {
                wrong("arguments", "must be an object")
            }
            (Choice::Approve, arguments) => Ok(match arguments {
                Some(arguments) => Decision::approve_with(arguments).with_always(self.always),
                None => Decision::approve().with_always(self.always),
            }),
            (Choice::Deny, Some(_)) => wrong("arguments", "are for approvals"),
            (Choice::Deny, None) if self.always => wrong("always", "is for approvals"),
            (Choice::Deny, None) => Ok(match self.reason.filter(|reason| !reason.trim().is_empty()) {
                Some(reason) => Decision::deny(reason),
                None => Decision::Deny { reason: None },
            }),
        }
    }
}

/// A question that was asked in a chat.
struct Asked {
    call: ToolExecution,
    /// Whether its answer is still being written.
    is_live: bool,
}

async fn find(app: &App, owner: &OwnerId, chat: &SessionId, approval: &str) -> Result<Option<Asked>> {
    let is_meant = |call: &ToolExecution| call.approval.as_ref().is_some_and(|asked| asked.id == approval);
    let live = app.store().live_run(owner, chat).await?;
    let live = live.iter().flat_map(|record| record.machine.executions());
    if let Some(call) = live.into_iter().find(|call| is_meant(call)) {
        return Ok(Some(Asked { call: call.clone(), is_live: true }));
    }
    let calls = app.store().executions(owner, chat, MOST_CALLS).await?;
    Ok(calls.into_iter().rfind(is_meant).map(|call| Asked { call, is_live: false }))
}

pub(super) fn no_such_approval() -> Problem {
    Problem::new(ErrorKind::NotFound, Surface::Tool, "Nobody is asked about this in this chat.")
}

fn decided_already() -> Problem {
    Problem::new(ErrorKind::Conflict, Surface::Tool, "Somebody has decided about this already.")
}
