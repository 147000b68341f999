//! The tables of a store, for whoever carries all of it to another one.

/// What a column holds, where it is not empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A text.
    Text,
    /// A whole number; a switch is 1 or 0.
    Integer,
    /// A number that need not be whole.
    Real,
    /// Bytes.
    Blob,
}

/// A table.
#[derive(Debug, PartialEq, Eq)]
pub struct Table {
    /// Its name in the database.
    pub name: &'static str,
    /// What its rows are, for people.
    pub what: &'static str,
    /// Its columns: first those of the key.
    pub columns: &'static [(&'static str, Kind)],
    /// Number of the columns of its key.
    pub key: usize,
}

/// A value of a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// None.
    Null,
    /// A whole number.
    Integer(i64),
    /// A number that need not be whole.
    Real(f64),
    /// A text.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
}

/// Tables that stay where they are: what a database says of itself, and of the directory that it is in.
pub const STAYING: [&str; 4] = ["project", "made_here", "config_in_force", "host"];

/// Sources of cursors that stay where they are: they are about the host, and about the store itself.
pub const STAYING_CURSORS: [&str; 2] = ["host", "store"];

macro_rules! tables {
    ($($name:ident $what:literal ($($key:ident: $key_kind:ident),*) $($column:ident: $kind:ident),*;)*) => {
        /// All tables but those of [`STAYING`].
        pub const TABLES: &[Table] = &[$(Table {
            name: stringify!($name),
            what: $what,
            columns: &[$((stringify!($key), Kind::$key_kind),)* $((stringify!($column), Kind::$kind)),*],
            key: [$(stringify!($key)),*].len(),
        }),*];
    };
}

tables! {
    task "tasks" (no: Integer) state: Text, prompt: Text, agent: Text, priority: Integer, timeout_ms: Integer, env: Text, metadata: Text, cause: Text, created_at: Integer, started_at: Integer, completed_at: Integer, launch: Integer, attempts: Integer, ending: Text, exit_code: Integer, error: Text, result: Text, waiting: Integer, after: Text, signal: Integer, processes_ended: Integer, processes_left: Integer, usage: Text, event: Integer, rule: Text, conversation: Text, retried_as: Integer, in_vain_for: Integer, place: Integer, lane: Text, lane_priority: Integer, class: Text, terms: Text, expires_at: Integer, reason: Text, origin: Integer, revision: Integer, retry_of: Integer, parent: Integer;
    run "runs" (task: Integer, n: Integer) kind: Text, started_at: Integer, ended_at: Integer, reason: Text, exit_code: Integer, signal: Integer, session: Text, cost_usd: Real, turns: Integer, input_tokens: Integer, output_tokens: Integer, cache_read_tokens: Integer, cache_creation_tokens: Integer, dir: Text, detail: Text, profile: Text, reserved_usd: Real, charged_usd: Real, cap_usd: Real, tree: Text, host: Text;
    output "blocks of what agents have written" (task: Integer, n: Integer, stream: Integer, start: Integer) bytes: Blob, is_last: Integer;
    hold "holds" (task: Integer, kind: Text, key: Text) until: Integer;
    event "events" (seq: Integer) topic: Text, payload: Text, source: Text, at: Integer, cause: Text, origin: Integer, task: Integer, traceparent: Text;
    origin "origins" (id: Integer) who: Text;
    approval "approvals" (no: Integer) task: Integer, kind: Text, state: Text, summary: Text, request: Text, requested_at: Integer, expires_at: Integer, on_timeout: Text, decision: Text, used_by: Text, tool_use: Text;
    outbox "messages to platforms" (no: Integer) platform: Text, chat: Text, thread: Text, is_notice: Integer, content: Text, about: Text, state: Text, created_at: Integer, due_at: Integer, expires_at: Integer, attempts: Integer, is_repeat: Integer, sent_as: Text, error: Text, severity: Integer;
    answer "answers to keys" (span: Integer, id: Blob) until: Integer, call: Blob, answer: Text;
    answer_group "groups of answers to keys" (no: Integer) until: Integer, answers: Blob;
    cursor "cursors" (source: Text, key: Text) value: Text, until: Integer;
    counter "counters" (name: Text) value: Integer;
    pending "pending matches" (rule: Text) due_at: Integer, first_at: Integer, matches: Integer;
    pending_event "events of pending matches" (rule: Text, seq: Integer) depth: Integer;
    firing "firings" (id: Integer) rule: Text, at: Integer, event: Integer, matches: Integer, task: Integer, counts: Integer;
    decision "decisions on matches" (event: Integer, rule: Text) decision: Text, at: Integer, reason: Text, task: Integer;
    rule_switch "switches of rules" (rule: Text) enabled: Integer, tripped_at: Integer;
    rule_revision "revisions of rules" (id: Integer) rule: Text, n: Integer, at: Integer, definition: Text;
    rule_cost "costs of rules" (rule: Text, task: Integer) usd: Real;
    queue_switch "switches of the queue" (name: Text) at: Integer;
    spending "spending" (day: Text, rule: Text, agent: Text) usd: Real;
    usage "usage by day" (day: Text, rule: Text) tasks: Integer, cost_usd: Real, turns: Integer, input_tokens: Integer, output_tokens: Integer, cache_read_tokens: Integer, cache_creation_tokens: Integer;
    agent_sum "sums of agents" (rule: Text, agent: Text) tasks: Integer, cost_usd: Real, turns: Integer, input_tokens: Integer, output_tokens: Integer, cache_read_tokens: Integer, cache_creation_tokens: Integer;
    session "sessions" (id: Text) cost_usd: Real;
}
