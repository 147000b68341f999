mod logs;
mod restart;
pub(super) mod status;
mod tmux;

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, Instant},
};

use aiwg_client::{
    ClientError, DaemonClient,
    types::{DaemonReloaded, DaemonStatus, DaemonStopParams, NoParams, StopAcknowledged},
};
use aiwg_protocol::{SOCKET_ENV, START_COMMAND};
use aiwg_server::{
    boot::{Options, Ready, TASK_ENV, is_running, last_holder},
    lifecycle::Phase,
};
use aiwg_shim::Signal;

use super::{ask, chat, setup};
use crate::{
    args::{DaemonCommand, StartArgs},
    daemon::{detach, foreground},
    error::CliError,
    init,
    output::{Output, count},
    project::{from_afar, is_gone, is_own, to_start},
};

/// How long a daemon may take to say how it is.
const PROMPT: Duration = Duration::from_secs(10);

/// How often to ask a daemon that begins anew.
const ASK_AGAIN: Duration = Duration::from_millis(20);

/// How long to wait for a stopped daemon to let go of the project, beyond the time its agents have.
const LAST_MOMENTS: Duration = Duration::from_secs(60);

fn start(project: Option<&Path>, args: StartArgs, output: &Output) -> Result<ExitCode, CliError> {
    let options = Options {
        project: startable(project)?,
        config: args.config.map(std::path::absolute).transpose()?,
        detached: !args.foreground,
    };
    if let Some(config) = options.config.as_ref().filter(|config| config.to_str().is_none()) {
        return Err(CliError::Usage(format!(
            "--config: the path {} is not UTF-8: rename it",
            config.display()
        )));
    }
    if args.foreground {
        if init::is_init() {
            let status = init::look_after_a_child()?;
            return Ok(status
                .code()
                .and_then(|code| u8::try_from(code).ok())
                .map_or(ExitCode::FAILURE, ExitCode::from));
        }
        foreground(options)?;
        return Ok(ExitCode::SUCCESS);
    }
    if args.tmux {
        return tmux::start(&options, output);
    }
    start_with(&options, output)
}

/// The project to start a daemon for, if that can be done from here: where the project is, and not through a socket that leads elsewhere, nor by
/// one of its own agents.
fn startable(named: Option<&Path>) -> Result<PathBuf, CliError> {
    let project = to_start(named)?;
    if project.canonicalize().is_ok_and(|project| project.to_str().is_none()) {
        return Err(CliError::Failed(format!(
            "no daemon can be started in {}: its path is not UTF-8, as every path that a daemon tells of must be; rename the directory",
            project.display()
        )));
    }
    let Some(socket) = from_afar(named)? else {
        return match std::env::var(TASK_ENV) {
            Ok(task) if !task.is_empty() && is_own(&project) => Err(CliError::Failed(format!(
                "this is the agent of {task}, a task of this project's own daemon: a daemon that it started would be ended with it; \
                 `aiwg daemon restart` has the one that runs begin anew"
            ))),
            _ => Ok(project),
        };
    };
    Err(CliError::Failed(format!(
        "{SOCKET_ENV} leads to {}, and a daemon cannot be started through a socket: start it on the machine where its project is; \
         for one here, unset {SOCKET_ENV} or name the project with --project",
        socket.display()
    )))
}

fn start_with(options: &Options, output: &Output) -> Result<ExitCode, CliError> {
    started(&detach(options)?, output)
}

