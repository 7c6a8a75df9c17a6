//! Pages of sessions.

use std::{cmp::Reverse, sync::Arc};

use scorpio_core::{
    SessionId,
    store::{Listing, NewSession, Page, Session, Store, StoreErrorKind},
};

use super::super::sample::{begin, kind_of, new_session, owner, session_id, stranger, tick, user};

async fn page(store: &dyn Store, page: Page) -> Listing {
    store.list_sessions(&owner(), page).await.unwrap()
}

/// Makes sessions `0` to `count - 1`, each with later activity than the one before.
async fn sessions(store: &dyn Store, count: usize) {
    for index in 0..count {
        new_session(store, &index.to_string()).await;
        tick().await;
    }
}

fn ids(listing: &Listing) -> Vec<&str> {
    listing.sessions.iter().map(|session| session.id.as_str()).collect()
}

async fn all(store: &dyn Store) -> Vec<Session> {
    page(store, Page::First { limit: usize::MAX }).await.sessions
}

/// All pages from the newest session on.
async fn forwards(store: &dyn Store, limit: usize) -> Vec<Session> {
    let mut listing = page(store, Page::First { limit }).await;
    let mut sessions = listing.sessions.clone();
    while listing.has_more {
        let id = sessions.last().expect("more follows something").id.clone();
        listing = page(store, Page::OlderThan { id, limit }).await;
        sessions.extend(listing.sessions.clone());
    }
    sessions
}

/// All pages from a cursor back to the newest session.
async fn backwards(store: &dyn Store, from: SessionId, limit: usize) -> Vec<Session> {
    let mut sessions: Vec<Session> = Vec::new();
    let mut id = from;
    loop {
        let listing = page(store, Page::NewerThan { id, limit }).await;
        sessions.splice(0..0, listing.sessions);
        if !listing.has_more {
            return sessions;
        }
        id = sessions.first().expect("more follows something").id.clone();
    }
}

pub(super) async fn an_owner_without_sessions_has_an_empty_page(store: Arc<dyn Store>) {
    assert_eq!(page(&*store, Page::First { limit: 10 }).await, Listing::new(Vec::new(), false));
}

pub(super) async fn the_newest_activity_comes_first(store: Arc<dyn Store>) {
    sessions(&*store, 4).await;
    let listing = page(&*store, Page::First { limit: 10 }).await;
    assert_eq!(ids(&listing), ["3", "2", "1", "0"]);
    for session in &listing.sessions {
        assert_eq!(store.session(&owner(), &session.id).await.unwrap().as_ref(), Some(session));
    }
}

pub(super) async fn a_message_moves_a_session_to_the_front(store: Arc<dyn Store>) {
    sessions(&*store, 3).await;
    store.begin_run(begin(&session_id("0"), Some(user("m")))).await.unwrap();
    assert_eq!(ids(&page(&*store, Page::First { limit: 10 }).await), ["0", "2", "1"]);
}

pub(super) async fn only_the_owners_sessions_are_listed(store: Arc<dyn Store>) {
    sessions(&*store, 2).await;
    store.create_session(NewSession::new(session_id("theirs"), stranger())).await.unwrap();
    assert_eq!(ids(&page(&*store, Page::First { limit: 10 }).await), ["1", "0"]);
    let theirs = store.list_sessions(&stranger(), Page::First { limit: 10 }).await.unwrap();
    assert_eq!(ids(&theirs), ["theirs"]);
}

pub(super) async fn pages_of_older_sessions_lose_and_repeat_nothing(store: Arc<dyn Store>) {
    sessions(&*store, 7).await;
    for limit in 1..=8 {
        assert_eq!(forwards(&*store, limit).await, all(&*store).await, "in pages of {limit}");
    }
}

pub(super) async fn pages_of_newer_sessions_lose_and_repeat_nothing(store: Arc<dyn Store>) {
    sessions(&*store, 7).await;
    let all = all(&*store).await;
    for limit in 1..=8 {
        let newer = backwards(&*store, session_id("0"), limit).await;
        assert_eq!(newer, all[..6], "in pages of {limit}");
    }
}

pub(super) async fn a_newer_page_holds_those_nearest_to_the_cursor(store: Arc<dyn Store>) {
    sessions(&*store, 6).await;
    let listing = page(&*store, Page::NewerThan { id: session_id("1"), limit: 2 }).await;
    assert_eq!((ids(&listing), listing.has_more), (vec!["3", "2"], true));
    let listing = page(&*store, Page::OlderThan { id: session_id("4"), limit: 2 }).await;
    assert_eq!((ids(&listing), listing.has_more), (vec!["3", "2"], true));
}

pub(super) async fn has_more_is_exact(store: Arc<dyn Store>) {
    sessions(&*store, 4).await;
    for (limit, more) in [(3, true), (4, false), (5, false)] {
        assert_eq!(page(&*store, Page::First { limit }).await.has_more, more, "first {limit}");
    }
    for (limit, more) in [(2, true), (3, false), (4, false)] {
        let older = page(&*store, Page::OlderThan { id: session_id("3"), limit }).await;
        assert_eq!(older.has_more, more, "older, {limit}");
        let newer = page(&*store, Page::NewerThan { id: session_id("0"), limit }).await;
        assert_eq!(newer.has_more, more, "newer, {limit}");
    }
    let last = page(&*store, Page::OlderThan { id: session_id("0"), limit: 1 }).await;
    assert_eq!(last, Listing::new(Vec::new(), false));
}

pub(super) async fn a_missing_cursor_is_not_found(store: Arc<dyn Store>) {
    sessions(&*store, 2).await;
    let id = session_id("none");
    for page in [Page::OlderThan { id: id.clone(), limit: 5 }, Page::NewerThan { id, limit: 5 }] {
        assert_eq!(kind_of(store.list_sessions(&owner(), page).await), StoreErrorKind::NotFound);
    }
}

pub(super) async fn somebody_elses_cursor_is_not_found(store: Arc<dyn Store>) {
    sessions(&*store, 2).await;
    let id = session_id("1");
    for page in [Page::OlderThan { id: id.clone(), limit: 5 }, Page::NewerThan { id, limit: 5 }] {
        assert_eq!(kind_of(store.list_sessions(&stranger(), page).await), StoreErrorKind::NotFound);
    }
}

pub(super) async fn a_limit_of_zero_is_an_empty_page(store: Arc<dyn Store>) {
    sessions(&*store, 1).await;
    assert_eq!(page(&*store, Page::First { limit: 0 }).await, Listing::new(Vec::new(), true));
}

pub(super) async fn sessions_made_at_once_page_without_loss(store: Arc<dyn Store>) {
    let made = (0..40).map(|index| {
        let store = store.clone();
        tokio::spawn(async move { new_session(&*store, &format!("s{index}")).await })
    });
    futures::future::join_all(made).await.into_iter().for_each(|made| drop(made.unwrap()));
    let all = all(&*store).await;
    assert_eq!(all.len(), 40);
    assert!(all.is_sorted_by_key(|session| Reverse((session.updated_at, session.id.clone()))));
    for limit in [1, 3, 7] {
        assert_eq!(forwards(&*store, limit).await, all, "older, in pages of {limit}");
        let oldest = all[39].id.clone();
        assert_eq!(backwards(&*store, oldest, limit).await, all[..39], "newer, in pages of {limit}");
    }
}
