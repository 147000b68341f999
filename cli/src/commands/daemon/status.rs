//! `aiwg daemon status`.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use aiwg_client::{
    DaemonClient,
    types::{
        DaemonStatus, FileWatcherSubsystem, Health, MessagingSubsystem, NoParams, PlatformState,
        PlatformStatus,
    },
};

use crate::{
    commands::budget,
    error::CliError,
    output::{
        Column::{Number, Text, Whole},
        Output, Page, Shown, Table, count, git_operation, indented, moment, visible,
    },
};

pub(super) async fn run(client: &DaemonClient, output: &Output) -> Result<ExitCode, CliError> {
    output.result(&client.daemon_status(NoParams {}).await?, show)?;
    Ok(ExitCode::SUCCESS)
}

pub(in crate::commands) fn show(out: &mut Page, status: &DaemonStatus) -> io::Result<()> {
    let health = match status.health {
        Health::Healthy => Shown::marked("healthy", true),
        other => Shown::marked(other.name(), false),
    };
    let subsystems = &status.subsystems;
    let supervisor = &subsystems.supervisor;
    let mut facts = Table::new([Whole(""), Whole("")]);
    facts.add(["Process".into(), status.pid.into()]);
    facts.add(["Up".into(), uptime(status.uptime_seconds).into()]);
    facts.add(["Health".into(), health]);
    facts.add(["Project".into(), status.project.as_str().into()]);
    facts.add(["Socket".into(), status.socket.as_str().into()]);
    if let Some(store) = &status.store {
        facts.add(["Store".into(), store.as_str().into()]);
    }
    facts.add(["Configuration".into(), status.config.as_deref().unwrap_or("none: the defaults hold").into()]);
    let version = format!("{} (protocol {})", status.version, status.protocol_version);
    facts.add(["Version".into(), version.into()]);
    facts.add(["Clients".into(), subsystems.ipc.clients.into()]);
    let paused = match (supervisor.draining_since, supervisor.paused_since, supervisor.host_draining_since) {
        (Some(since), ..) => {
            format!(
                "; draining since {}: the daemon ends once none runs (`aiwg daemon resume` keeps it)",
                moment(since)
            )
        }
        (None, Some(since), _) => format!("; paused since {}", moment(since)),
        (None, None, Some(since)) => {
            format!(
                "; this host is given no new tasks since {} (`aiwg host drain NAME --resume` takes that back)",
                moment(since)
            )
        }
        (None, None, None) => String::new(),
    };
    let elsewhere = supervisor.running_elsewhere.unwrap_or_default();
    let others = if elsewhere > 0 { format!(" here, {elsewhere} on other hosts") } else { String::new() };
    let tasks = format!(
        "{} running of {}{others}, {} queued{paused}",
        supervisor.running.saturating_sub(elsewhere),
        supervisor.max_concurrency,
        supervisor.queued
    );
    facts.add(["Tasks".into(), tasks.into()]);
    let automation = &subsystems.automation;
    let rules = count(automation.rule_count.into(), "rule", "rules");
    facts.add(["Automation".into(), format!("{}, {rules}", on(automation.enabled)).into()]);
    facts.add(["File watcher".into(), watcher(&subsystems.file_watcher).into()]);
    let jobs = count(subsystems.scheduler.jobs.into(), "job", "jobs");
    facts.add(["Scheduler".into(), format!("{}, {jobs}", on(subsystems.scheduler.enabled)).into()]);
    facts.add(["Approvals".into(), approvals(subsystems.approvals.pending).into()]);
    facts.add(["Messaging".into(), messaging(&subsystems.messaging).into()]);
    if let Some(spool) = &subsystems.spool {
        let left = count(spool.left, "file is left", "files are left");
        let since = moment(spool.since);
        facts.add([
            "Spool".into(),
            format!("taken in since {since}; {left}, for which new clients wait").into(),
        ]);
    }
    if let Some(webhooks) = &subsystems.webhooks {
        let place = webhooks.address.as_deref().unwrap_or("not listened to");
        let sources = count(webhooks.sources.len() as u64, "source", "sources");
        facts.add(["Webhooks".into(), format!("{place}, {sources}").into()]);
    }
    facts.write_rows(out)?;
    if let Some(budget) = &subsystems.budget {
        writeln!(out)?;
        budget::bounds(&budget.bounds).write(out)?;
    }
    for issue in &status.issues {
        writeln!(out, "! {}: {}", visible(&issue.kind), indented(&issue.message, 4))?;
    }
    if !supervisor.tasks.running.is_empty() {
        let mut running = Table::new([Whole("RUNNING"), Number("PID"), Text("PROMPT", 60)]);
        for task in &supervisor.tasks.running {
            let pid = task.pid.map_or_else(|| "-".to_owned(), |pid| pid.to_string());
            running.add([task.id.as_str().into(), pid.into(), task.prompt.as_str().into()]);
        }
        writeln!(out)?;
        running.write(out)?;
    }
    Ok(())
}

fn messaging(messaging: &MessagingSubsystem) -> String {
    let platform = |platform: &PlatformStatus| match platform.state {
        PlatformState::Connected => visible(&platform.name).to_string(),
        _ => format!("{} (not connected)", visible(&platform.name)),
    };
    let platforms: Vec<String> = messaging.platforms.iter().map(platform).collect();
    if platforms.is_empty() {
        return "no adapters".to_owned();
    }
    let muted = messaging.muted_until.map(|until| format!("; muted until {}", moment(until)));
    let quiet = messaging.quiet_until.map(|until| format!("; quiet hours until {}", moment(until)));
    format!("{}{}{}", platforms.join(", "), muted.unwrap_or_default(), quiet.unwrap_or_default())
}

fn approvals(pending: u64) -> String {
    match pending {
        0 => "none pending".to_owned(),
        _ => format!("{pending} pending: aiwg approval list"),
    }
}

fn on(enabled: bool) -> &'static str {
    if enabled { "on" } else { "off" }
}

fn uptime(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..86400 => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{} d {} h", seconds / 86400, seconds % 86400 / 3600),
    }
}

fn watcher(watcher: &FileWatcherSubsystem) -> String {
    if !watcher.enabled {
        return "off".to_owned();
    }
    let how = if watcher.polling { "polled" } else { "watched" };
    let files = count(watcher.files, "file", "files");
    let mut text = format!("{how}: {files} in {}", count(watcher.directories, "directory", "directories"));
    if !watcher.missing.is_empty() {
        text.push_str(&format!(", waiting for {}", watcher.missing.join(", ")));
    }
    if let Some(mark) = &watcher.held_by {
        text.push_str(&format!(", waits for {}", git_operation(mark, watcher.held_since)));
    }
    text
}
