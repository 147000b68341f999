//! Each check by itself.

use std::time::Duration;

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::UnixStream,
    time::timeout,
};

use super::Found;
use crate::{agent_program, context::Context, rules::tripped_message};

/// With less room than this, in bytes, soon nothing can be stored any more.
const LEAST_ROOM: u64 = 100 * 1024 * 1024;

/// How long the socket may take to answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// Whether there is room on the disk.
pub(super) fn disk(context: &Context) -> Found {
    let path = context.project.database();
    let disk = rustix::fs::statvfs(&path)
        .map_err(|error| format!("the disk of {} cannot be looked at: {error}", path.display()))?;
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    let free_mib = free / (1024 * 1024);
    if free < LEAST_ROOM {
        return Err(format!("the disk of {} has only {free_mib} MiB left: make room", path.display()));
    }
    Ok(format!("{free_mib} MiB free"))
}

/// Whether the socket answers, to a client as any other.
pub(super) async fn socket(context: &Context) -> Found {
    let ping = async {
        let mut stream = BufReader::new(UnixStream::connect(&context.socket).await?);
        stream.write_all(b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}\n").await?;
        let mut answer = String::new();
        stream.read_line(&mut answer).await
    };
    let unwell = |why: &dyn std::fmt::Display| {
        format!("the socket {} does not answer ({why}): restart the daemon", context.socket)
    };
    match timeout(ANSWER_WITHIN, ping).await {
        Ok(Ok(1..)) => Ok("it answers".to_owned()),
        Ok(Ok(0)) => Err(unwell(&"it is closed")),
        Ok(Err(error)) => Err(unwell(&error)),
        Err(late) => Err(unwell(&late)),
    }
}

/// Whether files are watched as the configuration asks for.
pub(super) fn files(context: &Context) -> Found {
    let config = &context.settings.get().config;
    let status = context.watcher.status();
    if !config.watches_files() {
        return Ok("files are not to be watched".to_owned());
    }
    if !status.enabled {
        return Err(
            "files are not watched: `aiwg daemon reload` tries again, and the log says why".to_owned()
        );
    }
    if status.polling && !config.watch.use_polling {
        return Err(format!(
            "{} directories are polled, since the system cannot watch as many",
            status.directories
        ));
    }
    let missing = match status.missing.as_slice() {
        [] => String::new(),
        missing => format!(", waiting for {}", missing.join(", ")),
    };
    Ok(format!("{} directories are watched{missing}", status.directories))
}

/// Whether the agent's program is there.
pub(super) fn agent(context: &Context) -> Found {
    agent_program::find(&context.settings.get().config.agent, context.project.root())
        .map(|path| format!("{} is there", path.display()))
}

/// Whether tasks that could start do.
pub(super) async fn queue(context: &Context) -> Found {
    let read = context.read(|reader| Ok((reader.stats()?, reader.queued(1)?))).await;
    let (stats, next) = read.map_err(|error| error.message)?;
    let slots = u64::from(context.settings.get().config.daemon.max_parallel_actions);
    let can_start = next.first().is_some_and(|task| !task.is_waiting);
    if can_start && stats.running < slots {
        return Err(format!(
            "{} tasks are queued and only {} of {slots} run: restart the daemon, and look into its log",
            stats.queued, stats.running
        ));
    }
    let rings = context.engine.rings();
    if let Some(first) = rings.first() {
        let rings: Vec<String> = rings.iter().map(ToString::to_string).collect();
        return Err(format!(
            "the agents of {} wait for each other's end, so that none comes: cancel one of them, as with `aiwg task cancel {first}`",
            rings.join(", ")
        ));
    }
    Ok(format!("{} running of {slots}, {} queued", stats.running, stats.queued))
}

/// Whether a rule has tripped.
pub(super) async fn rules(context: &Context) -> Found {
    let automation = context.automation().await.map_err(|error| error.to_string())?;
    let tripped: Vec<_> = automation
        .rules
        .iter()
        .filter(|state| state.tripped_at.is_some())
        .map(|state| state.rule.id.clone())
        .collect();
    if tripped.is_empty() {
        return Ok(format!("{} rules, none tripped", automation.rules.len()));
    }
    Err(tripped_message(&tripped))
}
