//! The table of faults: each of them on each wire, in virtual time. A fault comes first and a good answer after it; what is told is
//! whether the call was tried again, and what came of it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    unreachable_pub
)]

mod faults;
mod server;
mod wires;

use std::time::Duration;

use futures::StreamExt;
use scorpio_core::{
    Message,
    model::{
        Assembler, CallContext, FinishReason, LlmProvider, ModelErrorKind, ModelEvent, ModelRequest,
        Transcript,
    },
};
use scorpio_providers::Retry;
use tokio::time::Instant;

use self::{
    faults::{Expected, faults},
    server::Server,
    wires::{Wire, wires},
};

/// What came of a call.
#[derive(Debug, PartialEq)]
struct Came {
    attempts: usize,
    result: Result<FinishReason, ModelErrorKind>,
    /// Whether something of an answer had been delivered when it failed.
    partial: bool,
}

async fn call(wire: &Wire, server: &Server) -> Came {
    let retry = Retry::shared(wire.provider(server)).with_seed(7);
    let request = ModelRequest::new("m", Transcript::from_iter([Message::user("Hi")]));
    let mut assembler = Assembler::new();
    let outcome: Result<(), ModelErrorKind> = async {
        let mut stream = retry.stream(request, &CallContext::new()).await.map_err(|error| error.kind())?;
        while let Some(event) = stream.next().await {
            let event = event.map_err(|error| error.kind())?;
            if !matches!(event, ModelEvent::Retrying(_)) {
                assembler.push(&event).expect("the rules of the stream are kept");
            }
        }
        Ok(())
    }
    .await;
    let partial = outcome.is_err() && assembler.has_parts();
    let result =
        outcome.and_then(|()| assembler.finish().map(|answer| answer.reason).map_err(|error| error.kind()));
    Came { attempts: server.attempts(), result, partial }
}

#[tokio::test(start_paused = true)]
async fn every_fault_on_every_wire() {
    let (mut cases, mut wrong) = (0, Vec::new());
    for wire in wires() {
        for fault in faults(&wire) {
            let server = Server::new([fault.reply, wire.good()]);
            let begun = Instant::now();
            // Longer than all limits of time together.
            let came = tokio::time::timeout(Duration::from_secs(4_000), call(&wire, &server)).await;
            let took = begun.elapsed();
            let expected = match fault.expected {
                Expected::Retried => Came { attempts: 2, result: Ok(FinishReason::Stop), partial: false },
                Expected::Fails(kind) => Came { attempts: 1, result: Err(kind), partial: false },
                Expected::Partial(kind) => Came { attempts: 1, result: Err(kind), partial: true },
                Expected::Answers(reason) => Came { attempts: 1, result: Ok(reason), partial: false },
            };
            cases += 1;
            if came.as_ref().ok() != Some(&expected) {
                wrong.push(format!("{} on {}: {came:?}, not {expected:?}", fault.name, wire.name));
            }
            if took < fault.at_least || took > fault.at_most {
                let (least, most) = (fault.at_least, fault.at_most);
                wrong.push(format!("{} on {}: {took:?}, not {least:?} to {most:?}", fault.name, wire.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {cases} cases:\n{}", wrong.len(), wrong.join("\n"));
    assert!(cases >= 316, "{cases} cases");
}
