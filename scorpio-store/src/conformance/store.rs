//! The cases of [`Store`].

mod branches;
mod concurrency;
mod journal;
mod leases;
mod listing;
mod messages;
mod model;
mod records;
mod runs;
mod sessions;
mod signals;
mod snapshots;
mod waiting;

use scorpio_core::store::Store;

pub(super) use self::model::sequences;

super::suite! {
    /// Everything that a [`Store`] promises.
    STORE: Store,
    /// Makes one test for each promise of a [`Store`](scorpio_core::store::Store).
    ///
    /// It takes the path of an async function that answers an empty store as `Arc<dyn Store>`, or as a pair with something that
    /// must outlive it. Use it once in a module.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use scorpio_core::store::{MemoryStore, Store};
    /// async fn empty_store() -> Arc<dyn Store> {
    ///     Arc::new(MemoryStore::new())
    /// }
    ///
    /// scorpio_store::store_conformance!(empty_store);
    /// # fn main() {}
    /// ```
    store_conformance!,
    sessions {
        a_session_comes_back_as_it_was_made,
        an_id_is_taken_for_every_owner,
        a_session_of_somebody_else_is_absent,
        a_patch_changes_only_what_it_names,
        a_title_changes_only_if_it_is_the_expected_one,
        a_patch_of_a_missing_session_is_none,
        metadata_comes_back_byte_for_byte,
        ids_differ_by_case,
        deleting_answers_the_session_and_forgets_it,
        deleting_takes_everything_along,
        deleting_leaves_others_alone,
        activity_is_messages_not_titles,
        the_store_answers_a_ping,
    }
    listing {
        an_owner_without_sessions_has_an_empty_page,
        the_newest_activity_comes_first,
        a_message_moves_a_session_to_the_front,
        only_the_owners_sessions_are_listed,
        pages_of_older_sessions_lose_and_repeat_nothing,
        pages_of_newer_sessions_lose_and_repeat_nothing,
        a_newer_page_holds_those_nearest_to_the_cursor,
        has_more_is_exact,
        a_missing_cursor_is_not_found,
        somebody_elses_cursor_is_not_found,
        a_limit_of_zero_is_an_empty_page,
        sessions_made_at_once_page_without_loss,
    }
    messages {
        every_kind_of_part_comes_back_byte_for_byte,
        unknown_parts_survive,
        everything_around_the_parts_comes_back,
        strange_text_comes_back,
        a_large_message_comes_back,
        messages_are_numbered_from_one,
        after_and_limit_make_pages,
        messages_of_somebody_else_are_absent,
        the_same_id_may_stand_in_two_sessions,
        a_cut_removes_what_comes_after,
        a_cut_never_lowers_the_version,
        a_cut_frees_ids,
        a_cut_of_everything_leaves_an_empty_history,
    }
    runs {
        a_run_comes_back_as_it_was_begun,
        a_run_may_begin_without_input,
        a_run_of_somebody_else_is_absent,
        a_missing_session_cannot_begin_a_run,
        a_stale_version_is_a_conflict,
        the_expected_version_is_taken,
        an_input_that_is_there_is_refused,
        a_run_id_is_taken_once,
        a_second_run_is_busy,
        the_first_error_wins,
        a_refused_run_leaves_nothing,
        a_commit_appends_in_order,
        a_commit_moves_the_machine,
        a_commit_without_messages_keeps_the_version,
        a_commit_at_a_stale_version_leaves_nothing,
        a_commit_with_a_known_id_leaves_nothing,
        a_commit_of_an_unknown_run_is_not_found,
        a_commit_after_the_session_is_gone_is_not_found,
        an_ended_run_is_finished,
        every_end_comes_back,
        the_next_run_begins_where_the_last_one_ended,
    }
    records {
        executions_come_back_as_they_were,
        an_execution_is_overwritten_in_place,
        every_status_of_an_execution_comes_back,
        executions_are_listed_oldest_first,
        executions_of_somebody_else_are_absent,
        a_message_leads_to_the_run_that_it_began,
        a_message_leads_to_the_run_that_wrote_it,
        a_message_of_somebody_else_leads_nowhere,
        a_session_has_at_most_one_live_run,
    }
    leases {
        a_stale_lease_cannot_commit,
        a_stale_lease_cannot_be_renewed,
        a_lease_of_another_holder_is_refused,
        a_finished_run_is_fenced,
        a_held_run_cannot_be_taken_over,
        a_run_whose_lease_ran_out_can_be_taken_over,
        a_run_of_a_dead_holder_can_be_taken_over,
        a_finished_run_cannot_be_taken_over,
        a_missing_run_cannot_be_taken_over,
        taking_over_keeps_the_machine_and_raises_the_fence,
        whoever_took_over_can_go_on,
        a_lease_that_ran_out_is_good_until_it_is_taken,
        renewing_prolongs_a_lease,
        a_commit_renews_the_lease,
        claimable_runs_are_those_of_others_and_those_that_ran_out,
        claimable_runs_come_oldest_first,
    }
    waiting {
        a_run_that_waits_is_nobodys,
        a_run_that_waits_is_live,
        a_run_that_waits_can_be_taken_over_at_once,
        a_run_that_waits_goes_on_when_it_is_told_something,
        a_run_that_waits_goes_on_when_its_time_has_come,
        a_run_that_waited_and_was_taken_over_waits_no_more,
        only_lost_runs_count_as_recovered,
        claimable_runs_are_those_of_the_named_agents,
        a_commit_that_is_sent_again_changes_nothing,
        a_commit_that_is_sent_again_after_a_takeover_is_fenced,
        the_last_commit_of_a_run_may_be_sent_again,
    }
    signals {
        a_signal_comes_back_as_it_was_sent,
        signals_are_numbered_from_one,
        signals_of_other_runs_are_absent,
        a_stranger_cannot_send_a_signal,
        a_run_that_is_over_cannot_be_told_anything,
        the_same_decision_is_taken_once,
        of_twenty_decisions_one_is_taken,
        whoever_waits_hears_of_a_signal,
        whoever_waits_for_a_later_signal_is_not_woken_by_an_earlier_one,
    }
    branches {
        a_branch_keeps_what_it_leaves,
        branch_points_name_every_way,
        switching_back_brings_the_old_history_back,
        switching_goes_on_to_the_newest_end,
        switching_raises_the_version,
        a_branch_begins_after_the_message_that_it_names,
        a_missing_message_cannot_be_switched_to,
        a_session_with_a_live_run_cannot_be_switched,
        branches_of_somebody_else_are_absent,
        an_old_branch_leads_to_its_runs,
        an_approved_tool_is_remembered_once,
    }
    snapshots {
        a_session_comes_back_with_all_its_branches,
        an_imported_session_goes_on,
        a_taken_id_cannot_be_imported,
        a_broken_snapshot_is_refused_whole,
        a_session_of_somebody_else_cannot_be_exported,
    }
    journal {
        a_journal_comes_back_and_holds,
        a_refused_commit_leaves_no_entry,
        a_journal_of_somebody_else_is_absent,
        a_journal_has_pages,
    }
    concurrency {
        of_thirty_begins_one_succeeds,
        of_twenty_creations_one_succeeds,
        of_twenty_takeovers_one_succeeds,
        of_twenty_commits_at_one_version_one_succeeds,
        commits_to_many_sessions_all_land,
        a_refused_commit_does_not_harm_its_neighbours,
        a_dropped_call_happens_whole_or_not_at_all,
    }
    model {
        random_operations_agree_with_a_model,
        other_random_operations_agree_with_a_model,
        many_short_sequences_agree_with_a_model,
    }
    [$]
}
