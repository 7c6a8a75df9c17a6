//! The cases of [`AccountStore`].

mod quotas;
mod sign_ins;
mod users;

use std::time::Duration;

use jiff::Timestamp;
use scorpio_core::{
    AuthSessionId, UserId,
    store::{AccountStore, AuthSession, NewAuthSession, RefreshRotation, Spend, User},
};

use super::sample::now;

super::suite! {
    /// Everything that an [`AccountStore`] promises.
    ACCOUNT_STORE: AccountStore,
    /// Makes one test for each promise of an [`AccountStore`](scorpio_core::store::AccountStore).
    ///
    /// It takes the path of an async function that answers an empty store as `Arc<dyn AccountStore>`, or as a pair with something
    /// that must outlive it. Use it once in a module.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use scorpio_core::store::{AccountStore, MemoryAccounts};
    /// async fn empty_store() -> Arc<dyn AccountStore> {
    ///     Arc::new(MemoryAccounts::new())
    /// }
    ///
    /// scorpio_store::account_store_conformance!(empty_store);
    /// # fn main() {}
    /// ```
    account_store_conformance!,
    users {
        a_guest_comes_back,
        a_registered_user_comes_back,
        an_unknown_user_is_absent,
        an_address_is_taken_once,
        an_id_is_taken_once,
        guests_do_not_clash,
        a_guest_can_register,
        a_guest_cannot_register_a_taken_address,
        only_guests_can_register,
        of_twenty_registrations_one_succeeds,
        a_password_can_be_replaced,
        a_password_of_nobody_cannot_be_replaced,
    }
    sign_ins {
        a_sign_in_comes_back,
        an_unknown_sign_in_is_absent,
        nobody_cannot_sign_in,
        a_sign_in_is_made_once,
        a_refresh_token_leads_to_its_sign_in,
        a_refresh_token_is_traded,
        traded_tokens_make_a_chain,
        rotation_moves_the_idle_end_only,
        an_unknown_token_is_refused,
        a_used_token_revokes_the_sign_in,
        a_used_token_spares_other_sign_ins,
        of_twenty_rotations_one_succeeds,
        a_token_of_a_revoked_sign_in_is_refused,
        a_token_is_refused_once_it_is_idle,
        a_token_is_refused_at_the_absolute_end,
        a_new_token_that_is_known_changes_nothing,
        revoking_keeps_the_first_time,
        revoking_a_user_ends_all_of_their_sign_ins,
        revoking_nobody_is_no_error,
    }
    quotas {
        spending_counts_up_to_the_limit,
        the_same_key_counts_once,
        a_known_key_is_spent_even_at_the_limit,
        what_exceeds_is_not_counted,
        users_and_kinds_count_apart,
        the_window_slides,
        an_entry_leaves_the_window_at_its_end,
        the_quota_is_that_of_spending,
        an_empty_quota_has_no_oldest,
        a_limit_of_zero_allows_nothing,
        a_window_of_all_time_counts_everything,
        of_thirty_at_fifteen_of_twenty_five_fit,
        of_thirty_with_one_key_one_counts,
    }
    [$]
}

const HOUR: Duration = Duration::from_secs(3600);

fn hash(byte: u8) -> [u8; 32] {
    [byte; 32]
}

async fn guest(store: &dyn AccountStore) -> User {
    let user = User::guest(UserId::new(), now());
    store.create_user(&user, None).await.unwrap();
    user
}

async fn registered(store: &dyn AccountStore, email: &str) -> User {
    let user = User::registered(UserId::new(), email, now());
    store.create_user(&user, Some("$argon2id$old")).await.unwrap();
    user
}

/// A sign-in whose first refresh token has the hash `byte`, idle after one hour and over after three.
async fn sign_in(store: &dyn AccountStore, user: UserId, byte: u8) -> AuthSession {
    let new = new_sign_in(user, byte);
    store.create_auth_session(&new).await.unwrap()
}

fn new_sign_in(user: UserId, byte: u8) -> NewAuthSession {
    let (now, id) = (now(), AuthSessionId::new());
    NewAuthSession {
        id,
        user,
        refresh_hash: hash(byte),
        idle_until: now + HOUR,
        absolute_until: now + 3 * HOUR,
    }
}

fn rotation(old: u8, new: u8, now: Timestamp) -> RefreshRotation {
    RefreshRotation { old_hash: hash(old), new_hash: hash(new), now, idle_until: now + HOUR }
}

fn spend(user: UserId, key: &str, now: Timestamp) -> Spend {
    Spend { user, kind: "message", key: key.to_owned(), now, window: 24 * HOUR, limit: 20 }
}
