//! Sign-ins and their refresh tokens.

use std::{sync::Arc, time::Duration};

use futures::future::join_all;
use scorpio_core::{
    AuthSessionId, UserId,
    store::{AccountStore, AuthSession, Rotation, StoreErrorKind},
};

use super::{HOUR, guest, hash, new_sign_in, rotation, sign_in};
use crate::conformance::sample::{kind_of, now};

#[track_caller]
fn rotated(rotation: Rotation) -> AuthSession {
    match rotation {
        Rotation::Rotated(sign_in) => sign_in,
        other => panic!("not rotated: {other:?}"),
    }
}

#[track_caller]
fn reused(rotation: Rotation) -> AuthSession {
    match rotation {
        Rotation::Reused(sign_in) => sign_in,
        other => panic!("not reused: {other:?}"),
    }
}

pub(super) async fn a_sign_in_comes_back(store: Arc<dyn AccountStore>) {
    let new = new_sign_in(guest(&*store).await.id, 1);
    let made = store.create_auth_session(&new).await.unwrap();
    assert_eq!((made.id, made.user, made.revoked_at), (new.id, new.user, None));
    assert_eq!((made.idle_until, made.absolute_until), (new.idle_until, new.absolute_until));
    assert!(made.is_live(now()));
    assert_eq!(store.auth_session(made.id).await.unwrap(), Some(made));
}

pub(super) async fn an_unknown_sign_in_is_absent(store: Arc<dyn AccountStore>) {
    assert_eq!(store.auth_session(AuthSessionId::new()).await.unwrap(), None);
    assert_eq!(store.auth_session_of_refresh(&hash(1)).await.unwrap(), None);
}

pub(super) async fn nobody_cannot_sign_in(store: Arc<dyn AccountStore>) {
    let new = new_sign_in(UserId::new(), 1);
    assert_eq!(kind_of(store.create_auth_session(&new).await), StoreErrorKind::NotFound);
    assert_eq!(store.auth_session(new.id).await.unwrap(), None);
    assert_eq!(store.auth_session_of_refresh(&hash(1)).await.unwrap(), None);
}

pub(super) async fn a_sign_in_is_made_once(store: Arc<dyn AccountStore>) {
    let user = guest(&*store).await.id;
    let made = sign_in(&*store, user, 1).await;
    let mut same_id = new_sign_in(user, 2);
    same_id.id = made.id;
    let same_token = new_sign_in(user, 1);
    for new in [same_id, same_token.clone()] {
        assert_eq!(kind_of(store.create_auth_session(&new).await), StoreErrorKind::AlreadyExists);
    }
    assert_eq!(store.auth_session(same_token.id).await.unwrap(), None);
    assert_eq!(store.auth_session_of_refresh(&hash(2)).await.unwrap(), None);
    assert_eq!(store.auth_session_of_refresh(&hash(1)).await.unwrap(), Some(made));
}

pub(super) async fn a_refresh_token_leads_to_its_sign_in(store: Arc<dyn AccountStore>) {
    let user = guest(&*store).await.id;
    let (one, two) = (sign_in(&*store, user, 1).await, sign_in(&*store, user, 2).await);
    assert_eq!(store.auth_session_of_refresh(&hash(1)).await.unwrap(), Some(one));
    let rotated = rotated(store.rotate_refresh(&rotation(2, 3, now())).await.unwrap());
    assert_eq!(rotated.id, two.id);
    for known in [2, 3] {
        let found = store.auth_session_of_refresh(&hash(known)).await.unwrap();
        assert_eq!(found.as_ref(), Some(&rotated), "used or not, token {known}");
    }
}

pub(super) async fn a_refresh_token_is_traded(store: Arc<dyn AccountStore>) {
    let made = sign_in(&*store, guest(&*store).await.id, 1).await;
    let sign_in = rotated(store.rotate_refresh(&rotation(1, 2, now())).await.unwrap());
    assert_eq!((sign_in.id, sign_in.user, sign_in.revoked_at), (made.id, made.user, None));
    assert_eq!(store.auth_session(made.id).await.unwrap(), Some(sign_in));
}

