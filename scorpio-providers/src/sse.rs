//! Server-sent events out of bytes that arrive in pieces of any size. Lines are found by `memchr` and stay where they are: an
//! event of one `data` line, the only kind that models send, is handed out as a slice of the buffer.
//!
//! The format is that of <https://html.spec.whatwg.org/multipage/server-sent-events.html>, with one leniency: an event that the
//! end of the stream cuts off before its empty line is still handed out, because some servers leave that line away.

use std::ops::Range;

use memchr::memchr2;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// How much a stream may hold.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SseLimits {
    /// Bytes of one event.
    pub(crate) event: usize,
    /// Bytes of the whole stream.
    pub(crate) stream: usize,
}

impl Default for SseLimits {
    fn default() -> Self {
        Self { event: 8 << 20, stream: 64 << 20 }
    }
}

/// A stream, or one event of it, that is larger than allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TooLarge {
    Event,
    Stream,
}

/// An event.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SseEvent<'a> {
    /// Its name; empty when it has none.
    pub(crate) name: &'a [u8],
    /// Its data; never empty.
    pub(crate) data: &'a [u8],
}

#[derive(Debug, Default, PartialEq, Eq)]
enum Data {
    #[default]
    Nothing,
    Line(Range<usize>),
    Joined,
}

/// The parser. Push bytes, then take events until there is none.
#[derive(Debug, Default)]
pub(crate) struct SseParser {
    limits: SseLimits,
    received: usize,
    buffer: Vec<u8>,
    /// Where the event that is being read begins. What lies before it is thrown away at the next push.
    event: usize,
    /// Where the line that is being read begins.
    line: usize,
    /// Up to where that line has been searched for its end.
    searched: usize,
    past_byte_order_mark: bool,
    /// The last line ended in a carriage return: a line feed that follows belongs to it.
    after_carriage_return: bool,
    name: Range<usize>,
    data: Data,
    joined: Vec<u8>,
}

impl SseParser {
    pub(crate) fn new(limits: SseLimits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// Takes the next bytes of the stream.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<(), TooLarge> {
        self.received = self.received.saturating_add(bytes.len());
        if self.received > self.limits.stream {
            return Err(TooLarge::Stream);
        }
        self.forget_what_was_read();
        self.buffer.extend_from_slice(bytes);
        Ok(())
    }

    /// The next event that is whole, if there is one.
    pub(crate) fn next_event(&mut self) -> Result<Option<SseEvent<'_>>, TooLarge> {
        let ready = self.read_lines()?;
        Ok(if ready { Some(self.take()) } else { None })
    }

    /// The event that the end of the stream left without its last line ends.
    pub(crate) fn last_event(&mut self) -> Option<SseEvent<'_>> {
        let rest = self.line..self.buffer.len();
        if !rest.is_empty() {
            self.line = self.buffer.len();
            self.read_line(rest);
        }
        if self.has_data() { Some(self.take()) } else { None }
    }

    /// Reads lines up to the end of an event, or of the buffer.
    fn read_lines(&mut self) -> Result<bool, TooLarge> {
        if !self.past_byte_order_mark && !self.skip_byte_order_mark() {
            return Ok(false);
        }
        loop {
            if self.after_carriage_return && !self.skip_line_feed() {
                return Ok(false);
            }
            let found = memchr2(b'\n', b'\r', self.bytes(self.searched..self.buffer.len()));
            let end = found.map_or(self.buffer.len(), |at| self.searched + at);
            if end - self.event > self.limits.event {
                return Err(TooLarge::Event);
            }
            if found.is_none() {
                self.searched = end;
                return Ok(false);
            }
            self.after_carriage_return = self.buffer.get(end) == Some(&b'\r');
            let line = self.line..end;
            self.line = end + 1;
            self.searched = self.line;
            if self.read_line(line) {
                return Ok(true);
            }
        }
    }

    /// Reads a line, and tells whether it ended an event that has data.
    fn read_line(&mut self, line: Range<usize>) -> bool {
        if line.is_empty() {
            if self.has_data() {
                return true;
            }
            self.reset();
        } else if let Some(value) = self.value(&line, b"data") {
            self.add_data(value);
        } else if let Some(value) = self.value(&line, b"event") {
            self.name = value;
        }
        // Comments between events must not pile up.
        if self.data == Data::Nothing && self.name.is_empty() {
            self.event = self.line;
        }
        false
    }

    /// Where the value of the field `name` is, if the line is one.
    fn value(&self, line: &Range<usize>, name: &[u8]) -> Option<Range<usize>> {
        let rest = self.bytes(line.clone()).strip_prefix(name)?;
        let skipped = match rest {
            [] => 0,
            [b':', b' ', ..] => 2,
            [b':', ..] => 1,
            _ => return None,
        };
        Some(line.start + name.len() + skipped..line.end)
    }

    fn add_data(&mut self, value: Range<usize>) {
        let Self { buffer, joined, .. } = self;
        let bytes = |range: &Range<usize>| buffer.get(range.clone()).unwrap_or_default();
        match &self.data {
            Data::Nothing => {
                self.data = Data::Line(value);
                return;
            }
            Data::Line(first) => {
                joined.clear();
                joined.extend_from_slice(bytes(first));
            }
            Data::Joined => {}
        }
        joined.push(b'\n');
        joined.extend_from_slice(bytes(&value));
        self.data = Data::Joined;
    }

    fn has_data(&self) -> bool {
        match &self.data {
            Data::Nothing => false,
            Data::Line(line) => !line.is_empty(),
            Data::Joined => true,
        }
    }

    fn take(&mut self) -> SseEvent<'_> {
        let (name, data) = (self.name.clone(), std::mem::take(&mut self.data));
        self.reset();
        let data = match data {
            Data::Nothing => &[],
            Data::Line(line) => self.bytes(line),
            Data::Joined => self.joined.as_slice(),
        };
        SseEvent { name: self.bytes(name), data }
    }

    fn reset(&mut self) {
        self.name = 0..0;
        self.data = Data::Nothing;
        self.event = self.line;
    }

    /// Tells whether it is known that there is none any more.
    fn skip_byte_order_mark(&mut self) -> bool {
        if self.buffer.starts_with(BYTE_ORDER_MARK) {
            let after = BYTE_ORDER_MARK.len();
            (self.event, self.line, self.searched) = (after, after, after);
        } else if BYTE_ORDER_MARK.starts_with(&self.buffer) {
            return false;
        }
        self.past_byte_order_mark = true;
        true
    }

    /// Tells whether it is known that there is none any more.
    fn skip_line_feed(&mut self) -> bool {
        let Some(next) = self.buffer.get(self.line) else { return false };
        if *next == b'\n' {
            if self.event == self.line {
                self.event += 1;
            }
            self.line += 1;
            self.searched = self.line;
        }
        self.after_carriage_return = false;
        true
    }

    fn forget_what_was_read(&mut self) {
        let read = self.event;
        if read == 0 {
            return;
        }
        self.buffer.drain(..read.min(self.buffer.len()));
        self.event = 0;
        self.line -= read;
        self.searched -= read;
        self.name = shift(&self.name, read);
        if let Data::Line(line) = &mut self.data {
            *line = shift(line, read);
        }
    }

    fn bytes(&self, range: Range<usize>) -> &[u8] {
        self.buffer.get(range).unwrap_or_default()
    }
}

fn shift(range: &Range<usize>, by: usize) -> Range<usize> {
    range.start.saturating_sub(by)..range.end.saturating_sub(by)
}

#[cfg(test)]
mod tests;
