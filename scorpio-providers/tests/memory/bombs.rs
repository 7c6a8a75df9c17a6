//! Answers that ask for more memory than they are worth.

use std::{fmt::Write as _, time::Duration};

use bytes::Bytes;
use scorpio_core::model::ModelErrorKind::{self, Overloaded, Protocol, TooLarge, Truncated};

use crate::{
    server::{Piece, Reply},
    wires::Wire,
};

/// An answer, and how it must end.
pub struct Bomb {
    pub name: &'static str,
    pub reply: Reply,
    pub expected: Result<(), ModelErrorKind>,
}

/// Just less than an event may hold, in bytes.
const EVENT: usize = (8 << 20) - (1 << 10);

/// Everything that is tried on a wire.
pub fn bombs(wire: &Wire) -> Vec<Bomb> {
    let mut bombs = Vec::new();
    let mut add = |name, reply, expected| bombs.push(Bomb { name, reply, expected });
    add("a body of 1 GB", with_type(gigabyte(b"x"), "application/json"), Err(TooLarge));
    add("a page of 1 GB", with_type(gigabyte(b"x"), "text/html"), Err(Protocol));
    add("an error of 1 GB", status(500, gigabyte(b"x")), Err(Overloaded));
    add("a line of 1 GB", Reply::pieces(vec![data("data: "), gigabyte(b"x")]), Err(TooLarge));
    add("an event of 1 GB in short lines", Reply::pieces(vec![gigabyte(b"data: x\n")]), Err(TooLarge));
    add("1 GB of comments", Reply::pieces(vec![gigabyte(b": x\n")]), Err(TooLarge));
    add("1 GB of ends of lines", Reply::pieces(vec![gigabyte(b"\r\n")]), Err(TooLarge));
    add(
        "1 GB of unknown events",
        Reply::pieces(vec![gigabyte(wire.unknown_event.as_bytes())]),
        Err(TooLarge),
    );
    let delta = wire.event_with_value.replace("VALUE", "\"x\"");
    add(
        "a million deltas",
        Reply::pieces(vec![data(wire.half), times(&delta, 1_000_000)]),
        Err(if delta.len() > 64 { TooLarge } else { Truncated }),
    );
    add(
        "a gzip bomb",
        with_type(gigabyte(&GZIP), "text/event-stream").header("content-encoding", "gzip"),
        Err(Protocol),
    );
    add("a gzip bomb that does not say so", with_type(gigabyte(&GZIP), "application/json"), Err(TooLarge));

    let value = |value: &str| {
        Reply::events(format!("{}{}{}", wire.half, wire.event_with_value.replace("VALUE", value), wire.end))
    };
    add("nested 10,000 times", value(&format!("{}{}", "[".repeat(10_000), "]".repeat(10_000))), Ok(()));
    add("a number without bounds", value("1e400"), Err(Protocol));
    add("a lone surrogate", value("\"\\ud800\""), Err(Protocol));
    add("a million keys", value(&format!("{{{}}}", many("\"k#\":0", 1_000_000 * 8))), Ok(()));
    for (name, event, expected) in lists(wire) {
        add(name, Reply::events(format!("{}data: {event}\n\n{}", wire.begun, wire.end)), expected);
    }
    bombs
}