pub(super) async fn traded_tokens_make_a_chain(store: Arc<dyn AccountStore>) {
    let made = sign_in(&*store, guest(&*store).await.id, 1).await;
    for token in 1..30 {
        let rotation = store.rotate_refresh(&rotation(token, token + 1, now())).await.unwrap();
        assert_eq!(rotated(rotation).id, made.id);
    }
    assert!(store.auth_session(made.id).await.unwrap().unwrap().is_live(now()));
    let replayed = store.rotate_refresh(&rotation(7, 99, now())).await.unwrap();
    assert_eq!(reused(replayed).id, made.id, "the whole family remembers");
}

pub(super) async fn rotation_moves_the_idle_end_only(store: Arc<dyn AccountStore>) {
    let made = sign_in(&*store, guest(&*store).await.id, 1).await;
    let rotation = rotation(1, 2, now() + Duration::from_secs(60));
    let sign_in = rotated(store.rotate_refresh(&rotation).await.unwrap());
    assert_eq!(sign_in.idle_until, rotation.idle_until);
    assert_eq!(sign_in.absolute_until, made.absolute_until);
}

pub(super) async fn an_unknown_token_is_refused(store: Arc<dyn AccountStore>) {
    let made = sign_in(&*store, guest(&*store).await.id, 1).await;
    assert_eq!(store.rotate_refresh(&rotation(9, 2, now())).await.unwrap(), Rotation::Refused);
    assert_eq!(store.auth_session_of_refresh(&hash(2)).await.unwrap(), None);
    assert_eq!(store.auth_session(made.id).await.unwrap(), Some(made));
}

pub(super) async fn a_used_token_revokes_the_sign_in(store: Arc<dyn AccountStore>) {
    let made = sign_in(&*store, guest(&*store).await.id, 1).await;
    rotated(store.rotate_refresh(&rotation(1, 2, now())).await.unwrap());
    let stolen = rotation(1, 3, now());
    let sign_in = reused(store.rotate_refresh(&stolen).await.unwrap());
    assert_eq!((sign_in.id, sign_in.revoked_at), (made.id, Some(stolen.now)));
    assert_eq!(store.auth_session(made.id).await.unwrap(), Some(sign_in));
    assert_eq!(store.rotate_refresh(&rotation(2, 4, now())).await.unwrap(), Rotation::Refused);
    for never_given in [3, 4] {
        assert_eq!(store.auth_session_of_refresh(&hash(never_given)).await.unwrap(), None);
    }
}

pub(super) async fn a_used_token_spares_other_sign_ins(store: Arc<dyn AccountStore>) {
    let user = guest(&*store).await.id;
    let (_, other) = (sign_in(&*store, user, 1).await, sign_in(&*store, user, 2).await);
    rotated(store.rotate_refresh(&rotation(1, 3, now())).await.unwrap());
    reused(store.rotate_refresh(&rotation(1, 4, now())).await.unwrap());
    assert_eq!(store.auth_session(other.id).await.unwrap(), Some(other));
    rotated(store.rotate_refresh(&rotation(2, 5, now())).await.unwrap());
}

pub(super) async fn of_twenty_rotations_one_succeeds(store: Arc<dyn AccountStore>) {
    let made = sign_in(&*store, guest(&*store).await.id, 1).await;
    let tasks = (0..20).map(|index| {
        let (store, rotation) = (store.clone(), rotation(1, 100 + index, now()));
        tokio::spawn(async move { store.rotate_refresh(&rotation).await.unwrap() })
    });
    let rotations: Vec<Rotation> = join_all(tasks).await.into_iter().map(|joined| joined.unwrap()).collect();
    let count = |of: fn(&Rotation) -> bool| rotations.iter().filter(|rotation| of(rotation)).count();
    assert_eq!(count(|rotation| matches!(rotation, Rotation::Rotated(_))), 1);
    assert_eq!(count(|rotation| matches!(rotation, Rotation::Reused(_))), 19);
    assert!(store.auth_session(made.id).await.unwrap().unwrap().revoked_at.is_some());
}

