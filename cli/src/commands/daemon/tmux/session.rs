//! The session of a project, and its panes.

use std::path::Path;

use super::command::{Finish, missing, tmux, word};
use crate::error::CliError;

/// The session's name; that of a second project has more to it.
const SESSION: &str = "aiwg-daemon";

/// The option of a session that names its owner.
const OWNER: &str = "@aiwg_project";

/// The option of a pane that says what it shows: a title can be changed by whatever runs in it.
const SHOWS: &str = "@aiwg_pane";

/// A pane of the session.
struct Pane {
    /// Value of [`SHOWS`].
    name: &'static str,
    title: &'static str,
    /// The command that it runs.
    words: &'static [&'static str],
}

const LOG: Pane = Pane { name: "log", title: "daemon log", words: &["daemon", "logs", "--follow"] };
const OUTPUT: Pane = Pane { name: "output", title: "task output", words: &["task", "logs", "--follow"] };
const CHAT: Pane = Pane { name: "chat", title: "chat", words: &["daemon", "chat"] };

/// Makes the session of a project, or what is missing of it. Gives its name.
pub(super) fn make(project: &Path) -> Result<String, CliError> {
    let name = match session_of(project)? {
        Some(name) => name,
        None => new(project)?,
    };
    complete(&name, project)?;
    Ok(name)
}

/// The session whose project this is.
pub(super) fn session_of(project: &Path) -> Result<Option<String>, CliError> {
    let wanted = owner(project);
    Ok(sessions()?.into_iter().find(|(_, owner)| *owner == wanted).map(|(name, _)| name))
}

/// A project's directory, in characters that come through any locale, and on one line.
fn owner(project: &Path) -> String {
    project.as_os_str().as_encoded_bytes().escape_ascii().to_string()
}

/// All sessions, and whose they are. None where no tmux server runs.
fn sessions() -> Result<Vec<(String, String)>, CliError> {
    // A name has no colon.
    let format = format!("#{{session_name}}:#{{{OWNER}}}");
    let done = tmux(&["list-sessions", "-F", &format]).output().map_err(missing)?;
    Ok(pairs(&String::from_utf8_lossy(&done.stdout)))
}

fn pairs(lines: &str) -> Vec<(String, String)> {
    let pair = |line: &str| line.split_once(':').map(|(key, value)| (key.to_owned(), value.to_owned()));
    lines.lines().filter_map(pair).collect()
}

/// A session with the first of its panes.
fn new(project: &Path) -> Result<String, CliError> {
    let name = free_name(project)?;
    let words = ["new-session", "-d", "-P", "-F", "#{pane_id}", "-x", "200", "-y", "50", "-s", &name];
    let pane = open(&words, &LOG, project)?;
    tmux(&["set-option", "-t", &pane, OWNER]).arg(word(owner(project))).done()?;
    let brackets = name.chars().count() + 4;
    tmux(&["set-option", "-t", &pane, "status-left-length", &brackets.to_string()]).done()?;
    tmux(&["set-option", "-w", "-t", &pane, "pane-border-status", "top"]).done()?;
    Ok(name)
}

/// Opens the panes that are missing: a person may have ended what ran in them.
fn complete(session: &str, project: &Path) -> Result<(), CliError> {
    let format = format!("#{{pane_id}}:#{{{SHOWS}}}");
    let listed = tmux(&["list-panes", "-s", "-t", &format!("={session}:"), "-F", &format]).done()?;
    let panes = pairs(&listed);
    let find = |pane: &Pane| panes.iter().find(|(_, name)| name == pane.name).map(|(id, _)| id.clone());
    let split = |at: &str, how: &[&str], pane: &Pane| {
        open(&[&["split-window", "-P", "-F", "#{pane_id}", "-t", at], how].concat(), pane, project)
    };
    let (log, output, chat) = (find(&LOG), find(&OUTPUT), find(&CHAT));
    if log.is_some() && output.is_some() && chat.is_some() {
        return Ok(());
    }
    let log = match (log, panes.first()) {
        (Some(log), _) => log,
        // Above all that is there.
        (None, Some((any, _))) => split(any, &["-v", "-b", "-f", "-l", "40%"], &LOG)?,
        (None, None) => return Err(CliError::Failed(format!("the tmux session {session} has no panes"))),
    };
    let output = match (output, &chat) {
        (Some(output), _) => output,
        (None, Some(chat)) => split(chat, &["-h", "-b"], &OUTPUT)?,
        (None, None) => split(&log, &["-v", "-l", "60%"], &OUTPUT)?,
    };
    let chat = match chat {
        Some(chat) => chat,
        None => split(&output, &["-h"], &CHAT)?,
    };
    tmux(&["select-pane", "-t", &chat]).done().map(drop)
}

/// Opens a pane by this command, and gives its id.
fn open(words: &[&str], pane: &Pane, project: &Path) -> Result<String, CliError> {
    let id = tmux(words)
        // Not with -c, in which tmux would run what stands in `#(...)`.
        .current_dir(project)
        // Several words, so that there is no shell that they would have to be quoted for.
        .arg(word(std::env::current_exe()?))
        .args(pane.words)
        .arg("--project")
        .arg(word(project))
        .done()?;
    tmux(&["set-option", "-p", "-t", &id, SHOWS, pane.name]).done()?;
    tmux(&["select-pane", "-t", &id, "-T", pane.title]).done()?;
    Ok(id)
}

/// `aiwg-daemon`, or with the project's name and a number behind it where another project has that.
fn free_name(project: &Path) -> Result<String, CliError> {
    let taken: Vec<String> = sessions()?.into_iter().map(|(name, _)| name).collect();
    let own = project.file_name().unwrap_or_default().to_string_lossy();
    // tmux has other uses for dots and colons.
    let own: String = own.chars().map(|c| if c.is_alphanumeric() || c == '-' { c } else { '_' }).collect();
    let more = (2..).map(|number| format!("{SESSION}-{own}-{number}"));
    let mut names = [SESSION.to_owned(), format!("{SESSION}-{own}")].into_iter().chain(more);
    names.find(|name| !taken.contains(name)).ok_or_else(|| CliError::Failed("no name is free".to_owned()))
}
