//! Questions and orders to git about a work tree whose configuration and attributes anyone may have written, agents among them.
//!
//! Git runs the programs that they name: filters of contents, `core.fsmonitor`, hooks, the other end of a remote. Such a program would be a child of
//! the daemon and of no agent, so none may be started here: every setting by which what is asked here could start one is overridden,
//! that of each filter by its name, and nothing is fetched. One way is left: a filter whose name is first configured in the moment between the look
//! at the names and the question. As a second bound git gets none of the daemon's environment but what it needs, and all that it has started ends
//! with it. Git itself ends with the look that it is asked for, and with the daemon: an agent can have it wait for ever, by a pipe in the place of a
//! file that it reads.

use std::{
    env,
    ffi::{OsStr, OsString},
    fs::File,
    io::{self, BufRead, BufReader, Read, Write},
    os::unix::{ffi::OsStrExt, process::CommandExt},
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use crate::Look;

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
const SETTINGS: [&str; 9] = [
    "core.fsmonitor=",
    "core.hooksPath=/dev/null",
    "core.sshCommand=false",
    "core.quotePath=false",
    // A commit that says that it is signed has its signature checked by these.
    "log.showSignature=false",
    "gpg.program=false",
    "gpg.openpgp.program=false",
    "gpg.x509.program=false",
    "gpg.ssh.program=false",
];

/// The settings of each filter that are overridden.
const OF_FILTER: [&str; 4] = [".clean=", ".smudge=", ".process=", ".required=false"];

/// The setting of each program that merges files: one that fails leaves a conflict, and none at all would be an error.
const OF_MERGE: [&str; 1] = [".driver=false"];

/// The most that the names of all filters and merge drivers may take, in bytes: they go into git's arguments.
const MOST_OF_FILTERS: u64 = 16 * 1024;

/// Largest entry of an answer of which only some are kept, in bytes: no path is so long.
const LONGEST_ENTRY: u64 = 64 * 1024;

/// The most that is kept of what git says of errors, in bytes.
const MOST_WORDS: u64 = 8 * 1024;

/// Time for the rest of what an ended git has said of errors.
const WORDS_WITHIN: Duration = Duration::from_secs(1);

/// Time that a git has to clear up when it is ended.
const CLEARED_WITHIN: Duration = Duration::from_secs(1);

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
    /// The beginning of what it has said of errors; nothing for a question.
    pub words: Vec<u8>,
    /// True if it had more to say than the bounds allow, which a few orders accept.
    pub is_cut: bool,
}

/// Something that git is to do, for [`tell_git`].
#[derive(Debug, Default)]
pub struct Order<'a> {
    /// Variables for it, besides those that each git gets: whose repository, work tree and index it is for.
    pub environment: &'a [(&'a str, &'a OsStr)],
    /// Settings (`core.fileMode=true`), besides those that each git gets.
    pub settings: &'a [&'a str],
    /// The command and its arguments.
    pub arguments: &'a [&'a OsStr],
    /// What it gets to read.
    pub input: Vec<u8>,
    /// The file that its answer goes to, however long it is; none if it is kept in memory.
    pub output: Option<File>,
    /// True if it reads or writes the contents of files: only then it could start a filter.
    pub is_for_files: bool,
    /// True if the beginning of an answer is one, too: git ends once there are as many bytes as the bounds allow.
    pub may_be_cut: bool,
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
    let overriding = if reads_files { overriding(dir, &[], bounds.look)? } else { Vec::new() };
    let arguments: Vec<&OsStr> = arguments.iter().map(OsStr::new).collect();
    let order = Order { arguments: &arguments, input, ..Order::default() };
    run(dir, order, (None, false), &overriding, bounds)
}

/// Has git do something in this directory. As for [`ask_git`] it starts no program that the repository or the user has configured, and fetches nothing:
/// files with a filter are read and written as they are, and one that only a merge driver could merge has a conflict.
///
/// # Errors
///
/// Those of [`ask_git`]; that git fails is none.
pub fn tell_git(dir: &Path, order: Order<'_>, bounds: GitBounds<'_>) -> Result<GitAnswer, String> {
    let overriding =
        if order.is_for_files { overriding(dir, order.environment, bounds.look)? } else { Vec::new() };
    run(dir, order, (None, true), &overriding, bounds)
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
    let overriding = overriding(dir, &[], bounds.look)?;
    let arguments: Vec<&OsStr> = arguments.iter().map(OsStr::new).collect();
    run(dir, Order { arguments: &arguments, ..Order::default() }, (Some(keep), false), &overriding, bounds)
}

/// The settings that override all filters and merge drivers of all files of the configuration.
fn overriding(dir: &Path, environment: &[(&str, &OsStr)], look: &Look) -> Result<Vec<OsString>, String> {
    let question = ["config", "--null", "--name-only", "--get-regexp", "^(filter|merge)\\."];
    let bounds = GitBounds { look, most: MOST_OF_FILTERS };
    let arguments = question.map(OsStr::new);
    let order = Order { arguments: &arguments, environment, ..Order::default() };
    let answer = run(dir, order, (None, false), &[], bounds)?;
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
    // A setting of all merges has no name in it.
    names.retain(|name| name.contains(&b'.'));
    // As an argument the key ends at the first of these; the variables that know others are not known to each git.
    if let Some(name) = names.iter().find(|name| name.contains(&b'=')) {
        let name = String::from_utf8_lossy(name);
        return Err(format!(
            "it has a filter with a \"=\" in its name, \"{}\"; rename it",
            name.escape_debug()
        ));
    }
    let of = |name: &&[u8]| {
        let settings: &[&str] = if name.starts_with(b"filter") { &OF_FILTER } else { &OF_MERGE };
        let whole = |setting: &&str| OsStr::from_bytes(&[*name, setting.as_bytes()].concat()).to_owned();
        settings.iter().map(whole).collect::<Vec<_>>()
    };
    Ok(names.iter().flat_map(of).collect())
}

