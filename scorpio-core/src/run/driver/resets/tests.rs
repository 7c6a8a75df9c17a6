#![allow(clippy::unwrap_used)]

use std::time::Duration;

use super::Resets;
use crate::model::{ModelError, ModelErrorKind};

fn broken() -> ModelError {
    ModelError::new(ModelErrorKind::Truncated, "cut")
}

#[test]
fn waits_are_bounded_and_run_out() {
    let mut resets = Resets::new(3);
    for longest in [500, 1000, 2000] {
        assert!(resets.next(&broken()).unwrap() <= Duration::from_millis(longest));
    }
    assert_eq!(resets.next(&broken()), None);
}

#[test]
fn the_provider_has_the_last_word_up_to_two_minutes() {
    let mut resets = Resets::new(9);
    let asked = |seconds| broken().with_retry_after(Duration::from_secs(seconds));
    assert_eq!(resets.next(&asked(120)), Some(Duration::from_secs(120)));
    assert_eq!(resets.next(&asked(121)), None);
}

#[test]
fn what_no_other_try_can_mend_is_not_tried() {
    let mut resets = Resets::new(9);
    assert_eq!(resets.next(&ModelError::new(ModelErrorKind::Auth, "no")), None);
    assert!(resets.next(&ModelError::new(ModelErrorKind::Protocol, "garbled")).is_some());
}
