//! What a transactional tool has to say to the database. It goes between the statements of a step, so it is looked at first: it must be
//! one whole statement, with a `?` for each of its parameters, and leave the transaction and the connection as they are.

#[cfg(test)]
mod tests;

use std::{iter::Peekable, str::Chars};

use scorpio_core::{
    Json,
    store::{Statement, StoreError, StoreErrorKind},
};

use super::script::{Script, Value};

/// Statements that concern the transaction, the connection or other files.
const FORBIDDEN: [&str; 11] = [
    "attach",
    "begin",
    "commit",
    "detach",
    "end",
    "explain",
    "pragma",
    "release",
    "rollback",
    "savepoint",
    "vacuum",
];

/// Adds what a tool says to the database.
pub(super) fn say(script: Script, statement: &Statement) -> Result<Script, StoreError> {
    let refused = |why| StoreError::new(StoreErrorKind::Rejected, format!("a transactional tool {why}"));
    let placeholders = check(statement.sql()).map_err(refused)?;
    if placeholders != statement.parameters().len() {
        return Err(refused("has to give one value for each `?` of its statement"));
    }
    let sql = statement.sql().trim_end_matches(|c: char| c.is_whitespace() || c == ';');
    // The line's end ends a comment, too.
    let script = script.then(&format!("{sql}\n"));
    Ok(statement.parameters().iter().fold(script, |script, parameter| script.bind(value(parameter))))
}

/// How many parameters a statement has. The error completes "a transactional tool".
fn check(sql: &str) -> Result<usize, &'static str> {
    let mut characters = sql.chars().peekable();
    let (mut placeholders, mut words, mut is_over) = (0, 0, false);
    while let Some(character) = characters.next() {
        match character {
            _ if character.is_whitespace() => continue,
            '-' if characters.next_if_eq(&'-').is_some() => {
                characters.by_ref().find(|character| *character == '\n');
                continue;
            }
            '/' if characters.next_if_eq(&'*').is_some() => {
                skip_comment(&mut characters)?;
                continue;
            }
            ';' => {
                is_over = true;
                continue;
            }
            _ if is_over => return Err("says one statement at a time"),
            '\'' | '"' | '`' => skip_quoted(&mut characters, character)?,
            '[' => skip_quoted(&mut characters, ']')?,
            '?' if !characters.peek().is_some_and(char::is_ascii_digit) => placeholders += 1,
            '?' | ':' | '@' | '$' | '#' => {
                return Err("writes a parameter as `?`, without a number or a name");
            }
            _ if is_part_of_word(character) => {
                let word = word(character, &mut characters);
                // `insert or rollback` would end the transaction.
                if words == 0 && FORBIDDEN.contains(&word.as_str()) || word == "rollback" {
                    return Err("leaves the transaction and the connection as they are");
                }
                words += 1;
            }
            _ => {}
        }
    }
    if words == 0 { Err("has to say something") } else { Ok(placeholders) }
}

fn is_part_of_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '$') || !character.is_ascii()
}

/// The word that begins with `first`, in lower case.
fn word(first: char, characters: &mut Peekable<Chars<'_>>) -> String {
    let mut word = String::from(first);
    while let Some(next) = characters.next_if(|character| is_part_of_word(*character)) {
        word.push(next);
    }
    word.make_ascii_lowercase();
    word
}

/// A quote that stands in a quoted text is written twice: then the text only seems to end, and begins again.
fn skip_quoted(characters: &mut Peekable<Chars<'_>>, quote: char) -> Result<(), &'static str> {
    characters.find(|character| *character == quote).map(drop).ok_or("closes what it quotes")
}

fn skip_comment(characters: &mut Peekable<Chars<'_>>) -> Result<(), &'static str> {
    while let Some(character) = characters.next() {
        if character == '*' && characters.next_if_eq(&'/').is_some() {
            return Ok(());
        }
    }
    Err("closes its comments")
}

fn value(json: &Json) -> Value {
    match json.to::<serde_json::Value>() {
        Ok(serde_json::Value::Null) => Value::Null,
        Ok(serde_json::Value::Bool(truth)) => truth.into(),
        Ok(serde_json::Value::String(text)) => text.into(),
        Ok(serde_json::Value::Number(number)) => match (number.as_i64(), number.as_f64()) {
            (Some(integer), _) => integer.into(),
            (None, Some(real)) => Value::Real(real),
            (None, None) => json.get().into(),
        },
        _ => json.get().into(),
    }
}
