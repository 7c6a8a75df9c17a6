//! The journals of runs. A store that keeps none answers none.

use std::sync::Arc;

use scorpio_core::{
    Json,
    store::{JournalEntry, JournalHash, Store, StoreErrorKind, verify_journal},
};

use super::super::sample::{Live, begin, kind_of, new_session, now, owner, stranger, user};

fn entry(seq: u64, previous: JournalHash) -> JournalEntry {
    let payload = Json::parse(r#"{"b": 1,  "a": "é"}"#).unwrap();
    JournalEntry::new(seq, 1, payload, now(), previous)
}

/// A run with a journal of this many entries.
async fn journalled(store: &dyn Store, count: u64) -> (Live, Vec<JournalEntry>) {
    let session = new_session(store, "s").await;
    let mut begin = begin(&session, Some(user("q")));
    let mut entries = vec![entry(1, JournalHash::default())];
    begin.journal = entries.first().cloned();
    let live = Live::begin(store, begin).await.unwrap();
    for seq in 2..=count {
        let entry = entry(seq, entries.last().unwrap().hash);
        let mut commit = live.commit(&[]);
        (commit.step, commit.journal) = (Some(seq), Some(&entry));
        store.commit(commit).await.unwrap();
        entries.push(entry);
    }
    (live, if store.keeps_journal() { entries } else { Vec::new() })
}

pub(super) async fn a_journal_comes_back_and_holds(store: Arc<dyn Store>) {
    let (live, entries) = journalled(&*store, 5).await;
    let stored = store.journal(&owner(), live.run(), 0, 100).await.unwrap();
    assert_eq!(stored, entries);
    verify_journal(&stored).unwrap();
    if let [first, .., last] = &*stored {
        let forged = [first.clone(), last.clone()];
        assert!(verify_journal(&forged).is_err());
    }
}

pub(super) async fn a_refused_commit_leaves_no_entry(store: Arc<dyn Store>) {
    let (live, entries) = journalled(&*store, 2).await;
    let late = entry(3, entries.last().map_or_else(JournalHash::default, |entry| entry.hash));
    let mut commit = live.commit(&[]);
    (commit.step, commit.journal) = (Some(3), Some(&late));
    commit.expected_version = 9;
    assert_eq!(kind_of(store.commit(commit).await), StoreErrorKind::Conflict { actual: 1 });
    let mut again = live.commit(&[]);
    (again.step, again.journal) = (Some(2), Some(&late));
    store.commit(again).await.expect("it was made before");
    assert_eq!(store.journal(&owner(), live.run(), 0, 100).await.unwrap(), entries);
}

pub(super) async fn a_journal_of_somebody_else_is_absent(store: Arc<dyn Store>) {
    let (live, _) = journalled(&*store, 2).await;
    assert_eq!(store.journal(&stranger(), live.run(), 0, 100).await.unwrap(), []);
}

pub(super) async fn a_journal_has_pages(store: Arc<dyn Store>) {
    let (live, entries) = journalled(&*store, 7).await;
    let mut paged = Vec::new();
    loop {
        let after = paged.last().map_or(0, |entry: &JournalEntry| entry.seq);
        let page = store.journal(&owner(), live.run(), after, 3).await.unwrap();
        assert!(page.len() <= 3);
        if page.is_empty() {
            break;
        }
        paged.extend(page);
    }
    assert_eq!(paged, entries);
}
