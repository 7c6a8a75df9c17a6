//! Reads an expression and evaluates it on the way, by recursive descent with a bounded depth.

use super::{function, number::Number};

/// How deep parentheses, signs and powers may be nested. The stack bears far more.
const DEEPEST: usize = 64;

/// What is wrong, and where: an offset in bytes.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) message: String,
    pub(super) at: usize,
}

type Evaluated = Result<Number, Problem>;

/// The value of an expression.
pub(super) fn evaluate(text: &str) -> Evaluated {
    let mut parser = Parser { text, at: 0, depth: 0 };
    let value = parser.sum()?;
    match parser.peek() {
        None => Ok(value),
        Some(next) => Err(parser.problem(after_the_end(next))),
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn sum(&mut self) -> Evaluated {
        let mut value = self.product()?;
        loop {
            let at = self.skip_spaces();
            let operation = match self.peek() {
                Some('+') => Number::add,
                Some('-' | '−') => Number::subtract,
                _ => return Ok(value),
            };
            self.advance();
            let right = self.product()?;
            value = operation(value, right).map_err(|reason| told(reason, at))?;
        }
    }

    fn product(&mut self) -> Evaluated {
        let mut value = self.signed()?;
        loop {
            let at = self.skip_spaces();
            let operator = self.peek();
            let operation = match operator {
                Some('*' | '×' | '·') => Number::multiply,
                Some('/' | '÷') => Number::divide,
                Some('%') => Number::remainder,
                _ => return Ok(value),
            };
            self.advance();
            if operator == Some('%') && self.peek().is_none_or(|next| "+*/)^,".contains(next)) {
                return Err(
                    self.problem("`%` is the remainder and takes a number; for per cent write `/100`")
                );
            }
            let right = self.signed()?;
            value = operation(value, right).map_err(|reason| told(reason, at))?;
        }
    }

    /// A sign binds weaker than a power: `-2^2` is -4.
    fn signed(&mut self) -> Evaluated {
        let at = self.skip_spaces();
        match self.peek() {
            Some('-' | '−') => {
                self.advance();
                let value = self.nested(Self::signed)?;
                value.negate().map_err(|reason| told(reason, at))
            }
            Some('+') => {
                self.advance();
                self.nested(Self::signed)
            }
            _ => self.power(),
        }
    }

    /// Powers are taken from the right: `2^3^2` is 2^9.
    fn power(&mut self) -> Evaluated {
        let base = self.operand()?;
        let at = self.skip_spaces();
        let stars = self.rest().starts_with("**");
        if !stars && self.peek() != Some('^') {
            return Ok(base);
        }
        self.advance();
        if stars {
            self.advance();
        }
        let exponent = self.nested(Self::signed)?;
        base.power(exponent).map_err(|reason| told(reason, at))
    }

    fn operand(&mut self) -> Evaluated {
        match self.peek() {
            Some('(') => {
                self.advance();
                let value = self.nested(Self::sum)?;
                self.close()?;
                Ok(value)
            }
            Some(next) if next.is_ascii_digit() || next == '.' => self.number(),
            Some(next) if next.is_alphabetic() => self.named(),
            Some(next) => Err(self.problem(format!("`{next}` where a number was expected"))),
            None => Err(self.problem("The expression ends where a number was expected")),
        }
    }

    fn number(&mut self) -> Evaluated {
        let at = self.skip_spaces();
        let rest = self.rest();
        let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
        let from = |start: usize| rest.get(start..).unwrap_or_default();
        let mut length = digits(rest);
        if from(length).starts_with('.') {
            length += 1 + digits(from(length + 1));
        }
        // `2e3` has an exponent; `2e` does not.
        let exponent = from(length);
        if exponent.starts_with(['e', 'E']) {
            let sign = usize::from(from(length + 1).starts_with(['+', '-']));
            match digits(from(length + 1 + sign)) {
                0 => {}
                count => length += 1 + sign + count,
            }
        }
        let text = rest.get(..length).unwrap_or_default();
        let number = Number::parse(text).map_err(|reason| told(reason, at))?;
        self.at += length;
        if self.rest().starts_with('.') {
            return Err(self.problem("A number has one decimal point"));
        }
        Ok(number)
    }

    /// A constant, or a function with its arguments.
    fn named(&mut self) -> Evaluated {
        let at = self.skip_spaces();
        let rest = self.rest();
        let end = rest.find(|next: char| !next.is_alphanumeric()).unwrap_or(rest.len());
        let name = rest.get(..end).unwrap_or_default().to_lowercase();
        self.at += end;
        if self.peek() != Some('(') {
            return function::constant(&name).ok_or_else(|| told(unknown(&name), at));
        }
        if function::usage(&name).is_none() {
            return Err(told(unknown(&name), at));
        }
        self.advance();
        let mut arguments = Vec::new();
        if self.peek() != Some(')') {
            arguments.push(self.nested(Self::sum)?);
            while self.peek() == Some(',') {
                self.advance();
                arguments.push(self.nested(Self::sum)?);
            }
        }
        self.close()?;
        match function::call(&name, &arguments) {
            Some(result) => result.map_err(|reason| told(reason, at)),
            None => {
                Err(told(format!("`{name}` is used as {}", function::usage(&name).unwrap_or_default()), at))
            }
        }
    }

    fn close(&mut self) -> Result<(), Problem> {
        match self.peek() {
            Some(')') => {
                self.advance();
                Ok(())
            }
            Some(next) => Err(self.problem(format!("`{next}` where `)` was expected"))),
            None => Err(self.problem("A `(` is not closed")),
        }
    }

    fn nested(&mut self, read: impl FnOnce(&mut Self) -> Evaluated) -> Evaluated {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.problem(format!("It is nested more than {DEEPEST} deep")));
        }
        let value = read(self);
        self.depth -= 1;
        value
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// The next character that is no space.
    fn peek(&mut self) -> Option<char> {
        self.skip_spaces();
        self.rest().chars().next()
    }

    fn skip_spaces(&mut self) -> usize {
        self.at = self.text.len() - self.rest().trim_start().len();
        self.at
    }

    fn advance(&mut self) {
        self.at += self.rest().chars().next().map_or(0, char::len_utf8);
    }

    fn problem(&mut self, message: impl Into<String>) -> Problem {
        told(message, self.at)
    }
}

fn told(message: impl Into<String>, at: usize) -> Problem {
    Problem { message: message.into(), at }
}

fn unknown(name: &str) -> String {
    match function::usage(name) {
        Some(usage) => format!("`{name}` is a function; it is used as {usage}"),
        None => format!("`{name}` is unknown; there are pi, e, tau, and {}", function::names()),
    }
}

fn after_the_end(next: char) -> String {
    match next {
        ')' => "This `)` closes nothing".to_owned(),
        ',' => {
            "A `,` only stands between the arguments of a function; numbers are written without it".to_owned()
        }
        '=' => "There is no `=`; only one side of an equation can be calculated".to_owned(),
        '(' => "Two factors stand side by side; write `*` between them".to_owned(),
        next if next.is_alphanumeric() => "Two factors stand side by side; write `*` between them".to_owned(),
        next => format!("`{next}` is no operator; there are + - * / % ^"),
    }
}
