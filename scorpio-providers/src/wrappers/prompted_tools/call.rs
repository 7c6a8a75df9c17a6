//! A call as the model writes it.

use std::borrow::Cow;

use scorpio_core::ToolCallPart;
use serde::Deserialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::CALL;
use crate::wrappers::mend;

#[derive(Deserialize)]
struct Written<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow, default, alias = "parameters")]
    arguments: Option<&'a RawValue>,
}

/// The call that is JSON.
pub(super) fn strict(body: &str) -> Option<ToolCallPart> {
    let Written { name, arguments } = serde_json::from_str(body).ok()?;
    let arguments = arguments.map_or("{}", RawValue::get);
    // Some write the arguments as a string, as they know it from elsewhere.
    let text = serde_json::from_str::<String>(arguments);
    let id = format!("call_{}", Uuid::now_v7().simple());
    (!name.is_empty()).then(|| ToolCallPart::new(id, name.as_ref(), text.as_deref().unwrap_or(arguments)))
}

/// The call that was meant to be JSON.
pub(super) fn mended(body: &str) -> Option<ToolCallPart> {
    let (body, _) = mend::object(body)?;
    let call = strict(&body)?;
    tracing::info!(call_id = %call.call_id, tool = %call.name, "a tool call was mended");
    Some(call)
}

/// Looks for the end of a call. Strings may hold what looks like it.
#[derive(Default)]
pub(super) struct Scanner {
    /// How far it has looked.
    at: usize,
    in_string: bool,
    escaped: bool,
}

impl Scanner {
    /// Where the closing tag begins in `body`, which has grown since the last time.
    pub(super) fn end(&mut self, body: &str) -> Option<usize> {
        let tag = CALL[1];
        while let Some(byte) = body.as_bytes().get(self.at) {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = self.in_string,
                b'"' => self.in_string = !self.in_string,
                b'<' if !self.in_string => {
                    let rest = body.get(self.at..).unwrap_or_default();
                    if rest.starts_with(tag) {
                        return Some(self.at);
                    }
                    if tag.starts_with(rest) {
                        return None;
                    }
                }
                _ => {}
            }
            self.at += 1;
        }
        None
    }
}
