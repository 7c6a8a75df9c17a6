//! Journals.

use mongodb::bson::doc;
use scorpio_core::{
    OwnerId, RunId,
    store::{JournalEntry, StoreError},
};

use super::{
    MongoStore,
    document::{JournalDocument, signed},
};

impl MongoStore {
    pub(super) async fn find_entries(
        &self,
        owner: &OwnerId,
        run: RunId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<JournalEntry>, StoreError> {
        let found = self.find_run_of(owner, run).await?;
        let Some(found) = found.filter(|_| limit > 0) else { return Ok(Vec::new()) };
        let filter = doc! {
            "session": found.session.key,
            "run": run.to_string(),
            "seq": { "$gt": signed(after) },
        };
        let limit = i64::from(i32::try_from(limit).unwrap_or(i32::MAX));
        let query = self.database().journal.find(filter).sort(doc! { "seq": 1 }).limit(limit);
        self.database().all(query).await?.into_iter().map(JournalDocument::entry).collect()
    }
}
