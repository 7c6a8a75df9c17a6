//! From the events of a run to server-sent events.

use jiff::Timestamp;
use serde::Serialize;

use super::{
    calls::CallIds,
    chunk::{Chunk, DataChunk, Measured, finish_reason},
    frames::Frames,
    part::OpenPart,
};
use crate::{
    Event, EventKind, Json, MediaPart, MediaSource, Part, PartFinished, PartStarted, RunEnd, StreamReset,
    ToolCallId, ToolFinished, model::PartKind,
};

/// Encodes the events of one run, from its first on.
///
/// The same events always give the same bytes, so a stream that is resumed repeats what was sent before. Whatever a run leaves open is
/// closed before its end is told, so no client is left with a text that streams or a tool that runs for ever.
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
    in_step: bool,
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

    /// Appends the frames of `event` to `out`: `data:` lines, the last of them with the event's number as `id:`. An event that the format
    /// has no word for appends nothing.
    pub fn encode(&mut self, event: &Event, out: &mut String) {
        let mut frames = Frames::new(out);
        match &event.kind {
            EventKind::RunStarted(start) => {
                let (message_id, message_metadata) = (&start.message_id, self.metadata.as_ref());
                frames.push(&Chunk::Start { message_id, message_metadata });
            }
            EventKind::TurnStarted(_) => {
                self.end_step(event.at, &mut frames);
                self.in_step = true;
                frames.push(&Chunk::StartStep);
            }
            EventKind::PartStarted(start) => self.start_part(start, event.at, &mut frames),
            EventKind::PartDelta(delta) => {
                if let Some(part) = self.open.iter_mut().find(|part| part.is(delta.turn, delta.index)) {
                    part.delta(&delta.text, &mut frames);
                }
            }
            EventKind::PartFinished(end) => self.finish_part(end, event.at, &mut frames),
            EventKind::StreamReset(reset) => self.reset(reset, event.at, &mut frames),
            EventKind::Retrying(retrying) => tell("data-retrying", retrying, &mut frames),
            EventKind::FellBack(fell_back) => tell("data-fell-back", fell_back, &mut frames),
            EventKind::ToolFinished(finished) => self.finish_tool(finished, &mut frames),
            EventKind::Data(data) => frames.push(&DataChunk {
                r#type: format!("data-{}", data.name),
                id: data.id.as_deref(),
                data: &data.data,
                transient: true,
            }),
            EventKind::Error(error) => {
                self.end_step(event.at, &mut frames);
                self.fail(&error.message, &mut frames);
            }
            EventKind::RunFinished(finished) => {
                self.end_step(event.at, &mut frames);
                self.end(finished.outcome, &mut frames);
            }
            _ => {}
        }
        frames.number(event.seq);
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

    fn finish_tool(&mut self, finished: &ToolFinished, frames: &mut Frames<'_>) {
        let result = &finished.result;
        let tool_call_id = &self.calls.current(&result.call_id);
        // A client refuses the whole stream over an answer to a call that it does not know.
        let Some(position) = self.unanswered.iter().position(|call| call == tool_call_id) else { return };
        self.unanswered.remove(position);
        let provider_metadata = Measured::new(finished.duration_ms);
        if result.is_error() {
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
        for open in self.open.drain(..) {
            open.close(at, frames);
        }
        for tool_call_id in &self.unanswered {
            frames.push(&Chunk::ToolOutputError {
                tool_call_id,
                error_text: "The answer ended before the tool had answered.",
                dynamic: true,
                provider_metadata: None,
            });
        }
        self.unanswered.clear();
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
