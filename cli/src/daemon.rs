//! The daemon process: in the foreground, or detached by a parent that waits for its first word.

use std::{
    convert::Infallible,
    ffi::{CString, OsString},
    io::{self, BufRead, BufReader, Read, Write},
    os::unix::ffi::OsStringExt,
    path::Path,
    process::{ChildStdout, Command, ExitCode, Stdio},
    sync::mpsc,
    time::Duration,
};

use aiwg_server::{
    boot::{self, AGENT_ENV, Ended, Options, Ready},
    lifecycle::{Lock, SERVICE_ENV, hold_signals},
    log::last_words,
    note_own_program, own_program,
    project::{RUNTIME_DIR_ENV, named_runtime_dir},
};
use aiwg_shim::Process;
use serde::{Deserialize, Serialize};

use crate::{error::CliError, output::Page, visible::visible};

/// The role of the binary that is a detached daemon. Its options come as JSON on standard input.
pub(crate) const ROLE: &str = "__daemon";

/// The first word of a detached daemon on its standard output, its only one: that it answers, or why it could not start.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum FirstWord {
    Ready(Ready),
    Failed(String),
}

/// Time within which a daemon must say its first word. One that waits for another to stop has the time that takes.
const FIRST_WORD: Duration = Duration::from_secs(60);

/// Time for threads that still read or write at the end.
const STUCK: Duration = Duration::from_secs(2);

/// Starts a daemon in the background, and returns when it answers.
pub(crate) fn detach(options: &Options) -> Result<Ready, CliError> {
    if Process::current_is_kept() {
        return Err(CliError::Failed(format!(
            "this is an agent's process, and whatever it leaves behind is ended with its task: the daemon of {} would be, and its agents with \
             it; start that from outside, or with --foreground for as long as the task lasts, or have a service manager do it, as \
             `systemd-run --user` does",
            options.project.display()
        )));
    }
    let project = options.project.canonicalize().map_err(CliError::at(&options.project))?;
    let options = Options { project, ..options.clone() };
    // Or a caller that waits for the end of one of its pipes would wait as long as the daemon runs.
    close_fds::set_fds_cloexec(3, &[]);
    let mut command = Command::new(std::env::current_exe()?);
    // Whoever started the parent as a service waits for the parent, and not for what it leaves behind.
    // And it is no agent, whoever starts it.
    SERVICE_ENV.iter().chain(&AGENT_ENV).for_each(|name| {
        command.env_remove(name);
    });
    let mut child = command
        // Not where it was started: that may be on a disk that is to be unmounted.
        .current_dir(&options.project)
        .env("PWD", &options.project)
        // As it was meant here.
        .envs(named_runtime_dir().map(|dir| (RUNTIME_DIR_ENV, dir)))
        .args([Path::new(ROLE), &options.project])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(&serde_json::to_vec(&options).map_err(io::Error::from)?)?;
    }
    let Some(line) = child.stdout.take().map_or(Some(Ok(String::new())), first_line) else {
        return Err(CliError::Failed(format!(
            "the daemon, process {}, has not answered within {} s, and goes on starting; {}/.aiwg/daemon/daemon.log may say why",
            child.id(),
            FIRST_WORD.as_secs(),
            options.project.display()
        )));
    };
    let line = line?;
    match serde_json::from_str(&line) {
        Ok(FirstWord::Ready(ready)) => Ok(ready),
        Ok(FirstWord::Failed(why)) => Err(CliError::Failed(why)),
        Err(_) => {
            let status = child.wait()?;
            Err(CliError::Failed(format!(
                "the daemon ended before it answered ({status}); .aiwg/daemon/daemon.log may say why"
            )))
        }
    }
}

/// The first line; none where nothing comes in time.
fn first_line(stdout: ChildStdout) -> Option<io::Result<String>> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut line = String::new();
        let read = BufReader::new(stdout).read_line(&mut line);
        // Nobody waits any more where it comes too late.
        let _ = sender.send(read.map(|_| line));
    });
    receiver.recv_timeout(FIRST_WORD).ok()
}

