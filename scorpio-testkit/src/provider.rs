//! The strict provider: it judges a request, chooses the turn, and writes the answer.

mod control;
mod respond;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde_json::Value;

use crate::{
    fault::Fault,
    request::{Asked, Request},
    rule::{Admission, Refusal},
    script::{Plan, Script},
    seal::Seal,
    turn::Turn,
    wire::Wire,
};

/// The key of seals unless another is set. It is no secret: whoever knows it can only fool a test.
const DEFAULT_KEY: &[u8] = b"scorpio-testkit";

/// A provider that follows a script and refuses whatever the vendors refuse. Clones are the same provider.
///
/// It can be asked in memory, by [`respond`](Self::respond), and as a server, by `serve`.
///
/// ```
/// use scorpio_testkit::{Script, StrictProvider, Turn};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// let provider = StrictProvider::new(Script::in_order([Turn::text("Hi there")]));
/// let request = http::Request::post("/v1/chat/completions")
///     .header("authorization", "Bearer any")
///     .body(r#"{"model": "gpt-5-mini", "messages": [{"role": "user", "content": "Hi"}]}"#.into())?;
/// let response = provider.respond(request).await;
/// assert_eq!(response.status(), 200);
/// assert!(provider.refusals().is_empty());
/// # Ok::<(), http::Error>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct StrictProvider {
    seal: Seal,
    api_key: Option<String>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    script: Script,
    /// Of a script in order: the turn that comes next, and how often it was asked for.
    next: usize,
    attempt: usize,
    /// Of other scripts: how often an answer was asked for, by what it answers.
    attempts: HashMap<String, usize>,
    asked: Vec<Asked>,
}

/// What is played for a request.
struct Played {
    number: usize,
    turn: Turn,
    fault: Option<Fault>,
}

impl StrictProvider {
    /// A provider that follows this script.
    pub fn new(script: Script) -> Self {
        let state = State { script, next: 0, attempt: 0, attempts: HashMap::new(), asked: Vec::new() };
        Self { seal: Seal::new(DEFAULT_KEY), api_key: None, state: Arc::new(Mutex::new(state)) }
    }

    /// The key by which signatures, ids and encrypted contents are made. Providers with one key take each other's for their own.
    #[must_use]
    pub fn seal_key(mut self, key: impl AsRef<[u8]>) -> Self {
        self.seal = Seal::new(key.as_ref());
        self
    }

    /// The only key of the API that is let in. Without this any is.
    #[must_use]
    pub fn api_key(mut self, key: impl Into<String>) -> Self {
        self.api_key = Some(key.into());
        self
    }

    /// Everything that was asked, in order.
    pub fn asked(&self) -> Vec<Asked> {
        self.state().asked.clone()
    }

    /// What was refused because it breaks a rule, in order.
    pub fn refusals(&self) -> Vec<Refusal> {
        self.state().asked.iter().filter_map(|asked| asked.verdict.refusal().cloned()).collect()
    }

    /// The bodies of the requests on a wire, in order.
    pub fn bodies(&self, wire: Wire) -> Vec<Value> {
        let state = self.state();
        let asked = state.asked.iter().filter(|asked| asked.request.wire() == wire);
        asked.map(|asked| asked.request.body().clone()).collect()
    }

    /// The turns of a script in order that nobody has asked for. Of other scripts there is no such number.
    pub fn turns_left(&self) -> usize {
        let state = self.state();
        match &state.script.0 {
            Plan::InOrder(turns) => turns.len().saturating_sub(state.next),
            _ => 0,
        }
    }

    /// Follows another script from its beginning. What was asked is still known.
    pub fn replace_script(&self, script: Script) {
        let mut state = self.state();
        (state.next, state.attempt) = (0, 0);
        state.attempts.clear();
        state.script = script;
    }

    /// Forgets what was asked.
    pub fn forget(&self) {
        self.state().asked.clear();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // What a panic left behind is as good as it was.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn play(&mut self, request: &Request, admission: &Admission, seal: &Seal) -> Option<Played> {
        if let Plan::InOrder(turns) = &self.script.0 {
            let turn = turns.get(self.next)?.clone();
            let number = self.next;
            let fault = turn.faults.get(self.attempt).cloned();
            self.attempt += 1;
            let is_over = self.attempt >= turn.faults.len() && (fault.is_none() || turn.never_answers);
            if is_over {
                (self.next, self.attempt) = (self.next + 1, 0);
            }
            return Some(Played { number, turn, fault });
        }
        let chosen = self.script.choose(request)?;
        let what = [request.wire().name(), request.model(), &admission.prefix];
        let attempt = self.attempts.entry(seal.hex("attempt", &what)).or_default();
        let last = chosen.turn.faults.last().filter(|_| chosen.turn.never_answers);
        let fault = chosen.turn.faults.get(*attempt).or(last).cloned();
        *attempt += 1;
        Some(Played { number: chosen.number, turn: chosen.turn, fault })
    }
}
