//! What an answer may take of memory, on each wire: gigabytes that never end, single lines, floods, bombs, and short events that stand for
//! millions of values. Each ends in a typed error or is tolerated, and none takes as much as 64 MiB.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    unreachable_pub
)]

mod bombs;
#[path = "../fault_table/server.rs"]
mod server;
#[path = "../fault_table/wires.rs"]
mod wires;

use std::sync::{Mutex, PoisonError};

use futures::StreamExt;
use peak_alloc::PeakAlloc;
use scorpio_core::{
    Message,
    model::{CallContext, ModelErrorKind, ModelEvent, ModelRequest, Transcript},
};

use self::{
    bombs::bombs,
    server::{Reply, Server},
    wires::{Wire, wires},
};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// What an answer may take, in bytes.
const ALLOWED: usize = 64 << 20;

/// How the answer ends: with a finish, with an error, or not at all, which nothing may.
async fn ask(wire: &Wire, reply: Reply) -> Option<Result<(), ModelErrorKind>> {
    let server = Server::new([reply]);
    let request = ModelRequest::new("m", Transcript::from_iter([Message::user("Hi")]));
    let mut stream = match wire.provider(&server).stream(request, &CallContext::new()).await {
        Ok(stream) => stream,
        Err(error) => return Some(Err(error.kind())),
    };
    while let Some(event) = stream.next().await {
        match event {
            Ok(ModelEvent::Finish { .. }) => return Some(Ok(())),
            Ok(_) => {}
            Err(error) => return Some(Err(error.kind())),
        }
    }
    None
}

/// The allocator counts for the whole process, so the wires take turns.
static TURN: Mutex<()> = Mutex::new(());

fn no_answer_takes_too_much(wire: &Wire) {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let (mut cases, mut wrong) = (0, Vec::new());
    for bomb in bombs(wire) {
        let before = MEMORY.current_usage();
        MEMORY.reset_peak_usage();
        let came = runtime.block_on(ask(wire, bomb.reply));
        let took = MEMORY.peak_usage().saturating_sub(before);
        cases += 1;
        if came != Some(bomb.expected) {
            wrong.push(format!("{}: {came:?}, not {:?}", bomb.name, bomb.expected));
        }
        if took >= ALLOWED {
            wrong.push(format!("{}: it took {} MiB", bomb.name, took >> 20));
        }
    }
    assert!(wrong.is_empty(), "{} of {cases} cases on {}:\n{}", wrong.len(), wire.name, wrong.join("\n"));
    assert!(cases >= 17, "{cases} cases");
}

#[test]
fn chat() {
    no_answer_takes_too_much(&wires()[0]);
}

#[test]
fn responses() {
    no_answer_takes_too_much(&wires()[1]);
}

#[test]
fn messages() {
    no_answer_takes_too_much(&wires()[2]);
}

#[test]
fn gemini() {
    no_answer_takes_too_much(&wires()[3]);
}
