//! From a stored history to the messages that a client begins with.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use serde::Serialize;

use super::{calls::CallIds, stream::url};
use crate::{
    Decision, Json, Message, MessageId, MessageStatus, Origin, Part, Role, RunId, ToolCallId, ToolName,
    ToolOutcome, ToolResultPart,
    message::arguments_json,
    store::{StoredMessage, ToolExecution},
};

/// A message as the AI SDK has it: all turns of a run are one assistant message, and a tool's answer stands in its call.
///
/// ```
/// use scorpio_core::{Message, store::StoredMessage, ui};
/// let stored = [StoredMessage::new(1, 0, Message::user("Hello."))];
/// let shown = serde_json::to_value(ui::messages(&stored)).unwrap();
/// assert_eq!(shown[0]["parts"][0]["text"], "Hello.");
/// ```
#[derive(Debug, Serialize)]
#[non_exhaustive]
pub struct UiMessage {
    /// The id of the first message that it is made of.
    pub id: MessageId,
    /// Who speaks: `system`, `user` or `assistant`.
    pub role: Role,
    metadata: Metadata,
    parts: Vec<UiPart>,
    /// The run that the message began, or that wrote it.
    #[serde(skip)]
    pub run: Option<RunId>,
    /// Which model wrote the last of it.
    #[serde(skip)]
    pub origin: Option<Origin>,
    #[serde(skip)]
    calls: CallIds,
    /// The turn that wrote the last of it.
    #[serde(skip)]
    turn: u32,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    created_at: Timestamp,
    /// None while more of the answer may follow.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<MessageStatus>,
    #[serde(flatten)]
    more: BTreeMap<&'static str, Json>,
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "kebab-case", rename_all_fields = "camelCase")]
enum UiPart {
    StepStart,
    Text {
        text: String,
        state: &'static str,
    },
    Reasoning {
        text: String,
        state: &'static str,
    },
    DynamicTool {
        tool_call_id: ToolCallId,
        tool_name: ToolName,
        state: &'static str,
        input: Json,
        #[serde(skip_serializing_if = "Option::is_none")]
        output: Option<Json>,
        #[serde(skip_serializing_if = "Option::is_none")]
        error_text: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        approval: Option<Asked>,
        #[serde(skip)]
        call: CallOfTurn,
    },
    SourceUrl {
        source_id: String,
        url: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        title: Option<String>,
    },
    File {
        media_type: String,
        url: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        filename: Option<String>,
    },
    #[serde(untagged)]
    Data {
        r#type: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        data: Json,
    },
}

/// What somebody was asked about a call, and the answer if there is one.
#[derive(Debug, Serialize)]
struct Asked {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    approved: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// A call as the engine knows it.
#[derive(Debug, PartialEq, Eq)]
struct CallOfTurn {
    turn: u32,
    call_id: ToolCallId,
}

/// Whether the answer that the message is part of goes on after it, or would have if its process had lived.
fn is_to_go_on(message: &Message) -> bool {
    let was_interrupted = |result: &ToolResultPart| matches!(result.status, ToolOutcome::Interrupted { .. });
    message.status == MessageStatus::Complete
        && match message.role {
            Role::Assistant => message.tool_calls().next().is_some(),
            Role::Tool => !message.tool_results().any(was_interrupted),
            _ => false,
        }
}

/// The messages that a client shows, in order. One that would have no part is left out: clients refuse a history over it.
pub fn messages(history: &[StoredMessage]) -> Vec<UiMessage> {
    let mut shown: Vec<UiMessage> = Vec::new();
    let mut turns: HashMap<Option<RunId>, u32> = HashMap::new();
    for StoredMessage { message, .. } in history {
        let turn = turns.entry(message.run).or_default();
        *turn += u32::from(message.role == Role::Assistant);
        let turn = *turn;
        let continued = shown.last_mut().filter(|last| last.goes_on_with(message));
        match (message.role, continued) {
            (Role::Assistant | Role::Tool, Some(last)) => last.extend(message, turn),
            (Role::Tool, None) => {}
            (_, _) => shown.push(UiMessage::of(message, turn)),
        }
    }
    shown.retain(|message| !message.parts.is_empty());
    shown
}

impl UiMessage {
    fn of(message: &Message, turn: u32) -> Self {
        let metadata = Metadata { created_at: message.created_at, status: None, more: BTreeMap::default() };
        let (id, role, run) = (message.id.clone(), message.role, message.run);
        let (parts, calls) = (Vec::new(), CallIds::default());
        let mut shown = Self { id, role, metadata, parts, run, origin: None, calls, turn };
        shown.extend(message, turn);
        shown
    }

