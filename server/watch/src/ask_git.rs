//! Questions to git about a work tree whose configuration and attributes anyone may have written, agents among them.
//!
//! Git runs the programs that they name: filters of contents, `core.fsmonitor`, hooks, the other end of a remote. Such a program would be a child of
//! the daemon and of no agent, so none may be started here: every setting by which the questions that are asked here could start one is overridden,
//! that of each filter by its name, and nothing is fetched. One way is left: a filter whose name is first configured in the moment between the look
//! at the names and the question. As a second bound git gets none of the daemon's environment but what it needs, and all that it has started ends
//! with it. Git itself ends with the look that it is asked for, and with the daemon: an agent can have it wait for ever, by a pipe in the place of a
//! file that it reads.

use std::{
    env,
    ffi::{OsStr, OsString},
    io::{self, BufRead, BufReader, Read, Write},
    os::unix::{ffi::OsStrExt, process::CommandExt},
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process_group};

use crate::look::Look;

/// The variables that git gets from the daemon: where it is, whose it is, and where its own configuration is. Others are secrets, or, where a hook
/// has started the daemon, of another repository. Git asks `SUDO_UID` whose repositories root may trust.
const PASSED_ON: [&str; 8] = [
    "PATH",
    "LD_LIBRARY_PATH",
    "HOME",
    "XDG_CONFIG_HOME",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_SYSTEM",
    "GIT_CONFIG_NOSYSTEM",
    "SUDO_UID",
];

/// The variables that it gets besides. A missing object is fetched from nowhere: the program at the other end would be the repository's choice. Of
/// these two only the second one is known to older versions of git.
const SET: [(&str, &str); 5] = [
    ("LC_ALL", "C"),
    ("GIT_OPTIONAL_LOCKS", "0"),
    ("GIT_TERMINAL_PROMPT", "0"),
    ("GIT_NO_LAZY_FETCH", "1"),
    ("GIT_ALLOW_PROTOCOL", "none"),
];

/// The settings that are overridden, besides those of filters.
const SETTINGS: [&str; 4] =
    ["core.fsmonitor=", "core.hooksPath=/dev/null", "core.sshCommand=false", "core.quotePath=false"];

/// The settings of each filter that are overridden.
const OF_FILTER: [&str; 4] = [".clean=", ".smudge=", ".process=", ".required=false"];

/// The most that the names of all filters may take, in bytes: they go into git's arguments.
const MOST_OF_FILTERS: u64 = 16 * 1024;

/// Largest entry of an answer of which only some are kept, in bytes: no path is so long.
const LONGEST_ENTRY: u64 = 64 * 1024;

/// Time between two looks at a git that has answered and has not ended yet.
const LOOK_EVERY: Duration = Duration::from_millis(1);

/// The longest time for which an ended look goes unnoticed while git has not answered.
const NOTICED_WITHIN: Duration = Duration::from_millis(20);

/// The answer of git.
#[derive(Debug)]
pub struct GitAnswer {
    /// All that it has said.
    pub text: Vec<u8>,
    /// The code with which it has ended; none where a signal has ended it.
    pub code: Option<i32>,
}

/// Bounds of a question to git.
#[derive(Debug, Clone, Copy)]
pub struct GitBounds<'a> {
    /// The look that the question belongs to: with it git ends.
    pub look: &'a Look,
    /// Largest size of the answer, in bytes; of one of which only some entries are kept, that of these.
    pub most: u64,
}

/// Chooses the entries of an answer that are kept, of those that end with a NUL byte.
pub type Keep = fn(&[u8]) -> bool;

/// Asks git in this directory. It starts no program that the repository names, takes no lock, and fetches nothing; a file with a filter counts as it is
/// in the work tree. For `status --ignore-submodules=dirty` (otherwise git starts another one in each submodule, whose filters are not known here),
/// `diff --no-ext-diff --name-only` of commits, `ls-files`, `check-ignore`, `config` and `rev-parse`; others may start programs.
///
/// # Errors
///
/// Git is not there, does not answer before the look is over or within the bounds, or has filters that cannot be overridden; the text says which.
pub fn ask_git(
    dir: &Path,
    arguments: &[&str],
    input: Vec<u8>,
    bounds: GitBounds<'_>,
) -> Result<GitAnswer, String> {
    let reads_files = !matches!(arguments.first(), Some(&("config" | "rev-parse")));
    let overriding = if reads_files { overriding(dir, bounds.look)? } else { Vec::new() };
    run(dir, arguments, (input, None), &overriding, bounds)
}

/// Asks git like [`ask_git`], and keeps only those entries of the answer that are chosen, however long all of it is. Each is kept with its NUL byte.
///
/// # Errors
///
/// Those of [`ask_git`].
pub fn ask_git_for(
    dir: &Path,
    arguments: &[&str],
    keep: Keep,
    bounds: GitBounds<'_>,
) -> Result<GitAnswer, String> {
    let overriding = overriding(dir, bounds.look)?;
    run(dir, arguments, (Vec::new(), Some(keep)), &overriding, bounds)
}

