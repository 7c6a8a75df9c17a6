//! Seeded mutations of the recordings: whatever arrives, nothing panics, the rules of the stream are kept, and no cut makes a difference.

use super::{Random, Recorded, decode};
use crate::http::{Answer, Decoder};

const CASES: usize = 10_000;

/// Pieces that mean something to the parsers.
const TOKENS: [&str; 32] = [
    "\n\n",
    "\r\n",
    "\r",
    "data: ",
    "data:",
    "event: error\n",
    ": ",
    "[DONE]",
    "\u{feff}",
    "{",
    "}",
    "[",
    "]",
    "\"",
    ",",
    "null",
    "-1",
    "1e400",
    "\\ud800",
    "\\u0000",
    "\"index\":0,",
    "\"finish_reason\":\"stop\"",
    "\"error\":{}",
    "\"id\":\"call_a\"",
    "{\"type\":\"ping\"}",
    "\"type\":\"content_block_start\"",
    "\"type\":\"content_block_stop\"",
    "\"type\":\"message_stop\"",
    "\"type\":\"response.output_item.done\"",
    "\"type\":\"response.completed\"",
    "\"finishReason\":\"STOP\"",
    "\"thoughtSignature\":\"c2ln\"",
];

fn mutate(bytes: &mut Vec<u8>, random: &mut Random) {
    let range = random.range(bytes.len());
    match random.below(6) {
        0 => drop(bytes.drain(range)),
        1 => {
            let copy = bytes[range].to_vec();
            let at = random.below(bytes.len() + 1);
            drop(bytes.splice(at..at, copy));
        }
        2 => {
            let token = TOKENS[random.below(TOKENS.len())];
            drop(bytes.splice(range, token.bytes()));
        }
        3 => bytes[range].iter_mut().for_each(|byte| *byte ^= 0x20),
        4 => bytes[range].reverse(),
        _ => {
            let noise: Vec<u8> = (0..random.below(8)).map(|_| random.next().to_le_bytes()[0]).collect();
            drop(bytes.splice(range, noise));
        }
    }
}

/// Holds a decoder to 10,000 mutations.
pub(crate) fn check_mutations<A: Answer>(recordings: &[Recorded], decoder: impl Fn() -> Decoder<A>) {
    let mut random = Random::new(2_026);
    for case in 0..CASES {
        let (name, stream, _) = recordings[case % recordings.len()];
        let mut bytes = stream.as_bytes().to_vec();
        for _ in 0..=random.below(8) {
            mutate(&mut bytes, &mut random);
        }
        let whole = decode(decoder(), [bytes.as_slice()]);
        let (before, after) = bytes.split_at(random.below(bytes.len() + 1));
        assert_eq!(decode(decoder(), [before, after]), whole, "case {case}, from {name}");
        assert_eq!(decode(decoder(), bytes.chunks(1 + random.below(9))), whole, "case {case}, from {name}");
    }
}
