//! Seventeen outages, each at five moments of a run: 85 cases. No tool starts without its durable record; the run waits and goes on by itself,
//! or says clearly that its store is gone and loses nothing that was answered; without Redis it only cannot be resumed.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::{path::Path, sync::Arc};

use scorpio_crash::outage::{
    BackendKilled, Busy, Case, Crash, Deleted, DiskFull, Flipped, Freeze, Full, IdleInTransaction, Immutable,
    Moment, Outage, PostgresRig, ReadOnly, RedisOutage, RedisRig, ShortWrites, SqliteRig, Stores,
};
use tokio::sync::RwLock;

/// Writes come short in the whole process, so no other test may run meanwhile.
static FILES: RwLock<()> = RwLock::const_new(());

/// The outage at each moment. Answers nothing, or all that is wrong.
async fn at_every_moment(stores: &dyn Stores, outage: Arc<dyn Outage>, folder: &Path) {
    let mut wrong = Vec::new();
    for moment in Moment::ALL {
        let case = Case { stores, outage: Arc::clone(&outage), moment, folder: folder.to_owned() };
        wrong.extend(case.run().await);
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

async fn on_postgres<O: Outage + 'static>(outage: impl AsyncFnOnce(Arc<PostgresRig>) -> O) {
    let Some(rig) = PostgresRig::start() else { return };
    let _others = FILES.read().await;
    let (rig, folder) = (Arc::new(rig), tempfile::tempdir().unwrap());
    let outage = Arc::new(outage(Arc::clone(&rig)).await);
    at_every_moment(&*rig, outage, folder.path()).await;
}

async fn on_sqlite<O: Outage + 'static>(outage: impl FnOnce(Arc<SqliteRig>) -> O) {
    let _others = FILES.read().await;
    let rig = Arc::new(SqliteRig::new());
    at_every_moment(&*rig, Arc::new(outage(Arc::clone(&rig))), rig.folder()).await;
}

async fn on_redis(outage: impl FnOnce(Arc<RedisRig>) -> RedisOutage) {
    let Some(rig) = RedisRig::start() else { return };
    let _others = FILES.read().await;
    let rig = Arc::new(rig);
    at_every_moment(&*rig, Arc::new(outage(Arc::clone(&rig))), rig.folder()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_backend_is_killed() {
    on_postgres(async |rig| BackendKilled(rig)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_crashes() {
    on_postgres(async |rig| Crash(rig)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_freezes() {
    on_postgres(async |rig| Freeze::new(rig)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_has_no_room() {
    on_postgres(DiskFull::new).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_kills_a_transaction_that_is_idle() {
    on_postgres(async |rig| IdleInTransaction::new(rig)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_is_read_only() {
    on_postgres(async |rig| ReadOnly(rig)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_is_busy() {
    on_sqlite(Busy::new).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_is_full() {
    let _others = FILES.read().await;
    let (outage, rig) = Full::new().await;
    at_every_moment(&*rig, Arc::new(outage), rig.folder()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_writes_come_short() {
    let _alone = FILES.write().await;
    let rig = SqliteRig::new();
    at_every_moment(&rig, Arc::new(ShortWrites::new()), rig.folder()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_files_are_read_only() {
    on_sqlite(Immutable).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_file_is_deleted() {
    on_sqlite(Deleted).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_bytes_flip() {
    on_sqlite(Flipped).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_is_killed() {
    on_redis(RedisOutage::killed).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_drops_its_clients() {
    on_redis(RedisOutage::drops_clients).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_freezes() {
    on_redis(RedisOutage::freezes).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_has_no_memory() {
    on_redis(RedisOutage::has_no_memory).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_forgets_everything() {
    on_redis(RedisOutage::forgets).await;
}
