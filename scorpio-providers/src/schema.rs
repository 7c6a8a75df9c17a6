//! JSON schemas in the subsets that the strict modes of the providers take.
//!
//! OpenAI's wants `additionalProperties: false` and every property required in every object, knows few keywords, and refuses
//! the rest; Anthropic's lets properties be left out and knows fewer keywords. What only narrows a value moves into its description, where the model still reads it; what would give a value
//! another form is an error that names the place. See <https://platform.openai.com/docs/guides/structured-outputs>.

mod anthropic;
mod gemini;
mod merge;
mod tree;

use std::{cell::Cell, fmt};

use scorpio_core::{Json, model::ModelError};

use self::{
    merge::{merge_all, resolve},
    tree::{Fields, Tree},
};
use crate::http::invalid;

/// Deeper schemas are refused: strict mode allows 10 levels of objects, and each takes a few of ours.
const MAX_DEPTH: usize = 64;

/// The longest schema, in bytes. The providers take far shorter ones.
const MAX_LENGTH: usize = 1 << 20;

/// How many values a schema may consist of, with what its references and `allOf` stand for put in their place: such a schema can be
/// short and stand for one without end.
const MAX_VALUES: usize = 100_000;

/// Keywords that strict mode takes as they stand.
const KEPT: [&str; 12] = [
    "type",
    "description",
    "enum",
    "const",
    "pattern",
    "multipleOf",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "minItems",
    "maxItems",
];

/// The formats of strings that strict mode takes.
const FORMATS: [&str; 9] =
    ["date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"];

/// Keywords that say nothing about the value, or nothing that strict mode does not say already.
const DROPPED: [&str; 12] = [
    "$schema",
    "$id",
    "$comment",
    "$anchor",
    "title",
    "examples",
    "deprecated",
    "readOnly",
    "writeOnly",
    "discriminator",
    "unevaluatedProperties",
    "nullable",
];

/// Keywords that give a value a form which strict mode cannot express, and what to do instead.
const REFUSED: [(&str, &str); 3] = [
    ("patternProperties", "a map with free keys; use a list of objects with a key and a value"),
    ("prefixItems", "a tuple; use an object with named fields"),
    ("$dynamicRef", "a dynamic reference; use `$ref`"),
];

/// Why a schema cannot be expressed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SchemaError {
    path: String,
    reason: String,
}

impl fmt::Display for SchemaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = if self.path.is_empty() { "the root" } else { &self.path };
        write!(f, "strict mode cannot express {path}: {}", self.reason)
    }
}

impl std::error::Error for SchemaError {}

/// The name of a shape, if OpenAI takes it.
pub(crate) fn checked_name(name: &str) -> Result<&str, ModelError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if !name.is_empty() && name.len() <= 64 && name.bytes().all(allowed) {
        return Ok(name);
    }
    Err(invalid(format!("`{name}` is no name for a shape: it must match ^[A-Za-z0-9_-]{{1,64}}$")))
}

/// Whose subset of JSON schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(dead_code)]
pub(crate) enum Subset {
    OpenAi,
    Anthropic,
    Gemini,
}

/// The schema in the subset.
pub(crate) fn rewrite(schema: &Json, subset: Subset) -> Result<String, SchemaError> {
    if schema.get().len() > MAX_LENGTH {
        return Err(fail("", format!("it is longer than {MAX_LENGTH} bytes")));
    }
    let root: Tree =
        schema.to().map_err(|error| fail("", format!("it is not JSON that can be read ({error})")))?;
    let rewritten = match subset {
        Subset::OpenAi => strict(&root, subset)?,
        Subset::Anthropic => {
            let rewritten = strict(&root, subset)?;
            anthropic::check(&rewritten)?;
            rewritten
        }
        Subset::Gemini => gemini::rewrite(&root, "", 0)?,
    };
    serde_json::to_string(&rewritten).map_err(|error| fail("", error.to_string()))
}

fn strict(root: &Tree, subset: Subset) -> Result<Tree, SchemaError> {
    let strict = Rewriter { root, subset, values: Cell::new(0) }.rewrite(root, "", &[])?;
    if strict.field("type").is_some_and(|kind| kind.is_text("object")) {
        return Ok(strict);
    }
    Err(fail("", "it must be an object; put the value into a field of one"))
}