/// The settings that override all filters of all files of the configuration.
fn overriding(dir: &Path, look: &Look) -> Result<Vec<OsString>, String> {
    let question = ["config", "--null", "--name-only", "--get-regexp", "^filter\\."];
    let bounds = GitBounds { look, most: MOST_OF_FILTERS };
    let answer = run(dir, &question, (Vec::new(), None), &[], bounds)?;
    // 1: there is none. Where git finds no repository it tells those of the user.
    if !matches!(answer.code, Some(0 | 1)) {
        return Err(format!(
            "it does not tell its filters ({:?}); `git config --list` says why",
            answer.code
        ));
    }
    let keys = answer.text.split(|byte| *byte == 0);
    let mut names: Vec<&[u8]> =
        keys.filter_map(|key| key.get(..key.iter().rposition(|byte| *byte == b'.')?)).collect();
    names.sort_unstable();
    names.dedup();
    // As an argument the key ends at the first of these; the variables that know others are not known to each git.
    if let Some(name) = names.iter().find(|name| name.contains(&b'=')) {
        let name = String::from_utf8_lossy(name);
        return Err(format!(
            "it has a filter with a \"=\" in its name, \"{}\"; rename it",
            name.escape_debug()
        ));
    }
    let of_filter = |name: &&[u8]| {
        OF_FILTER.map(|setting| OsStr::from_bytes(&[*name, setting.as_bytes()].concat()).to_owned())
    };
    Ok(names.iter().flat_map(of_filter).collect())
}

fn run(
    dir: &Path,
    arguments: &[&str],
    (input, keep): (Vec<u8>, Option<Keep>),
    overriding: &[OsString],
    bounds: GitBounds<'_>,
) -> Result<GitAnswer, String> {
    if bounds.look.is_over() {
        return Err(too_late());
    }
    let mut command = Command::new("git");
    let passed_on = PASSED_ON.iter().filter_map(|name| Some((*name, env::var_os(name)?)));
    command.env_clear().envs(passed_on).envs(SET).process_group(0);
    let settings = SETTINGS.iter().map(OsStr::new).chain(overriding.iter().map(OsString::as_os_str));
    settings.for_each(|setting| {
        command.arg("-c").arg(setting);
    });
    command.arg("--no-pager").arg("-C").arg(dir).args(arguments);
    let stdin = if input.is_empty() { Stdio::null() } else { Stdio::piped() };
    command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::null());
    end_with_daemon(&mut command);
    let mut child = command.spawn().map_err(|error| error.to_string())?;
    let text = answer(&mut child, input, keep, bounds);
    while text.is_ok() && !bounds.look.is_over() && matches!(child.try_wait(), Ok(None)) {
        thread::sleep(LOOK_EVERY);
    }
    // Does nothing to one that has been waited for.
    if matches!(child.try_wait(), Ok(None)) {
        end(&mut child);
    }
    let code = child.wait().map_err(|error| error.to_string())?.code();
    Ok(GitAnswer { text: text?, code })
}

/// Has the kernel kill it when this thread ends, which waits for it otherwise: with the process, however that ends.
#[cfg(target_os = "linux")]
fn end_with_daemon(command: &mut Command) {
    let before = || Ok(rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?);
    // SAFETY: between fork and exec it makes one system call, and takes no lock and no memory.
    #[allow(unsafe_code)]
    unsafe {
        command.pre_exec(before);
    }
}

#[cfg(not(target_os = "linux"))]
fn end_with_daemon(_: &mut Command) {}

/// The answer, read to its end.
fn answer(
    child: &mut Child,
    input: Vec<u8>,
    keep: Option<Keep>,
    GitBounds { look, most }: GitBounds<'_>,
) -> Result<Vec<u8>, String> {
    if let Some(mut stdin) = child.stdin.take() {
        in_a_thread(move || {
            // Git may read no more.
            let _ = stdin.write_all(&input);
        })?;
    }
    let output = child.stdout.take().ok_or("it has no output")?;
    let (send, answer) = mpsc::channel();
    in_a_thread(move || {
        let read = match keep {
            None => {
                let mut bytes = Vec::new();
                output.take(most.saturating_add(1)).read_to_end(&mut bytes).map(|_| bytes)
            }
            Some(keep) => kept(BufReader::new(output), keep, most),
        };
        let _ = send.send(read);
    })?;
    let answer = loop {
        match answer.recv_timeout(NOTICED_WITHIN) {
            Ok(answer) => break answer.map_err(|error| error.to_string())?,
            Err(RecvTimeoutError::Timeout) if !look.is_over() => {}
            Err(_) => return Err(too_late()),
        }
    };
    let fits = u64::try_from(answer.len()).is_ok_and(|size| size <= most);
    if fits { Ok(answer) } else { Err(format!("its answer has more than {most} bytes")) }
}

/// The chosen entries of an answer: one byte more than `most` at the most, or little more.
fn kept(mut output: impl BufRead, keep: Keep, most: u64) -> io::Result<Vec<u8>> {
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let (mut all, mut entry) = (Vec::new(), Vec::new());
    while all.len() <= most {
        entry.clear();
        if output.by_ref().take(LONGEST_ENTRY).read_until(0, &mut entry)? == 0 {
            break;
        }
        if keep(&entry) {
            all.extend_from_slice(&entry);
        }
    }
    Ok(all)
}

/// Does it beside, where the system has a thread for it: it may have none left.
fn in_a_thread(work: impl FnOnce() + Send + 'static) -> Result<(), String> {
    let begun = thread::Builder::new().spawn(work);
    begun.map(drop).map_err(|error| {
        format!("the system gives no thread to talk with it ({error}); the limits of processes (`ulimit -u`) say how many there may be")
    })
}

fn too_late() -> String {
    "it does not answer in time".to_owned()
}

/// Ends it with all that it has started.
fn end(child: &mut Child) {
    if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        let _ = kill_process_group(group, Signal::KILL);
    }
    let _ = child.kill();
}

#[cfg(test)]
#[path = "ask_git_tests.rs"]
mod tests;
