//! Taking over the `tasks.json` of the Node daemon, which kept its queue there.

use std::{io, path::Path};

use aiwg_fs::{Unfit, at, write_private};
use aiwg_model::{ImportedTask, TaskNo, TaskSpec, limits::HIGHEST_BELIEVED};
use aiwg_protocol::{
    config::InterruptedTasks,
    types::{Json, JsonObject, TaskState, Timestamp},
};
use aiwg_store::Store;
use serde_json::{Map, Value, json};

use super::RecoveryError;
use crate::{
    components::tasks_file::WRITTEN_BY,
    health::{Health, IssueKind},
    rules::{is_task_time, minutes_to_ms},
};

/// The tasks of a Node daemon could not be imported.
const IMPORT_ISSUE: IssueKind = IssueKind::named("import");

/// The extension of the copy that is kept of a file which was not imported: the file itself is about to be written over.
const NOT_IMPORTED: &str = "not-imported";

/// The content of the file.
enum Content {
    /// No content, or one that this daemon has written.
    Ours,
    /// A Node daemon's tasks.
    Tasks(Vec<Map<String, Value>>),
    /// A content that is not understood.
    Unknown,
    /// A file that is not even read, with the reason: it is no regular file, or larger than any queue.
    Unfit(Unfit),
}

/// The largest file that is read, in bytes.
const LARGEST: u64 = 64 * 1024 * 1024;

fn read(file: &Path) -> io::Result<(Vec<u8>, Content)> {
    // It may be anything: a pipe would be waited for.
    let text = match aiwg_fs::open_regular(file).and_then(|file| aiwg_fs::read_file(file, LARGEST)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((Vec::new(), Content::Ours)),
        Err(error) => match Unfit::of(&error) {
            Some(unfit) => return Ok((Vec::new(), Content::Unfit(unfit.clone()))),
            None => return Err(at(file)(error)),
        },
        Ok(text) => text,
    };
    let content = match serde_json::from_slice::<Value>(&text) {
        Ok(value) if value.get(WRITTEN_BY).is_some() => Content::Ours,
        Ok(value) => entries(&value).map_or(Content::Unknown, Content::Tasks),
        Err(_) => Content::Unknown,
    };
    Ok((text, content))
}

/// Imports the tasks in this file, or in the copy kept beside it by a start that was not to import them.
///
/// # Errors
/// The database cannot be written. A file that is not understood is no error: it is kept under another name.
pub(super) fn import(
    file: &Path,
    store: &mut dyn Store,
    interrupted: InterruptedTasks,
    health: &Health,
) -> Result<(), RecoveryError> {
    let beside = file.with_added_extension(NOT_IMPORTED);
    let (source, (text, content)) = match read(file)? {
        (_, Content::Ours) => (&*beside, read(&beside)?),
        other => (file, other),
    };
    let tasks = match content {
        Content::Ours => return Ok(()),
        Content::Unknown => {
            return Ok(keep(&beside, &text, "is not understood and was not imported", health)?);
        }
        Content::Unfit(unfit) if source == beside => return Err(at(source)(unfit.into()).into()),
        Content::Unfit(unfit) => return Ok(keep_unreadable(file, &beside, &unfit, health)?),
        Content::Tasks(tasks) => tasks,
    };
    let tasks: Vec<ImportedTask> = tasks.iter().filter_map(|task| imported(task, interrupted)).collect();
    let count = tasks.len();
    let take_over = || {
        let mut transaction = store.begin()?;
        transaction.import(tasks)?;
        transaction.commit().map(drop)
    };
    take_over().map_err(RecoveryError::Database)?;
    if source == beside {
        std::fs::rename(source, file.with_added_extension("imported")).map_err(at(source))?;
    }
    tracing::info!(count, file = %source.display(), "the Node daemon's tasks were imported");
    Ok(())
}

/// Keeps a file whose import was not asked for. A clone can bring such a file, with tasks and their environment, so it is not run unasked.
///
/// # Errors
/// It cannot be read, or not be kept.
pub(super) fn keep_unasked(file: &Path, health: &Health) -> io::Result<()> {
    let (text, content) = read(file)?;
    let why = match content {
        Content::Ours => return Ok(()),
        Content::Unfit(unfit) => {
            return keep_unreadable(file, &file.with_added_extension(NOT_IMPORTED), &unfit, health);
        }
        Content::Tasks(tasks) => format!(
            "holds {} tasks that this daemon has not written, a Node daemon's perhaps, which were not imported; look at them, then \
             `aiwg daemon stop && aiwg daemon import` imports them",
            tasks.len()
        ),
        Content::Unknown => "is not understood and was not imported".to_owned(),
    };
    keep(&file.with_added_extension(NOT_IMPORTED), &text, &why, health)
}

