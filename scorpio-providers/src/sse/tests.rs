use super::*;

type Owned = (String, String);

fn events(pieces: &[&[u8]]) -> Vec<Owned> {
    let mut parser = SseParser::default();
    let mut events = Vec::new();
    for piece in pieces {
        parser.push(piece).unwrap();
        while let Some(event) = parser.next_event().unwrap() {
            events.push(owned(&event));
        }
    }
    events.extend(parser.last_event().map(|event| owned(&event)));
    events
}

fn owned(event: &SseEvent<'_>) -> Owned {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(event.name), text(event.data))
}

fn data(texts: &[&str]) -> Vec<Owned> {
    texts.iter().map(|text| (String::new(), (*text).to_owned())).collect()
}

#[test]
fn reads_events() {
    assert_eq!(events(&[b"data: one\n\ndata: two\n\n"]), data(&["one", "two"]));
}

#[test]
fn takes_every_line_end() {
    assert_eq!(events(&[b"data: a\r\ndata: b\r\n\r\ndata: c\r\rdata: d\n\n"]), data(&["a\nb", "c", "d"]));
}

#[test]
fn skips_a_byte_order_mark_but_only_in_front() {
    assert_eq!(events(&[b"\xef\xbb\xbfdata: a\n\n\xef\xbb\xbfdata: b\n\n"]), data(&["a"]));
}

#[test]
fn strips_one_space_at_most() {
    assert_eq!(events(&[b"data:a\n\ndata:  b\n\n"]), data(&["a", " b"]));
}

#[test]
fn joins_lines_of_data() {
    assert_eq!(events(&[b"data: {\ndata\ndata: }\n\n"]), data(&["{\n\n}"]));
}

#[test]
fn ignores_comments_other_fields_and_events_without_data() {
    let stream =
        b": ping\nid: 7\nretry: 10\ndatabase: no\n\nevent: empty\n\ndata\n\ndata: a\n: in between\n\n";
    assert_eq!(events(&[stream]), data(&["a"]));
}

#[test]
fn names_only_the_event_that_has_the_name() {
    let named = ("error".to_owned(), "a".to_owned());
    assert_eq!(events(&[b"event: error\ndata: a\n\ndata: b\n\n"]), [vec![named], data(&["b"])].concat());
}

#[test]
fn hands_out_what_the_end_cuts_off() {
    assert_eq!(events(&[b"data: a\n\ndata: b"]), data(&["a", "b"]));
    assert_eq!(events(&[b"data: a\n\ndata: b\n"]), data(&["a", "b"]));
    assert_eq!(events(&[b"data: a\n\n: bye"]), data(&["a"]));
}

#[test]
fn splits_do_not_matter() {
    let stream = "\u{feff}: hi\r\n\r\nevent: x\r\ndata: é\rdata:2\n\n\r\ndata: [1,\r\ndata: 2]\r\n\r\ndata: last\r\n\r\n".as_bytes();
    let whole = events(&[stream]);
    assert_eq!(whole.len(), 3);
    for first in 0..=stream.len() {
        for second in first..=stream.len() {
            let pieces = [&stream[..first], &stream[first..second], &stream[second..]];
            assert_eq!(events(&pieces), whole, "cut at {first} and {second}");
        }
    }
    let single: Vec<&[u8]> = stream.chunks(1).collect();
    assert_eq!(events(&single), whole);
}

#[test]
fn comments_do_not_pile_up() {
    let mut parser = SseParser::new(SseLimits { event: 64, stream: 1 << 20 });
    for _ in 0..10_000 {
        parser.push(b": keep-alive\n\n").unwrap();
        assert_eq!(parser.next_event().unwrap(), None);
        assert!(parser.buffer.len() < 64);
    }
}

#[test]
fn an_event_that_is_too_large_is_refused_however_it_comes() {
    let limits = SseLimits { event: 16, stream: 1 << 20 };
    let line = b"data: 0123456789012345\n\n".as_slice();
    let lines = b"data: 0\ndata: 1\ndata: 2\n\n".as_slice();
    for stream in [line, lines] {
        for size in [1, 5, stream.len()] {
            let mut parser = SseParser::new(limits);
            let refused = stream.chunks(size).any(|piece| {
                parser.push(piece).unwrap();
                parser.next_event() == Err(TooLarge::Event)
            });
            assert!(refused, "in pieces of {size}");
        }
    }
}

#[test]
fn a_stream_that_is_too_large_is_refused() {
    let mut parser = SseParser::new(SseLimits { event: 16, stream: 20 });
    parser.push(b"data: 1\n\n").unwrap();
    parser.push(b"data: 2\n\n").unwrap();
    assert_eq!(parser.push(b"data: 3\n\n"), Err(TooLarge::Stream));
}
