//! Rows as values.

use std::{collections::BTreeMap, fmt, str::FromStr};

use aiwg_protocol::types::{Cause, JsonObject, Task, TaskState, TaskUsage, Timestamp, Word};
use rusqlite::{
    Row, ToSql,
    types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// A task's number: `task-0001` is number 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TaskNo(pub u64);

impl fmt::Display for TaskNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "task-{:04}", self.0)
    }
}

impl FromStr for TaskNo {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let digits = text
            .strip_prefix("task-")
            .filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()))
            .ok_or(())?;
        let no = Self(digits.parse().map_err(|_| ())?);
        // Only the one spelling: `task-1` is not an id.
        (no.to_string() == text).then_some(no).ok_or(())
    }
}

/// Why a running task is being ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Someone cancelled it.
    Cancel,
    /// Its time is up.
    Timeout,
    /// It has written nothing for too long.
    Stalled,
    /// It has told its result, but does not exit.
    Finished,
    /// The daemon stops.
    Stop,
}

impl Ending {
    const ALL: [(Self, &'static str); 5] = [
        (Self::Cancel, "cancel"),
        (Self::Timeout, "timeout"),
        (Self::Stalled, "stalled"),
        (Self::Finished, "finished"),
        (Self::Stop, "stop"),
    ];

    fn name(self) -> &'static str {
        Self::ALL.iter().find(|(ending, _)| *ending == self).map_or("", |(_, name)| name)
    }
}

/// A task to be stored.
#[derive(Clone, Default)]
pub struct NewTask {
    /// What the agent is asked to do.
    pub prompt: String,
    /// Which agent; none for the default one.
    pub agent: Option<String>,
    /// Higher ones start first.
    pub priority: i32,
    /// The time limit in milliseconds.
    pub timeout_ms: Option<u64>,
    /// Environment, unresolved.
    pub env: BTreeMap<String, String>,
    /// The submitter's notes.
    pub metadata: JsonObject,
    /// What led to it.
    pub cause: Option<Cause>,
    /// Those that must have completed before it starts.
    pub after: Vec<TaskNo>,
    /// The rule that made it; none where someone submitted it, be it an agent that a rule had started.
    pub rule: Option<String>,
    /// The conversation that it is a turn of.
    pub conversation: Option<String>,
}

/// A task as stored.
#[derive(Clone)]
pub struct TaskRow {
    /// Its number.
    pub no: TaskNo,
    /// Where it stands.
    pub state: TaskState,
    /// The order.
    pub order: NewTask,
    /// Whether one of those that it is to start after has not completed yet.
    pub is_waiting: bool,
    /// When it was stored.
    pub created_at: Timestamp,
    /// When its agent was started last.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub completed_at: Option<Timestamp>,
    /// The shim's attempt number.
    pub launch: u32,
    /// How often an agent was started.
    pub attempts: u32,
    /// Why it is being ended.
    pub ending: Option<Ending>,
    /// What the agent exited with.
    pub exit_code: Option<i32>,
    /// The signal that ended the agent.
    pub signal: Option<i32>,
    /// Why it did not complete.
    pub error: Option<String>,
    /// The agent's answer.
    pub result: Option<String>,
    /// How many processes were ended with it.
    pub processes_ended: Option<u32>,
    /// How many could not be.
    pub processes_left: Option<u32>,
    /// What the agent used.
    pub usage: Option<TaskUsage>,
}

macro_rules! task_columns {
    ($prompt:literal, $env:literal, $metadata:literal) => {
        concat!(
            "no, state, ",
            $prompt,
            ", agent, priority, timeout_ms, ",
            $env,
            ", ",
            $metadata,
            ", cause, created_at, started_at, completed_at, launch, attempts, \
             ending, exit_code, error, result, after, signal, processes_ended, processes_left, usage, rule, waiting > 0, \
             conversation"
        )
    };
}

pub(super) const TASK_COLUMNS: &str = task_columns!("prompt", "env", "metadata");

/// How much of an agent's output goes into its task, in bytes: 64 KiB.
pub(crate) const TAIL_BYTES: u64 = 64 * 1024;

/// How many characters of a prompt [`super::Reader::overview`] has, and one more, by which it is seen that there are more.
pub(crate) const PROMPT_HEAD: usize = 4096;

/// The same, but no more than that of the prompt, no `env`, and `metadata` only where they are short: a thousand of them are read at once.
pub(super) const TASK_HEAD_COLUMNS: &str = task_columns!(
    "substr(prompt, 1, 4097)",
    "'{}'",
    "CASE WHEN octet_length(metadata) <= 4096 THEN metadata ELSE '{}' END"
);

