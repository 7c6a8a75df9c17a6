//! A cache on plain keys, which Redis expires.

use std::time::Duration;

use ::redis::cmd;
use async_trait::async_trait;
use bytes::Bytes;
use scorpio_core::store::{Cache, SetCondition, SetOptions, StoreError};

use super::{RedisStore, connection::Repeat};

const KIND: &str = "cache";

/// The longest time to live that Redis takes, less the time since 1970, roughly.
const LONGEST_MS: u64 = 1 << 60;

fn milliseconds(ttl: Duration) -> u64 {
    u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX).clamp(1, LONGEST_MS)
}

#[async_trait]
impl Cache for RedisStore {
    async fn get(&self, key: &str) -> Result<Option<Bytes>, StoreError> {
        let command = cmd("GET").arg(self.key(KIND, key)).take();
        let value: Option<Vec<u8>> = self.connection().query(&command, Repeat::Allowed).await?;
        Ok(value.map(Bytes::from))
    }

    async fn set(&self, key: &str, value: Bytes, options: SetOptions) -> Result<bool, StoreError> {
        let mut command = cmd("SET");
        command.arg(self.key(KIND, key)).arg(&value[..]);
        if let Some(ttl) = options.ttl {
            command.arg("PX").arg(milliseconds(ttl));
        }
        let repeat = match options.condition {
            SetCondition::Absent => {
                command.arg("NX");
                Repeat::Never
            }
            SetCondition::Present => {
                command.arg("XX");
                Repeat::Allowed
            }
            _ => Repeat::Allowed,
        };
        let answer: Option<String> = self.connection().query(&command, repeat).await?;
        Ok(answer.is_some())
    }

    async fn take(&self, key: &str) -> Result<Option<Bytes>, StoreError> {
        let command = cmd("GETDEL").arg(self.key(KIND, key)).take();
        let value: Option<Vec<u8>> = self.connection().query(&command, Repeat::Never).await?;
        Ok(value.map(Bytes::from))
    }

    async fn delete(&self, key: &str) -> Result<bool, StoreError> {
        let command = cmd("DEL").arg(self.key(KIND, key)).take();
        self.connection().query(&command, Repeat::Never).await
    }
}
