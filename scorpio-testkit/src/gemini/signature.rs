//! Signatures of thoughts, and the ids of calls, which tell the model that made them.

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::Value;

use crate::{
    json::{field, text},
    seal::{Seal, canonical},
};

/// What Google documents for calls that another model made, and that so have no signature.
const DUMMY: &str = "skip_thought_signature_validator";

const ANSWER: usize = 14;
const MODEL: usize = 4;
const MARK: usize = 6;

/// The signature of a part.
pub(super) fn sign(seal: &Seal, model: &str, part: &Value) -> String {
    Seal::base64(&[seal.of("part", &[model, &content(part)]), seal.of("model", &[model])])
}

/// Whether a part has the signature that it was issued with, to this model.
pub(super) fn is_signed(seal: &Seal, model: &str, part: &Value) -> bool {
    plain(text(part, "thoughtSignature")) == sign(seal, model, part)
}

/// Whether it is the dummy, as it is or as bytes.
pub(super) fn is_dummy(signature: &str) -> bool {
    signature == DUMMY || plain(signature) == BASE64_STANDARD.encode(DUMMY)
}

/// The alphabet of base64 may be that for addresses: Google's own client writes so.
fn plain(signature: &str) -> String {
    signature.replace('-', "+").replace('_', "/")
}

/// What is signed of a part.
fn content(part: &Value) -> String {
    match field(part, "functionCall") {
        Value::Null => text(part, "text").to_owned(),
        call => {
            let id = text(call, "id");
            format!("{id} {} {}", text(call, "name"), canonical(field(call, "args")))
        }
    }
}

/// The id of a call.
pub(super) fn call_id(seal: &Seal, model: &str, nonce: &str, place: usize) -> String {
    let id = format!("{nonce}{place:02x}{}", seal.short("model", &[model], MODEL));
    let mark = seal.short("call", &[&id], MARK);
    format!("{id}{mark}")
}

/// Whether a call was issued by this kit, to this model.
pub(super) fn is_own(seal: &Seal, model: &str, id: &str) -> bool {
    let Some((body, mark)) = id.split_at_checked(ANSWER + MODEL) else { return false };
    seal.short("call", &[body], MARK) == mark && body.ends_with(&seal.short("model", &[model], MODEL))
}