impl TaskRow {
    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            no: row.get(0)?,
            state: row.get::<_, Named<TaskState>>(1)?.0,
            order: NewTask {
                prompt: row.get(2)?,
                agent: row.get(3)?,
                priority: row.get(4)?,
                timeout_ms: row.get(5)?,
                env: row.get::<_, AsJson<_>>(6)?.0,
                metadata: row.get::<_, AsJson<_>>(7)?.0,
                cause: row.get::<_, Option<AsJson<Cause>>>(8)?.map(|cause| cause.0),
                after: row.get::<_, Option<AsJson<_>>>(18)?.map_or_else(Vec::new, |after| after.0),
                rule: row.get(23)?,
                conversation: row.get(25)?,
            },
            is_waiting: row.get(24)?,
            created_at: row.get::<_, Millis>(9)?.0,
            started_at: row.get::<_, Option<Millis>>(10)?.map(|at| at.0),
            completed_at: row.get::<_, Option<Millis>>(11)?.map(|at| at.0),
            launch: row.get(12)?,
            attempts: row.get(13)?,
            ending: row.get(14)?,
            exit_code: row.get(15)?,
            error: row.get(16)?,
            result: row.get(17)?,
            signal: row.get(19)?,
            processes_ended: row.get(20)?,
            processes_left: row.get(21)?,
            usage: row.get::<_, Option<AsJson<_>>>(22)?.map(|usage| usage.0),
        })
    }

    /// About how much memory it takes, in bytes.
    pub(super) fn bytes(&self) -> usize {
        let order = &self.order;
        let env: usize = order.env.iter().map(|(name, value)| name.len() + value.len()).sum();
        let metadata: usize =
            order.metadata.iter().map(|(name, value)| name.len() + value.as_str().len()).sum();
        let texts = [&self.result, &self.error].into_iter().flatten().map(String::len).sum::<usize>();
        order.prompt.len() + env + metadata + texts + size_of::<Self>()
    }

    /// As it goes over the wire. `pid` and `output` are not stored.
    pub fn into_task(self, pid: Option<u32>, output: Option<String>) -> Task {
        Task {
            id: self.no.to_string(),
            prompt: self.order.prompt,
            agent: self.order.agent,
            priority: self.order.priority,
            state: self.state,
            created_at: self.created_at,
            started_at: self.started_at,
            completed_at: self.completed_at,
            pid,
            exit_code: self.exit_code,
            signal: self.signal,
            attempts: self.attempts,
            result: self.result,
            error: self.error,
            output,
            timeout_minutes: self.order.timeout_ms.map(|ms| ms as f64 / 60_000.0),
            after: self.order.after.iter().map(TaskNo::to_string).collect(),
            processes_ended: self.processes_ended,
            processes_left: self.processes_left,
            usage: self.usage,
            metadata: self.order.metadata,
            conversation: self.order.conversation,
            caused_by: self.order.cause,
        }
    }
}

impl ToSql for TaskNo {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(i64::try_from(self.0).unwrap_or(i64::MAX)))
    }
}

impl FromSql for TaskNo {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        u64::column_result(value).map(Self)
    }
}

impl ToSql for Ending {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.name().into())
    }
}

impl FromSql for Ending {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let text = value.as_str()?;
        Self::ALL
            .iter()
            .find(|(_, name)| *name == text)
            .map(|(ending, _)| *ending)
            .ok_or(FromSqlError::InvalidType)
    }
}

/// A moment as milliseconds since 1970.
pub(super) struct Millis(pub(super) Timestamp);

impl ToSql for Millis {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.as_millis().into())
    }
}

impl FromSql for Millis {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        i64::column_result(value).map(|millis| Self(Timestamp::from_millis(millis)))
    }
}

/// A value as its JSON text.
pub(super) struct AsJson<T>(pub(super) T);

impl<T: Serialize> ToSql for AsJson<T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let text = serde_json::to_string(&self.0)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
        Ok(text.into())
    }
}

impl<T: DeserializeOwned> FromSql for AsJson<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let text = value.as_str()?;
        serde_json::from_str(text).map(Self).map_err(|error| FromSqlError::Other(error.into()))
    }
}

/// An enum of words as its name on the wire.
pub(super) struct Named<T>(pub(super) T);

impl<T: Word> FromSql for Named<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let name = value.as_str()?;
        T::known(name)
            .map(Self)
            .ok_or_else(|| FromSqlError::Other(format!("{name:?} is no known word").into()))
    }
}
