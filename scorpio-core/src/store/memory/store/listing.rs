//! Pages of sessions.

#[cfg(test)]
mod tests;

use std::cmp::Reverse;

use jiff::Timestamp;

use crate::{
    SessionId,
    store::{Listing, Page, Session, StoreError, StoreErrorKind},
};

/// Where a session stands in a listing.
fn place(session: &Session) -> (Timestamp, &SessionId) {
    (session.updated_at, &session.id)
}

/// The page of `sessions`, which are all of an owner in any order.
pub(super) fn page(mut sessions: Vec<&Session>, page: &Page) -> Result<Listing, StoreError> {
    let (limit, newest_last) = match page {
        Page::First { limit } => (*limit, false),
        Page::OlderThan { id, limit } => {
            let cursor = place(find(&sessions, id)?);
            sessions.retain(|session| place(session) < cursor);
            (*limit, false)
        }
        Page::NewerThan { id, limit } => {
            let cursor = place(find(&sessions, id)?);
            sessions.retain(|session| place(session) > cursor);
            (*limit, true)
        }
    };
    let has_more = sessions.len() > limit;
    if newest_last {
        nearest(&mut sessions, limit, |session| place(session));
        sessions.reverse();
    } else {
        nearest(&mut sessions, limit, |session| Reverse(place(session)));
    }
    Ok(Listing::new(sessions.into_iter().cloned().collect(), has_more))
}

fn find<'a>(sessions: &[&'a Session], id: &SessionId) -> Result<&'a Session, StoreError> {
    let found = sessions.iter().find(|session| session.id == *id);
    let missing =
        || StoreError::new(StoreErrorKind::NotFound, format!("the cursor {id} is no session of the owner"));
    found.copied().ok_or_else(missing)
}

/// Keeps the `limit` sessions with the lowest keys, in order, without sorting the rest.
fn nearest<'a, K: Ord>(sessions: &mut Vec<&'a Session>, limit: usize, key: impl Fn(&&'a Session) -> K) {
    if sessions.len() > limit {
        sessions.select_nth_unstable_by_key(limit, &key);
        sessions.truncate(limit);
    }
    sessions.sort_unstable_by_key(&key);
}
