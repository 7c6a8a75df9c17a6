//! Sessions as such.

use std::sync::Arc;

use scorpio_core::{
    Json,
    store::{Claimable, Commit, NewSession, Page, SessionPatch, Store, StoreErrorKind},
};

use super::super::sample::{
    begin, entries, ids, kind_of, live, new_session, now, owner, session_id, stranger, tick, user, with_calls,
};

pub(super) async fn a_session_comes_back_as_it_was_made(store: Arc<dyn Store>) {
    let before = now();
    let new = NewSession::new(session_id("s"), owner()).with_title("Orders é\u{1F980}");
    let made = store.create_session(new).await.unwrap();
    assert_eq!((made.id.as_str(), made.title.as_str()), ("s", "Orders é\u{1F980}"));
    assert_eq!((&made.owner, made.version, &made.metadata), (&owner(), 0, &None));
    assert_eq!(made.created_at, made.updated_at);
    assert!(before <= made.created_at && made.created_at <= tick().await, "it is dated now");
    assert_eq!(store.session(&owner(), &made.id).await.unwrap(), Some(made));
    assert_eq!(store.session(&owner(), &session_id("other")).await.unwrap(), None);
}

pub(super) async fn an_id_is_taken_for_every_owner(store: Arc<dyn Store>) {
    let id = new_session(&*store, "s").await;
    for owner in [owner(), stranger()] {
        let again = store.create_session(NewSession::new(id.clone(), owner).with_title("again")).await;
        assert_eq!(kind_of(again), StoreErrorKind::AlreadyExists);
    }
    assert_eq!(store.session(&owner(), &id).await.unwrap().unwrap().title, "");
    assert_eq!(store.session(&stranger(), &id).await.unwrap(), None);
}

pub(super) async fn a_session_of_somebody_else_is_absent(store: Arc<dyn Store>) {
    let id = new_session(&*store, "s").await;
    assert_eq!(store.session(&stranger(), &id).await.unwrap(), None);
    assert_eq!(store.update_session(&stranger(), &id, SessionPatch::title("mine")).await.unwrap(), None);
    assert_eq!(store.delete_session(&stranger(), &id).await.unwrap(), None);
    let session = store.session(&owner(), &id).await.unwrap().expect("it is still there");
    assert_eq!(session.title, "");
}

pub(super) async fn a_patch_changes_only_what_it_names(store: Arc<dyn Store>) {
    let new = NewSession::new(session_id("s"), owner()).with_title("old");
    let made = store.create_session(new.with_metadata(Json::parse("1").unwrap())).await.unwrap();
    let titled = store.update_session(&owner(), &made.id, SessionPatch::title("new")).await.unwrap().unwrap();
    assert_eq!(titled.title, "new");
    assert_eq!((&titled.metadata, titled.version), (&made.metadata, made.version));
    let mut patch = SessionPatch::default();
    patch.metadata = Some(Json::parse("2").unwrap());
    let marked = store.update_session(&owner(), &made.id, patch).await.unwrap().unwrap();
    assert_eq!((marked.title.as_str(), marked.metadata.as_ref().unwrap().get()), ("new", "2"));
    let same = store.update_session(&owner(), &made.id, SessionPatch::default()).await.unwrap();
    assert_eq!(same.as_ref(), Some(&marked));
    assert_eq!(store.session(&owner(), &made.id).await.unwrap(), Some(marked));
}

pub(super) async fn a_title_changes_only_if_it_is_the_expected_one(store: Arc<dyn Store>) {
    let id = new_session(&*store, "s").await;
    let generated = SessionPatch::title("generated").if_title("");
    let session = store.update_session(&owner(), &id, generated.clone()).await.unwrap().unwrap();
    assert_eq!(session.title, "generated");
    let session = store.update_session(&owner(), &id, SessionPatch::title("by hand")).await.unwrap().unwrap();
    assert_eq!(session.title, "by hand");
    let mut late = generated;
    late.metadata = Some(Json::parse("true").unwrap());
    let session = store.update_session(&owner(), &id, late).await.unwrap().unwrap();
    assert_eq!(session.title, "by hand");
    assert_eq!(session.metadata.as_ref().unwrap().get(), "true", "the rest of the patch holds");
    assert_eq!(store.session(&owner(), &id).await.unwrap(), Some(session));
}

pub(super) async fn a_patch_of_a_missing_session_is_none(store: Arc<dyn Store>) {
    let patched = store.update_session(&owner(), &session_id("s"), SessionPatch::title("new")).await;
    assert_eq!(patched.unwrap(), None);
    assert_eq!(store.session(&owner(), &session_id("s")).await.unwrap(), None);
}

