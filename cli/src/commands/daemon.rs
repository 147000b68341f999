use std::{
    io::{self, Write},
    path::Path,
    process::ExitCode,
    time::{Duration, Instant},
};

use aiwg_client::{
    DaemonClient,
    types::{DaemonStatus, Health, NoParams},
};
use aiwg_protocol::START_COMMAND;
use aiwg_server::boot::{Options, is_running};

use crate::{
    args::{DaemonCommand, StartArgs},
    daemon::{detach, foreground},
    error::CliError,
    output::{Output, shorten, table, write_table},
    project::to_start,
};

/// How long to wait for a stopped daemon to let go of the project, beyond the time its agents have.
const LAST_MOMENTS: Duration = Duration::from_secs(60);

pub(crate) fn start(project: Option<&Path>, args: StartArgs, output: &Output) -> Result<ExitCode, CliError> {
    let options = Options { project: to_start(project)?, config: args.config };
    if args.foreground {
        foreground(options)?;
        return Ok(ExitCode::SUCCESS);
    }
    let ready = detach(&options)?;
    output.result(&ready, |out, ready| {
        writeln!(out, "The daemon runs as process {}.", ready.pid)?;
        writeln!(out, "Next: aiwg daemon status, aiwg task submit \"...\"")
    })?;
    Ok(ExitCode::SUCCESS)
}

pub(crate) async fn run(
    client: &DaemonClient,
    command: DaemonCommand,
    output: &Output,
) -> Result<ExitCode, CliError> {
    match command {
        DaemonCommand::Start(_) => {}
        DaemonCommand::Stop => stop(client, output).await?,
        DaemonCommand::Status => {
            output.result(&client.daemon_status(NoParams {}).await?, |out, status| show(out, status))?
        }
        DaemonCommand::Ping => {
            let asked = Instant::now();
            let pong = client.ping(NoParams {}).await?;
            let took = asked.elapsed();
            output.result(&pong, |out, _| writeln!(out, "pong ({:.2} ms)", took.as_secs_f64() * 1000.0))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Asks the daemon to stop, and waits until it has.
async fn stop(client: &DaemonClient, output: &Output) -> Result<(), CliError> {
    let project = client.daemon_status(NoParams {}).await?.project;
    let stopping = client.daemon_stop(NoParams {}).await?;
    if !output.json && stopping.running > 0 {
        writeln!(io::stderr(), "Ending {} running task(s): this takes up to 15 seconds.", stopping.running)?;
    }
    // The connection is closed at the very end.
    while client.ping(NoParams {}).await.is_ok() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // On this machine the lock has the last word; over a forwarded socket the project is not here.
    let began = Instant::now();
    while is_running(Path::new(&project)) {
        if began.elapsed() > LAST_MOMENTS {
            return Err(CliError::Failed(format!(
                "process {} does not end; see .aiwg/daemon/daemon.log",
                stopping.pid
            )));
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    output.result(&stopping, |out, _| {
        writeln!(out, "The daemon has stopped. `{START_COMMAND}` starts it again.")
    })
}

fn show(out: &mut dyn Write, status: &DaemonStatus) -> io::Result<()> {
    let health = match status.health {
        Health::Ok => "ok",
        Health::Degraded => "degraded",
    };
    let subsystems = &status.subsystems;
    let supervisor = &subsystems.supervisor;
    let mut facts = table(["", ""]);
    facts.add_row(["Process", &status.pid.to_string()]);
    facts.add_row(["Up", &uptime(status.uptime_seconds)]);
    facts.add_row(["Health", health]);
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
    facts.add_row(["Automation", &format!("{}, {} rules", on(automation.enabled), automation.rule_count)]);
    facts.add_row(["File watcher", on(subsystems.file_watcher.enabled)]);
    facts.add_row([
        "Scheduler",
        &format!("{}, {} jobs", on(subsystems.scheduler.enabled), subsystems.scheduler.jobs),
    ]);
    let adapters = subsystems.messaging.adapters.join(", ");
    facts.add_row(["Messaging", if adapters.is_empty() { "no adapters" } else { &adapters }]);
    for line in facts.lines().skip(1) {
        writeln!(out, "{}", line.trim_end())?;
    }
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
