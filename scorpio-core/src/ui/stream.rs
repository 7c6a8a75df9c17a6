//! From the events of a run to server-sent events.

use serde::Serialize;

use super::{
    calls::CallIds,
    chunk::{Chunk, DataChunk, finish_reason},
};
use crate::{
    Event, EventKind, Json, MediaPart, MediaSource, Part, PartFinished, PartStarted, RunEnd, ToolCallId,
    ToolResultPart, model::PartKind,
};

/// A part that has begun and not ended.
#[derive(Debug)]
struct OpenPart {
    turn: u32,
    index: u32,
    id: String,
    kind: PartKind,
}

/// Encodes the events of one run, from its first on.
///
/// The same events always give the same bytes, so a stream that is resumed repeats what was sent before.
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
    in_step: bool,
}

impl UiStream {
    /// An encoder for a run that has not begun.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends the frames of `event` to `out`: `data:` lines, the first of them with the event's number as `id:`. An event that the format
    /// has no word for appends nothing.
    pub fn encode(&mut self, event: &Event, out: &mut String) {
        let mut frames = Frames { out, seq: Some(event.seq) };
        match &event.kind {
            EventKind::RunStarted(start) => frames.push(&Chunk::Start { message_id: &start.message_id }),
            EventKind::TurnStarted(_) => {
                self.end_step(&mut frames);
                self.in_step = true;
                frames.push(&Chunk::StartStep);
            }
            EventKind::PartStarted(start) => self.start_part(start, &mut frames),
            EventKind::PartDelta(delta) => {
                if let Some(part) = self.open.iter().find(|part| part.is(delta.turn, delta.index)) {
                    frames.push(&part.delta(&delta.text));
                }
            }
            EventKind::PartFinished(end) => self.end_part(end, &mut frames),
            EventKind::ToolFinished(finished) => self.tool_result(&finished.result, &mut frames),
            EventKind::Data(data) => frames.push(&DataChunk {
                r#type: format!("data-{}", data.name),
                id: data.id.as_deref(),
                data: &data.data,
                transient: true,
            }),
            EventKind::Error(error) => {
                self.end_step(&mut frames);
                frames.push(&Chunk::Error { error_text: &error.message });
            }
            EventKind::RunFinished(finished) => {
                self.end_step(&mut frames);
                match finished.outcome {
                    RunEnd::Done { reason } => frames.push(&Chunk::Finish { finish_reason: finish_reason(reason) }),
                    RunEnd::Stopped { reason } => frames.push(&Chunk::Abort { reason: reason.as_str() }),
                    RunEnd::Interrupted => frames.push(&Chunk::Error {
                        error_text: "The answer was interrupted. What there was of it is kept; please ask again.",
                    }),
                    // The error was told when it happened.
                    RunEnd::Failed => {}
                }
                frames.out.push_str("data: [DONE]\n\n");
            }
            _ => {}
        }
    }

    fn start_part(&mut self, start: &PartStarted, frames: &mut Frames<'_>) {
        let PartStarted { turn, index, part } = start;
        let id = match part {
            PartKind::ToolCall { call_id, .. } => self.calls.open(call_id).to_string(),
            PartKind::Text | PartKind::Reasoning => format!("{turn}-{index}"),
        };
        let open = OpenPart { turn: *turn, index: *index, id, kind: part.clone() };
        match part {
            PartKind::Text => frames.push(&Chunk::TextStart { id: &open.id }),
            PartKind::Reasoning => frames.push(&Chunk::ReasoningStart { id: &open.id }),
            PartKind::ToolCall { name, .. } => {
                let tool_call_id = &ToolCallId::from(open.id.as_str());
                frames.push(&Chunk::ToolInputStart { tool_call_id, tool_name: name, dynamic: true });
            }
        }
        self.open.push(open);
    }