/// Lists and objects where the wire reads them one by one, as long as an event may be.
fn lists(wire: &Wire) -> Vec<(&'static str, String, Result<(), ModelErrorKind>)> {
    let long = |before: &str, element: &str, after: &str| format!("{before}{}{after}", many(element, EVENT));
    match wire.name {
        "openai-chat" => vec![
            ("choices", long(r#"{"choices":["#, "{}", "]}"), Ok(())),
            (
                "tool calls",
                long(r#"{"choices":[{"index":0,"delta":{"tool_calls":["#, "{}", "]}}]}"),
                Err(Protocol),
            ),
            ("parts", long(r#"{"choices":[{"index":0,"delta":{"content":["#, "{}", "]}}]}"), Ok(())),
            (
                "details of an error",
                long(r#"{"error":{"message":"x","details":["#, "{}", "]}}"),
                Err(Overloaded),
            ),
        ],
        "openai-responses" => vec![
            (
                "items",
                long(
                    r#"{"type":"response.completed","response":{"status":"completed","output":["#,
                    "{}",
                    "]}}",
                ),
                Err(Protocol),
            ),
            (
                "parts",
                long(
                    r#"{"type":"response.output_item.done","output_index":7,"item":{"type":"message","content":["#,
                    "{}",
                    "]}}",
                ),
                Err(Protocol),
            ),
            (
                "keys of an item",
                long(
                    r#"{"type":"response.output_item.done","output_index":7,"item":{"type":"x","a":{"#,
                    "\"k#\":0",
                    "}}}",
                ),
                Ok(()),
            ),
        ],
        "anthropic-messages" => vec![
            (
                "citations",
                long(
                    r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","citations":["#,
                    "{}",
                    "]}}",
                ),
                Err(Protocol),
            ),
            (
                "changes of the history",
                long(r#"{"type":"message_delta","delta":{},"input_transformations":["#, "{}", "]}"),
                Err(Protocol),
            ),
            (
                "keys of a call",
                long(
                    r#"{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"a","name":"b","#,
                    "\"k#\":0",
                    "}}",
                ),
                Ok(()),
            ),
        ],
        _ => vec![
            ("candidates", long(r#"{"candidates":["#, "{}", "]}"), Ok(())),
            ("parts", long(r#"{"candidates":[{"content":{"parts":["#, "{}", "]}}]}"), Err(Protocol)),
            (
                "keys of a call",
                long(
                    r#"{"candidates":[{"content":{"parts":[{"functionCall":{"name":"a","args":{"#,
                    "\"k#\":0",
                    "}}}]}}]}",
                ),
                Ok(()),
            ),
            (
                "details of an error",
                long(r#"{"error":{"code":500,"message":"x","details":["#, "{}", "]}}"),
                Err(Overloaded),
            ),
        ],
    }
}

/// The beginning of a gzip stream that stands for zeros without end.
const GZIP: [u8; 16] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xec, 0xc1, 0x01, 0x01, 0, 0];

/// `element` again and again with commas between, `#` its number, up to so many bytes.
fn many(element: &str, bytes: usize) -> String {
    let (before, after) =
        element.split_once('#').map_or((element, None), |(before, after)| (before, Some(after)));
    let mut list = String::with_capacity(bytes + 64);
    for number in 0.. {
        if list.len() + element.len() + 9 > bytes {
            break;
        }
        if number > 0 {
            list.push(',');
        }
        list.push_str(before);
        if let Some(after) = after {
            write!(list, "{number}{after}").unwrap();
        }
    }
    list
}

fn data(text: &str) -> Piece {
    Piece::Data(Bytes::copy_from_slice(text.as_bytes()))
}

/// A gigabyte of `bytes` again and again, of which no more than a piece is ever there.
fn gigabyte(bytes: &[u8]) -> Piece {
    let piece = Bytes::from(bytes.repeat((64 << 10) / bytes.len()));
    let times = (1 << 30) / piece.len() + 1;
    Piece::Repeat(piece, times, Duration::ZERO)
}

fn times(text: &str, times: usize) -> Piece {
    Piece::Repeat(Bytes::from(text.repeat(100)), times / 100, Duration::ZERO)
}

fn with_type(piece: Piece, media_type: &str) -> Reply {
    Reply::pieces(vec![piece]).header("content-type", media_type)
}

fn status(status: u16, piece: Piece) -> Reply {
    match Reply::status(status, "") {
        Reply::Answer(mut answer) => {
            answer.body = vec![piece];
            Reply::Answer(answer)
        }
        other => other,
    }
}
