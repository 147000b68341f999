//! The settings of git about ignoring. Git itself is asked, as only it knows all its files, includes and conditions;
//! but only where one of them mentions it.

use std::{
    env,
    ffi::OsStr,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    time::Duration,
};

use aiwg_git::{GitBounds, Look, ask_git};

use crate::git;

/// As much of a configuration file is looked at, in bytes.
const MAX_SIZE: u64 = 1024 * 1024;

/// Time for git's answer.
const ANSWERS_WITHIN: Duration = Duration::from_secs(2);

/// Largest size of git's answer, in bytes: 64 KiB.
const LARGEST_ANSWER: u64 = 64 * 1024;

/// Settings of git that concern ignoring.
#[derive(Debug, Default)]
pub(crate) struct GitConfig {
    /// The user's ignore file. It need not be there.
    pub(crate) excludes: Option<PathBuf>,
    /// True if upper and lower case are the same.
    pub(crate) ignores_case: bool,
    /// The file that could not be read, and the reason.
    pub(crate) problem: Option<(PathBuf, String)>,
}

/// The files of the configuration, there or not. What they include is not among them.
pub(crate) fn files(project: &Path) -> Vec<PathBuf> {
    let of_project = git::of_project(project).into_iter().flat_map(|git| {
        let common = git::common(&git);
        [common.join("config"), git.join("config.worktree")]
    });
    let of_user = match env::var_os("GIT_CONFIG_GLOBAL") {
        Some(file) => vec![PathBuf::from(file)],
        None => home().map(|home| home.join(".gitconfig")).into_iter().chain(user_file("config")).collect(),
    };
    of_project.chain(of_user).chain([PathBuf::from("/etc/gitconfig")]).collect()
}

/// Reads it.
pub(crate) fn read(project: &Path, files: &[PathBuf]) -> GitConfig {
    let by_default = GitConfig { excludes: user_file("ignore"), ..GitConfig::default() };
    let Some(mentioning) = files.iter().find(|file| mentions(file)) else { return by_default };
    match ask(project) {
        Ok(answer) => parse(&answer, project, by_default),
        Err(why) => {
            let why =
                format!("git cannot be asked what it says of core.excludesFile and core.ignoreCase: {why}");
            GitConfig { problem: Some((mentioning.clone(), why)), ..by_default }
        }
    }
}

/// True if a file may say something about ignoring. One that cannot be looked at may.
fn mentions(file: &Path) -> bool {
    let Ok(file) = file.canonicalize() else { return false };
    let Ok(text) = aiwg_fs::open_of_anyone(&file).and_then(|file| aiwg_fs::read_file(file, MAX_SIZE)) else {
        return true;
    };
    let text = text.to_ascii_lowercase();
    let is_in = |word: &&str| memchr::memmem::find(&text, word.as_bytes()).is_some();
    ["excludesfile", "ignorecase", "include"].iter().any(is_in)
}

fn ask(project: &Path) -> Result<Vec<u8>, String> {
    let question = ["config", "--null", "--get-regexp", "^core\\.(excludesfile|ignorecase)$"];
    let bounds = GitBounds { look: &Look::within(ANSWERS_WITHIN), most: LARGEST_ANSWER };
    let answer = ask_git(project, &question, Vec::new(), bounds)?;
    match answer.code {
        // 1: neither is set.
        Some(0 | 1) => Ok(answer.text),
        code => Err(format!("it fails ({code:?}); `git config --list` says why")),
    }
}

fn parse(answer: &[u8], project: &Path, by_default: GitConfig) -> GitConfig {
    let mut config = by_default;
    for entry in answer.split(|&byte| byte == 0).filter(|entry| !entry.is_empty()) {
        let mut parts = entry.splitn(2, |&byte| byte == b'\n');
        let (key, value) = (parts.next().unwrap_or_default(), parts.next());
        match (key, value) {
            (b"core.excludesfile", Some(value)) => config.excludes = path(project, value),
            (b"core.ignorecase", value) => config.ignores_case = value.is_none_or(is_true),
            _ => {}
        }
    }
    config
}

fn is_true(value: &[u8]) -> bool {
    let number = || std::str::from_utf8(value).ok().and_then(|text| text.parse::<i64>().ok());
    [b"true".as_slice(), b"yes", b"on"].iter().any(|word| word.eq_ignore_ascii_case(value))
        || number().is_some_and(|number| number != 0)
}

/// A path as git takes it; none if it is empty.
fn path(project: &Path, value: &[u8]) -> Option<PathBuf> {
    let path = match value.strip_prefix(b"~/") {
        Some(rest) => home()?.join(OsStr::from_bytes(rest)),
        None => PathBuf::from(OsStr::from_bytes(value)),
    };
    let top = git::top(project).unwrap_or_else(|| project.to_owned());
    (!value.is_empty()).then(|| top.join(path))
}

fn home() -> Option<PathBuf> {
    env::var_os("HOME").filter(|home| !home.is_empty()).map(PathBuf::from)
}

fn user_file(name: &str) -> Option<PathBuf> {
    let config = env::var_os("XDG_CONFIG_HOME").filter(|config| !config.is_empty()).map(PathBuf::from);
    Some(config.or_else(|| Some(home()?.join(".config")))?.join("git").join(name))
}
