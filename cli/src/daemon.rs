//! The daemon process: in the foreground, or detached by a parent that waits for its first word.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
};

use aiwg_server::{
    boot::{self, Ended, Options, Ready},
    lifecycle::SERVICE_ENV,
};
use serde::{Deserialize, Serialize};

use crate::error::CliError;

/// The role of the binary that is a detached daemon. Its options come as JSON on standard input.
pub(crate) const ROLE: &str = "__daemon";

/// What a detached daemon says on its standard output, once: that it answers, or why it could not start.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum FirstWord {
    Ready(Ready),
    Failed(String),
}

/// Starts a daemon in the background, and returns when it answers.
pub(crate) fn detach(options: &Options) -> Result<Ready, CliError> {
    // Or a caller that waits for the end of one of its pipes would wait as long as the daemon runs.
    close_fds::set_fds_cloexec(3, &[]);
    let mut command = Command::new(std::env::current_exe()?);
    // Whoever started the parent as a service waits for the parent, and not for what it leaves behind.
    SERVICE_ENV.iter().for_each(|name| {
        command.env_remove(name);
    });
    let mut child = command
        .args([Path::new(ROLE), &options.project])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        serde_json::to_writer(&mut stdin, options).map_err(io::Error::from)?;
    }
    let mut line = String::new();
    if let Some(stdout) = child.stdout.take() {
        BufReader::new(stdout).read_line(&mut line)?;
    }
    match serde_json::from_str(&line) {
        Ok(FirstWord::Ready(ready)) => Ok(ready),
        Ok(FirstWord::Failed(why)) => Err(CliError::Failed(format!("the daemon did not start: {why}"))),
        Err(_) => {
            let status = child.wait()?;
            Err(CliError::Failed(format!(
                "the daemon ended before it answered ({status}); .aiwg/daemon/daemon.log may say why"
            )))
        }
    }
}

/// Runs a daemon in this process until it is stopped.
pub(crate) fn foreground(options: Options) -> Result<(), CliError> {
    let ready = |ready: Ready| {
        let _ = writeln!(io::stdout(), "the daemon runs as process {}, at {}", ready.pid, ready.socket);
        let _ = ready.warnings.iter().try_for_each(|warning| writeln!(io::stdout(), "! {warning}"));
    };
    run(options, ready).map_err(|why| CliError::Failed(format!("the daemon did not start: {why}")))
}

/// The main of the detached process.
pub(crate) fn run_detached() -> ExitCode {
    // Before there is any thread: a session of its own, so that closing the terminal does not reach it.
    let _ = rustix::process::setsid();
    let mut text = Vec::new();
    let read = io::stdin().read_to_end(&mut text);
    let options = read.and_then(|_| serde_json::from_slice(&text).map_err(io::Error::from));
    let done = options
        .map_err(|error| error.to_string())
        .and_then(|options| run(options, |ready| say(&FirstWord::Ready(ready))));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            say(&FirstWord::Failed(why));
            ExitCode::FAILURE
        }
    }
}

fn run(options: Options, ready: impl FnOnce(Ready)) -> Result<(), String> {
    std::panic::set_hook(Box::new(|panic| tracing::error!("{panic}")));
    // One thread serves all connections: with two cores, the engine's thread has the other one to itself.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    let ended = runtime.block_on(boot::run(options.clone(), ready)).map_err(|error| error.to_string())?;
    drop(runtime);
    match ended {
        Ended::Stopped => Ok(()),
        Ended::Restart => Err(format!("it could not begin anew: {}", begin_anew(&options))),
    }
}

/// Becomes the same command once more, of the program that is in this one's place by now. Returns only where that fails.
fn begin_anew(options: &Options) -> io::Error {
    let again = || -> io::Result<Command> {
        let mut command = Command::new(own_program()?);
        command.args(std::env::args_os().skip(1));
        if options.detached {
            let (reader, mut writer) = io::pipe()?;
            serde_json::to_writer(&mut writer, options)?;
            command.stdin(reader);
        }
        Ok(command)
    };
    match again() {
        Ok(mut command) => command.exec(),
        Err(error) => error,
    }
}

/// Where this program is, or the one that has replaced it: Linux marks the path of one that is gone.
fn own_program() -> io::Result<PathBuf> {
    let path = std::env::current_exe()?;
    let text = path.to_string_lossy();
    Ok(text.strip_suffix(" (deleted)").map_or(path.clone(), PathBuf::from))
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
