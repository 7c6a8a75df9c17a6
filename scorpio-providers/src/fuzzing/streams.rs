//! Server-sent events and the four wires that are written in them: the same bytes whole, in two pieces and byte by byte.

use scorpio_core::model::{Assembler, ModelError, ModelErrorKind, ModelEvent};

use crate::{
    anthropic::MessagesAnswer,
    gemini::GeminiAnswer,
    http::{Answer, Decoder},
    openai::{chat::ChatAnswer, responses::ResponsesAnswer},
    sse::{SseLimits, SseParser, TooLarge},
};

/// What makes the ids that a server leaves out.
const SEED: u64 = 7;

pub(super) fn sse(bytes: &[u8]) {
    let limits = SseLimits { event: 4 << 10, stream: 64 << 10 };
    let read = |pieces: &[&[u8]]| {
        let mut events = Vec::new();
        let end = read_events(SseParser::new(limits), pieces, &mut events);
        (events, end)
    };
    // Where the limits cut an event off does depend on the pieces, so what is compared stays within them.
    let whole = read(&[bytes]);
    if bytes.len() < limits.event {
        each_cut(bytes, |pieces| assert_eq!(read(pieces), whole));
    } else {
        each_cut(bytes, |pieces| drop(read(pieces)));
    }
}

type Named = (Vec<u8>, Vec<u8>);

fn read_events(mut parser: SseParser, pieces: &[&[u8]], events: &mut Vec<Named>) -> Result<(), TooLarge> {
    for piece in pieces {
        parser.push(piece)?;
        while let Some(event) = parser.next_event()? {
            assert!(!event.data.is_empty(), "an event has data");
            events.push((event.name.to_vec(), event.data.to_vec()));
        }
    }
    events.extend(parser.last_event().map(|event| (event.name.to_vec(), event.data.to_vec())));
    Ok(())
}

pub(super) fn chat(bytes: &[u8]) {
    wire(bytes, || ChatAnswer::new(SEED, Default::default()));
}

pub(super) fn responses(bytes: &[u8]) {
    wire(bytes, || ResponsesAnswer::new(Default::default()));
}

pub(super) fn messages(bytes: &[u8]) {
    wire(bytes, || MessagesAnswer::new(Default::default()));
}

pub(super) fn gemini(bytes: &[u8]) {
    wire(bytes, || GeminiAnswer::new(SEED, Default::default()));
}

fn wire<A: Answer>(bytes: &[u8], answer: impl Fn() -> A) {
    let of_events = || Decoder::of_events(answer(), SseLimits::default());
    let whole = decode(of_events(), &[bytes]);
    each_cut(bytes, |pieces| assert_eq!(decode(of_events(), pieces), whole));
    // The same as a body that is sent at once: as it is, and what the first event holds.
    let data = bytes.strip_prefix(b"data: ").unwrap_or(bytes);
    for body in [bytes, data.split(|byte| *byte == b'\n').next().unwrap_or_default()] {
        let of_body = || Decoder::of_whole_answer(answer());
        let whole = decode(of_body(), &[body]);
        each_cut(body, |pieces| assert_eq!(decode(of_body(), pieces), whole));
    }
}

/// What comes out of `pieces`. The rules of the stream are checked on the way.
fn decode<A: Answer>(mut decoder: Decoder<A>, pieces: &[&[u8]]) -> (Vec<ModelEvent>, Option<ModelErrorKind>) {
    let (mut events, mut rules) = (Vec::new(), Assembler::new());
    let mut drain = |decoder: &mut Decoder<A>| -> Result<(), ModelError> {
        while let Some(event) = decoder.next_event()? {
            let kept = rules.push(&event);
            assert!(kept.is_ok(), "the rules of the stream are broken by {event:?}: {kept:?}");
            events.push(event);
        }
        Ok(())
    };
    let mut run = || -> Result<(), ModelError> {
        for piece in pieces {
            decoder.push(piece)?;
            drain(&mut decoder)?;
        }
        let ended = decoder.end();
        drain(&mut decoder)?;
        ended
    };
    let failure = run().err().map(|error| error.kind());
    if failure.is_none() {
        assert!(rules.finish().is_ok(), "it ends with a finish or an error");
    }
    (events, failure)
}

/// Calls `check` with the bytes in two pieces and byte by byte. Where the cut is depends on the bytes alone.
fn each_cut(bytes: &[u8], mut check: impl FnMut(&[&[u8]])) {
    let sum = bytes.iter().fold(0_usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(usize::from(*byte)));
    let (before, after) = bytes.split_at(sum % (bytes.len() + 1));
    check(&[before, after]);
    check(&bytes.chunks(1).collect::<Vec<_>>());
}
