//! Leases, which run out by the clock of the server.
//!
//! A lease is kept as the time at which the server wrote it and how long it lasts. Whether it has run out is decided by a time that the
//! server is asked for first: that one is never later than the moment of the decision, so no lease ends before its time.

use std::time::Duration;

use mongodb::{bson::doc, options::ReturnDocument};
use scorpio_core::{
    RunId,
    store::{Lease, RunRecord, RunStatus, StoreError, StoreErrorKind},
};

use super::{
    MongoStore,
    document::{RunDocument, after, millis, now, signed},
    error::store_error,
    step::Attempts,
};
use crate::record::{fenced, no_run};

impl MongoStore {
    pub(super) async fn prolong(&self, lease: &Lease, ttl: Duration) -> Result<(), StoreError> {
        let filter = doc! {
            "run.id": lease.run.to_string(),
            "run.holder": lease.holder.as_str(),
            "run.fence": signed(lease.fence),
            "run.status": RunStatus::Running.as_str(),
        };
        let update = doc! {
            "$set": { "run.lease_millis": millis(ttl), "run.lease_until": after(now(), ttl).as_microsecond() },
            "$currentDate": { "run.lease_at": true },
        };
        let database = self.database();
        let updated =
            database.run(database.sessions.update_one(filter, update)).await.map_err(store_error)?;
        if updated.matched_count > 0 {
            return Ok(());
        }
        Err(match self.find_run(lease.run).await? {
            Some(_) => fenced(lease),
            None => no_run(lease.run),
        })
    }

    pub(super) async fn seize(
        &self,
        run: RunId,
        holder: &str,
        dead: Option<&str>,
        ttl: Duration,
    ) -> Result<RunRecord, StoreError> {
        let mut attempts = Attempts::default();
        loop {
            let found = self.find_run(run).await?.filter(|found| found.run.is_live());
            let found = found.ok_or_else(|| no_run(run))?;
            if !self.is_free(&found.run, dead).await? {
                let message = format!("{} holds run {run}", found.run.holder);
                return Err(StoreError::new(StoreErrorKind::Busy, message));
            }
            let filter = doc! {
                "_id": &found.session.key,
                "revision": found.session.revision,
                // Prolonging a lease is no step.
                "run.lease_at": found.run.lease_at,
                "run.lease_millis": found.run.lease_millis,
            };
            let update = doc! {
                "$set": {
                    "run.holder": holder,
                    "run.status": RunStatus::Running.as_str(),
                    "run.lease_millis": millis(ttl),
                    "run.lease_until": after(now(), ttl).as_microsecond(),
                    "run.wake_at": null,
                },
                "$inc": {
                    "revision": 1_i64,
                    "run.fence": 1_i64,
                    "run.recoveries": i64::from(found.run.is_running()),
                },
                "$currentDate": { "run.lease_at": true },
            };
            let database = self.database();
            let command = database.sessions.find_one_and_update(filter, update);
            let command = command.return_document(ReturnDocument::After);
            let session = database.run(command).await.map_err(store_error)?;
            if let Some(session) = session
                && let Some(run) = &session.run
            {
                return run.record(&session);
            }
            attempts.pause().await?;
        }
    }

    async fn is_free(&self, run: &RunDocument, dead: Option<&str>) -> Result<bool, StoreError> {
        if !run.is_running() || dead == Some(run.holder.as_str()) {
            return Ok(true);
        }
        Ok(run.has_lapsed(self.database().server_time().await?))
    }
}
