//! Changes to an input that keep it near to what the parsers expect: pieces are cut out, doubled, turned around, and replaced by what
//! means something to one parser or another. Seeded, so that they are the same everywhere.
#![allow(clippy::indexing_slicing)]

use std::ops::Range;

use super::Random;

/// Pieces that mean something to the parsers.
const TOKENS: [&str; 49] = [
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
    "4294967295",
    "18446744073709551615",
    "\"$ref\":\"#\",",
    "{\"$ref\":\"#\"},",
    "\"allOf\":[{\"$ref\":\"#\"},{\"$ref\":\"#\"}],",
    "\"type\":[\"object\",\"null\"],",
    "\"properties\":{},",
    "\"Unknown\"",
    "retry-after: ",
    "Thu, 01 Jan 1970 00:00:00 GMT",
    "-9999-01-01T00:00:00Z",
    "9e999h",
    "sk-fuzzing-secret",
    "sk-fuzzing\\u002dsecret",
    "[[models]]\n",
    "[providers.\"\"]\n",
    "\\\"",
];

/// Changes something in `bytes`.
pub fn mutate(bytes: &mut Vec<u8>, random: &mut Random) {
    let range = stretch(bytes.len(), random);
    match random.below(7) {
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
        // As deep as it gets.
        5 if random.below(50) == 0 => {
            let opening = if random.below(2) == 0 { "[" } else { "{\"a\":" };
            drop(bytes.splice(range, opening.repeat(10_000).bytes()));
        }
        _ => {
            let noise: Vec<u8> = (0..random.below(8)).map(|_| random.number().to_le_bytes()[0]).collect();
            drop(bytes.splice(range, noise));
        }
    }
}

/// A stretch of something that is `length` long, 60 at most.
fn stretch(length: usize, random: &mut Random) -> Range<usize> {
    let start = random.below(length + 1);
    start..start + random.below((length - start).min(60) + 1)
}
