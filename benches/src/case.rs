//! What is measured.

use clap::Args;

use crate::{conversation::Conversation, wire::Wire};

/// How the launches of a bench are sized.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    /// Launches of each client in each case.
    pub(crate) launches: usize,
    /// What the runs of a launch are divided by.
    pub(crate) divisor: usize,
}

/// One thing to measure.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) work: Work,
}

/// What a client does in one launch.
#[derive(Debug, Clone, Args)]
pub(crate) struct Work {
    /// The conversation of each run.
    #[command(flatten)]
    pub(crate) conversation: Conversation,
    /// How many runs are measured.
    #[arg(long, default_value_t = 1)]
    pub(crate) runs: usize,
    /// How many of them go on at the same time.
    #[arg(long, default_value_t = 1)]
    pub(crate) at_once: usize,
    /// Whether somebody looks at each delta, instead of waiting for the answer.
    #[arg(long)]
    pub(crate) watched: bool,
    /// The wire that is spoken.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) wire: Wire,
    /// Whether the wire is measured alone, without an agent.
    #[arg(long)]
    pub(crate) alone: bool,
}

/// Every case, in the order of the report.
pub(crate) fn cases(size: Size) -> Vec<Case> {
    let case = |name, (tool_turns, deltas), runs: usize, at_once: usize, watched| {
        let runs = (runs / size.divisor).max(at_once);
        Case {
            name,
            work: Work {
                conversation: Conversation { tool_turns, deltas },
                runs,
                at_once,
                watched,
                wire: Wire::Chat,
                alone: false,
            },
        }
    };
    let wire = |name, wire| {
        let mut case = case(name, (0, 1_000), 60, 1, true);
        (case.work.wire, case.work.alone) = (wire, true);
        case
    };
    vec![
        case("1 tool turn", (1, 4), 1_000, 1, false),
        case("10 tool turns", (10, 4), 200, 1, false),
        case("50 tool turns", (50, 4), 40, 1, false),
        case("1,000 deltas", (0, 1_000), 60, 1, true),
        case("64 runs at once", (3, 4), 2_000, 64, false),
        wire("OpenAI Chat Completions", Wire::Chat),
        wire("OpenAI Responses", Wire::Responses),
        wire("Anthropic Messages", Wire::Anthropic),
        wire("Gemini generateContent", Wire::Gemini),
    ]
}
