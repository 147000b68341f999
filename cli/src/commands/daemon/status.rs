//! `aiwg daemon status`.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use aiwg_client::{
    DaemonClient,
    types::{DaemonStatus, FileWatcherSubsystem, Health, NoParams},
};

use comfy_table::{Cell, Color};

use crate::{
    error::CliError,
    output::{Output, count, git_operation, shorten, table, write_rows, write_table},
};

pub(super) async fn run(client: &DaemonClient, output: &Output) -> Result<ExitCode, CliError> {
    output.result(&client.daemon_status(NoParams {}).await?, |out, status| show(out, status))?;
    Ok(ExitCode::SUCCESS)
}

pub(in crate::commands) fn show(out: &mut dyn Write, status: &DaemonStatus) -> io::Result<()> {
    let health = match status.health {
        Health::Ok => Cell::new("ok").fg(Color::DarkGreen),
        Health::Degraded => Cell::new("degraded").fg(Color::DarkRed),
    };
    let subsystems = &status.subsystems;
    let supervisor = &subsystems.supervisor;
    let mut facts = table(["", ""]);
    facts.add_row(["Process", &status.pid.to_string()]);
    facts.add_row(["Up", &uptime(status.uptime_seconds)]);
    facts.add_row([Cell::new("Health"), health]);
    facts.add_row(["Project", &status.project]);
    facts.add_row(["Socket", &status.socket]);
    facts.add_row(["Configuration", status.config.as_deref().unwrap_or("none: the defaults hold")]);
    facts.add_row(["Version", &format!("{} (protocol {})", status.version, status.protocol_version)]);
    facts.add_row(["Clients", &subsystems.ipc.clients.to_string()]);
    let tasks = format!(
        "{} running of {}, {} queued",
        supervisor.running, supervisor.max_concurrency, supervisor.queued
    );
    facts.add_row(["Tasks", &tasks]);
    let automation = &subsystems.automation;
    facts.add_row([
        "Automation",
        &format!("{}, {}", on(automation.enabled), count(automation.rule_count.into(), "rule", "rules")),
    ]);
    facts.add_row(["File watcher", &watcher(&subsystems.file_watcher)]);
    facts.add_row([
        "Scheduler",
        &format!(
            "{}, {}",
            on(subsystems.scheduler.enabled),
            count(subsystems.scheduler.jobs.into(), "job", "jobs")
        ),
    ]);
    let adapters = subsystems.messaging.adapters.join(", ");
    facts.add_row(["Messaging", if adapters.is_empty() { "no adapters" } else { &adapters }]);
    write_rows(out, &facts)?;
    for issue in &status.issues {
        writeln!(out, "! {}: {}", issue.kind, issue.message)?;
    }
    if !supervisor.tasks.running.is_empty() {
        let mut running = table(["RUNNING", "PID", "PROMPT"]);
        for task in &supervisor.tasks.running {
            let pid = task.pid.map_or_else(|| "-".to_owned(), |pid| pid.to_string());
            running.add_row([task.id.clone(), pid, shorten(&task.prompt, 60)]);
        }
        writeln!(out)?;
        write_table(out, &running)?;
    }
    Ok(())
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
