//! Limits and defaults of params: stated in the schema of each as well.

use std::ops::RangeInclusive;

/// The longest prompt or message, in bytes of UTF-8.
pub const LONGEST_PROMPT: usize = 1024 * 1024;

/// The longest time limit of a task, in minutes: a year.
pub const LONGEST_TASK_MINUTES: f64 = 525_600.0;

/// The priorities that a task may have.
pub const PRIORITIES: RangeInclusive<i32> = -1000..=1000;

/// Number of entries that a client may ask a list for.
pub const LIST_SIZES: RangeInclusive<u32> = 1..=1000;

/// Default number of tasks in a list.
pub const TASKS_LISTED: u32 = 20;

/// Default number of approvals in a list.
pub const APPROVALS_LISTED: u32 = 100;

/// Default number of events in a list.
pub const EVENTS_LISTED: u32 = 100;

/// The longest name, in characters: of a rule, a job, an action, an agent, a conversation, a task.
pub const LONGEST_NAME: usize = 200;

/// The longest input of a tool that a person is asked about, in bytes of JSON: nobody reads more.
pub const LONGEST_TOOL_INPUT: usize = 256 * 1024;

/// For an agent whose input of a tool is longer than that.
pub const TOOL_INPUT_TOO_LONG: &str =
    "A person would have to allow this call, and its input is too long to be read: make it in smaller parts.";

/// The longest path, in bytes: no system opens a longer one.
pub const LONGEST_PATH: usize = 4096;

/// The longest message of an error, in bytes. What a client has sent may be repeated in one, but not megabytes of it.
pub const LONGEST_ERROR: usize = 4096;
