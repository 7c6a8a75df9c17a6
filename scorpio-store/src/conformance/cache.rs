//! The cases of [`Cache`].

mod conditions;
mod expiry;
mod values;

use std::time::Duration;

use scorpio_core::store::{Cache, SetCondition, SetOptions};

super::suite! {
    /// Everything that a [`Cache`] promises.
    CACHE: Cache,
    /// Makes one test for each promise of a [`Cache`](scorpio_core::store::Cache).
    ///
    /// It takes the path of an async function that answers an empty cache as `Arc<dyn Cache>`, or as a pair with something that must
    /// outlive it. Use it once in a module.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use scorpio_core::store::{Cache, MemoryCache};
    /// async fn empty_cache() -> Arc<dyn Cache> {
    ///     Arc::new(MemoryCache::new())
    /// }
    ///
    /// scorpio_store::cache_conformance!(empty_cache);
    /// # fn main() {}
    /// ```
    cache_conformance!,
    values {
        what_was_set_is_got,
        a_missing_key_has_no_value,
        the_last_value_counts,
        values_are_bytes,
        keys_are_any_text,
        a_large_value_comes_back,
        a_deleted_value_is_gone,
        what_is_taken_is_gone,
        one_of_many_takers_gets_it,
        json_comes_back,
    }
    conditions {
        absent_sets_only_what_is_not_there,
        present_sets_only_what_is_there,
        one_of_many_is_the_first,
    }
    expiry {
        a_value_runs_out,
        a_value_without_a_time_stays,
        setting_again_sets_the_time_anew,
        setting_without_a_time_makes_it_stay,
        what_has_run_out_counts_as_absent,
        the_shortest_and_the_longest_times_are_taken,
        what_has_run_out_cannot_be_taken,
    }
    [$]
}

const SHORT: Duration = Duration::from_millis(60);
const LONG: Duration = Duration::from_secs(3_600);

fn for_a(ttl: Duration) -> SetOptions {
    SetOptions::new().with_ttl(ttl)
}

fn only(condition: SetCondition) -> SetOptions {
    SetOptions::new().with_condition(condition)
}

/// Waits until `key` has no value.
async fn run_out(cache: &dyn Cache, key: &str) {
    while cache.get(key).await.unwrap().is_some() {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}
