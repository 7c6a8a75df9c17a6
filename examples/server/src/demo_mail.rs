//! The tool with which the demo shows what it is like to be asked: it pretends, and says so.

use scorpio_core::tool;

/// Pretend to send an e-mail. It is a demonstration: nothing leaves this machine.
#[tool(approval, effects = "egress", idempotent)]
pub(crate) fn send_email(to: String, subject: String, text: String) -> String {
    let words = text.split_whitespace().count();
    format!(
        "This is a demo, so nothing was sent. A real tool would have sent \"{subject}\" ({words} words) to {to}."
    )
}
