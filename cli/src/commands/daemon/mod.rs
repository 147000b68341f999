mod all;
mod args;
mod attended;
mod drain;
mod logs;
mod restart;
pub(super) mod status;
mod stop;
mod tmux;

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, Instant},
};

use aiwg_client::{
    ClientError, DaemonClient,
    types::{DaemonReloaded, DaemonStatus, NoParams},
};
use aiwg_protocol::{SOCKET_ENV, SOCKET_PATH};
use aiwg_server::boot::{Options, Ready, TASK_ENV};

use args::StartArgs;

pub(crate) use self::{
    args::{DaemonCommand, ServiceArgs},
    attended::is_agent,
};
use super::{ask, ask_at_once, chat, setup};
use crate::{
    daemon::{detach, foreground, show_changes},
    error::CliError,
    init,
    output::{Output, Page, indented, visible},
    project::{from_afar, here, is_own, is_without_store, request_timeout_or, to_start},
};

/// Time to wait for a daemon that restarts, beyond the time that its agents have.
const LAST_MOMENTS: Duration = Duration::from_secs(60);

fn start(project: Option<&Path>, args: StartArgs, output: &Output) -> Result<ExitCode, CliError> {
    let attended = attended::is_attended(&args);
    let project = startable(project)?;
    if let Some(again) = args.foreground.then(|| Options::before(&project)).flatten() {
        // This process was the daemon, and restarts in place: who has asked for that is known.
        foreground(again)?;
        return Ok(ExitCode::SUCCESS);
    }
    let options = Options {
        config: args.config.map(std::path::absolute).transpose()?,
        detached: !args.foreground,
        attended,
        in_worktree: args.in_worktree,
        adopt_state: args.adopt_state,
        ..options(project)
    };
    attended::check(&options)?;
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

/// Options of a start that a person asks for, with nothing else said.
fn options(project: PathBuf) -> Options {
    Options {
        project,
        config: None,
        detached: true,
        attended: !attended::is_agent(),
        again: false,
        shared: None,
        in_worktree: false,
        adopt_state: false,
        import: false,
    }
}

/// Starts a daemon that takes over what a Node daemon has left.
fn import(project: Option<&Path>, output: &Output) -> Result<ExitCode, CliError> {
    let options = Options { import: true, ..options(startable(project)?) };
    attended::check(&options)?;
    start_with(&options, output)
}

/// The project to start a daemon for, if that can be done from here: where the project is, and not through a socket that leads elsewhere, nor by
/// one of its own agents.
fn startable(named: Option<&Path>) -> Result<PathBuf, CliError> {
    let project = to_start(named)?;
    if project.canonicalize().is_ok_and(|project| project.to_str().is_none()) {
        return Err(CliError::Failed(format!(
            "no daemon can be started in {}: its path is not UTF-8, as every path in a daemon's answers must be; rename the directory",
            project.display()
        )));
    }
    let Some(socket) = from_afar(named)? else {
        return match std::env::var(TASK_ENV) {
            Ok(task) if !task.is_empty() && is_own(&project) => Err(CliError::Failed(format!(
                "this is the agent of {task}, a task of this project's own daemon: a daemon that it started would be ended with it; \
                 `aiwg daemon restart` restarts the one that runs"
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
        if !ready.shares_with.is_empty() {
            writeln!(out, "It shares its queue with {}.", visible(&ready.shares_with.join(", ")))?;
        }
        show_changes(out, &ready.changes)?;
        ready.warnings.iter().try_for_each(|warning| writeln!(out, "! {}", indented(warning, 4)))?;
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
        DaemonCommand::Import => import(project, output),
        DaemonCommand::List => all::list(output),
        DaemonCommand::Restart(which) if which.all => all::restart(project, output),
        DaemonCommand::Restart(_) => restart::run(project, output),
        DaemonCommand::Service(args) => setup::service(project, &args),
        DaemonCommand::Stop(which) if which.all => all::stop(project, output),
        DaemonCommand::Stop(_) => stop::run(project, output),
        DaemonCommand::Reload => ask(project, async |client| reload(client, output).await),
        DaemonCommand::Pause => ask(project, async |client| drain::pause(client, output).await),
        DaemonCommand::Resume => ask(project, async |client| drain::resume(client, output).await),
        DaemonCommand::Drain(args) => {
            ask(project, async |client| drain::drain(project, client, args, output).await)
        }
        DaemonCommand::Status => ask(project, async |client| status::run(client, output).await),
        DaemonCommand::Attach(args) => tmux::attach(project, args.readonly),
        DaemonCommand::Chat(args) => chat::talk(project, args, output),
        DaemonCommand::Logs(args) => logs::run(project, &args, output),
        DaemonCommand::Ping => ask(project, async |client| ping(client, output).await),
    }
}

async fn ping(client: &DaemonClient, output: &Output) -> Result<ExitCode, CliError> {
    let asked = Instant::now();
    let pong = client.ping(NoParams {}).await?;
    let took = asked.elapsed();
    output.result(&pong, |out, _| writeln!(out, "pong ({:.2} ms)", took.as_secs_f64() * 1000.0))?;
    Ok(ExitCode::SUCCESS)
}

/// The directory of the daemon's project if that is on this machine. Through a forwarded socket it is not, even where there is one with
/// the same path here, with a daemon of its own.
fn project_here(client: &DaemonClient, status: &DaemonStatus) -> Option<PathBuf> {
    is_same(client.socket(), Path::new(&status.socket)).then(|| PathBuf::from(&status.project))
}

/// The status; none where the daemon's database does not answer, which is not needed to stop or restart the daemon.
///
/// # Errors
/// The daemon does not answer.
async fn status_if_readable(client: &DaemonClient) -> Result<Option<DaemonStatus>, ClientError> {
    match client.daemon_status(NoParams {}).await {
        Err(error) if is_without_store(&error) => Ok(None),
        status => status.map(Some),
    }
}

/// The directory of the daemon's project if that is on this machine, be its status readable or not.
fn project_of(named: Option<&Path>, client: &DaemonClient, status: Option<&DaemonStatus>) -> Option<PathBuf> {
    match status {
        Some(status) => project_here(client, status),
        None => here(named).filter(|project| is_same(client.socket(), &project.join(SOCKET_PATH))),
    }
}

/// True if two sockets are one. A daemon that ends, or restarts, has removed its own already: then their places are compared.
fn is_same(one: &Path, other: &Path) -> bool {
    let real = |socket: &Path| {
        let place = || Some(socket.parent()?.canonicalize().ok()?.join(socket.file_name()?));
        socket.canonicalize().ok().or_else(place)
    };
    real(one).is_some_and(|one| Some(one) == real(other))
}

/// Time within which a daemon must put another configuration in force: it may have to look at many more files.
const RELOAD: Duration = Duration::from_secs(60);

async fn reload(client: &DaemonClient, output: &Output) -> Result<ExitCode, CliError> {
    let client = client.clone().with_timeout(request_timeout_or(RELOAD));
    let done = client.daemon_reload(NoParams {}).await?;
    output.result(&done, show_reload)?;
    Ok(if done.reloaded { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn show_reload(out: &mut Page, done: &DaemonReloaded) -> io::Result<()> {
    if !done.reloaded {
        writeln!(out, "Refused: the configuration from before stays in force.")?;
        return show_problems(out, done);
    }
    writeln!(out, "The configuration is in force.")?;
    show_changes(out, &done.changes)?;
    done.notices.iter().try_for_each(|notice| writeln!(out, "! {}", indented(notice, 4)))
}

fn show_refusal(out: &mut Page, done: &DaemonReloaded) -> io::Result<()> {
    writeln!(out, "Refused: the daemon goes on as it is.")?;
    show_problems(out, done)
}

fn show_problems(out: &mut Page, done: &DaemonReloaded) -> io::Result<()> {
    done.errors.iter().try_for_each(|problem| writeln!(out, "{}", indented(&problem.to_string(), 4)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_daemon_is_known_to_be_here_though_its_socket_is_gone_already() {
        let dir = tempfile::tempdir().unwrap();
        let socket = dir.path().join("daemon.sock");
        let link = dir.path().join("linked");
        std::os::unix::fs::symlink(dir.path(), &link).unwrap();
        for _ in 0..2 {
            assert!(is_same(&socket, &link.join("daemon.sock")));
            assert!(!is_same(&socket, &dir.path().join("forwarded.sock")));
            std::fs::write(&socket, "").unwrap();
        }
    }
}
