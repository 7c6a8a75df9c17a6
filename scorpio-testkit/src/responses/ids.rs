//! The ids of items, which tell what an item must stand beside, and the encrypted content of reasoning. Both can be checked without memory.

use crate::{answer::Answering, seal::Seal};

/// No reasoning came before the item.
const FREE: &str = "ff";

/// What the id of an item tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ItemId<'a> {
    /// The answer that the item was in.
    pub(super) answer: &'a str,
    /// Its place in the answer, and that of the reasoning that it needs.
    pub(super) place: &'a str,
    pub(super) needs: Option<&'a str>,
}

/// What was encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encrypted {
    /// By this kit, for this model and conversation.
    Good,
    /// For another model.
    OtherModel,
    /// For another conversation.
    OtherPrefix,
    /// It was not issued so.
    Broken,
}

/// The id of an item of an answer. `needs` is the place of the reasoning before it.
pub(super) fn issue(to: &Answering<'_>, kind: &str, place: usize, needs: Option<usize>) -> String {
    let needs = needs.map_or_else(|| FREE.to_owned(), |needs| format!("{needs:02x}"));
    let id = format!("{}{place:02x}{needs}", to.nonce);
    let mark = to.seal.short("item", &[&id], 8);
    format!("{kind}_{id}{mark}")
}

/// What an id tells, when it is one of this kit.
pub(super) fn read<'a>(seal: &Seal, id: &'a str) -> Option<ItemId<'a>> {
    let (_, id) = id.split_once('_')?;
    let (id, mark) = id.split_at_checked(16)?;
    if seal.short("item", &[id], 8) != mark {
        return None;
    }
    let (answer, places) = id.split_at_checked(12)?;
    let (place, needs) = places.split_at_checked(2)?;
    Some(ItemId { answer, place, needs: (needs != FREE).then_some(needs) })
}

/// The encrypted content of reasoning.
pub(super) fn encrypt(seal: &Seal, model: &str, prefix: &str, id: &str) -> String {
    let bound = [seal.of("model", &[model]), seal.of("prefix", &[prefix])];
    let [model, prefix] = bound;
    Seal::base64(&[model, prefix, seal.of("reasoning", &[id, &Seal::base64(&bound)])])
}

/// Whether encrypted content is what was issued with this id, and may be read here.
pub(super) fn decrypt(seal: &Seal, model: &str, prefix: &str, id: &str, content: &str) -> Encrypted {
    let Some([of_model, of_prefix, of_all]) = Seal::read(content) else { return Encrypted::Broken };
    if of_all != seal.of("reasoning", &[id, &Seal::base64(&[of_model, of_prefix])]) {
        return Encrypted::Broken;
    }
    if of_model != seal.of("model", &[model]) {
        return Encrypted::OtherModel;
    }
    match of_prefix == seal.of("prefix", &[prefix]) {
        true => Encrypted::Good,
        false => Encrypted::OtherPrefix,
    }
}
