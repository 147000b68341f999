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
    DaemonClient,
    types::{DaemonReloaded, DaemonStatus, DaemonStopParams, NoParams},
};
use aiwg_protocol::{SOCKET_ENV, START_COMMAND};
use aiwg_server::boot::{Options, Ready, is_running};

use super::{ask, chat, setup};
use crate::{
    args::{DaemonCommand, StartArgs},
    daemon::{detach, foreground},
    error::CliError,
    init,
    output::{Output, count},
    project::{from_afar, to_start},
};

/// How long a daemon may take to say how it is.
const PROMPT: Duration = Duration::from_secs(10);

/// How long to wait for a stopped daemon to let go of the project, beyond the time its agents have.
const LAST_MOMENTS: Duration = Duration::from_secs(60);

fn start(project: Option<&Path>, args: StartArgs, output: &Output) -> Result<ExitCode, CliError> {
    not_from_afar(project)?;
    let options = Options {
        project: to_start(project)?,
        config: args.config.map(std::path::absolute).transpose()?,
        detached: !args.foreground,
    };
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

/// A daemon is started where its project is, and not through a socket that leads elsewhere.
fn not_from_afar(named: Option<&Path>) -> Result<(), CliError> {
    let Some(socket) = from_afar(named)? else { return Ok(()) };
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
        DaemonCommand::Stop => ask(project, async |client| stop(client, output).await),
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
    // On this machine the lock has the last word.
    let began = Instant::now();
    while here.is_some_and(is_running) {
        if began.elapsed() > LAST_MOMENTS {
            return Err(CliError::Failed(format!("process {pid} does not end; see .aiwg/daemon/daemon.log")));
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Ok(())
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