fn run(
    dir: &Path,
    order: Order<'_>,
    (keep, has_words): (Option<Keep>, bool),
    overriding: &[OsString],
    bounds: GitBounds<'_>,
) -> Result<GitAnswer, String> {
    if bounds.look.is_over() {
        return Err(too_late());
    }
    let mut command = Command::new("git");
    let passed_on = PASSED_ON.iter().filter_map(|name| Some((*name, env::var_os(name)?)));
    command.env_clear().envs(passed_on).envs(SET).process_group(0);
    command.envs(order.environment.iter().copied());
    let settings = SETTINGS.iter().chain(order.settings).map(OsStr::new);
    settings.chain(overriding.iter().map(OsString::as_os_str)).for_each(|setting| {
        command.arg("-c").arg(setting);
    });
    command.arg("--no-pager").arg("-C").arg(dir).args(order.arguments);
    let stdin = if order.input.is_empty() { Stdio::null() } else { Stdio::piped() };
    let stdout = order.output.map_or_else(Stdio::piped, Stdio::from);
    command.stdin(stdin).stdout(stdout).stderr(if has_words { Stdio::piped() } else { Stdio::null() });
    let signal = if has_words { Signal::TERM } else { Signal::KILL };
    end_with_daemon(&mut command, signal);
    let mut child = command.spawn().map_err(|error| error.to_string())?;
    // What it has inherited, an output in a file for example, is the child's only.
    drop(command);
    let words = words(&mut child);
    let text = answer(&mut child, order.input, (keep, order.may_be_cut), bounds);
    while text.is_ok() && !bounds.look.is_over() && matches!(child.try_wait(), Ok(None)) {
        thread::sleep(LOOK_EVERY);
    }
    // Does nothing to one that has been waited for.
    if matches!(child.try_wait(), Ok(None)) {
        end(&mut child, signal);
    }
    let code = child.wait().map_err(|error| error.to_string())?.code();
    let words = words.and_then(|words| words.recv_timeout(WORDS_WITHIN).ok()).unwrap_or_default();
    let (text, is_cut) = text?;
    Ok(GitAnswer { text, code, words, is_cut })
}

/// The beginning of what it says of errors, once it has said all; none where nobody asks for it.
fn words(child: &mut Child) -> Option<Receiver<Vec<u8>>> {
    let mut output = child.stderr.take()?;
    let (send, words) = mpsc::channel();
    let begun = in_a_thread(move || {
        let mut bytes = Vec::new();
        let _ = output.by_ref().take(MOST_WORDS).read_to_end(&mut bytes);
        // Git may have more to say, and ends only if it can.
        let _ = io::copy(&mut output, &mut io::sink());
        let _ = send.send(bytes);
    });
    begun.ok().map(|()| words)
}

/// Has the kernel end it by this signal when this thread ends, which waits for it otherwise: with the process, however that ends.
#[cfg(target_os = "linux")]
fn end_with_daemon(command: &mut Command, signal: Signal) {
    let before = move || Ok(rustix::process::set_parent_process_death_signal(Some(signal))?);
    // SAFETY: between fork and exec it makes one system call, and takes no lock and no memory.
    #[allow(unsafe_code)]
    unsafe {
        command.pre_exec(before);
    }
}

#[cfg(not(target_os = "linux"))]
fn end_with_daemon(_: &mut Command, _: Signal) {}

/// The answer, read to its end.
fn answer(
    child: &mut Child,
    input: Vec<u8>,
    (keep, may_be_cut): (Option<Keep>, bool),
    GitBounds { look, most }: GitBounds<'_>,
) -> Result<(Vec<u8>, bool), String> {
    if let Some(mut stdin) = child.stdin.take() {
        in_a_thread(move || {
            // Git may read no more.
            let _ = stdin.write_all(&input);
        })?;
    }
    let Some(output) = child.stdout.take() else {
        return ended(child, look).map(|()| (Vec::new(), false));
    };
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
    let mut answer = loop {
        match answer.recv_timeout(NOTICED_WITHIN) {
            Ok(answer) => break answer.map_err(|error| error.to_string())?,
            Err(RecvTimeoutError::Timeout) if !look.is_over() => {}
            Err(_) => return Err(too_late()),
        }
    };
    let fits = u64::try_from(answer.len()).is_ok_and(|size| size <= most);
    if !fits && may_be_cut {
        answer.truncate(usize::try_from(most).unwrap_or(usize::MAX));
        return Ok((answer, true));
    }
    if fits { Ok((answer, false)) } else { Err(format!("its answer has more than {most} bytes")) }
}

/// Waits for the end of a git whose answer goes elsewhere.
fn ended(child: &mut Child, look: &Look) -> Result<(), String> {
    while matches!(child.try_wait(), Ok(None)) {
        if look.is_over() {
            return Err(too_late());
        }
        thread::sleep(LOOK_EVERY);
    }
    Ok(())
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

/// Ends it with all that it has started. One that changes something has a moment to remove its locks, and what is half done.
fn end(child: &mut Child, signal: Signal) {
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    if signal != Signal::KILL
        && let Some(pid) = pid
        && kill_process(pid, signal).is_ok()
    {
        let told = Instant::now();
        while told.elapsed() < CLEARED_WITHIN && matches!(child.try_wait(), Ok(None)) {
            thread::sleep(LOOK_EVERY);
        }
    }
    if let Some(group) = pid {
        let _ = kill_process_group(group, Signal::KILL);
    }
    let _ = child.kill();
}

#[cfg(test)]
#[path = "ask_tests.rs"]
mod tests;
