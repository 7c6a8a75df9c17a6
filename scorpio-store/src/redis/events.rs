//! The log of events on streams: one for each run, with the number of an event as its id, so that an event is there once however often
//! it is appended. A stream expires as a whole, some time after the last event.

mod entry;
mod expiry;
mod follower;
mod tail;

use std::sync::Arc;

use ::redis::{Cmd, Pipeline, RedisError, cmd, pipe};
use async_trait::async_trait;
use futures::stream;
use jiff::Timestamp;
use scorpio_core::{
    Event, RunId,
    store::{EventLog, EventLogStream, StoreError},
};

use self::follower::Follower;
pub(super) use self::{expiry::Freshness, tail::Tail};
use super::{RedisStore, connection::Repeat, error::store_error};

/// How many events are appended or read at a time.
const PAGE: usize = 1_000;

#[async_trait]
impl EventLog for RedisStore {
    async fn append(&self, run: RunId, events: &[Arc<Event>]) -> Result<(), StoreError> {
        let key = self.events_key(run);
        let now = Timestamp::now();
        for page in events.chunks(PAGE) {
            let is_last = page.iter().any(|event| event.is_last());
            let refresh = self.0.freshness.is_due(run, is_last);
            match page {
                [event] if !refresh => self.append_one(&entry::append(&key, event, now)?).await?,
                _ => self.append_page(&key, page, now, refresh).await?,
            }
            if refresh {
                self.0.freshness.renewed(run, is_last);
            }
        }
        Ok(())
    }

    async fn read(&self, run: RunId, after: u64, limit: usize) -> Result<Vec<Arc<Event>>, StoreError> {
        let mut events = Vec::new();
        let mut position = after;
        while events.len() < limit {
            let count = (limit - events.len()).min(PAGE);
            let page = self.read_page(run, position, count).await?;
            let is_short = page.len() < count;
            position = page.last().map_or(position, |event| event.seq);
            events.extend(page);
            if is_short {
                break;
            }
        }
        Ok(events)
    }

    async fn follow(&self, run: RunId, after: u64) -> Result<EventLogStream, StoreError> {
        let follower = Follower::new(self.clone(), run, after);
        let events = stream::try_unfold(follower, |mut follower| async {
            let event = follower.next().await?;
            Ok(event.map(|event| (event, follower)))
        });
        Ok(Box::pin(events))
    }

    async fn expire(&self, time: Timestamp) -> Result<u64, StoreError> {
        self.expire_events(time).await
    }
}

impl RedisStore {
    async fn append_one(&self, command: &Cmd) -> Result<(), StoreError> {
        let send = async |mut manager| match command.query_async::<()>(&mut manager).await {
            Err(error) if is_there(&error) => Ok(()),
            other => other,
        };
        self.connection().send(Repeat::Allowed, send).await
    }

    async fn append_page(
        &self,
        key: &str,
        events: &[Arc<Event>],
        now: Timestamp,
        refresh: bool,
    ) -> Result<(), StoreError> {
        let mut commands = Pipeline::with_capacity(events.len() + 1);
        for event in events {
            commands.add_command(entry::append(key, event, now)?);
        }
        if refresh {
            commands.add_command(self.0.freshness.renew(key));
        }
        for answer in self.connection().pipeline(&mut commands, Repeat::Allowed).await? {
            match answer {
                Err(error) if !is_there(&error) => return Err(store_error(error)),
                _ => {}
            }
        }
        Ok(())
    }

    async fn read_page(&self, run: RunId, after: u64, count: usize) -> Result<Vec<Arc<Event>>, StoreError> {
        let mut command = cmd("XRANGE");
        command.arg(self.events_key(run)).arg(format!("({after}")).arg("+").arg("COUNT").arg(count);
        let entries = entry::entries(self.connection().query(&command, Repeat::Allowed).await?)?;
        entries.into_iter().map(|entry| entry.event()).collect()
    }

    /// The last event of a run, if one is there, and whether the run has a stream at all.
    async fn last_event(&self, run: RunId) -> Result<(Option<Arc<Event>>, bool), StoreError> {
        let key = self.events_key(run);
        let mut commands = pipe();
        commands.cmd("XREVRANGE").arg(&key).arg("+").arg("-").arg("COUNT").arg(1).cmd("EXISTS").arg(&key);
        let mut answers = self.connection().pipeline(&mut commands, Repeat::Allowed).await?.into_iter();
        let mut next = || answers.next().transpose().map_err(store_error);
        let last = entry::entries(next()?.unwrap_or(::redis::Value::Nil))?.pop();
        let is_there = matches!(next()?, Some(::redis::Value::Int(1)));
        Ok((last.map(|entry| entry.event()).transpose()?, is_there))
    }
}

/// Whether an event was not appended because it, or a later one, is there.
fn is_there(error: &RedisError) -> bool {
    error.code() == Some("ERR") && error.detail().is_some_and(|detail| detail.contains("equal or smaller"))
}
