//! What the core reads back: what a store kept, of this version or another, and what a browser posts.

use scorpio_core::{
    Event, Message, StopReason, Usage,
    model::ModelEvent,
    run::{Input, Rules, RunMachine, Step},
    tool::ToolCatalog,
    ui::ClientMessage,
};
use serde::{Serialize, de::DeserializeOwned};

pub(super) fn stored(bytes: &[u8]) {
    same_again::<Message>(bytes);
    same_again::<Event>(bytes);
    same_again::<ModelEvent>(bytes);
    if let Ok(machine) = serde_json::from_slice::<RunMachine>(bytes) {
        drive(machine);
    }
}

/// What was read must come back from what it is written as.
fn same_again<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(bytes: &[u8]) {
    let Ok(read) = serde_json::from_slice::<T>(bytes) else { return };
    let again = serde_json::to_vec(&read).and_then(|json| serde_json::from_slice::<T>(&json));
    assert!(again.as_ref().is_ok_and(|again| *again == read), "{read:?} comes back as {again:?}");
}

/// A machine that somebody else wrote takes any input or refuses it, and ends.
fn drive(mut machine: RunMachine) {
    let (catalog, at) = (ToolCatalog::default(), jiff::Timestamp::UNIX_EPOCH);
    let tools = Rules::new(&catalog);
    let calls = match machine.next() {
        Step::CallTools(calls) | Step::AwaitDecisions(calls) => calls.to_vec(),
        _ => Vec::new(),
    };
    for call in calls.iter().take(16) {
        let _ = machine.apply(Input::ToolStarted { index: call.index }, &tools, at);
        if let Some(result) = &call.result {
            let input = Input::ToolFinished { index: call.index, result: result.clone(), error: None };
            let _ = machine.apply(input, &tools, at);
        }
    }
    let _ = machine.apply(Input::Steered(Message::user("More.")), &tools, at);
    let stop =
        Input::Stop { reason: StopReason::Cost, partial: Vec::new(), usage: Usage::new(u64::MAX, u64::MAX) };
    let _ = machine.apply(stop, &tools, at);
    let ended = machine.next();
    assert!(matches!(ended, Step::Done(_)), "{ended:?}");
}

pub(super) fn posted(bytes: &[u8]) {
    let Ok(posted) = serde_json::from_slice::<ClientMessage>(bytes) else { return };
    match Message::try_from(posted) {
        Ok(message) => {
            assert!(!message.parts.is_empty());
            let json = serde_json::to_vec(&message).unwrap_or_default();
            same_again::<Message>(&json);
        }
        Err(error) => assert!(!error.path.is_empty() && !error.problem.is_empty()),
    }
}
