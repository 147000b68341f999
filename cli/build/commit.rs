//! The commit that a program is built from, as its environment variables `AIWG_COMMIT` and `AIWG_COMMIT_DATE` while it is compiled.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

/// A commit.
struct Commit {
    hash: String,
    /// Its day, as `2026-11-29`, where that is known.
    day: Option<String>,
}

/// The number of digits of a hash that are shown.
const DIGITS: usize = 10;

/// Tells the compiler. A build for development has none: each commit would compile the command and all of its tests again.
pub(crate) fn tell() {
    for name in ["AIWG_COMMIT", "AIWG_COMMIT_DATE"] {
        println!("cargo::rerun-if-env-changed={name}");
    }
    if env::var("PROFILE").is_ok_and(|profile| profile == "debug") {
        return;
    }
    let Some(commit) = told().or_else(of_the_package).or_else(of_the_clone) else { return };
    let hash: String = commit.hash.chars().take(DIGITS).collect();
    println!("cargo::rustc-env=AIWG_COMMIT={hash}");
    if let Some(day) = commit.day {
        println!("cargo::rustc-env=AIWG_COMMIT_DATE={day}");
    }
}

/// The commit that whoever builds has told.
fn told() -> Option<Commit> {
    let hash = env::var("AIWG_COMMIT").ok().filter(|hash| !hash.is_empty())?;
    Some(Commit { hash, day: env::var("AIWG_COMMIT_DATE").ok() })
}

/// The commit that `cargo package` has noted: `{"git": {"sha1": "..."}, ...}`.
fn of_the_package() -> Option<Commit> {
    let noted = fs::read_to_string(manifest()?.join(".cargo_vcs_info.json")).ok()?;
    let (_, after) = noted.split_once("\"sha1\"")?;
    let hash = after.split('"').nth(1)?;
    let is_hash = hash.len() >= DIGITS && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hash.then(|| Commit { hash: hash.to_owned(), day: None })
}

/// The commit of the clone in which this is built. The clone must be our own: a copy of the package may lie in another one.
fn of_the_clone() -> Option<Commit> {
    let workspace = manifest()?.parent()?.canonicalize().ok()?;
    let top = PathBuf::from(git(&workspace, &["rev-parse", "--show-toplevel"])?);
    if top.canonicalize().ok()? != workspace {
        return None;
    }
    for file in ["HEAD", "logs/HEAD"] {
        if let Some(path) = git(&workspace, &["rev-parse", "--path-format=absolute", "--git-path", file]) {
            println!("cargo::rerun-if-changed={path}");
        }
    }
    let line = git(&workspace, &["log", "-1", "--format=%H %cs"])?;
    let (hash, day) = line.split_once(' ')?;
    Some(Commit { hash: hash.to_owned(), day: Some(day.to_owned()) })
}

fn manifest() -> Option<PathBuf> {
    env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from)
}

/// What git prints, if it is there and succeeds.
fn git(dir: &Path, args: &[&str]) -> Option<String> {
    let asked = Command::new("git").arg("-C").arg(dir).args(args).output().ok()?;
    let text = String::from_utf8(asked.stdout).ok()?;
    asked.status.success().then(|| text.trim().to_owned())
}
