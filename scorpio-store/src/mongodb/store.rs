//! [`Store`] on MongoDB.

use std::time::Duration;

use async_trait::async_trait;
use scorpio_core::{
    MessageId, OwnerId, RunId, SessionId,
    store::{
        Begin, Begun, BranchPoint, Claimable, Commit, JournalEntry, Lease, Listing, NewSession, Page,
        RunRecord, Session, SessionPatch, SessionSnapshot, Signal, Store, StoreError, StoredMessage,
        StoredSignal, ToolExecution,
    },
};

use super::{MongoStore, error::store_error};

#[async_trait]
impl Store for MongoStore {
    async fn create_session(&self, new: NewSession) -> Result<Session, StoreError> {
        self.insert_session(new).await
    }

    async fn session(&self, owner: &OwnerId, id: &SessionId) -> Result<Option<Session>, StoreError> {
        self.find_session(owner, id).await
    }

    async fn list_sessions(&self, owner: &OwnerId, page: Page) -> Result<Listing, StoreError> {
        self.find_sessions(owner, page).await
    }

    async fn update_session(
        &self,
        owner: &OwnerId,
        id: &SessionId,
        patch: SessionPatch,
    ) -> Result<Option<Session>, StoreError> {
        self.patch_session(owner, id, patch).await
    }

    async fn delete_session(&self, owner: &OwnerId, id: &SessionId) -> Result<Option<Session>, StoreError> {
        self.remove_session(owner, id).await
    }

    async fn messages(
        &self,
        owner: &OwnerId,
        id: &SessionId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<StoredMessage>, StoreError> {
        self.find_messages(owner, id, after, limit).await
    }

    async fn branch_points(&self, owner: &OwnerId, id: &SessionId) -> Result<Vec<BranchPoint>, StoreError> {
        self.find_branch_points(owner, id).await
    }

    async fn switch_branch(
        &self,
        owner: &OwnerId,
        id: &SessionId,
        seq: u64,
    ) -> Result<Option<Session>, StoreError> {
        self.set_branch(owner, id, seq).await
    }

    async fn export_session(
        &self,
        owner: &OwnerId,
        id: &SessionId,
    ) -> Result<Option<SessionSnapshot>, StoreError> {
        self.find_snapshot(owner, id).await
    }

    async fn import_session(&self, snapshot: SessionSnapshot) -> Result<Session, StoreError> {
        self.insert_snapshot(snapshot).await
    }

    async fn begin_run(&self, begin: Begin) -> Result<Begun, StoreError> {
        self.insert_run(begin).await
    }

    async fn commit(&self, commit: Commit<'_>) -> Result<u64, StoreError> {
        self.write_commit(commit).await
    }

    async fn renew(&self, lease: &Lease, ttl: Duration) -> Result<(), StoreError> {
        self.prolong(lease, ttl).await
    }

    async fn take_over(
        &self,
        run: RunId,
        holder: &str,
        dead: Option<&str>,
        ttl: Duration,
    ) -> Result<RunRecord, StoreError> {
        self.seize(run, holder, dead, ttl).await
    }

    async fn run(&self, owner: &OwnerId, id: RunId) -> Result<Option<RunRecord>, StoreError> {
        self.find_run_of(owner, id).await?.map(|found| found.record()).transpose()
    }

    async fn live_run(&self, owner: &OwnerId, session: &SessionId) -> Result<Option<RunRecord>, StoreError> {
        self.find_live_run(owner, session).await
    }

    async fn claimable_runs(&self, which: Claimable) -> Result<Vec<RunRecord>, StoreError> {
        self.find_claimable(&which).await
    }

    async fn run_of_message(
        &self,
        owner: &OwnerId,
        session: &SessionId,
        message: &MessageId,
    ) -> Result<Option<RunRecord>, StoreError> {
        self.find_run_of_message(owner, session, message).await
    }

    async fn executions(
        &self,
        owner: &OwnerId,
        session: &SessionId,
        limit: usize,
    ) -> Result<Vec<ToolExecution>, StoreError> {
        self.find_executions(owner, session, limit).await
    }

    async fn send_signal(&self, owner: &OwnerId, run: RunId, signal: &Signal) -> Result<u64, StoreError> {
        self.push_signal(owner, run, signal).await
    }

    async fn signals(&self, run: RunId, after: u64) -> Result<Vec<StoredSignal>, StoreError> {
        self.find_signals(run, after).await
    }

    async fn signalled(&self, run: RunId, after: u64) -> Result<(), StoreError> {
        self.await_signal(run, after).await
    }

    async fn journal(
        &self,
        owner: &OwnerId,
        run: RunId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<JournalEntry>, StoreError> {
        self.find_entries(owner, run, after, limit).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.database().ping().await.map_err(store_error)
    }
}
