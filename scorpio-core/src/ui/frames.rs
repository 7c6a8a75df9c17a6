//! Server-sent events, as text, each with the place in the stream at which a client that was cut off goes on.

use std::{
    fmt::{self, Write},
    ops::Range,
    str::FromStr,
};

use serde::Serialize;

use crate::RunId;

/// The place of a frame in the stream of a run, as its `id:` says it: `<run>:<leg>.<seq>`, and `<run>:<leg>.<seq>.<frame>` for a frame that
/// is not the last one of its event. The legs count how often the run was resumed before: what was streamed shortly before a process
/// died may never have been logged, and its numbers are given out again.
///
/// ```
/// use scorpio_core::{RunId, ui::FrameId};
/// let id: FrameId = format!("{}:0.12", RunId::new()).parse().unwrap();
/// assert_eq!((id.leg, id.seq, id.frame), (0, 12, None));
/// assert!("12".parse::<FrameId>().is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct FrameId {
    /// The run.
    pub run: RunId,
    /// How often the run was resumed before.
    pub leg: u32,
    /// The event's place in the log of the run.
    pub seq: u64,
    /// The frame's place among those of the event, from 1. The last one has none.
    pub frame: Option<u32>,
}

/// A text that is no [`FrameId`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the id of a frame is <run>:<leg>.<seq> or <run>:<leg>.<seq>.<frame>")]
pub struct InvalidFrameId;

/// The longest text that may be an id. A longer one is not looked at.
const LONGEST: usize = 96;

impl FromStr for FrameId {
    type Err = InvalidFrameId;

    fn from_str(text: &str) -> Result<Self, InvalidFrameId> {
        if text.len() > LONGEST {
            return Err(InvalidFrameId);
        }
        let (run, place) = text.split_once(':').ok_or(InvalidFrameId)?;
        let run = run.parse().map_err(|_| InvalidFrameId)?;
        let mut numbers = place.split('.');
        let leg = number(numbers.next())?.ok_or(InvalidFrameId)?;
        let seq = number(numbers.next())?.ok_or(InvalidFrameId)?;
        let frame = number(numbers.next())?;
        match numbers.next() {
            None => Ok(Self { run, leg, seq, frame }),
            Some(_) => Err(InvalidFrameId),
        }
    }
}

/// Digits alone: the parser of numbers would take a sign.
fn number<T: FromStr>(text: Option<&str>) -> Result<Option<T>, InvalidFrameId> {
    let Some(text) = text else { return Ok(None) };
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(InvalidFrameId);
    }
    text.parse().map(Some).map_err(|_| InvalidFrameId)
}

impl fmt::Display for FrameId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}.{}", self.run, self.leg, self.seq)?;
        match self.frame {
            Some(frame) => write!(f, ".{frame}"),
            None => Ok(()),
        }
    }
}

/// Appends the frames of one event.
pub(super) struct Frames<'a> {
    out: &'a mut String,
    event: FrameId,
    count: u32,
    /// Where the number of the last frame stands.
    number: Option<Range<usize>>,
}

impl<'a> Frames<'a> {
    pub(super) fn new(out: &'a mut String, event: FrameId) -> Self {
        Self { out, event, count: 0, number: None }
    }

    pub(super) fn push(&mut self, chunk: &impl Serialize) {
        // Chunks are made of strings and JSON that is there already: they always have a JSON form.
        self.line(&serde_json::to_string(chunk).unwrap_or_else(|_| "{}".to_owned()));
    }

    /// The frame that ends the stream.
    pub(super) fn done(&mut self) {
        self.line("[DONE]");
    }

    /// The event has no more frames: whoever has seen the last one has seen all of it.
    pub(super) fn finish(self) {
        if let Some(number) = self.number {
            self.out.replace_range(number, "");
        }
    }

    fn line(&mut self, data: &str) {
        self.count += 1;
        // Writing to a string does not fail.
        let _ = write!(self.out, "id: {}", self.event);
        let from = self.out.len();
        let _ = write!(self.out, ".{}", self.count);
        self.number = Some(from..self.out.len());
        self.out.push_str("\ndata: ");
        self.out.push_str(data);
        self.out.push_str("\n\n");
    }
}

/// What comes after the first `count` frames of `frames`.
pub(super) fn skip(frames: &str, count: u32) -> &str {
    let mut rest = frames;
    for _ in 0..count {
        rest = rest.split_once("\n\n").map_or("", |(_, rest)| rest);
    }
    rest
}
