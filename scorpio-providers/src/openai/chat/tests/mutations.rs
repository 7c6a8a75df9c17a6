//! Seeded mutations of the recorded streams: whatever arrives, nothing panics and the rules of the stream are kept.

use super::{STREAMS, decode, decoder};

const CASES: usize = 10_000;

/// SplitMix64: small, and the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(bound.max(1)).unwrap()).unwrap()
    }

    fn range(&mut self, length: usize) -> std::ops::Range<usize> {
        let start = self.below(length + 1);
        start..start + self.below((length - start).min(60) + 1)
    }
}

/// Pieces that mean something to the parsers.
const TOKENS: [&str; 24] = [
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

#[test]
fn nothing_panics_and_no_cut_makes_a_difference() {
    let mut random = Random(2_026);
    for case in 0..CASES {
        let (name, stream, _) = STREAMS[case % STREAMS.len()];
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
