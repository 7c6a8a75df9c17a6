//! Names of wires that were read from a file.

use std::sync::{Mutex, PoisonError};

use scorpio_core::model::WireKey;

/// The names that there have been. A program meets a handful of them, and they must live as long as it does.
static KNOWN: Mutex<Vec<WireKey>> = Mutex::new(Vec::new());

/// `name` as a key. Each name is kept once.
pub(super) fn wire_key(name: &str) -> WireKey {
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(key) = known.iter().find(|key| **key == name) {
        return key;
    }
    let key: WireKey = Box::leak(name.to_owned().into_boxed_str());
    known.push(key);
    key
}