    fn end_part(&mut self, end: &PartFinished, frames: &mut Frames<'_>) {
        let Some(at) = self.open.iter().position(|part| part.is(end.turn, end.index)) else { return };
        let open = self.open.remove(at);
        match &end.part {
            Part::ToolCall(call) => frames.push(&Chunk::ToolInputAvailable {
                tool_call_id: &ToolCallId::from(open.id.as_str()),
                tool_name: &call.name,
                input: &call.arguments_json(),
                dynamic: true,
            }),
            Part::Source(source) => frames.push(&Chunk::SourceUrl {
                source_id: &source.id,
                url: &source.url,
                title: source.title.as_deref(),
            }),
            Part::Media(media) => {
                frames.push(&Chunk::File { url: &url(media), media_type: &media.media_type });
            }
            _ => open.close(frames),
        }
    }

    fn tool_result(&self, result: &ToolResultPart, frames: &mut Frames<'_>) {
        let tool_call_id = &self.calls.current(&result.call_id);
        if result.is_error() {
            let error_text = &result.output.display_text();
            frames.push(&Chunk::ToolOutputError { tool_call_id, error_text, dynamic: true });
        } else {
            frames.push(&Chunk::ToolOutputAvailable { tool_call_id, output: &result.output, dynamic: true });
        }
    }

    /// Closes what is open, so that a client is never left with a part that streams for ever.
    fn end_step(&mut self, frames: &mut Frames<'_>) {
        for open in self.open.drain(..) {
            open.close(frames);
        }
        if std::mem::take(&mut self.in_step) {
            frames.push(&Chunk::FinishStep);
        }
    }
}

impl OpenPart {
    fn is(&self, turn: u32, index: u32) -> bool {
        self.turn == turn && self.index == index
    }

    fn delta<'a>(&'a self, text: &'a str) -> DeltaChunk<'a> {
        DeltaChunk { part: self, text }
    }

    fn close(&self, frames: &mut Frames<'_>) {
        match &self.kind {
            PartKind::Text => frames.push(&Chunk::TextEnd { id: &self.id }),
            PartKind::Reasoning => frames.push(&Chunk::ReasoningEnd { id: &self.id }),
            PartKind::ToolCall { name, .. } => frames.push(&Chunk::ToolInputError {
                tool_call_id: &ToolCallId::from(self.id.as_str()),
                tool_name: name,
                input: &Json::null(),
                error_text: "The answer ended before the call was whole; the tool was not run.",
                dynamic: true,
            }),
        }
    }
}

struct DeltaChunk<'a> {
    part: &'a OpenPart,
    text: &'a str,
}

impl Serialize for DeltaChunk<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (id, delta) = (self.part.id.as_str(), self.text);
        match &self.part.kind {
            PartKind::Text => Chunk::TextDelta { id, delta }.serialize(serializer),
            PartKind::Reasoning => Chunk::ReasoningDelta { id, delta }.serialize(serializer),
            PartKind::ToolCall { .. } => {
                let tool_call_id = &ToolCallId::from(id);
                Chunk::ToolInputDelta { tool_call_id, input_text_delta: delta }.serialize(serializer)
            }
        }
    }
}

/// The address of media, as a browser takes it.
pub(super) fn url(media: &MediaPart) -> String {
    match &media.source {
        MediaSource::Url(url) => url.clone(),
        MediaSource::Base64(data) => format!("data:{};base64,{data}", media.media_type),
    }
}

struct Frames<'a> {
    out: &'a mut String,
    seq: Option<u64>,
}

impl Frames<'_> {
    fn push(&mut self, chunk: &impl Serialize) {
        use std::fmt::Write;
        if let Some(seq) = self.seq.take() {
            // Writing to a string cannot fail.
            let _ = writeln!(self.out, "id: {seq}");
        }
        self.out.push_str("data: ");
        // Chunks are made of strings and JSON that is there already: they always have a JSON form.
        self.out.push_str(&serde_json::to_string(chunk).unwrap_or_else(|_| "{}".to_owned()));
        self.out.push_str("\n\n");
    }
}
