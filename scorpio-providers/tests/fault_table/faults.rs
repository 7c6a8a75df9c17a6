//! The faults, and what must come of each.

use std::time::Duration;

use bytes::Bytes;
use scorpio_core::model::{
    FinishReason,
    ModelErrorKind::{
        self, Auth, Configuration, InvalidRequest, NotFound, Overloaded, Quota, RateLimited, Timeout,
        TooLarge, Truncated, Unreachable,
    },
};

use crate::{
    server::{Piece, Reply},
    wires::Wire,
};

/// What must come of a fault.
#[derive(Debug, Clone, Copy)]
pub enum Expected {
    /// The call is tried again, and the good answer comes.
    Retried,
    /// An error, at once.
    Fails(ModelErrorKind),
    /// An error, after something of the answer was delivered: the turn may be asked again, the call may not.
    Partial(ModelErrorKind),
    /// It is none: an answer comes.
    Answers(FinishReason),
}

use Expected::{Answers, Fails, Partial, Retried};

/// A fault.
#[derive(Debug)]
pub struct Fault {
    pub name: String,
    pub reply: Reply,
    pub expected: Expected,
    /// How long it must take.
    pub at_least: Duration,
    /// How long it may take.
    pub at_most: Duration,
}

const SECOND: Duration = Duration::from_secs(1);

/// All faults on a wire.
pub fn faults(wire: &Wire) -> Vec<Fault> {
    let mut faults = Vec::new();
    connections(&mut faults);
    statuses(&mut faults);
    waits(&mut faults);
    refusals(&mut faults, wire);
    broken_streams(&mut faults, wire);
    strange_streams(&mut faults, wire);
    sizes(&mut faults, wire);
    times(&mut faults, wire);
    endings(&mut faults, wire);
    faults
}

fn add(faults: &mut Vec<Fault>, name: impl Into<String>, reply: Reply, expected: Expected) {
    // A first retry waits for a second at most.
    let at_most = if matches!(expected, Retried) { SECOND } else { Duration::ZERO };
    faults.push(Fault { name: name.into(), reply, expected, at_least: Duration::ZERO, at_most });
}

fn add_timed(
    faults: &mut Vec<Fault>,
    name: impl Into<String>,
    reply: Reply,
    expected: Expected,
    seconds: std::ops::RangeInclusive<u64>,
) {
    let (at_least, at_most) = (Duration::from_secs(*seconds.start()), Duration::from_secs(*seconds.end()));
    faults.push(Fault { name: name.into(), reply, expected, at_least, at_most });
}

/// As the transport tells them; that the HTTP client tells them so has tests of its own.
fn connections(faults: &mut Vec<Fault>) {
    for name in [
        "connection refused",
        "no such host",
        "TLS handshake failed",
        "reset before headers",
        "reset within headers",
        "end before headers",
    ] {
        add(faults, name, Reply::Broken(Unreachable), Retried);
    }
    add(faults, "connect timeout", Reply::Broken(Timeout), Retried);
    add(faults, "certificate not trusted", Reply::Broken(Configuration), Fails(Configuration));
}

fn statuses(faults: &mut Vec<Fault>) {
    for status in [408, 409, 425, 500, 502, 503, 504, 529] {
        add(faults, format!("status {status}"), Reply::status(status, "{}"), Retried);
    }
    let refused = [
        (400, InvalidRequest),
        (401, Auth),
        (403, Auth),
        (404, NotFound),
        (413, InvalidRequest),
        (422, InvalidRequest),
    ];
    for (status, kind) in refused {
        add(faults, format!("status {status}"), Reply::status(status, "{}"), Fails(kind));
    }
    for status in [301, 302, 303, 307, 308] {
        for to in ["https://elsewhere.example/", "http://169.254.169.254/latest"] {
            let reply = Reply::status(status, "").header("location", to);
            add(faults, format!("status {status} to {to}"), reply, Fails(Configuration));
        }
    }
}

