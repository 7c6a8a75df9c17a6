//! Recorded streams: each is decoded whole, cut at every byte, in random pieces and with every line end. A recording is a
//! name, its bytes, and what it says, in words: `+` begins a part, `=` ends one, the rest are deltas, usage and the end.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use scorpio_core::{
    Native, Part,
    model::{Assembler, ModelError, ModelEvent, PartKind},
};

use crate::{
    http::{Answer, Decoder},
    random::Random,
};

/// Random chunkings of the recordings of a wire.
const CHUNKINGS: usize = 10_000;

/// A recording.
pub(crate) type Recorded = (&'static str, &'static str, &'static [&'static str]);

/// Recordings of files in `tests/streams`.
macro_rules! recorded {
    ($($name:literal: $($event:literal)*;)*) => {
        &[$(($name, include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/streams/", $name, ".sse")), &[$($event),*])),*]
    };
}
pub(crate) use recorded;

/// Holds a decoder to all recordings.
pub(crate) fn check<A: Answer>(recordings: &[Recorded], decoder: impl Fn() -> Decoder<A>) {
    for (name, stream, expected) in recordings {
        assert_eq!(decode(decoder(), [stream.as_bytes()]), *expected, "{name}");
        let marked = format!("\u{feff}{stream}");
        assert_eq!(decode(decoder(), marked.as_bytes().chunks(2)), *expected, "{name} with a mark");
        for line_end in ["\n", "\r\n", "\r"] {
            let stream = stream.replace('\n', line_end);
            let bytes = stream.as_bytes();
            for at in 0..=bytes.len() {
                let (before, after) = bytes.split_at(at);
                assert_eq!(decode(decoder(), [before, after]), *expected, "{name} cut at {at}, {line_end:?}");
            }
            assert_eq!(decode(decoder(), bytes.chunks(1)), *expected, "{name} byte by byte, {line_end:?}");
        }
    }
}

/// Holds a decoder to the recordings in 10,000 random chunkings.
pub(crate) fn check_chunkings<A: Answer>(recordings: &[Recorded], decoder: impl Fn() -> Decoder<A>) {
    let mut random = Random::new(7);
    for case in 0..CHUNKINGS {
        let (name, stream, expected) = recordings[case % recordings.len()];
        let stream = stream.replace('\n', ["\n", "\r\n", "\r"][random.below(3)]);
        let (mut rest, mut pieces) = (stream.as_bytes(), Vec::new());
        let longest = [1, 3, 10, 100, 1000][random.below(5)];
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(random.below(longest.min(rest.len()) + 1));
            pieces.push(piece);
            rest = after;
        }
        assert_eq!(decode(decoder(), pieces), expected, "{name}, chunking {case}");
    }
}

/// What comes out of `pieces`, with the rules of the stream checked on the way.
pub(crate) fn decode<'a, A: Answer>(
    mut decoder: Decoder<A>,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> Vec<String> {
    let (mut told, mut rules) = (Vec::new(), Assembler::new());
    let mut drain = |decoder: &mut Decoder<A>| -> Result<(), ModelError> {
        while let Some(event) = decoder.next_event()? {
            rules.push(&event).expect("the rules of the stream are kept");
            told.push(tell(&event));
        }
        Ok(())
    };
    let run = || -> Result<(), ModelError> {
        for piece in pieces {
            decoder.push(piece)?;
            drain(&mut decoder)?;
        }
        let ended = decoder.end();
        drain(&mut decoder)?;
        ended
    };
    match run() {
        Ok(()) => assert!(rules.finish().is_ok(), "it ends with a finish or an error"),
        Err(error) => told.push(format!("error {:?}", error.kind())),
    }
    told
}

fn tell(event: &ModelEvent) -> String {
    match event {
        ModelEvent::PartStart { index, kind } => match kind {
            PartKind::Text => format!("+{index} text"),
            PartKind::Reasoning => format!("+{index} reasoning"),
            PartKind::ToolCall { call_id, name } => format!("+{index} call {call_id} {name}"),
            PartKind::Opaque => format!("+{index} opaque"),
            other => panic!("{other:?}"),
        },
        ModelEvent::Delta { index, text } => format!("{index} {text}"),
        ModelEvent::PartEnd { index, part } => match &**part {
            Part::Text(part) => format!("={index} text {}{}", part.text, native(part.native.as_ref())),
            Part::Reasoning(part) => {
                format!("={index} reasoning {}{}", part.text, native(part.native.as_ref()))
            }
            Part::ToolCall(call) => {
                let native = native(call.native.as_ref());
                format!("={index} call {} {} {}{native}", call.call_id, call.name, call.arguments)
            }
            Part::Opaque(part) => format!("={index} opaque{}", native(Some(&part.native))),
            other => panic!("{other:?}"),
        },
        ModelEvent::Usage(usage) => format!(
            "usage {} {} {} {} {}",
            usage.input, usage.cache_read, usage.cache_write, usage.output, usage.reasoning
        ),
        ModelEvent::Finish { reason } => format!("finish {reason:?}"),
        other => panic!("{other:?}"),
    }
}

fn native(native: Option<&Native>) -> String {
    native.map(|native| format!(" native {}", native.item.get())).unwrap_or_default()
}
