//! `allOf`, which strict mode does not know, as the one schema that it stands for; and where references point.

use super::tree::{Fields, Tree};

/// What `reference` points to.
pub(super) fn resolve<'a>(root: &'a Tree, reference: &str) -> Result<&'a Tree, String> {
    let path =
        reference.strip_prefix('#').ok_or_else(|| format!("`{reference}` points out of the schema"))?;
    let mut at = root;
    for name in path.split('/').skip(1) {
        let name = name.replace("~1", "/").replace("~0", "~");
        at = at.field(&name).ok_or_else(|| format!("`{reference}` points nowhere"))?;
    }
    Ok(at)
}

/// One schema that says what `fields` and all of `schemas` say.
pub(super) fn merge_all(root: &Tree, fields: &Fields, schemas: &[Tree]) -> Result<Tree, String> {
    let mut merged: Fields = fields.iter().filter(|(name, _)| name != "allOf").cloned().collect();
    for schema in schemas {
        let schema = match schema.field("$ref").and_then(Tree::text) {
            Some(reference) => resolve(root, reference)?,
            None => schema,
        };
        let Tree::Object(more) = schema else { continue };
        for (name, value) in more {
            merge_keyword(&mut merged, name, value)?;
        }
    }
    Ok(Tree::Object(merged))
}

fn merge_keyword(merged: &mut Fields, name: &str, value: &Tree) -> Result<(), String> {
    let Some((_, known)) = merged.iter_mut().find(|(known, _)| known == name) else {
        merged.push((name.to_owned(), value.clone()));
        return Ok(());
    };
    match (name, known, value) {
        // What stands outside is said about this very place.
        ("title" | "description" | "default" | "examples", ..) => {}
        ("properties", Tree::Object(known), Tree::Object(more)) => {
            for (name, value) in more {
                match known.iter().find(|(other, _)| other == name) {
                    Some((_, other)) if other != value => {
                        return Err(format!("`allOf` describes `{name}` in two ways"));
                    }
                    Some(_) => {}
                    None => known.push((name.clone(), value.clone())),
                }
            }
        }
        ("required", Tree::Array(known), Tree::Array(more)) => {
            let new: Vec<Tree> = more.iter().filter(|name| !known.contains(name)).cloned().collect();
            known.extend(new);
        }
        ("allOf", Tree::Array(known), Tree::Array(more)) => known.extend(more.iter().cloned()),
        (_, known, value) if known == value => {}
        _ => return Err(format!("`allOf` gives two values for `{name}`")),
    }
    Ok(())
}