fn started(ready: &Ready, output: &Output) -> Result<ExitCode, CliError> {
    output.result(ready, |out, ready| {
        writeln!(out, "The daemon runs as process {}.", ready.pid)?;
        ready.warnings.iter().try_for_each(|warning| writeln!(out, "! {warning}"))?;
        writeln!(out, "Next: aiwg daemon status, aiwg task submit \"...\"")
    })?;
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn run(
    project: Option<&Path>,
    command: DaemonCommand,
    output: &Output,
) -> Result<ExitCode, CliError> {
    match command {
        // Without a runtime around them: the daemon makes one of its own.
        DaemonCommand::Start(args) => start(project, args, output),
        DaemonCommand::Restart => restart::run(project, output),
        DaemonCommand::Service(args) => setup::service(project, &args),
        DaemonCommand::Stop => stop_in_the_end(project, output),
        DaemonCommand::Reload => ask(project, async |client| reload(client, output).await),
        DaemonCommand::Status => ask(project, async |client| status::run(&prompt(client), output).await),
        DaemonCommand::Attach(args) => tmux::attach(project, args.readonly),
        DaemonCommand::Chat(args) => chat::talk(project, args, output),
        DaemonCommand::Logs(args) => logs::run(project, &args, output),
        DaemonCommand::Ping => ask(project, async |client| ping(&prompt(client), output).await),
    }
}

/// The connection, for what a daemon that is well answers at once: to one that hangs, or behind a tunnel that does, nobody is to wait for ever.
fn prompt(client: &DaemonClient) -> DaemonClient {
    client.clone().with_timeout(PROMPT)
}

async fn ping(client: &DaemonClient, output: &Output) -> Result<ExitCode, CliError> {
    let asked = Instant::now();
    let pong = client.ping(NoParams {}).await?;
    let took = asked.elapsed();
    output.result(&pong, |out, _| writeln!(out, "pong ({:.2} ms)", took.as_secs_f64() * 1000.0))?;
    Ok(ExitCode::SUCCESS)
}

/// Asks the daemon to stop, and waits until it has.
async fn stop(client: &DaemonClient, output: &Output) -> Result<ExitCode, CliError> {
    let project = project_here(client, &client.daemon_status(NoParams {}).await?);
    let stopping = client.daemon_stop(DaemonStopParams::default()).await?;
    if !output.json && stopping.running > 0 {
        let running = count(stopping.running.into(), "running task", "running tasks");
        writeln!(io::stderr(), "Ending {running}: this takes up to 15 seconds.")?;
    }
    until_stopped(client, project.as_deref(), stopping.pid).await?;
    output.result(&stopping, |out, _| {
        writeln!(out, "The daemon has stopped. `{START_COMMAND}` starts it again.")
    })?;
    // Last: this may be a pane of it.
    if let Some(project) = project {
        tmux::end(&project);
    }
    Ok(ExitCode::SUCCESS)
}

/// Asks until there is a daemon to take it: one may just be beginning anew. It is told by a signal if it does not answer at all.
fn stop_in_the_end(project: Option<&Path>, output: &Output) -> Result<ExitCode, CliError> {
    let began = Instant::now();
    loop {
        let error = match ask(project, async |client| stop(client, output).await) {
            Err(CliError::Client(error)) if is_gone(&error) => error,
            other => return other,
        };
        if !begins_anew(project, &error) || began.elapsed() > LAST_MOMENTS {
            return if error.is_no_daemon() {
                stop_holder(project, error, output)
            } else {
                Err(error.into())
            };
        }
        std::thread::sleep(ASK_AGAIN);
    }
}

/// Whether the daemon, though it is gone, is to be there again in a moment.
fn begins_anew(project: Option<&Path>, error: &ClientError) -> bool {
    let here = to_start(project).ok().filter(|_| from_afar(project).is_ok_and(|afar| afar.is_none()));
    let Some(holder) = here.filter(|here| is_running(here)).and_then(|here| last_holder(&here)) else {
        return false;
    };
    holder.phase == Phase::BeginsAnew || !error.is_no_daemon()
}

/// Ends a daemon that holds the project's lock and does not answer: its socket was removed, or it is not so far yet.
fn stop_holder(project: Option<&Path>, error: ClientError, output: &Output) -> Result<ExitCode, CliError> {
    // The processes of another machine are not here.
    let is_here = from_afar(project)?.is_none();
    let here = to_start(project).ok().filter(|project| is_here && is_running(project));
    let Some((project, holder)) = here.and_then(|here| last_holder(&here).map(|holder| (here, holder)))
    else {
        return Err(error.into());
    };
    // By its number and its start time, so that it is nobody else.
    let process = holder.process;
    if !process.signal(Signal::TERM)? {
        return Err(error.into());
    }
    until_free(&project, process.pid)?;
    let stopped = StopAcknowledged { stopping: true, pid: process.pid, running: 0 };
    output.result(&stopped, |out, _| {
        writeln!(out, "The daemon, which did not answer, has stopped. `{START_COMMAND}` starts it again.")
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Waits until nobody holds the project's lock.
fn until_free(project: &Path, pid: u32) -> Result<(), CliError> {
    let began = Instant::now();
    while is_running(project) {
        if began.elapsed() > LAST_MOMENTS {
            return Err(CliError::Failed(format!("process {pid} does not end; see .aiwg/daemon/daemon.log")));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}

/// The directory of the daemon's project if that is on this machine. Through a forwarded socket it is not, even where there is one with
/// the same path here, with a daemon of its own.
fn project_here(client: &DaemonClient, status: &DaemonStatus) -> Option<PathBuf> {
    let real = |socket: &Path| socket.canonicalize().ok();
    let is_here = real(client.socket()).is_some_and(|socket| Some(socket) == real(Path::new(&status.socket)));
    is_here.then(|| PathBuf::from(&status.project))
}

/// Waits until the daemon, whose project is `here`, has ended.
async fn until_stopped(client: &DaemonClient, here: Option<&Path>, pid: u32) -> Result<(), CliError> {
    // The connection is closed at the very end.
    while client.ping(NoParams {}).await.is_ok() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // On this machine the lock has the last word. Nothing else is to be done meanwhile.
    here.map_or(Ok(()), |project| until_free(project, pid))
}

async fn reload(client: &DaemonClient, output: &Output) -> Result<ExitCode, CliError> {
    let done = client.daemon_reload(NoParams {}).await?;
    output.result(&done, |out, done| show_reload(out, done))?;
    Ok(if done.reloaded { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn show_reload(out: &mut dyn Write, done: &DaemonReloaded) -> io::Result<()> {
    if !done.reloaded {
        writeln!(out, "Refused: the configuration from before stays in force.")?;
        return done.errors.iter().try_for_each(|problem| writeln!(out, "{problem}"));
    }
    writeln!(out, "The configuration is in force.")?;
    done.notices.iter().try_for_each(|notice| writeln!(out, "! {notice}"))
}
