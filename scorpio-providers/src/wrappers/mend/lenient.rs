//! JSON as people and weak models write it, rewritten as JSON in one pass: strings in other quotes, names without any, Python's words, commas too
//! many, comments, line breaks in strings, brackets that lack at the end.

use std::{iter::Peekable, str::CharIndices};

/// How deep values may be nested.
const DEEPEST: usize = 64;

/// `text` as JSON, if it can be read in one way.
pub(super) fn rewrite(text: &str) -> Option<String> {
    let mut reader =
        Reader { text, rest: text.char_indices().peekable(), out: String::with_capacity(text.len() + 16) };
    reader.value(0)?;
    reader.space()?;
    // Brackets that are closed once too often say nothing more.
    while reader.rest.next_if(|(_, c)| matches!(c, '}' | ']')).is_some() {
        reader.space()?;
    }
    reader.rest.peek().is_none().then_some(reader.out)
}

struct Reader<'a> {
    text: &'a str,
    rest: Peekable<CharIndices<'a>>,
    out: String,
}

impl<'a> Reader<'a> {
    fn peek(&mut self) -> Option<char> {
        self.rest.peek().map(|(_, c)| *c)
    }

    fn eat(&mut self, expected: char) -> bool {
        self.rest.next_if(|(_, c)| *c == expected).is_some()
    }

    /// Passes over white space and comments.
    fn space(&mut self) -> Option<()> {
        loop {
            while self.rest.next_if(|(_, c)| c.is_whitespace() || *c == '\u{feff}').is_some() {}
            if !self.eat('/') {
                return Some(());
            }
            match self.rest.next()?.1 {
                '/' => while self.rest.next_if(|(_, c)| *c != '\n').is_some() {},
                '*' => loop {
                    if self.rest.next()?.1 == '*' && self.eat('/') {
                        break;
                    }
                },
                _ => return None,
            }
        }
    }

    fn value(&mut self, depth: usize) -> Option<()> {
        self.space()?;
        match self.peek()? {
            '{' if depth < DEEPEST => self.items('{', '}', |reader| reader.member(depth)),
            '[' if depth < DEEPEST => self.items('[', ']', |reader| reader.value(depth + 1)),
            c if closing_quote(c).is_some() => self.string(),
            '-' | '0'..='9' => self.number(),
            _ => self.word(),
        }
    }

    fn items(&mut self, open: char, close: char, item: impl Fn(&mut Self) -> Option<()>) -> Option<()> {
        self.rest.next();
        self.out.push(open);
        let mut first = true;
        loop {
            self.space()?;
            match self.peek() {
                Some(c) if c == close => {
                    self.rest.next();
                    break;
                }
                // What came last is whole, or it would not have been read, so only the bracket lacks.
                None if !first => break,
                None => return None,
                Some(_) => {}
            }
            if !first {
                self.out.push(',');
            }
            item(self)?;
            first = false;
            self.space()?;
            // A name in quotes is the beginning of the next member, with a comma or without.
            let names_next = close == '}' && self.peek().is_some_and(|c| closing_quote(c).is_some());
            let ends = self.peek().is_none_or(|c| c == close);
            if !self.eat(',') && !names_next && !ends {
                return None;
            }
        }
        self.out.push(close);
        Some(())
    }

    fn member(&mut self, depth: usize) -> Option<()> {
        match self.peek()? {
            c if closing_quote(c).is_some() => self.string()?,
            _ => {
                let name = self.take(|c| c.is_alphanumeric() || matches!(c, '_' | '$' | '-'));
                if name.is_empty() {
                    return None;
                }
                self.out.push('"');
                self.out.push_str(name);
                self.out.push('"');
            }
        }
        self.space()?;
        if !self.eat(':') {
            return None;
        }
        self.out.push(':');
        self.value(depth + 1)
    }

    /// A string that is closed. Where one that is not was meant to end, nobody can tell.
    fn string(&mut self) -> Option<()> {
        let (_, quote) = self.rest.next()?;
        let close = closing_quote(quote)?;
        self.out.push('"');
        loop {
            let (_, c) = self.rest.next()?;
            match c {
                c if c == close => break,
                '\\' => self.escape()?,
                '"' => self.out.push_str("\\\""),
                '\n' => self.out.push_str("\\n"),
                '\r' => self.out.push_str("\\r"),
                '\t' => self.out.push_str("\\t"),
                c if c.is_control() => self.out.push_str(&format!("\\u{:04x}", u32::from(c))),
                c => self.out.push(c),
            }
        }
        self.out.push('"');
        Some(())
    }

    fn escape(&mut self) -> Option<()> {
        let (_, c) = self.rest.next()?;
        match c {
            '"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't' | 'u' => self.out.extend(['\\', c]),
            '\'' => self.out.push('\''),
            // A line that goes on.
            '\n' => {}
            // JSON has no such escape, so the backslash stands for itself, as in a path or a pattern.
            c if !c.is_control() => {
                self.out.push_str("\\\\");
                self.out.push(c);
            }
            _ => return None,
        }
        Some(())
    }

    /// A number. At the very end it may have lost digits.
    fn number(&mut self) -> Option<()> {
        let number = self.take(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
        serde_json::from_str::<serde_json::Number>(number).ok()?;
        self.out.push_str(number);
        self.peek().map(drop)
    }

    fn word(&mut self) -> Option<()> {
        let word = match self.take(|c| c.is_alphanumeric() || c == '_') {
            "true" | "True" => "true",
            "false" | "False" => "false",
            "null" | "None" => "null",
            _ => return None,
        };
        self.out.push_str(word);
        Some(())
    }

    fn take(&mut self, is_part: impl Fn(char) -> bool) -> &'a str {
        let start = self.rest.peek().map_or(self.text.len(), |(at, _)| *at);
        while self.rest.next_if(|(_, c)| is_part(*c)).is_some() {}
        let end = self.rest.peek().map_or(self.text.len(), |(at, _)| *at);
        self.text.get(start..end).unwrap_or_default()
    }
}

fn closing_quote(open: char) -> Option<char> {
    match open {
        '"' | '\'' => Some(open),
        '“' => Some('”'),
        '‘' => Some('’'),
        _ => None,
    }
}