    /// Tells of one of the run's calls what the history does not: whether somebody is asked about it, and what somebody has decided.
    pub fn tell_of(&mut self, execution: &ToolExecution) {
        let Some(asked) = execution.approval.as_ref().filter(|_| self.run == Some(execution.run)) else {
            return;
        };
        let meant = CallOfTurn { turn: execution.turn, call_id: execution.call_id.clone() };
        for part in &mut self.parts {
            let UiPart::DynamicTool { call, state, input, approval, .. } = part else { continue };
            if *call != meant {
                continue;
            }
            if execution.awaits_decision() {
                *state = "approval-requested";
            }
            let (approved, reason) = match &asked.decision {
                None if *state == "output-denied" => (Some(false), None),
                None => (None, None),
                Some(Decision::Approve { .. }) => (Some(true), None),
                Some(Decision::Deny { reason }) => (Some(false), reason.clone()),
            };
            *approval = match (approved, &*state) {
                (None, state) if *state != "approval-requested" => None,
                _ => Some(Asked { id: asked.id.clone(), approved, reason }),
            };
            *input = arguments_json(&execution.arguments);
        }
    }

    /// Adds a field to the metadata, beside `createdAt` and `status`.
    pub fn set_metadata(&mut self, name: &'static str, value: Json) {
        self.metadata.more.insert(name, value);
    }

    fn goes_on_with(&self, message: &Message) -> bool {
        self.role == Role::Assistant && self.run == message.run
    }

    fn extend(&mut self, message: &Message, turn: u32) {
        self.turn = turn;
        if message.role == Role::Assistant {
            self.parts.push(UiPart::StepStart);
        }
        if message.origin.is_some() {
            self.origin.clone_from(&message.origin);
        }
        self.metadata.status = (!is_to_go_on(message)).then_some(message.status);
        for part in &message.parts {
            match part {
                Part::ToolResult(result) => self.answer(result),
                part => {
                    let shown = self.show(part);
                    self.parts.extend(shown);
                }
            }
        }
    }

    fn show(&mut self, part: &Part) -> Option<UiPart> {
        let state = "done";
        Some(match part {
            Part::Text(part) if part.text.is_empty() => return None,
            Part::Reasoning(part) if part.text.is_empty() => return None,
            Part::Text(part) => UiPart::Text { text: part.text.clone(), state },
            Part::Reasoning(part) => UiPart::Reasoning { text: part.text.clone(), state },
            Part::ToolCall(call) => UiPart::DynamicTool {
                tool_call_id: self.calls.open(&call.call_id),
                tool_name: call.name.clone(),
                state: "input-available",
                input: call.arguments_json(),
                output: None,
                error_text: None,
                approval: None,
                call: CallOfTurn { turn: self.turn, call_id: call.call_id.clone() },
            },
            Part::Media(media) => UiPart::File {
                media_type: media.media_type.clone(),
                url: url(media),
                filename: media.filename.clone(),
            },
            Part::Source(source) => UiPart::SourceUrl {
                source_id: source.id.clone(),
                url: source.url.clone(),
                title: source.title.clone(),
            },
            Part::Data(data) => UiPart::Data {
                r#type: format!("data-{}", data.name),
                id: data.id.clone(),
                data: data.data.clone(),
            },
            _ => return None,
        })
    }

    fn answer(&mut self, result: &ToolResultPart) {
        let answered = self.calls.current(&result.call_id);
        for part in &mut self.parts {
            let UiPart::DynamicTool { tool_call_id, state, output, error_text, approval, .. } = part else {
                continue;
            };
            if *tool_call_id != answered {
                continue;
            }
            if result.status == ToolOutcome::Denied {
                *state = "output-denied";
                // Clients refuse a denial without an approval, and a policy denies without asking.
                let (id, reason) = (result.call_id.to_string(), Some(result.output.display_text()));
                *approval = Some(Asked { id, approved: Some(false), reason });
            } else if result.is_error() {
                *state = "output-error";
                *error_text = Some(result.output.display_text());
            } else {
                *state = "output-available";
                *output = Some(result.output.clone());
            }
        }
    }
}
