//! Doc comments as text for a model.

use syn::{Attribute, Expr, ExprLit, Lit, Meta};

/// The text of the doc comments among `attributes`, without the indentation and the stars of their layout.
pub(crate) fn from_doc_comments(attributes: &[Attribute]) -> Option<String> {
    let mut lines = Vec::new();
    for attribute in attributes {
        if let Some(text) = doc_text(attribute) {
            lines.extend(text.lines().map(str::to_owned));
        }
    }
    without_stars(&mut lines);
    let indentation =
        lines.iter().filter(|line| !line.trim().is_empty()).map(|line| indentation(line)).min().unwrap_or(0);
    let lines: Vec<_> =
        lines.iter().map(|line| line.get(indentation..).unwrap_or_default().trim_end()).collect();
    let text = lines.join("\n").trim().to_owned();
    (!text.is_empty()).then_some(text)
}

/// Whether this is a doc comment, or `#[doc(…)]`.
pub(crate) fn is_doc(attribute: &Attribute) -> bool {
    attribute.path().is_ident("doc")
}

fn doc_text(attribute: &Attribute) -> Option<String> {
    let Meta::NameValue(meta) = &attribute.meta else { return None };
    if !meta.path.is_ident("doc") {
        return None;
    }
    match &meta.value {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => {
            let text = text.value();
            // An empty comment line is a paragraph's end, but has no lines of its own.
            Some(if text.is_empty() { "\n".to_owned() } else { text })
        }
        _ => None,
    }
}

/// Block comments begin their lines with a star for the eye.
fn without_stars(lines: &mut [String]) {
    let mut rest = lines.iter().skip(1).filter(|line| !line.trim().is_empty()).peekable();
    let starred = rest.peek().is_some() && rest.all(|line| line.trim_start().starts_with('*'));
    // A list of items with stars looks the same, but then its first line has one as well.
    if !starred || lines.first().is_some_and(|line| line.trim_start().starts_with('*')) {
        return;
    }
    for line in lines.iter_mut().skip(1) {
        if let Some(star) = line.find('*') {
            *line = line.split_off(star + 1);
        }
    }
}

fn indentation(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

#[cfg(test)]
mod tests;
