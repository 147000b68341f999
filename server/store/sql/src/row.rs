//! Rows as values.

use aiwg_model::{EndReason, StopReason, TaskNo, TaskRow, TaskSpec};
use aiwg_protocol::types::{Cause, TaskState, Timestamp, Word};
use aiwg_store::{ErrorKind, Result, StoreError};
use serde::{Serialize, de::DeserializeOwned};

use super::{
    driver::Row,
    value::{FromValue, ToValue, Value, ValueRef, unreadable},
};

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
             conversation, lane, class, terms, expires_at, reason, lane_priority"
        )
    };
}

pub(super) const TASK_COLUMNS: &str = task_columns!("prompt", "env", "metadata");

/// A task by its number.
pub(super) const TASK_BY_NO: &str =
    concat!("SELECT ", task_columns!("prompt", "env", "metadata"), " FROM task WHERE no = ?");

/// The same, but no more than [`aiwg_model::PROMPT_HEAD`] of the prompt, no `env`, and `metadata` only where they are short: a thousand of them are read at once.
pub(super) const TASK_HEAD_COLUMNS: &str = task_columns!(
    "substr(prompt, 1, 4097)",
    "'{}'",
    "CASE WHEN octet_length(metadata) <= 4096 THEN metadata ELSE '{}' END"
);

/// A task, of the columns of [`TASK_COLUMNS`].
pub(super) fn read_task(row: &impl Row) -> Result<TaskRow> {
    Ok(TaskRow {
        no: number(row)?,
        state: row.get::<Named<TaskState>>(1)?.0,
        spec: TaskSpec {
            prompt: row.get(2)?,
            agent: row.get(3)?,
            priority: row.get(4)?,
            lane_priority: row.get(31)?,
            timeout_ms: row.get(5)?,
            env: row.get::<AsJson<_>>(6)?.0,
            metadata: row.get::<AsJson<_>>(7)?.0,
            cause: row.get::<Option<AsJson<Cause>>>(8)?.map(|cause| cause.0),
            after: row.get::<Option<AsJson<_>>>(18)?.map_or_else(Vec::new, |after| after.0),
            rule: row.get(23)?,
            conversation: row.get(25)?,
            lane: row.get(26)?,
            class: row.get(27)?,
            terms: row.get::<Option<AsJson<_>>>(28)?.map(|terms| terms.0).unwrap_or_default(),
            expires_at: row.get::<Option<Millis>>(29)?.map(|at| at.0),
            start_at: None,
            sender: None,
            origin: None,
            revision: None,
        },
        is_waiting: row.get(24)?,
        created_at: row.get::<Millis>(9)?.0,
        started_at: row.get::<Option<Millis>>(10)?.map(|at| at.0),
        completed_at: row.get::<Option<Millis>>(11)?.map(|at| at.0),
        launch: row.get(12)?,
        attempts: row.get(13)?,
        ending: row.get::<Option<Reason>>(14)?.map(|reason| reason.0),
        reason: row.get::<Option<String>>(30)?.map(EndReason::named),
        exit_code: row.get(15)?,
        error: row.get(16)?,
        result: row.get(17)?,
        signal: row.get(19)?,
        processes_ended: row.get(20)?,
        processes_left: row.get(21)?,
        usage: row.get::<Option<AsJson<_>>>(22)?.map(|usage| usage.0),
    })
}

/// A task's number as an integer.
pub(super) struct Number(pub(super) TaskNo);

/// The task that a cause names.
pub(super) fn task_of(cause: &Cause) -> Option<TaskNo> {
    cause.task.as_ref()?.parse().ok()
}

/// The task's number in the first column.
pub(super) fn number(row: &impl Row) -> Result<TaskNo> {
    row.get::<Number>(0).map(|no| no.0)
}

impl ToValue for Number {
    fn to_value(&self) -> Result<Value<'_>> {
        Ok(Value::Integer(i64::try_from(self.0.0).unwrap_or(i64::MAX)))
    }
}

impl FromValue for Number {
    fn from_value(value: ValueRef<'_>) -> Result<Self> {
        u64::from_value(value).map(|no| Self(TaskNo(no)))
    }
}

/// A stop reason, stored as its name.
pub(super) struct Reason(pub(super) StopReason);

impl FromValue for Reason {
    fn from_value(value: ValueRef<'_>) -> Result<Self> {
        StopReason::named(value.as_str()?).map(Self).ok_or_else(|| unknown_word(value))
    }
}

/// A moment as milliseconds since 1970.
pub(super) struct Millis(pub(super) Timestamp);

impl ToValue for Millis {
    fn to_value(&self) -> Result<Value<'_>> {
        Ok(Value::Integer(self.0.as_millis()))
    }
}

impl FromValue for Millis {
    fn from_value(value: ValueRef<'_>) -> Result<Self> {
        i64::from_value(value).map(|millis| Self(Timestamp::from_millis(millis)))
    }
}

/// A value as its JSON text.
pub(super) struct AsJson<T>(pub(super) T);

impl<T: Serialize> ToValue for AsJson<T> {
    fn to_value(&self) -> Result<Value<'_>> {
        let text = serde_json::to_string(&self.0)
            .map_err(|error| StoreError::new(ErrorKind::Other, error.to_string()))?;
        Ok(Value::Text(text.into()))
    }
}

impl<T: DeserializeOwned> FromValue for AsJson<T> {
    fn from_value(value: ValueRef<'_>) -> Result<Self> {
        let text = value.as_str()?;
        serde_json::from_str(text).map(Self).map_err(|error| unreadable(error.to_string()))
    }
}

/// An enum of words as its name on the wire.
pub(super) struct Named<T>(pub(super) T);

impl<T: Word> FromValue for Named<T> {
    fn from_value(value: ValueRef<'_>) -> Result<Self> {
        T::known(value.as_str()?).map(Self).ok_or_else(|| unknown_word(value))
    }
}

/// The error of a column that should hold a word, and holds another text.
#[cold]
pub(super) fn unknown_word(value: ValueRef<'_>) -> StoreError {
    match value.as_str() {
        Ok(name) => unreadable(format!("{name:?} is no known word")),
        Err(error) => error,
    }
}
