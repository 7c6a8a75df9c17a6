//! A rate limiter in one script, so that a check is one step whoever else checks, on the clock of the server.

use std::{sync::LazyLock, time::Duration};

use ::redis::{Script, cmd};
use async_trait::async_trait;
use scorpio_core::store::{RateDecision, RateLimiter, RateQuota, StoreError};

use super::{RedisStore, connection::Repeat};

const KIND: &str = "rate";

/// The value of a key is the microsecond since 1970 at which everything is given back. Whole numbers of that size are exact in a double.
static GCRA: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        local time = redis.call('TIME')
        local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
        local interval, credit, cost = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
        local owed_until = tonumber(redis.call('GET', KEYS[1]) or 0)
        local after = math.max(owed_until - now, 0) + interval * cost
        if cost > 0 and after > credit then
            return {0, 0, after - credit}
        end
        if cost > 0 then
            redis.call('SET', KEYS[1], string.format('%.0f', now + after), 'PX', string.format('%.0f', math.ceil(after / 1000)))
        end
        return {1, math.floor(math.max(credit - after, 0) / interval), after}
        ",
    )
});

#[async_trait]
impl RateLimiter for RedisStore {
    async fn check(&self, key: &str, quota: RateQuota, cost: u32) -> Result<RateDecision, StoreError> {
        quota.expect_possible(cost)?;
        let interval = u64::try_from(quota.interval().as_micros()).unwrap_or(u64::MAX);
        let credit = interval.saturating_mul(u64::from(quota.capacity()));
        let mut invocation = GCRA.key(self.key(KIND, key));
        invocation.arg(interval).arg(credit).arg(cost);
        let call = async |mut manager| invocation.invoke_async(&mut manager).await;
        let (allowed, remaining, micros): (bool, u32, u64) =
            self.connection().send(Repeat::Never, call).await?;
        let wait = Duration::from_micros(micros);
        Ok(match allowed {
            true => RateDecision::Allowed { remaining, reset: wait },
            false => RateDecision::Denied { retry_after: wait },
        })
    }

    async fn reset(&self, key: &str) -> Result<(), StoreError> {
        let command = cmd("DEL").arg(self.key(KIND, key)).take();
        self.connection().query::<u64>(&command, Repeat::Allowed).await.map(drop)
    }
}
