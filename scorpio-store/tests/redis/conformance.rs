//! The suite, each case under a prefix of its own.

use std::sync::Arc;

use scorpio_core::store::{Cache, EventLog, PubSub, RateLimiter};
use scorpio_store::{RedisStore, conformance::Subject, redis::RedisOptions};
use scorpio_test_services::{unique_name, variable};

async fn store() -> Option<Arc<RedisStore>> {
    let url = variable("SCORPIO_TEST_REDIS_URL")?;
    let options = RedisOptions::new().with_prefix(unique_name());
    Some(Arc::new(RedisStore::connect_with(&url, options).await.unwrap()))
}

async fn event_log() -> Subject<dyn EventLog> {
    store().await.map_or_else(Subject::absent, |store| Subject::from(store as Arc<dyn EventLog>))
}

async fn cache() -> Subject<dyn Cache> {
    store().await.map_or_else(Subject::absent, |store| Subject::from(store as Arc<dyn Cache>))
}

async fn pub_sub() -> Subject<dyn PubSub> {
    store().await.map_or_else(Subject::absent, |store| Subject::from(store as Arc<dyn PubSub>))
}

async fn rate_limiter() -> Subject<dyn RateLimiter> {
    store().await.map_or_else(Subject::absent, |store| Subject::from(store as Arc<dyn RateLimiter>))
}

mod event_logs {
    use super::*;
    scorpio_store::event_log_conformance!(event_log);
}

mod caches {
    use super::*;
    scorpio_store::cache_conformance!(cache);
}

mod pub_subs {
    use super::*;
    scorpio_store::pub_sub_conformance!(pub_sub);
}

mod rate_limiters {
    use super::*;
    scorpio_store::rate_limiter_conformance!(rate_limiter);
}
