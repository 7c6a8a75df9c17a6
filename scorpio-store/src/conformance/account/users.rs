//! Guests and registered users.

use std::sync::Arc;

use futures::future::join_all;
use scorpio_core::{
    UserId,
    store::{AccountStore, Credentials, StoreErrorKind, User, UserKind},
};

use super::{guest, registered};
use crate::conformance::sample::{kind_of, now};

fn credentials(email: &str) -> Credentials {
    Credentials { email: email.to_owned(), password_hash: "$argon2id$new".to_owned() }
}

pub(super) async fn a_guest_comes_back(store: Arc<dyn AccountStore>) {
    let user = guest(&*store).await;
    assert_eq!((user.kind, &user.email), (UserKind::Guest, &None));
    assert_eq!(store.user(user.id).await.unwrap(), Some(user));
}

pub(super) async fn a_registered_user_comes_back(store: Arc<dyn AccountStore>) {
    let user = registered(&*store, "ann@example.org").await;
    assert_eq!(store.user(user.id).await.unwrap().as_ref(), Some(&user));
    let found = store.user_by_email("ann@example.org").await.unwrap();
    assert_eq!(found, Some((user, "$argon2id$old".to_owned())));
}

pub(super) async fn an_unknown_user_is_absent(store: Arc<dyn AccountStore>) {
    guest(&*store).await;
    assert_eq!(store.user(UserId::new()).await.unwrap(), None);
    for email in ["ann@example.org", "", "%"] {
        assert_eq!(store.user_by_email(email).await.unwrap(), None, "{email}");
    }
}

pub(super) async fn an_address_is_taken_once(store: Arc<dyn AccountStore>) {
    let user = registered(&*store, "ann@example.org").await;
    let other = User::registered(UserId::new(), "ann@example.org", now());
    let taken = store.create_user(&other, Some("$argon2id$other")).await;
    assert_eq!(kind_of(taken), StoreErrorKind::AlreadyExists);
    assert_eq!(store.user(other.id).await.unwrap(), None);
    let found = store.user_by_email("ann@example.org").await.unwrap();
    assert_eq!(found, Some((user, "$argon2id$old".to_owned())));
}

pub(super) async fn an_id_is_taken_once(store: Arc<dyn AccountStore>) {
    let user = guest(&*store).await;
    let again = User::registered(user.id, "ann@example.org", now());
    let taken = store.create_user(&again, Some("$argon2id$old")).await;
    assert_eq!(kind_of(taken), StoreErrorKind::AlreadyExists);
    assert_eq!(store.user(user.id).await.unwrap(), Some(user));
    assert_eq!(store.user_by_email("ann@example.org").await.unwrap(), None);
}

pub(super) async fn guests_do_not_clash(store: Arc<dyn AccountStore>) {
    let users = [guest(&*store).await, guest(&*store).await, guest(&*store).await];
    for user in users {
        assert_eq!(store.user(user.id).await.unwrap(), Some(user));
    }
}

pub(super) async fn a_guest_can_register(store: Arc<dyn AccountStore>) {
    let user = guest(&*store).await;
    let expected = User::registered(user.id, "ann@example.org", user.created_at);
    let registered = store.register_guest(user.id, &credentials("ann@example.org")).await.unwrap();
    assert_eq!(registered.as_ref(), Some(&expected));
    assert_eq!(store.user(user.id).await.unwrap(), registered);
    let found = store.user_by_email("ann@example.org").await.unwrap();
    assert_eq!(found, Some((expected, "$argon2id$new".to_owned())));
}

pub(super) async fn a_guest_cannot_register_a_taken_address(store: Arc<dyn AccountStore>) {
    registered(&*store, "ann@example.org").await;
    let user = guest(&*store).await;
    let taken = store.register_guest(user.id, &credentials("ann@example.org")).await;
    assert_eq!(kind_of(taken), StoreErrorKind::AlreadyExists);
    assert_eq!(store.user(user.id).await.unwrap(), Some(user));
    let (_, password_hash) = store.user_by_email("ann@example.org").await.unwrap().unwrap();
    assert_eq!(password_hash, "$argon2id$old");
}

pub(super) async fn only_guests_can_register(store: Arc<dyn AccountStore>) {
    let user = registered(&*store, "ann@example.org").await;
    let again = store.register_guest(user.id, &credentials("bob@example.org")).await.unwrap();
    assert_eq!(again, None);
    assert_eq!(store.register_guest(UserId::new(), &credentials("bob@example.org")).await.unwrap(), None);
    assert_eq!(store.user_by_email("bob@example.org").await.unwrap(), None);
    assert_eq!(store.user(user.id).await.unwrap(), Some(user));
}

pub(super) async fn of_twenty_registrations_one_succeeds(store: Arc<dyn AccountStore>) {
    let tasks = (0..20).map(|_| {
        let store = store.clone();
        tokio::spawn(async move {
            let user = guest(&*store).await;
            (user.id, store.register_guest(user.id, &credentials("ann@example.org")).await)
        })
    });
    let mut winners = Vec::new();
    for joined in join_all(tasks).await {
        let (id, result) = joined.unwrap();
        match result {
            Ok(registered) => winners.push(registered.expect("it was a guest").id),
            Err(error) => {
                assert_eq!(error.kind(), StoreErrorKind::AlreadyExists);
                assert_eq!(store.user(id).await.unwrap().unwrap().kind, UserKind::Guest);
            }
        }
    }
    assert_eq!(winners.len(), 1);
    assert_eq!(store.user_by_email("ann@example.org").await.unwrap().unwrap().0.id, winners[0]);
}

pub(super) async fn a_password_can_be_replaced(store: Arc<dyn AccountStore>) {
    let user = registered(&*store, "ann@example.org").await;
    let other = registered(&*store, "bob@example.org").await;
    store.set_password_hash(user.id, "$argon2id$better").await.unwrap();
    let found = store.user_by_email("ann@example.org").await.unwrap();
    assert_eq!(found, Some((user, "$argon2id$better".to_owned())));
    let found = store.user_by_email("bob@example.org").await.unwrap();
    assert_eq!(found, Some((other, "$argon2id$old".to_owned())));
}

pub(super) async fn a_password_of_nobody_cannot_be_replaced(store: Arc<dyn AccountStore>) {
    let missing = store.set_password_hash(UserId::new(), "$argon2id$new").await;
    assert_eq!(kind_of(missing), StoreErrorKind::NotFound);
}