struct Rewriter<'a> {
    root: &'a Tree,
    subset: Subset,
    /// How many values were written anew so far.
    values: Cell<usize>,
}

impl Rewriter<'_> {
    /// `open` holds the references that have been put in their place above this one.
    fn rewrite(&self, schema: &Tree, path: &str, open: &[&str]) -> Result<Tree, SchemaError> {
        if path.matches('/').count() > MAX_DEPTH {
            return Err(fail(path, "it is nested too deep"));
        }
        self.spend(1, path)?;
        let fields = match schema {
            Tree::Object(fields) => fields,
            _ => return Err(fail(path, "it allows any value; say which")),
        };
        if let Some(reference) = schema.field("$ref").and_then(Tree::text) {
            return self.reference(fields, reference, path, open);
        }
        if let Some(Tree::Array(all)) = schema.field("allOf") {
            let merged = merge_all(self.root, fields, all).map_err(|reason| fail(path, reason))?;
            self.spend(merged.size(), path)?;
            // A schema that holds itself ends at the limit of the depth.
            return self.rewrite(&merged, &format!("{path}/allOf"), open);
        }
        self.keywords(schema, fields, path, open)
    }

    /// A reference may have no siblings: with any but a title it is replaced by what it points to.
    fn reference(
        &self,
        fields: &Fields,
        reference: &str,
        path: &str,
        open: &[&str],
    ) -> Result<Tree, SchemaError> {
        let target = resolve(self.root, reference).map_err(|reason| fail(path, reason))?;
        let siblings = fields.iter().any(|(name, _)| {
            !DROPPED.contains(&name.as_str())
                && !["$ref", "$defs", "definitions", "default"].contains(&name.as_str())
        });
        // The root must be an object of its own. Inside what it points to, a description is not worth an endless schema.
        if (!siblings && !path.is_empty()) || open.contains(&reference) {
            return Ok(Tree::object([("$ref", Tree::string(reference))]));
        }
        let Tree::Object(target) = target else {
            return Err(fail(path, format!("`{reference}` allows any value; say which")));
        };
        let mut inlined: Fields = fields.iter().filter(|(name, _)| name != "$ref").cloned().collect();
        for (name, value) in target {
            if !inlined.iter().any(|(known, _)| known == name) {
                inlined.push((name.clone(), value.clone()));
            }
        }
        let (inlined, open) = (Tree::Object(inlined), [open, &[reference]].concat());
        self.spend(inlined.size(), path)?;
        self.rewrite(&inlined, path, &open)
    }

    /// Counts what is written anew.
    fn spend(&self, values: usize, path: &str) -> Result<(), SchemaError> {
        self.values.set(self.values.get().saturating_add(values));
        if self.values.get() > MAX_VALUES {
            return Err(fail(
                path,
                format!("with what it refers to, it consists of more than {MAX_VALUES} values"),
            ));
        }
        Ok(())
    }

    fn keywords(
        &self,
        schema: &Tree,
        fields: &Fields,
        path: &str,
        open: &[&str],
    ) -> Result<Tree, SchemaError> {
        let mut strict = Fields::new();
        let mut notes = Vec::new();
        for (name, value) in fields {
            let at = format!("{path}/{name}");
            match name.as_str() {
                "properties" | "required" | "additionalProperties" => {}
                "items" => strict.push(("items".into(), self.rewrite(value, &at, open)?)),
                "anyOf" | "oneOf" => strict.push(("anyOf".into(), self.each(value, &at, open)?)),
                "$defs" | "definitions" => strict.push((name.clone(), self.definitions(value, &at, open)?)),
                "format" => self.format(value, &mut strict, &mut notes),
                "default" => default(value, &mut notes),
                name if self.keeps(name, value) => strict.push((name.into(), value.clone())),
                name if DROPPED.contains(&name) => {}
                name => {
                    if let Some((_, reason)) = REFUSED.iter().find(|(refused, _)| *refused == name) {
                        return Err(fail(path, *reason));
                    }
                    notes.push(format!("{name}: {}", value.to_json()));
                }
            }
        }
        if describes_object(schema) {
            self.object(schema, &mut strict, path, open)?;
        }
        if describes_array(schema) && schema.field("items").is_none() {
            return Err(fail(path, "a list of anything; say of what"));
        }
        infer_type(&mut strict);
        let shapes = ["type", "anyOf"];
        if !strict.iter().any(|(name, _)| shapes.contains(&name.as_str())) {
            return Err(fail(path, "it allows any value; say which"));
        }
        add_notes(&mut strict, &notes);
        Ok(Tree::Object(strict))
    }

    fn object(
        &self,
        schema: &Tree,
        strict: &mut Fields,
        path: &str,
        open: &[&str],
    ) -> Result<(), SchemaError> {
        let closed = |extra: &Tree| matches!(extra, Tree::Scalar(json) if json == "false");
        if schema.field("additionalProperties").is_some_and(|extra| !closed(extra)) {
            return Err(fail(path, "a map with free keys; use a list of objects with a key and a value"));
        }
        let none = Fields::new();
        let properties = match schema.field("properties") {
            Some(Tree::Object(properties)) => properties,
            _ => &none,
        };
        let required = |name: &str| match schema.field("required") {
            Some(Tree::Array(names)) => names.iter().any(|required| required.is_text(name)),
            _ => false,
        };
        let (mut rewritten, mut names) = (Fields::new(), Vec::new());
        for (name, property) in properties {
            let strict = self.rewrite(property, &format!("{path}/properties/{name}"), open)?;
            if self.subset == Subset::Anthropic {
                if required(name) {
                    names.push(Tree::string(name));
                }
                rewritten.push((name.clone(), strict));
                continue;
            }
            names.push(Tree::string(name));
            // A model that must give a value can always give the default, which fits; null need not.
            let may_be_left_out = !required(name) && property.field("default").is_none_or(Tree::is_null);
            rewritten.push((name.clone(), if may_be_left_out { self.nullable(strict) } else { strict }));
        }
        strict.push(("properties".into(), Tree::Object(rewritten)));
        strict.push(("required".into(), Tree::Array(names)));
        strict.push(("additionalProperties".into(), Tree::Scalar("false".into())));
        Ok(())
    }

    /// Whether a keyword may stay as it stands.
    fn keeps(&self, name: &str, value: &Tree) -> bool {
        match self.subset {
            Subset::Anthropic => anthropic::keeps(name, value),
            _ => KEPT.contains(&name),
        }
    }

    fn format(&self, value: &Tree, strict: &mut Fields, notes: &mut Vec<String>) {
        let is_known = |name: &str| {
            FORMATS.contains(&name) || (self.subset == Subset::Anthropic && anthropic::is_format(name))
        };
        match value.text() {
            Some(name) if is_known(name) => strict.push(("format".into(), value.clone())),
            // The formats that schemars gives to numbers say no more than their bounds.
            Some(name) if name.trim_start_matches("u").starts_with("int") => {}
            Some("float" | "double") => {}
            _ => notes.push(format!("format: {}", value.to_json())),
        }
    }

    fn each(&self, schemas: &Tree, path: &str, open: &[&str]) -> Result<Tree, SchemaError> {
        let Tree::Array(schemas) = schemas else { return Err(fail(path, "it must be a list")) };
        let rewrite = |(index, schema)| self.rewrite(schema, &format!("{path}/{index}"), open);
        schemas.iter().enumerate().map(rewrite).collect::<Result<_, _>>().map(Tree::Array)
    }

    fn definitions(&self, schemas: &Tree, path: &str, open: &[&str]) -> Result<Tree, SchemaError> {
        let Tree::Object(schemas) = schemas else { return Err(fail(path, "it must be an object")) };
        let rewrite = |(name, schema): &(String, Tree)| {
            Ok((name.clone(), self.rewrite(schema, &format!("{path}/{name}"), open)?))
        };
        schemas.iter().map(rewrite).collect::<Result<_, _>>().map(Tree::Object)
    }

    /// The same, or null.
    fn nullable(&self, schema: Tree) -> Tree {
        if self.takes_null(&schema) {
            return schema;
        }
        let Tree::Object(mut fields) = schema else { return schema };
        let has = |name: &str| fields.iter().any(|(known, _)| known == name);
        if has("$ref") || has("const") || (!has("type") && !has("anyOf")) {
            let either = Tree::Array(vec![Tree::Object(fields), Tree::null_schema()]);
            return Tree::object([("anyOf", either)]);
        }
        for (name, value) in &mut fields {
            match (name.as_str(), value) {
                ("type", Tree::Array(kinds)) => kinds.push(Tree::string("null")),
                ("type", kind) => *kind = Tree::Array(vec![kind.clone(), Tree::string("null")]),
                ("enum", Tree::Array(values)) => values.push(Tree::null()),
                ("anyOf", Tree::Array(variants)) => variants.push(Tree::null_schema()),
                _ => {}
            }
        }
        Tree::Object(fields)
    }

    fn takes_null(&self, schema: &Tree) -> bool {
        let target = schema.field("$ref").and_then(Tree::text).and_then(|path| resolve(self.root, path).ok());
        let schema = target.unwrap_or(schema);
        let kind = match schema.field("type") {
            Some(Tree::Array(kinds)) => kinds.iter().any(|kind| kind.is_text("null")),
            Some(kind) => kind.is_text("null"),
            None => false,
        };
        let variant = match schema.field("anyOf").or_else(|| schema.field("oneOf")) {
            Some(Tree::Array(variants)) => {
                variants.iter().any(|variant| variant.field("type").is_some_and(|kind| kind.is_text("null")))
            }
            _ => false,
        };
        kind || variant
    }
}