fn waits(faults: &mut Vec<Fault>) {
    let busy = |headers: &[(&str, &str)]| {
        headers.iter().fold(Reply::status(429, "{}"), |reply, (name, value)| reply.header(name, value))
    };
    add(faults, "429", busy(&[]), Retried);
    let asked: [(&str, &[(&str, &str)], std::ops::RangeInclusive<u64>); 5] = [
        ("seconds", &[("retry-after", "7")], 7..=9),
        ("a fraction", &[("retry-after", "2.5")], 2..=4),
        ("milliseconds", &[("retry-after-ms", "3000")], 3..=4),
        ("both", &[("retry-after-ms", "3000"), ("retry-after", "60")], 3..=4),
        ("two minutes", &[("retry-after", "120")], 120..=128),
    ];
    for (name, headers, seconds) in asked {
        add_timed(faults, format!("429 with {name}"), busy(headers), Retried, seconds);
    }
    for value in ["-5", "NaN", "inf", "soon", "Thu, 01 Jan 1970 00:00:00 GMT"] {
        add(faults, format!("429 with {value}"), busy(&[("retry-after", value)]), Retried);
    }
    for value in ["121", "1e9", "Tue, 31 Dec 2999 23:59:59 GMT"] {
        add(faults, format!("429 with {value}"), busy(&[("retry-after", value)]), Fails(RateLimited));
    }
}

fn refusals(faults: &mut Vec<Fault>, wire: &Wire) {
    add(faults, "quota used up", Reply::status(429, wire.quota), Fails(Quota));
    let html = "<html>Please sign in.</html>";
    for media_type in ["text/html", "text/plain"] {
        let reply = Reply::events(html).header("content-type", media_type);
        add(faults, format!("200 with {media_type}"), reply, Retried);
    }
    for encoding in ["gzip", "br"] {
        let reply = wire.good().header("content-encoding", encoding);
        add(faults, format!("an answer in {encoding}"), reply, Retried);
    }
}

fn broken_streams(faults: &mut Vec<Fault>, wire: &Wire) {
    let data = |text: &str| Piece::Data(Bytes::copy_from_slice(text.as_bytes()));
    add(faults, "empty body", Reply::pieces(vec![]), Retried);
    add(faults, "reset before the first event", Reply::pieces(vec![Piece::Reset]), Retried);
    add(faults, "reset before the first delta", Reply::pieces(vec![data(wire.begun), Piece::Reset]), Retried);
    add(
        faults,
        "reset after the first delta",
        Reply::pieces(vec![data(wire.half), Piece::Reset]),
        Partial(Truncated),
    );
    add(faults, "end before the first delta", Reply::events(wire.begun), Retried);
    add(faults, "end after the first delta", Reply::events(wire.half), Partial(Truncated));
    let cut = wire.half.len() - 5;
    let within = Reply::pieces(vec![data(&wire.half[..cut])]);
    let expected = if wire.name == "openai-chat" || wire.name.starts_with("gemini") {
        Retried
    } else {
        Partial(Truncated)
    };
    add(faults, "end within an event", within, expected);
    add(faults, "end within the arguments of a call", Reply::events(wire.call_cut), Partial(Truncated));
    add(faults, "error event before the first delta", Reply::events(wire.error_event), Retried);
    let after = format!("{}{}", wire.half, wire.error_event);
    add(faults, "error event after the first delta", Reply::events(after), Partial(Overloaded));
}

fn strange_streams(faults: &mut Vec<Fault>, wire: &Wire) {
    let stop = Answers(FinishReason::Stop);
    let good = wire.stream(wire.end);
    let said = |value: &str| wire.event_with_value.replace("VALUE", value);
    add(faults, "malformed JSON", Reply::events("data: {\"half\":\n\n"), Retried);
    add(faults, "no JSON", Reply::events("data: ping\n\n"), Retried);
    add(faults, "invalid UTF-8", Reply::events(&b"data: {\"x\":\"\xff\xfe\"}\n\n"[..]), Retried);
    add(faults, "lone surrogate", Reply::events(wire.begun.to_owned() + &said("\"\\ud800\"")), Retried);
    add(faults, "contradiction", Reply::events(wire.contradiction), Retried);
    add(faults, "byte order mark", Reply::events(format!("\u{feff}{good}")), stop);
    add(faults, "no space after the colon", Reply::events(good.replace("data: ", "data:")), stop);
    for (name, line_end) in [("CRLF", "\r\n"), ("CR", "\r")] {
        add(faults, format!("lines that end in {name}"), Reply::events(good.replace('\n', line_end)), stop);
    }
    add(faults, "mixed line ends", Reply::events(good.replacen('\n', "\r\n", 1)), stop);
    let comments = ": keep alive\n\n".repeat(10_000);
    add(faults, "a flood of comments", Reply::events(format!("{comments}{good}")), stop);
    let unknown = wire.unknown_event.repeat(1_000);
    add(faults, "unknown events", Reply::events(format!("{unknown}{good}")), stop);
    let bytes = good.bytes().map(|byte| Piece::Data(Bytes::copy_from_slice(&[byte]))).collect();
    add(faults, "byte by byte", Reply::pieces(bytes), stop);
    let deep = format!("data: {{\"x\":{}\n\n", "[".repeat(10_000));
    add(faults, "nested 10,000 times", Reply::events(deep), Retried);
    let keys: String = (0..500_000).map(|n| format!("\"k{n}\":0,")).collect();
    let unwanted = format!("data: {{{keys}\"k\":1e400}}\n\n");
    add(faults, "half a million keys and a number without bounds", Reply::events(unwanted + &good), stop);
}

