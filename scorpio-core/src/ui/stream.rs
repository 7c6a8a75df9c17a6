//! From the events of a run to server-sent events.

use std::cmp::Ordering;

use jiff::Timestamp;
use serde::Serialize;

use super::{
    calls::CallIds,
    chunk::{Chunk, DataChunk, Measured, finish_reason},
    frames::{FrameId, Frames, skip},
    part::OpenPart,
};
use crate::{
    ApprovalRequested, ApprovalResolved, Decision, Event, EventKind, Json, MediaPart, MediaSource, MessageId,
    Part, PartFinished, PartStarted, RunEnd, StreamReset, ToolCallId, ToolFinished, ToolOutcome, ToolStarted,
    model::{FinishReason, PartKind},
};

/// Encodes the events of one run, from its first on.
///
/// The same events always give the same bytes, so a stream that is resumed repeats what was sent before. Whatever a run leaves open is
/// closed before its end is told, so no client is left with a text that streams or a tool that runs for ever.
///
/// A run that waits for somebody ends its stream as one that is done does. When it goes on, another stream begins for the same message:
/// the bytes of both, one after the other, are what whoever reads the run from its beginning is sent.
///
/// ```
/// use futures::StreamExt;
/// use scorpio_core::{Agent, model::{Demo, Model}, ui::UiStream};
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> scorpio_core::Result<()> {
/// let agent = Agent::builder("demo").with_model(Model::new(Demo::new(), "demo")).build()?;
/// let mut run = agent.run("Why is the sky blue?").stream();
/// let (mut encoder, mut body) = (UiStream::new(), String::new());
/// while let Some(event) = run.next().await {
///     encoder.encode(&event, &mut body);
/// }
/// assert!(body.contains(r#"{"type":"text-delta","id":"1-0","delta":"blue "}"#));
/// assert!(body.ends_with("data: [DONE]\n\n"));
/// # Ok(()) }
/// ```
#[derive(Debug, Default)]
pub struct UiStream {
    open: Vec<OpenPart>,
    calls: CallIds,
    /// Calls that were told of as a whole and have no answer.
    unanswered: Vec<ToolCallId>,
    /// Calls whose arguments somebody has changed.
    changed: Vec<ToolCallId>,
    message_id: Option<MessageId>,
    started: bool,
    /// The last turn that began.
    turn: u32,
    /// How often the run was resumed.
    leg: u32,
    in_step: bool,
    paused: bool,
    error_told: bool,
    metadata: Option<Json>,
}

impl UiStream {
    /// An encoder for a run that has not begun.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the metadata that the message begins with, an object: what [`UiMessage::set_metadata`](super::UiMessage::set_metadata) sets in a
    /// history.
    #[must_use]
    pub fn with_metadata(mut self, metadata: Json) -> Self {
        self.metadata = Some(metadata);
        self
    }

    /// Sets the id of the message, for a run of which the log has lost how it began.
    #[must_use]
    pub fn with_message_id(mut self, id: MessageId) -> Self {
        self.message_id = Some(id);
        self
    }

    /// Appends the frames of `event` to `out`, each with its [`FrameId`] and a chunk. An event that the format has no word for appends
    /// nothing.
    pub fn encode(&mut self, event: &Event, out: &mut String) {
        self.leg += u32::from(matches!(event.kind, EventKind::RunResumed(_)));
        let place = FrameId { run: event.run, leg: self.leg, seq: event.seq, frame: None };
        let mut frames = Frames::new(out, place);
        self.encode_kind(event, &mut frames);
        frames.finish();
    }

    /// As [`UiStream::encode`], for a client that was cut off: appends only what comes after the frame `seen`.
    pub fn encode_after(&mut self, event: &Event, seen: FrameId, out: &mut String) {
        let mut whole = String::new();
        self.encode(event, &mut whole);
        let unseen = match (self.leg, event.seq).cmp(&(seen.leg, seen.seq)) {
            Ordering::Greater => whole.as_str(),
            Ordering::Equal => seen.frame.map_or("", |frame| skip(&whole, frame)),
            // The client has seen what the log has lost. How the run ended is news to it all the same.
            Ordering::Less if event.is_last() => whole.as_str(),
            Ordering::Less => "",
        };
        out.push_str(unseen);
    }

    /// Appends the frame with which the stream of a run begins that is joined in its middle, for a message that the client has already.
    pub fn join(&self, out: &mut String) {
        if let Some(message_id) = &self.message_id {
            let message_metadata = self.metadata.as_ref();
            let start = Chunk::Start { message_id, message_metadata };
            let start = serde_json::to_string(&start).unwrap_or_default();
            out.push_str(&format!("data: {start}\n\n"));
        }
    }

    fn encode_kind(&mut self, event: &Event, frames: &mut Frames<'_>) {
        if matches!(event.kind, EventKind::RunResumed(_) | EventKind::RunFinished(_)) {
            self.unpause(frames);
        }
        match &event.kind {
            EventKind::RunStarted(start) => {
                self.message_id = Some(start.message_id.clone());
                self.start(frames);
            }
            EventKind::TurnStarted(start) => self.start_turn(start.turn, event.at, frames),
            EventKind::PartStarted(start) => self.start_part(start, event.at, frames),
            EventKind::PartDelta(delta) => {
                if let Some(part) = self.open.iter_mut().find(|part| part.is(delta.turn, delta.index)) {
                    part.delta(&delta.text, frames);
                }
            }
            EventKind::PartFinished(end) => self.finish_part(end, event.at, frames),
            EventKind::StreamReset(reset) => self.reset(reset, event.at, frames),
            EventKind::Retrying(retrying) => tell("data-retrying", retrying, frames),
            EventKind::FellBack(fell_back) => tell("data-fell-back", fell_back, frames),
            EventKind::WaitingForStore(waiting) => tell("data-waiting-for-store", waiting, frames),
            EventKind::ToolStarted(started) => self.start_tool(started, frames),
            EventKind::ToolFinished(finished) => self.finish_tool(finished, frames),
            EventKind::ApprovalRequested(asked) => self.ask(asked, frames),
            EventKind::ApprovalResolved(resolved) => self.resolve(resolved),
            EventKind::RunPaused(_) => self.pause(event.at, frames),
            EventKind::RunResumed(resumed) if resumed.recovered => tell("data-recovered", resumed, frames),
            EventKind::Data(data) => frames.push(&DataChunk {
                r#type: format!("data-{}", data.name),
                id: data.id.as_deref(),
                data: &data.data,
                transient: true,
            }),
            EventKind::Error(error) => {
                self.end_step(event.at, frames);
                self.fail(&error.message, frames);
            }
            EventKind::RunFinished(finished) => {
                self.end_step(event.at, frames);
                self.end(finished.outcome, frames);
            }
            _ => {}
        }
    }

    fn start(&mut self, frames: &mut Frames<'_>) {
        self.started = true;
        if let Some(message_id) = &self.message_id {
            frames.push(&Chunk::Start { message_id, message_metadata: self.metadata.as_ref() });
        }
    }

    /// A turn that begins a second time was asked for by a process that is gone: what was streamed of it is void.
    fn start_turn(&mut self, turn: u32, at: Timestamp, frames: &mut Frames<'_>) {
        self.end_step(at, frames);
        if turn == self.turn {
            tell("data-stream-reset", &VoidTurn { turn }, frames);
        }
        self.turn = turn;
        self.in_step = true;
        frames.push(&Chunk::StartStep);
    }

    /// The calls that somebody is asked about stay open; the rest ends as it does for a run that is over.
    fn pause(&mut self, at: Timestamp, frames: &mut Frames<'_>) {
        self.close_parts(at, frames);
        self.finish_step(frames);
        frames.push(&Chunk::Finish { finish_reason: finish_reason(FinishReason::ToolCalls) });
        frames.done();
        self.paused = true;
    }

    fn unpause(&mut self, frames: &mut Frames<'_>) {
        if std::mem::take(&mut self.paused) || !self.started {
            self.start(frames);
        }
    }

    /// The format has no word for it, so what was streamed is closed, and a chunk of data tells whoever understands it that it is void.
    fn reset(&mut self, reset: &StreamReset, at: Timestamp, frames: &mut Frames<'_>) {
        self.end_step(at, frames);
        tell("data-stream-reset", reset, frames);
        self.in_step = true;
        frames.push(&Chunk::StartStep);
    }

    fn start_part(&mut self, start: &PartStarted, at: Timestamp, frames: &mut Frames<'_>) {
        let id = match &start.part {
            PartKind::ToolCall { call_id, .. } => self.calls.open(call_id),
            _ => format!("{}-{}", start.turn, start.index).into(),
        };
        let mut open = OpenPart::new(start, id, at);
        open.begin_call(frames);
        self.open.push(open);
    }

    fn finish_part(&mut self, end: &PartFinished, at: Timestamp, frames: &mut Frames<'_>) {
        let Some(position) = self.open.iter().position(|part| part.is(end.turn, end.index)) else { return };
        let open = self.open.remove(position);
        match &end.part {
            Part::Text(part) => open.finish(&part.text, at, frames),
            Part::Reasoning(part) => open.finish(&part.text, at, frames),
            Part::ToolCall(call) => {
                frames.push(&Chunk::ToolInputAvailable {
                    tool_call_id: &open.id,
                    tool_name: &call.name,
                    input: &call.arguments_json(),
                    dynamic: true,
                });
                self.unanswered.push(open.id);
            }
            Part::Source(source) => {
                open.close(at, frames);
                let (source_id, url, title) = (&source.id, &source.url, source.title.as_deref());
                frames.push(&Chunk::SourceUrl { source_id, url, title });
            }
            Part::Media(media) => {
                open.close(at, frames);
                frames.push(&Chunk::File { url: &url(media), media_type: &media.media_type });
            }
            Part::Data(data) => {
                open.close(at, frames);
                let (r#type, id) = (format!("data-{}", data.name), data.id.as_deref());
                frames.push(&DataChunk { r#type, id, data: &data.data, transient: false });
            }
            _ => open.close(at, frames),
        }
    }

    /// The call as clients know it. One that the log has lost, as it may when a process dies, is told of first.
    fn call(&mut self, id: &ToolCallId, name: &str, input: &Json, frames: &mut Frames<'_>) -> ToolCallId {
        let known = self.calls.current(id);
        if self.unanswered.contains(&known) {
            return known;
        }
        let tool_call_id = self.calls.open(id);
        frames.push(&Chunk::ToolInputAvailable {
            tool_call_id: &tool_call_id,
            tool_name: name,
            input,
            dynamic: true,
        });
        self.unanswered.push(tool_call_id.clone());
        tool_call_id
    }

    fn ask(&mut self, asked: &ApprovalRequested, frames: &mut Frames<'_>) {
        let tool_call_id = &self.call(&asked.call_id, &asked.name, &asked.arguments, frames);
        frames.push(&Chunk::ToolApprovalRequest { approval_id: &asked.approval, tool_call_id });
    }

    fn resolve(&mut self, resolved: &ApprovalResolved) {
        if let Decision::Approve { arguments: Some(_), .. } = &resolved.decision {
            self.changed.push(self.calls.current(&resolved.call_id));
        }
    }

    /// Clients know what a tool is called with, unless somebody has changed it.
    fn start_tool(&mut self, started: &ToolStarted, frames: &mut Frames<'_>) {
        let id = self.calls.current(&started.call_id);
        let Some(position) = self.changed.iter().position(|changed| *changed == id) else {
            if self.leg > 0 {
                self.call(&started.call_id, &started.name, &started.arguments, frames);
            }
            return;
        };
        self.changed.remove(position);
        frames.push(&Chunk::ToolInputAvailable {
            tool_call_id: &id,
            tool_name: &started.name,
            input: &started.arguments,
            dynamic: true,
        });
    }

    fn finish_tool(&mut self, finished: &ToolFinished, frames: &mut Frames<'_>) {
        let result = &finished.result;
        let tool_call_id = &self.calls.current(&result.call_id);
        // A client refuses the whole stream over an answer to a call that it does not know.
        let Some(position) = self.unanswered.iter().position(|call| call == tool_call_id) else { return };
        self.unanswered.remove(position);
        let provider_metadata = Measured::new(finished.duration_ms);
        if result.status == ToolOutcome::Denied {
            frames.push(&Chunk::ToolOutputDenied { tool_call_id });
        } else if result.is_error() {
            let error_text = &result.output.display_text();
            frames.push(&Chunk::ToolOutputError {
                tool_call_id,
                error_text,
                dynamic: true,
                provider_metadata,
            });
        } else {
            let output = &result.output;
            frames.push(&Chunk::ToolOutputAvailable {
                tool_call_id,
                output,
                dynamic: true,
                provider_metadata,
            });
        }
    }

    /// Closes what is open.
    fn end_step(&mut self, at: Timestamp, frames: &mut Frames<'_>) {
        self.close_parts(at, frames);
        for tool_call_id in &self.unanswered {
            frames.push(&Chunk::ToolOutputError {
                tool_call_id,
                error_text: "The answer ended before the tool had answered.",
                dynamic: true,
                provider_metadata: None,
            });
        }
        self.unanswered.clear();
        self.finish_step(frames);
    }

    fn close_parts(&mut self, at: Timestamp, frames: &mut Frames<'_>) {
        for open in self.open.drain(..) {
            open.close(at, frames);
        }
    }

    fn finish_step(&mut self, frames: &mut Frames<'_>) {
        if std::mem::take(&mut self.in_step) {
            frames.push(&Chunk::FinishStep);
        }
    }

    fn end(&mut self, outcome: RunEnd, frames: &mut Frames<'_>) {
        match outcome {
            RunEnd::Done { reason } => frames.push(&Chunk::Finish { finish_reason: finish_reason(reason) }),
            RunEnd::Stopped { reason } => frames.push(&Chunk::Abort { reason: reason.as_str() }),
            RunEnd::Interrupted => {
                self.fail(
                    "The answer was interrupted. What there was of it is kept; please ask again.",
                    frames,
                );
            }
            RunEnd::Failed => {
                self.fail("The answer failed. What there was of it is kept; please ask again.", frames)
            }
        }
        frames.done();
    }

    /// Tells of an error, once.
    fn fail(&mut self, error_text: &str, frames: &mut Frames<'_>) {
        if !std::mem::replace(&mut self.error_told, true) {
            frames.push(&Chunk::Error { error_text });
        }
    }
}

/// A turn of which what was streamed does not count.
#[derive(Debug, Serialize)]
struct VoidTurn {
    turn: u32,
}

/// Tells whoever watches of what the format has no word for. It is not part of the message.
fn tell<T: Serialize>(name: &str, payload: &T, frames: &mut Frames<'_>) {
    frames.push(&DataChunk {
        r#type: name.to_owned(),
        id: None,
        data: &Json::new(payload).unwrap_or_default(),
        transient: true,
    });
}

/// The address of media, as a browser takes it.
pub(super) fn url(media: &MediaPart) -> String {
    match &media.source {
        MediaSource::Url(url) => url.clone(),
        MediaSource::Base64(data) => format!("data:{};base64,{data}", media.media_type),
    }
}
