//! The deadline of a call, on a clock that nobody sets.

use std::time::Duration;

use jiff::Timestamp;
use scorpio_core::model::CallContext;
use tokio::time::Instant;

/// When the run that asks gives up. It is read once for each call, so that a wall clock that jumps in between changes nothing.
pub(super) fn deadline(cx: &CallContext) -> Option<Instant> {
    let left = cx.deadline?.duration_since(Timestamp::now());
    Instant::now().checked_add(Duration::try_from(left).unwrap_or_default())
}