fn describes_object(schema: &Tree) -> bool {
    names_type(schema, "object") || schema.field("properties").is_some()
}

fn describes_array(schema: &Tree) -> bool {
    names_type(schema, "array")
}

fn names_type(schema: &Tree, name: &str) -> bool {
    match schema.field("type") {
        Some(Tree::Array(kinds)) => kinds.iter().any(|kind| kind.is_text(name)),
        Some(kind) => kind.is_text(name),
        None => false,
    }
}

fn default(value: &Tree, notes: &mut Vec<String>) {
    if !value.is_null() {
        notes.push(format!("default: {}", value.to_json()));
    }
}

/// Strict mode wants a type beside an `enum` or a `const`, which JSON schema does not.
fn infer_type(strict: &mut Fields) {
    let has = |name: &str| strict.iter().find(|(known, _)| known == name).map(|(_, value)| value);
    if has("type").is_some() {
        return;
    }
    let kinds: Vec<&str> = match (has("properties"), has("const"), has("enum")) {
        (Some(_), ..) => vec!["object"],
        (_, Some(value), _) => vec![value.kind()],
        (_, _, Some(Tree::Array(values))) => values.iter().map(Tree::kind).collect(),
        _ => return,
    };
    let mut distinct: Vec<Tree> = Vec::new();
    for kind in kinds {
        if !distinct.iter().any(|known| known.is_text(kind)) {
            distinct.push(Tree::string(kind));
        }
    }
    let kind = match distinct.pop() {
        Some(only) if distinct.is_empty() => only,
        Some(last) => {
            distinct.push(last);
            Tree::Array(distinct)
        }
        None => return,
    };
    strict.insert(0, ("type".into(), kind));
}

fn add_notes(strict: &mut Fields, notes: &[String]) {
    if notes.is_empty() {
        return;
    }
    let notes = notes.join(", ");
    match strict.iter_mut().find(|(name, _)| name == "description") {
        Some((_, description)) => {
            let text = description.text().unwrap_or_default();
            *description = Tree::string(&format!("{text} ({notes})"));
        }
        None => strict.push(("description".into(), Tree::string(&notes))),
    }
}

fn fail(path: &str, reason: impl Into<String>) -> SchemaError {
    SchemaError { path: path.to_owned(), reason: reason.into() }
}

#[cfg(test)]
mod tests;
