//! Puts a summary in the place of the older part of the history, where a model has to read it.

use std::sync::Arc;

use super::{Driver, watch::Interrupt};
use crate::{
    Compacted, EventKind, Message, Part, Provenance, Result, Role,
    agent::Compaction,
    model::{CallContext, Entry, ModelRequest, Transcript, complete},
    run::{
        Input,
        view::{render, split, tokens, view},
    },
};

/// How the summary is introduced.
const HEADING: &str =
    "[Summary of the conversation until here. The messages that it stands for are not shown.]";

/// What came of trying to compact.
pub(super) enum Tried {
    /// The history that the model sees is shorter now.
    Shorter,
    /// There is nothing to gain, or no summary was to be had.
    Same,
    Interrupted(Interrupt),
}

impl Driver {
    /// Compacts the history if it has passed the threshold.
    pub(super) async fn compact_if_long(&mut self) -> Result<Option<Interrupt>> {
        let Some(compaction) = self.agent.compaction.clone() else { return Ok(None) };
        if self.context_tokens() <= compaction.threshold || self.compacted_in == Some(self.machine.turn()) {
            return Ok(None);
        }
        match self.compact(&compaction, compaction.keep).await? {
            Tried::Interrupted(interrupt) => Ok(Some(interrupt)),
            Tried::Shorter | Tried::Same => Ok(None),
        }
    }

    /// Compacts the history because the provider says that it is too long: once in a turn, and by more than before.
    pub(super) async fn compact_because_refused(&mut self) -> Result<Tried> {
        let Some(compaction) = self.agent.compaction.clone() else { return Ok(Tried::Same) };
        if self.compacted_in == Some(self.machine.turn()) {
            return Ok(Tried::Same);
        }
        let all: u64 = self.transcript.messages().map(tokens).sum();
        self.compact(&compaction, compaction.keep.min(all / 4)).await
    }

    /// About how many tokens the model has to read: what it read the last time, and what came since.
    fn context_tokens(&self) -> u64 {
        let mut since = 0;
        for message in self.transcript.messages().rev() {
            match &message.usage {
                // What was replaced since then does not count any more.
                Some(usage) if message.origin.is_some() => return usage.total() + since,
                _ => since += tokens(message),
            }
        }
        since
    }

    async fn compact(&mut self, compaction: &Compaction, keep: u64) -> Result<Tried> {
        // Whether it helps or not, it is not tried again before the next turn.
        self.compacted_in = Some(self.machine.turn());
        let entries = self.transcript.entries();
        let at = split(entries, keep);
        let (old, kept) = entries.split_at_checked(at).unwrap_or_default();
        let before: u64 = self.transcript.messages().map(tokens).sum();
        let replaced: u64 = old.iter().map(|entry| tokens(entry.message())).sum();
        let Some(last) = old.last().filter(|_| replaced > before / 5) else { return Ok(Tried::Same) };
        let last = last.message().id.clone();
        let question = unanswered(old, kept);
        let limit = usize::try_from(compaction.threshold.saturating_mul(2)).unwrap_or(usize::MAX);
        let text = render(old.iter().map(|entry| entry.message()), limit.clamp(4_000, 1_000_000));
        let model = compaction.model.as_ref().unwrap_or(&self.agent.model).clone();
        let asked = Transcript::from_iter([Message::user(text)]);
        let mut request = ModelRequest::new(Arc::clone(model.name()), asked);
        request.instructions = Some(Arc::clone(&compaction.instructions));
        let cx = CallContext::new().with_run(self.lease.run).with_cancel(self.handle.cancellation().clone());
        let answer = match self.watch.until(complete(&**model.provider(), request, &cx)).await {
            Err(interrupt) => return Ok(Tried::Interrupted(interrupt)),
            Ok(Ok(answer)) if !answer.text().trim().is_empty() => answer,
            Ok(Ok(_)) => return Ok(Tried::Same),
            Ok(Err(error)) => {
                tracing::warn!(run = %self.lease.run, error = ?error, "no summary was to be had; the history stays as it is");
                return Ok(Tried::Same);
            }
        };
        let mut summary = format!("{HEADING}\n\n{}", answer.text().trim());
        if let Some(question) = question {
            summary.push_str("\n\n[The last message of the user, which is still to be answered:]\n\n");
            summary.push_str(&question);
        }
        let parts = vec![Part::text(summary, Provenance::Model)];
        let mut message = Message::new(Role::User, parts);
        message.replaces = Some(last);
        if tokens(&message) + (before - replaced) > before / 5 * 4 {
            tracing::warn!(run = %self.lease.run, "a summary is as long as what it is of; the history stays as it is");
            return Ok(Tried::Same);
        }
        let key = answer
            .origin
            .as_ref()
            .map_or_else(|| model.to_string(), |origin| format!("{}:{}", origin.provider, origin.model));
        let cost_usd = self.agent.prices.cost(&key, &answer.usage);
        let message_id = message.id.clone();
        let applied = self.apply(Input::Compacted { summary: message, usage: answer.usage, cost_usd })?;
        self.commit(applied).await?;
        let entries: Vec<Arc<Entry>> = self.transcript.entries().to_vec();
        self.transcript = view(entries);
        self.emitter.emit(|| EventKind::Compacted(Compacted { message_id }));
        Ok(Tried::Shorter)
    }
}

/// The last message of the user, if it is among those that are replaced.
fn unanswered(old: &[Arc<Entry>], kept: &[Arc<Entry>]) -> Option<String> {
    let is_asked =
        |entry: &&Arc<Entry>| entry.message().role == Role::User && entry.message().replaces.is_none();
    if kept.iter().any(|entry| is_asked(&entry)) {
        return None;
    }
    old.iter().rev().find(is_asked).map(|entry| entry.message().text())
}
