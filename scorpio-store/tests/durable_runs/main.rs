//! Whole runs on databases: their journals hold, and what a transactional tool says to the database happens with its answer or not at
//! all.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "these are tests"
)]

mod cases;
#[cfg(feature = "postgres")]
mod postgres;
mod rig;
#[cfg(feature = "sqlite")]
mod sqlite;

/// Makes one test of each case, on the database that `$make` answers; where it answers none there is nothing to test.
macro_rules! on {
    ($make:path, $($case:ident,)*) => {
        $(#[tokio::test]
        async fn $case() {
            if let Some(database) = $make().await {
                crate::cases::$case(&crate::rig::Rig::new(database).await).await;
            }
        })*
    };
}

/// Makes tests of all cases.
macro_rules! durable_runs {
    ($make:path) => {
        crate::on! {
            $make,
            an_effect_and_its_record_happen_together,
            what_the_database_refuses_is_a_failure_of_the_tool_and_nothing_is_done,
            a_tool_that_fails_says_nothing_to_the_database,
            only_transactional_tools_speak_to_the_database,
            the_journal_of_a_run_holds_over_pauses_and_hands,
            what_is_no_statement_of_its_own_is_refused,
        }
    };
}
use {durable_runs, on};