pub(super) async fn metadata_comes_back_byte_for_byte(store: Arc<dyn Store>) {
    let text = "{\"b\" : 1.0,\n  \"a\": [1e400, 12345678901234567890, \"\\u00e9é\"]}";
    let new = NewSession::new(session_id("s"), owner()).with_metadata(Json::parse(text).unwrap());
    let made = store.create_session(new).await.unwrap();
    assert_eq!(made.metadata.unwrap().get(), text);
    let loaded = store.session(&owner(), &made.id).await.unwrap().unwrap();
    assert_eq!(loaded.metadata.unwrap().get(), text);
}

pub(super) async fn ids_differ_by_case(store: Arc<dyn Store>) {
    new_session(&*store, "chat").await;
    new_session(&*store, "CHAT").await;
    assert_eq!(store.session(&owner(), &session_id("Chat")).await.unwrap(), None);
    assert_eq!(store.session(&owner(), &session_id("CHAT")).await.unwrap().unwrap().id.as_str(), "CHAT");
}

pub(super) async fn deleting_answers_the_session_and_forgets_it(store: Arc<dyn Store>) {
    let id = new_session(&*store, "s").await;
    let session = store.session(&owner(), &id).await.unwrap();
    assert_eq!(store.delete_session(&owner(), &id).await.unwrap(), session);
    assert_eq!(store.session(&owner(), &id).await.unwrap(), None);
    assert_eq!(store.delete_session(&owner(), &id).await.unwrap(), None);
    let listing = store.list_sessions(&owner(), Page::First { limit: 10 }).await.unwrap();
    assert_eq!(listing.sessions, []);
}

pub(super) async fn deleting_takes_everything_along(store: Arc<dyn Store>) {
    let mut live = live(&*store, "s").await;
    let executions = with_calls(&mut live.machine, 2);
    let append = entries(&["answer"]);
    let mut commit: Commit<'_> = live.commit(&append);
    commit.executions = &executions;
    store.commit(commit).await.unwrap();
    store.delete_session(&owner(), &live.session).await.unwrap().expect("it was there");

    assert_eq!(store.run(&owner(), live.run()).await.unwrap(), None);
    assert_eq!(store.claimable_runs(Claimable::new(10).sole_holder("nobody")).await.unwrap(), []);
    let session = new_session(&*store, "s").await;
    assert_eq!(store.session(&owner(), &session).await.unwrap().unwrap().version, 0);
    assert_eq!(ids(&*store, &session).await, [""; 0]);
    assert_eq!(store.executions(&owner(), &session, 10).await.unwrap(), []);
    assert_eq!(store.live_run(&owner(), &session).await.unwrap(), None);
    let id = &append[0].message().id;
    assert_eq!(store.run_of_message(&owner(), &session, id).await.unwrap(), None);
    // Neither the ids of messages nor the one live run are in the way of a new life.
    store.begin_run(begin(&session, Some(user("answer")))).await.unwrap();
}

pub(super) async fn deleting_leaves_others_alone(store: Arc<dyn Store>) {
    let gone = live(&*store, "gone").await;
    let kept = live(&*store, "kept").await;
    store.delete_session(&owner(), &gone.session).await.unwrap();
    assert_eq!(ids(&*store, &kept.session).await, ["kept-input"]);
    assert_eq!(kept.record(&*store).await.id, kept.run());
    assert!(store.session(&owner(), &kept.session).await.unwrap().is_some());
}

pub(super) async fn activity_is_messages_not_titles(store: Arc<dyn Store>) {
    let mut live = live(&*store, "s").await;
    let activity = async || store.session(&owner(), &live.session).await.unwrap().unwrap().updated_at;
    let begun = activity().await;
    tick().await;
    store.update_session(&owner(), &live.session, SessionPatch::title("new")).await.unwrap();
    store.commit(live.commit(&[])).await.unwrap();
    assert_eq!(activity().await, begun);
    let earliest = tick().await;
    live.append(&*store, &["answer"]).await.unwrap();
    let session = store.session(&owner(), &live.session).await.unwrap().unwrap();
    assert!(session.updated_at >= earliest, "{} is before {earliest}", session.updated_at);
    assert!(session.created_at <= begun);
}

pub(super) async fn the_store_answers_a_ping(store: Arc<dyn Store>) {
    store.ping().await.unwrap();
}
