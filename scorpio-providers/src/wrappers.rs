//! What makes a provider dependable: wrappers that are providers themselves, so they stack in any order around any other.
//!
//! Until the first part of an answer has reached the caller, a call may be tried again or elsewhere without anybody noticing but by the
//! events that say so. From then on it may not, and the stream of the provider is handed through as it is.

mod attempt;
mod deadline;
mod fallback;
mod retry;

pub use self::{
    fallback::{BreakerPolicy, BreakerState, Fallback, RouteState},
    retry::{Retry, RetryBudget},
};
