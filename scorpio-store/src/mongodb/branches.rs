//! The branches of sessions.

use std::collections::BTreeMap;

use mongodb::bson::{self, Document, doc};
use scorpio_core::{
    OwnerId, SessionId,
    store::{BranchPoint, Session, StoreError, StoreErrorKind, Way},
};
use serde::Deserialize;

use super::{
    MongoStore,
    document::{SessionDocument, id as parse, signed, unsigned},
    error::store_error,
    history::History,
    sessions::by_id,
    step::{Attempts, Change},
};

/// Where a message stands.
#[derive(Debug, Deserialize)]
pub(super) struct Place {
    pub(super) seq: i64,
    parent: i64,
    message_id: String,
    pub(super) run: String,
}

impl MongoStore {
    /// Where the messages of a session stand that a filter picks, in order.
    pub(super) async fn places(
        &self,
        session: &SessionDocument,
        mut filter: Document,
    ) -> Result<Vec<Place>, StoreError> {
        filter.insert("session", session.key.as_str());
        let messages = self.database().messages.clone_with_type::<Place>();
        let query = (messages.find(filter))
            .projection(doc! { "seq": 1, "parent": 1, "message_id": 1, "run": 1 })
            .sort(doc! { "seq": 1 });
        let mut places = self.database().all(query).await?;
        // The session may have gone on since it was read.
        places.retain(|place| place.seq <= session.version);
        Ok(places)
    }

    pub(super) async fn find_branch_points(
        &self,
        owner: &OwnerId,
        id: &SessionId,
    ) -> Result<Vec<BranchPoint>, StoreError> {
        let Some(session) = self.load(by_id(owner, id)).await? else { return Ok(Vec::new()) };
        let mut ways: BTreeMap<i64, Vec<Place>> = BTreeMap::new();
        for place in self.places(&session, Document::new()).await? {
            ways.entry(place.parent).or_default().push(place);
        }
        let way = |place: Place| {
            let is_current = session.history.contains(place.seq);
            Ok(Way::new(unsigned(place.seq), parse("a message", &place.message_id)?, is_current))
        };
        let points = ways.into_iter().filter(|(_, places)| places.len() > 1);
        points
            .map(|(after, places)| {
                let ways = places.into_iter().map(way).collect::<Result<_, StoreError>>()?;
                Ok(BranchPoint::new(unsigned(after), ways))
            })
            .collect()
    }

    pub(super) async fn set_branch(
        &self,
        owner: &OwnerId,
        id: &SessionId,
        seq: u64,
    ) -> Result<Option<Session>, StoreError> {
        let mut attempts = Attempts::default();
        loop {
            let Some(mut session) = self.load(by_id(owner, id)).await? else { return Ok(None) };
            if let Some(live) = session.live_run() {
                let message = format!("run {} of session {id} is live", live.id);
                return Err(StoreError::new(StoreErrorKind::Busy, message));
            }
            let places = self.places(&session, Document::new()).await?;
            let Some(history) = path(&places, signed(seq)) else {
                let message = format!("session {id} has no message {seq}");
                return Err(StoreError::new(StoreErrorKind::NotFound, message));
            };
            let version = session.version.saturating_add(1);
            let history = bson::serialize_to_bson(&history).map_err(|error| store_error(error.into()))?;
            let change = Change { set: doc! { "history": history, "version": version }, ..Change::default() };
            if self.step(&session, change).await.map_err(store_error)? {
                session.version = version;
                return session.session().map(Some);
            }
            attempts.pause().await?;
        }
    }
}

/// The branch that goes through `seq`: the messages that lead to it, and from there on at each place the newest.
fn path(places: &[Place], seq: i64) -> Option<History> {
    let parents: BTreeMap<i64, i64> = places.iter().map(|place| (place.seq, place.parent)).collect();
    // In order, so the newest of those that follow the same one comes last and stays.
    let newest: BTreeMap<i64, i64> = places.iter().map(|place| (place.parent, place.seq)).collect();
    let mut path = Vec::new();
    let mut next = seq;
    while next != 0 {
        path.push(next);
        next = *parents.get(&next)?;
    }
    if path.is_empty() {
        return None;
    }
    path.reverse();
    let mut tip = seq;
    while let Some(child) = newest.get(&tip) {
        tip = *child;
        path.push(tip);
    }
    Some(path.into_iter().collect())
}