pub(super) async fn a_token_of_a_revoked_sign_in_is_refused(store: Arc<dyn AccountStore>) {
    let made = sign_in(&*store, guest(&*store).await.id, 1).await;
    store.revoke_auth_session(made.id, now()).await.unwrap();
    assert_eq!(store.rotate_refresh(&rotation(1, 2, now())).await.unwrap(), Rotation::Refused);
    assert!(!store.auth_session(made.id).await.unwrap().unwrap().is_live(now()));
}

pub(super) async fn a_token_is_refused_once_it_is_idle(store: Arc<dyn AccountStore>) {
    let user = guest(&*store).await.id;
    let (one, two) = (sign_in(&*store, user, 1).await, sign_in(&*store, user, 2).await);
    let in_time = one.idle_until - Duration::from_micros(1);
    rotated(store.rotate_refresh(&rotation(1, 3, in_time)).await.unwrap());
    let late = store.rotate_refresh(&rotation(2, 4, two.idle_until)).await.unwrap();
    assert_eq!(late, Rotation::Refused);
}

pub(super) async fn a_token_is_refused_at_the_absolute_end(store: Arc<dyn AccountStore>) {
    let made = sign_in(&*store, guest(&*store).await.id, 1).await;
    let mut refresh = rotation(1, 2, now());
    refresh.idle_until = made.absolute_until + HOUR;
    rotated(store.rotate_refresh(&refresh).await.unwrap());
    let late = store.rotate_refresh(&rotation(2, 3, made.absolute_until)).await.unwrap();
    assert_eq!(late, Rotation::Refused);
    let in_time = rotation(2, 3, made.absolute_until - Duration::from_micros(1));
    rotated(store.rotate_refresh(&in_time).await.unwrap());
}

pub(super) async fn a_new_token_that_is_known_changes_nothing(store: Arc<dyn AccountStore>) {
    let user = guest(&*store).await.id;
    let (one, two) = (sign_in(&*store, user, 1).await, sign_in(&*store, user, 2).await);
    let clash = store.rotate_refresh(&rotation(1, 2, now())).await;
    assert_eq!(kind_of(clash), StoreErrorKind::AlreadyExists);
    assert_eq!(store.auth_session_of_refresh(&hash(2)).await.unwrap(), Some(two));
    assert_eq!(rotated(store.rotate_refresh(&rotation(1, 3, now())).await.unwrap()).id, one.id);
}

pub(super) async fn revoking_keeps_the_first_time(store: Arc<dyn AccountStore>) {
    let user = guest(&*store).await.id;
    let made = sign_in(&*store, user, 1).await;
    let first = now();
    store.revoke_auth_session(made.id, first).await.unwrap();
    store.revoke_auth_session(made.id, first + HOUR).await.unwrap();
    store.revoke_user(user, first + 2 * HOUR).await.unwrap();
    assert_eq!(store.auth_session(made.id).await.unwrap().unwrap().revoked_at, Some(first));
}

pub(super) async fn revoking_a_user_ends_all_of_their_sign_ins(store: Arc<dyn AccountStore>) {
    let (user, other) = (guest(&*store).await.id, guest(&*store).await.id);
    let mine = [sign_in(&*store, user, 1).await, sign_in(&*store, user, 2).await];
    let theirs = sign_in(&*store, other, 3).await;
    let time = now();
    store.revoke_user(user, time).await.unwrap();
    for sign_in in mine {
        assert_eq!(store.auth_session(sign_in.id).await.unwrap().unwrap().revoked_at, Some(time));
    }
    assert_eq!(store.auth_session(theirs.id).await.unwrap(), Some(theirs));
}

pub(super) async fn revoking_nobody_is_no_error(store: Arc<dyn AccountStore>) {
    store.revoke_auth_session(AuthSessionId::new(), now()).await.unwrap();
    store.revoke_user(UserId::new(), now()).await.unwrap();
}