/// Keeps a copy of a file that is not imported, so that it is not lost.
fn keep(kept: &Path, text: &[u8], why: &str, health: &Health) -> io::Result<()> {
    write_private(kept, text).map_err(at(kept))?;
    report_kept(kept, why, health);
    Ok(())
}

/// Keeps a file that cannot be copied, by another name.
fn keep_unreadable(file: &Path, kept: &Path, unfit: &Unfit, health: &Health) -> io::Result<()> {
    std::fs::rename(file, kept).map_err(at(file))?;
    report_kept(kept, &format!("was not imported: {unfit}"), health);
    Ok(())
}

fn report_kept(kept: &Path, why: &str, health: &Health) {
    let message = format!("tasks.json {why}; it is kept as {}", kept.display());
    tracing::warn!("{message}");
    health.report(IMPORT_ISSUE, message);
}

/// The tasks, in the forms in which they have been kept: an array or an object by id, by itself or as a member.
fn entries(value: &Value) -> Option<Vec<Map<String, Value>>> {
    let tasks = value.get("tasks").unwrap_or(value);
    match tasks {
        Value::Array(tasks) => Some(tasks.iter().filter_map(|task| task.as_object().cloned()).collect()),
        Value::Object(tasks) => {
            let with_id = |(id, task): (&String, &Value)| {
                let mut task = task.as_object()?.clone();
                task.entry("id").or_insert_with(|| json!(id));
                Some(task)
            };
            Some(tasks.iter().filter_map(with_id).collect())
        }
        _ => None,
    }
}

/// A task of the file; none if it has no prompt.
fn imported(task: &Map<String, Value>, interrupted: InterruptedTasks) -> Option<ImportedTask> {
    let text = |name: &str| task.get(name).and_then(Value::as_str);
    let number = |name: &str| task.get(name).and_then(Value::as_i64);
    let prompt = text("prompt").filter(|prompt| !prompt.trim().is_empty())?;
    // A number so high that hardly any would be left is no more than a name.
    let no = text("id").and_then(|id| id.parse::<TaskNo>().ok()).filter(|no| no.0 < HIGHEST_BELIEVED);
    let mut metadata = task.get("metadata").and_then(Value::as_object).cloned().unwrap_or_default();
    if let (None, Some(id)) = (no, text("id")) {
        metadata.insert("importedId".to_owned(), json!(id));
    }
    let was = text("state").and_then(|state| state.parse().ok()).unwrap_or(TaskState::Queued);
    let (state, error) = match (was, interrupted) {
        (TaskState::Running, InterruptedTasks::Requeue) => (TaskState::Queued, None),
        (TaskState::Running, InterruptedTasks::Fail) => {
            (TaskState::Failed, Some("it was running when the Node daemon ended".to_owned()))
        }
        (state, _) => (state, text("error").map(str::to_owned)),
    };
    let started_at = moment(task.get("startedAt"));
    let minutes = task.get("timeoutMinutes").and_then(Value::as_f64).filter(|minutes| is_task_time(*minutes));
    let env = task.get("env").cloned().and_then(|env| serde_json::from_value(env).ok());
    Some(ImportedTask {
        no,
        state,
        spec: TaskSpec {
            prompt: prompt.to_owned(),
            agent: text("agent").filter(|agent| !agent.is_empty()).map(str::to_owned),
            priority: number("priority").unwrap_or(0).clamp(-1000, 1000).try_into().unwrap_or(0),
            timeout_ms: minutes.map(minutes_to_ms),
            env: env.unwrap_or_default(),
            metadata: json_object(metadata),
            ..TaskSpec::default()
        },
        created_at: moment(task.get("createdAt")).unwrap_or_else(Timestamp::now),
        started_at: started_at.filter(|_| state.is_final()),
        completed_at: state
            .is_final()
            .then(|| moment(task.get("completedAt")).unwrap_or_else(Timestamp::now)),
        attempts: u32::from(started_at.is_some() || was == TaskState::Running),
        exit_code: number("exitCode").and_then(|code| code.try_into().ok()),
        error,
        result: text("result").map(str::to_owned),
    })
}

fn json_object(members: Map<String, Value>) -> JsonObject {
    members.into_iter().filter_map(|(name, value)| Some((name, Json::new(&value).ok()?))).collect()
}

/// RFC 3339, or milliseconds since 1970.
fn moment(value: Option<&Value>) -> Option<Timestamp> {
    match value? {
        Value::String(text) => text.parse().ok(),
        value => value.as_i64().map(Timestamp::from_millis),
    }
}