/// Runs a daemon in this process until it is stopped.
pub(crate) fn foreground(options: Options) -> Result<(), CliError> {
    let ready = |ready: Ready| {
        let mut page = Page::stdout();
        let _ = writeln!(page, "the daemon runs as process {}, at {}", ready.pid, ready.socket);
        let _ = show_changes(&mut page, &ready.changes);
        let _ = ready.warnings.iter().try_for_each(|warning| writeln!(page, "! {warning}"));
    };
    run(options, ready).map_err(CliError::Failed)
}

/// Shows the changes of the configuration that a start, a restart or a reload has put in force.
pub(crate) fn show_changes(out: &mut dyn Write, changes: &[String]) -> io::Result<()> {
    if !changes.is_empty() {
        writeln!(out, "The configuration has changed since it was in force last:")?;
    }
    changes.iter().try_for_each(|change| writeln!(out, "  {}", visible(change)))
}

/// The main of the detached process.
pub(crate) fn run_detached() -> ExitCode {
    // Before there is any thread: a session of its own, so that closing the terminal does not reach it.
    let _ = rustix::process::setsid();
    let done = detached_options()
        .map_err(|error| error.to_string())
        .and_then(|options| run(options, |ready| say(&FirstWord::Ready(ready))));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            // Nobody may be there to hear the word.
            last_words(&why);
            say(&FirstWord::Failed(why));
            ExitCode::FAILURE
        }
    }
}

/// The options on standard input; or, where this process was a daemon before and restarted in place, the previous daemon's options.
fn detached_options() -> io::Result<Options> {
    if let Some(before) = std::env::args_os().nth(2).and_then(|project| Options::before(project.as_ref())) {
        return Ok(before);
    }
    let mut text = Vec::new();
    io::stdin().read_to_end(&mut text)?;
    Ok(serde_json::from_slice(&text)?)
}

fn run(options: Options, ready: impl FnOnce(Ready)) -> Result<(), String> {
    note_own_program();
    std::panic::set_hook(Box::new(|panic| {
        let _ = writeln!(io::stderr(), "{panic}");
        last_words(panic);
    }));
    let runtime = boot::runtime().map_err(|error| error.to_string())?;
    let ended = runtime.block_on(boot::run(options, ready));
    // Without a limit a thread that is stuck in a read would keep the process, and the restarted daemon would never come to hold the lock.
    runtime.shutdown_timeout(STUCK);
    match ended.map_err(|error| format!("the daemon did not start: {error}"))? {
        Ended::Stopped => Ok(()),
        Ended::Lost(why) | Ended::Failed(why) => Err(why),
        Ended::Restart(lock) => Err(format!("the daemon could not restart: {}", restart_in_place(lock))),
    }
}

/// Becomes the same command once more, of the program that is in this one's place by now, and with the lock. Returns only where that fails.
///
/// Not by std's `exec`: that would let through the signals that are held, and have a shell run what is no program.
fn restart_in_place(lock: Lock) -> io::Error {
    let begin = || -> io::Result<Infallible> {
        let text = |text: OsString| CString::new(text.into_vec());
        let program = text(own_program()?.into_os_string())?;
        let args: Vec<CString> = std::env::args_os().map(text).collect::<Result<_, _>>()?;
        rustix::stdio::dup2_stdin(lock.hand_over()?)?;
        hold_signals()?;
        Ok(nix::unistd::execv(&program, &args)?)
    };
    match begin() {
        Ok(never) => match never {},
        Err(error) => error,
    }
}

/// Says the one word, and lets go of the pipe, for which the parent waits.
fn say(word: &FirstWord) {
    let mut stdout = io::stdout();
    let _ = serde_json::to_writer(&mut stdout, word);
    let _ = stdout.write_all(b"\n").and_then(|()| stdout.flush());
    if let Ok(null) = std::fs::OpenOptions::new().write(true).open("/dev/null") {
        let _ = rustix::stdio::dup2_stdout(null);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_a_change_forges_no_line_of_the_list() {
        let mut shown = Vec::new();
        let forged = "agents.a.env.A\n  daemon.max_queued\t: added: \"x\"".to_owned();
        show_changes(&mut shown, &[forged, "budget.day_usd: removed".to_owned()]).unwrap();
        let shown = String::from_utf8(shown).unwrap();
        assert_eq!(shown.lines().count(), 3, "{shown}");
        assert!(shown.contains(r"agents.a.env.A\n  daemon.max_queued\t: added"), "{shown}");
    }
}