fn sizes(faults: &mut Vec<Fault>, wire: &Wire) {
    let megabyte = Bytes::from(vec![b'x'; 1 << 20]);
    let gigabyte = Piece::Repeat(megabyte.clone(), 1024, Duration::ZERO);
    let line = Piece::Data(Bytes::from_static(b"data: "));
    add(faults, "a line of 1 GB", Reply::pieces(vec![line, gigabyte.clone()]), Fails(TooLarge));
    let whole = Reply::pieces(vec![gigabyte.clone()]).header("content-type", "application/json");
    add(faults, "a body of 1 GB", whole, Fails(TooLarge));
    let html = Reply::pieces(vec![gigabyte.clone()]).header("content-type", "text/html");
    add(faults, "a page of 1 GB", html, Retried);
    let refusal = match Reply::status(500, "") {
        Reply::Answer(mut answer) => {
            answer.body = vec![gigabyte];
            Reply::Answer(answer)
        }
        other => other,
    };
    add(faults, "an error of 1 GB", refusal, Retried);
    let events = Bytes::from(wire.unknown_event.repeat(1_000));
    let flood = Piece::Repeat(events, 100_000, Duration::ZERO);
    add(faults, "events without end", Reply::pieces(vec![flood]), Fails(TooLarge));
}

fn times(faults: &mut Vec<Fault>, wire: &Wire) {
    let data = |text: &str| Piece::Data(Bytes::copy_from_slice(text.as_bytes()));
    add_timed(faults, "no headers for ever", Reply::Silence, Retried, 30..=31);
    add_timed(faults, "silence after the headers", Reply::pieces(vec![Piece::Hang]), Retried, 60..=61);
    let begun = Reply::pieces(vec![data(wire.begun), Piece::Hang]);
    add_timed(faults, "silence before the first delta", begun, Retried, 60..=61);
    let half = Reply::pieces(vec![data(wire.half), Piece::Hang]);
    add_timed(faults, "silence after the first delta", half, Partial(Timeout), 60..=61);
    let alive = Piece::Repeat(Bytes::from_static(b": alive\n"), 100_000, 15 * SECOND);
    add_timed(faults, "nothing but comments", Reply::pieces(vec![alive.clone()]), Retried, 120..=122);
    let slow = Piece::Repeat(Bytes::from_static(b"x"), 100_000, 5 * SECOND);
    add_timed(faults, "a byte every 5 seconds", Reply::pieces(vec![slow]), Retried, 120..=122);
    let endless = Reply::pieces(vec![data(wire.half), alive]);
    add_timed(faults, "an answer that goes on for ever", endless, Partial(Timeout), 900..=901);
    let good = wire.stream(wire.end);
    let (first, rest) = good.split_at(wire.half.len());
    let slow_but_good = Reply::pieces(vec![data(first), Piece::Wait(59 * SECOND), data(rest)]);
    add_timed(faults, "slow but good", slow_but_good, Answers(FinishReason::Stop), 59..=60);
}

fn endings(faults: &mut Vec<Fault>, wire: &Wire) {
    let mut ends = |name: &str, end: &str, reason| {
        add(faults, name, Reply::events(wire.stream(end)), Answers(reason));
    };
    ends("stopped by a filter", wire.end_filtered, FinishReason::ContentFilter);
    ends("stopped at the limit of the output", wire.end_length, FinishReason::Length);
    ends("stopped for a reason that nobody knows", wire.end_unknown, FinishReason::Other);
    ends("no usage", wire.end_without_usage, FinishReason::Stop);
    ends("negative usage", wire.end_with_negative_usage, FinishReason::Stop);
    ends("the end twice", &wire.end.repeat(2), FinishReason::Stop);
}
