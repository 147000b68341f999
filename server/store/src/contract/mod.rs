//! The promises of every backend, as tests: a story for each promise, which uses the traits alone.
//!
//! A backend runs all of them by [`contract!`](crate::contract), in a test of its own:
//!
//! ```ignore
//! aiwg_store::contract!(Place::new);
//! ```
//!
//! where `Place::new` makes an empty [`Backend`] of its own for each story.

// Stories are tests, whatever crate they are in.
#![allow(clippy::unwrap_used, clippy::panic, clippy::missing_panics_doc)]

mod answers;
mod approvals;
mod carrying;
mod events;
mod hosts;
mod lineage;
mod matches;
mod outbox;
mod outputs;
mod queue;
mod retention;
mod rules;
mod runs;
mod spending;
mod sums;
mod tasks;
mod transactions;

use aiwg_model::{TaskNo, TaskSpec};
use aiwg_protocol::types::{Cause, Event, EventSource, Json, Timestamp};

pub use self::{
    answers::*, approvals::*, carrying::*, events::*, hosts::*, lineage::*, matches::*, outbox::*,
    outputs::*, queue::*, retention::*, rules::*, runs::*, spending::*, sums::*, tasks::*, transactions::*,
};
use crate::{Reader, Result, Store, Transaction};

/// A promise, as a test.
pub type Story = fn(&dyn Backend);

/// A place where a store is kept.
pub trait Backend {
    /// Opens the store that is there. There is one at a time.
    fn store(&self) -> Box<dyn Store>;

    /// Opens a reader of it, once it has been opened.
    fn reader(&self) -> Box<dyn Reader>;
}

/// A test for each story, of a new backend that this function makes. Without one, all stories with their names: for a backend whose places take long to make.
#[macro_export]
macro_rules! contract {
    ($backend:expr) => {
        $crate::contract! { @all tests $backend }
    };
    () => {
        $crate::contract! { @all list () }
    };
    (@all $what:ident $backend:expr) => {
        $crate::contract! { @$what $backend =>
            a_transaction_counts_as_a_whole, a_transaction_has_one_moment, a_failed_transaction_leaves_nothing, what_is_committed_is_there_again,
            readers_see_what_is_committed, a_view_is_of_what_is_committed,
            a_task_is_read_as_it_was_stored, a_task_goes_from_state_to_state, tasks_are_listed_newest_first,
            tasks_are_selected, an_ending_is_kept, tasks_are_taken_over,
            hosts_are_kept, runs_are_kept, the_work_tree_of_a_run_is_kept, a_task_that_was_put_off_counts_its_run_when_it_ends, a_run_is_noted_once,
            an_output_is_read_in_pieces, an_output_goes_with_its_task,
            higher_priorities_start_first, whoever_waits_gains_one_priority_an_hour, an_overview_shows_what_matters,
            classes_queue_by_themselves, queued_tasks_are_edited, terms_are_changed, queued_tasks_expire, queue_switches_are_kept,
            a_running_task_goes_on,
            dependents_wait, whoever_rests_waits, what_is_held_waits, holds_end_in_time, retries_are_noted, records_are_in_use,
            events_are_read_both_ways, events_are_cut_where_they_are_long, events_are_filtered_by_topic,
            cursors_move_from_where_they_are, answers_are_kept_by_their_keys,
            answers_to_events_are_kept_by_their_keys, numbers_are_never_given_again,
            old_tasks_are_forgotten, old_events_are_forgotten, late_events_leave_no_hole, cursors_are_forgotten_in_time,
            answers_are_forgotten_in_time,
            an_approval_is_decided_once, approvals_expire_in_time, approvals_go_with_their_task,
            pending_approvals_are_withdrawn,
            a_message_goes_from_state_to_state, messages_wait_by_chat, notices_are_held_back_by_severity,
            what_is_asked_is_found_first,
            chains_are_followed, rules_have_revisions, senders_are_forgotten_with_what_they_sent,
            switches_are_kept, rules_are_busy, firings_count, matches_gather, matches_are_bounded,
            spending_adds_up_by_day, the_latest_costs_of_a_rule_are_kept, a_run_is_charged,
            usage_is_summed_up, sums_of_agents_are_bounded, a_name_of_the_others_is_its_own, queued_tasks_are_counted, a_session_has_one_total, conversations_have_turns,
            rows_are_put_as_they_were_read, long_rows_are_read_one_by_one
        }
    };
    (@list $nothing:expr => $($story:ident),*) => {
        [$((stringify!($story), $crate::contract::$story as $crate::contract::Story)),*]
    };
    (@tests $backend:expr => $($story:ident),*) => {
        $(
            #[test]
            fn $story() {
                $crate::contract::$story(&$backend());
            }
        )*
    };
}

/// A moment of the stories, so many seconds after their beginning.
fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(1_795_860_000_000 + seconds * 1000)
}

fn task(prompt: &str) -> TaskSpec {
    TaskSpec { prompt: prompt.to_owned(), ..TaskSpec::default() }
}

fn of_rule(rule: &str, depth: u32) -> TaskSpec {
    let cause = Cause { task: None, rule: Some(rule.to_owned()), event: None, depth };
    TaskSpec { rule: Some(rule.to_owned()), cause: Some(cause), ..task("x") }
}

fn event(seq: u64, topic: &str) -> Event {
    Event {
        seq,
        topic: topic.to_owned(),
        payload: Json::default(),
        source: EventSource::Client,
        at: at(seq.try_into().unwrap()),
        caused_by: None,
        traceparent: None,
    }
}

fn with_payload(seq: u64, bytes: usize) -> Event {
    Event { payload: Json::new(&"x".repeat(bytes)).unwrap(), ..event(seq, "t") }
}

/// Runs `work` in a transaction, and commits it.
fn commit<T>(store: &mut dyn Store, work: impl FnOnce(&mut dyn Transaction) -> Result<T>) -> T {
    let mut transaction = store.begin().unwrap();
    let done = work(&mut *transaction).unwrap();
    transaction.commit().unwrap();
    done
}

/// Puts a task into the queue, at the beginning.
fn queue(store: &mut dyn Store, no: u64, spec: &TaskSpec) -> TaskNo {
    commit(store, |tx| tx.insert_task(TaskNo(no), spec, at(0)));
    TaskNo(no)
}

fn numbers(tasks: &[TaskNo]) -> Vec<u64> {
    tasks.iter().map(|no| no.0).collect()
}
