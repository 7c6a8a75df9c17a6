//! How many messages somebody may send: a sliding window of 24 hours over a ledger that nothing is taken back from.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use jiff::{Timestamp, fmt::strtime};
use scorpio_core::{
    ErrorKind, Surface,
    store::{Quota, Spend, Spending, User, UserKind},
};
use serde::Serialize;

use crate::{
    App,
    problem::{Problem, Result},
};

const WINDOW: Duration = Duration::from_secs(24 * 60 * 60);
/// What the ledger calls a message.
const MESSAGE: &str = "message";

/// A quota, as the API shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct QuotaView {
    limit: u64,
    used: u64,
    remaining: u64,
    /// When the oldest counted message leaves the window.
    resets_at: Option<Timestamp>,
}

impl QuotaView {
    fn new(limit: u64, quota: Quota) -> Self {
        let resets_at = quota.oldest.and_then(|oldest| oldest.checked_add(WINDOW).ok());
        Self { limit, used: quota.used, remaining: limit.saturating_sub(quota.used), resets_at }
    }

    /// Adds `X-RateLimit-Limit`, `-Remaining` and `-Reset`. An unused quota resets now.
    pub(crate) fn write(&self, headers: &mut HeaderMap, now: Timestamp) {
        let reset = self.resets_at.unwrap_or(now).as_second();
        headers.insert(HeaderName::from_static("x-ratelimit-limit"), HeaderValue::from(self.limit));
        headers.insert(HeaderName::from_static("x-ratelimit-remaining"), HeaderValue::from(self.remaining));
        headers.insert(HeaderName::from_static("x-ratelimit-reset"), HeaderValue::from(reset));
    }
}

/// What one user may send.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Allowance<'a> {
    app: &'a App,
    user: &'a User,
    limit: u64,
}

impl<'a> Allowance<'a> {
    pub(crate) fn of(app: &'a App, user: &'a User) -> Self {
        let limit = match user.kind {
            UserKind::Registered => app.settings().user_messages,
            // Guests, and kinds that a later core may add.
            _ => app.settings().guest_messages,
        };
        Self { app, user, limit }
    }

    /// How much is used.
    pub(crate) async fn view(&self) -> Result<QuotaView> {
        let since = self.app.now().checked_sub(WINDOW).map_err(Problem::internal)?;
        let quota = self.app.accounts().quota(self.user.id, MESSAGE, since).await?;
        Ok(QuotaView::new(self.limit, quota))
    }

    /// Refuses if nothing is left. It counts nothing, so it promises nothing.
    pub(crate) async fn check(&self) -> Result<()> {
        let view = self.view().await?;
        if view.remaining > 0 { Ok(()) } else { Err(self.used_up(&view)) }
    }

    /// Counts a message, or refuses. The same `key` counts once.
    pub(crate) async fn spend(&self, key: String) -> Result<QuotaView> {
        let (user, kind, now) = (self.user.id, MESSAGE, self.app.now());
        let spend = Spend { user, kind, key, now, window: WINDOW, limit: self.limit };
        match self.app.accounts().spend(&spend).await? {
            Spending::Spent(quota) => Ok(QuotaView::new(self.limit, quota)),
            Spending::Exceeded(quota) => Err(self.used_up(&QuotaView::new(self.limit, quota))),
            other => Err(Problem::internal(format!("unknown spending {other:?}"))),
        }
    }

    fn used_up(&self, view: &QuotaView) -> Problem {
        let now = self.app.now();
        let resets_at = view.resets_at.unwrap_or(now);
        let clock = strtime::format("%H:%M", resets_at).unwrap_or_default();
        let more = if self.user.kind == UserKind::Guest { "Sign up for more, or come" } else { "Come" };
        let detail = format!(
            "You have used your {} messages of the last 24 hours. {more} back at {clock} UTC.",
            self.limit
        );
        let wait = Duration::try_from(resets_at.duration_since(now)).unwrap_or_default();
        Problem::new(ErrorKind::RateLimit, Surface::Chat, detail)
            .with_retry_after(wait.max(Duration::from_secs(1)))
    }
}
