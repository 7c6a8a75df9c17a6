//! In what two requests differ, in words.

use serde_json::Value;

/// How much of a value is shown, in characters.
const SHOWN: usize = 60;

/// The places where `asked` differs from `recorded`, each with both values.
pub(super) fn differences(recorded: &str, asked: &str) -> Vec<String> {
    let read = |json: &str| serde_json::from_str(json).unwrap_or_else(|_| Value::String(json.to_owned()));
    let mut found = Vec::new();
    compare("", &read(recorded), &read(asked), &mut found);
    found
}

fn compare(path: &str, recorded: &Value, asked: &Value, found: &mut Vec<String>) {
    match (recorded, asked) {
        (Value::Object(old), Value::Object(new)) => {
            let names: std::collections::BTreeSet<_> = old.keys().chain(new.keys()).collect();
            for name in names {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                let (old, new) = (old.get(name), new.get(name));
                compare_places(&path, old, new, found);
            }
        }
        (Value::Array(old), Value::Array(new)) => {
            for index in 0..old.len().max(new.len()) {
                compare_places(&format!("{path}[{index}]"), old.get(index), new.get(index), found);
            }
        }
        (old, new) if old == new => {}
        (old, new) => found.push(format!("`{path}` was {} and is {}", shown(old, new), shown(new, old))),
    }
}

fn compare_places(path: &str, recorded: Option<&Value>, asked: Option<&Value>, found: &mut Vec<String>) {
    match (recorded, asked) {
        (Some(recorded), Some(asked)) => compare(path, recorded, asked, found),
        (Some(recorded), None) => {
            found.push(format!("`{path}` was {} and is not there", shown(recorded, &Value::Null)))
        }
        (None, Some(asked)) => {
            found.push(format!("`{path}` was not there and is {}", shown(asked, &Value::Null)))
        }
        (None, None) => {}
    }
}

/// A piece of `value` from a little before the place where it begins to differ from `other`.
fn shown(value: &Value, other: &Value) -> String {
    let (value, other) = (value.to_string(), other.to_string());
    let same = value.chars().zip(other.chars()).take_while(|(a, b)| a == b).count();
    let skipped = if value.chars().count() <= SHOWN { 0 } else { same.saturating_sub(SHOWN / 3) };
    let mut piece: String = value.chars().skip(skipped).take(SHOWN).collect();
    if skipped > 0 {
        piece.insert(0, '…');
    }
    if value.chars().count() > skipped + SHOWN {
        piece.push('…');
    }
    piece
}
