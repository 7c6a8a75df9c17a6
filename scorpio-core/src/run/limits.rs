//! How much a run may use. Hitting a limit is an outcome, not an error.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Why a run was stopped before the model was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StopReason {
    /// Somebody cancelled it.
    Cancelled,
    /// It used its turns.
    Turns,
    /// It used its tool calls.
    ToolCalls,
    /// It used its tokens.
    Tokens,
    /// It used its money.
    Cost,
    /// Its time was up.
    WallClock,
}

impl StopReason {
    /// The spelling used on wires.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cancelled => "cancelled",
            Self::Turns => "turns",
            Self::ToolCalls => "tool_calls",
            Self::Tokens => "tokens",
            Self::Cost => "cost",
            Self::WallClock => "wall_clock",
        }
    }
}

/// How much a run may use.
///
/// ```
/// use std::time::Duration;
/// use scorpio_core::Limits;
/// let limits = Limits::new().turns(5).cost_usd(0.5).wall(Duration::from_secs(120));
/// assert_eq!(limits.turns, 5);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Limits {
    /// The most model calls. 20 unless set.
    pub turns: u32,
    /// The most tool calls. 200 unless set.
    pub tool_calls: u32,
    /// The most tokens, in and out, over all turns.
    pub tokens: Option<u64>,
    /// The most money, in US dollars. It needs a [`PriceTable`](crate::PriceTable) that knows the model.
    pub cost_usd: Option<f64>,
    /// The most time, from the beginning of the run.
    pub wall: Option<Duration>,
}

impl Limits {
    /// 20 turns, 200 tool calls, and nothing else.
    pub const fn new() -> Self {
        Self { turns: 20, tool_calls: 200, tokens: None, cost_usd: None, wall: None }
    }

    /// Sets the most model calls; 0 counts as 1.
    #[must_use]
    pub fn turns(mut self, turns: u32) -> Self {
        self.turns = turns.max(1);
        self
    }

    /// Sets the most tool calls.
    #[must_use]
    pub fn tool_calls(mut self, calls: u32) -> Self {
        self.tool_calls = calls;
        self
    }

    /// Sets the most tokens. The turn that passes it is kept; no further one begins.
    #[must_use]
    pub fn tokens(mut self, tokens: u64) -> Self {
        self.tokens = Some(tokens);
        self
    }

    /// Sets the most money, in US dollars. The turn that passes it is kept; no further one begins.
    #[must_use]
    pub fn cost_usd(mut self, dollars: f64) -> Self {
        self.cost_usd = Some(dollars);
        self
    }

    /// Sets the most time.
    #[must_use]
    pub fn wall(mut self, time: Duration) -> Self {
        self.wall = Some(time);
        self
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::new()
    }
}
