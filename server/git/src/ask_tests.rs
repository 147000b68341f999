//! What git may do for the daemon when it is asked, and within which bounds.

use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf};

use super::*;

/// The answer within a time, of a size in bytes.
fn within(root: &Path, arguments: &[&str], seconds: u64, most: u64) -> Result<GitAnswer, String> {
    let look = &Look::within(Duration::from_secs(seconds));
    ask_git(root, arguments, Vec::new(), GitBounds { look, most })
}

fn asked(root: &Path, arguments: &[&str]) -> Result<GitAnswer, String> {
    within(root, arguments, 60, 1024 * 1024)
}

const STATUS: [&str; 4] = ["status", "--porcelain=v1", "--untracked-files=all", "--ignore-submodules=dirty"];

/// A repository with two commits and a program that leaves a file `PWNED` beside it.
struct Place {
    dir: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let place = Self { dir: tempfile::tempdir().unwrap() };
        fs::create_dir(place.root()).unwrap();
        let program = format!("#!/bin/sh\nenv >>'{}'\n[ $# = 0 ] && exec cat\n", place.pwned().display());
        fs::write(place.program(), program).unwrap();
        fs::set_permissions(place.program(), PermissionsExt::from_mode(0o755)).unwrap();
        place.git(&["init", "-q"]);
        for text in ["1", "2"] {
            fs::write(place.root().join("a"), text).unwrap();
            place.git(&["add", "."]);
            place.git(&["commit", "-q", "-m", text]);
        }
        place
    }

    fn root(&self) -> PathBuf {
        self.dir.path().join("project")
    }

    fn program(&self) -> PathBuf {
        self.dir.path().join("program")
    }

    fn pwned(&self) -> PathBuf {
        self.dir.path().join("PWNED")
    }

    fn git(&self, arguments: &[&str]) {
        let mut git = Command::new("git");
        let who = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"];
        let done = git.arg("-C").arg(self.root()).args(who).args(arguments).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }

    /// Has a filter of this name, in a file of the configuration.
    fn filter(&self, file: &Path, name: &str) {
        for (last, value) in [
            ("clean", self.program().to_str().unwrap()),
            ("smudge", self.program().to_str().unwrap()),
            ("process", self.program().to_str().unwrap()),
            ("required", "true"),
        ] {
            let key = format!("filter.{name}.{last}");
            self.git(&["config", "-f", file.to_str().unwrap(), &key, value]);
        }
    }

    fn set(&self, key: &str) {
        self.git(&["config", key, self.program().to_str().unwrap()]);
    }

    fn ask(&self, arguments: &[&str]) -> GitAnswer {
        asked(&self.root(), arguments).unwrap()
    }
}

#[test]
fn of_a_long_answer_only_what_is_chosen_counts() {
    let place = Place::new();
    (0..100).for_each(|n| fs::write(place.root().join(format!("file-{n}")), "").unwrap());
    place.git(&["add", "."]);
    let look = &Look::within(Duration::from_secs(60));
    let bounds = GitBounds { look, most: 16 };
    let ask = |keep: Keep| ask_git_for(&place.root(), &["ls-files", "-z"], keep, bounds);
    assert_eq!(ask(|entry| entry == b"file-7\0").unwrap().text, b"file-7\0");
    assert!(ask(|_| true).unwrap_err().contains("more than 16 bytes"));
    let whole = within(&place.root(), &["ls-files", "-z"], 60, 16);
    assert!(whole.unwrap_err().contains("more than 16 bytes"));
}

#[test]
fn no_filter_is_run_whatever_it_is_called() {
    let names = ["z", "a.b", "ü", "UPPER", "clean"];
    for file in ["config", "config.worktree", "included"] {
        for name in names {
            let place = Place::new();
            place.git(&["config", "extensions.worktreeConfig", "true"]);
            place.git(&["config", "include.path", "included"]);
            place.filter(&place.root().join(".git").join(file), name);
            fs::write(place.root().join(".gitattributes"), format!("* filter={name}\n")).unwrap();
            fs::write(place.root().join("a"), "3").unwrap();
            let answer = place.ask(&STATUS);
            assert_eq!(answer.text, b" M a\n?? .gitattributes\n", "{file} {name}");
            assert_eq!(answer.code, Some(0));
            assert!(!place.pwned().exists(), "{file} {name}");
            let _ = Command::new("git").arg("-C").arg(place.root()).args(["status"]).output();
            assert!(place.pwned().exists(), "it is one that would be run: {file} {name}");
        }
    }
}

#[test]
fn a_filter_that_cannot_be_overridden_is_not_run() {
    let place = Place::new();
    place.filter(&place.root().join(".git/config"), "a=b");
    fs::write(place.root().join(".gitattributes"), "* filter=a=b\n").unwrap();
    fs::write(place.root().join("a"), "3").unwrap();
    let refused = asked(&place.root(), &STATUS).unwrap_err();
    assert!(refused.contains("\"filter.a=b\"; rename it"), "{refused}");
    assert!(!place.pwned().exists());
}

#[test]
fn no_monitor_hook_or_remote_is_run() {
    let place = Place::new();
    place.set("core.fsmonitor");
    place.set("core.sshCommand");
    place.set("diff.external");
    place.set("diff.z.textconv");
    place.set("diff.z.command");
    let hooks = place.dir.path().join("hooks");
    fs::create_dir(&hooks).unwrap();
    fs::copy(place.program(), hooks.join("post-index-change")).unwrap();
    place.git(&["config", "core.hooksPath", hooks.to_str().unwrap()]);
    fs::write(place.root().join(".git/info/attributes"), "* diff=z\n").unwrap();
    fs::write(place.root().join("a"), "2").unwrap();
    fs::remove_file(place.pwned()).ok();
    assert_eq!(place.ask(&["status", "--porcelain=v1"]).code, Some(0));
    assert_eq!(place.ask(&["ls-files"]).text, b"a\n");
    let differing = ["diff", "--name-only", "--no-ext-diff", "--no-textconv", "HEAD~", "HEAD"];
    assert_eq!(place.ask(&differing).text, b"a\n");
    assert!(!place.pwned().exists());
    let _ = Command::new("git").arg("-C").arg(place.root()).args(["status"]).output();
    assert!(place.pwned().exists(), "it is one that would be run");

    // What is missing is not fetched by the program that the repository names.
    place.set("remote.o.uploadpack");
    for (key, value) in [
        ("remote.o.url", place.root().to_str().unwrap()),
        ("remote.o.promisor", "true"),
        ("core.repositoryFormatVersion", "1"),
        ("extensions.partialClone", "o"),
    ] {
        place.git(&["config", key, value]);
    }
    fs::remove_file(place.pwned()).ok();
    let missing = "0123456789012345678901234567890123456789";
    for url in [place.root().to_str().unwrap(), "ssh://nobody.invalid/x"] {
        fs::remove_file(place.pwned()).ok();
        place.git(&["config", "remote.o.url", url]);
        fs::remove_file(place.pwned()).ok();
        let answer = place.ask(&["diff", "--name-only", "--no-ext-diff", missing, "HEAD"]);
        assert_ne!(answer.code, Some(0));
        assert!(!place.pwned().exists(), "{url}");
        let asked = ["-c", "core.fsmonitor=false", "diff", "--name-only", missing, "HEAD"];
        let _ = Command::new("git").arg("-C").arg(place.root()).args(asked).output();
        assert!(place.pwned().exists(), "it is one that would be run: {url}");
    }
}

#[test]
fn git_gets_none_of_the_daemons_secrets() {
    let place = Place::new();
    // An alias is the only way left to see the environment; nothing of the daemon asks for one.
    place.git(&["config", "alias.look", "!env"]);
    let environment = place.ask(&["look"]);
    let text = String::from_utf8_lossy(&environment.text);
    let names: Vec<&str> = text.lines().filter_map(|line| Some(line.split_once('=')?.0)).collect();
    assert!(names.contains(&"PATH"), "{names:?}");
    for name in names {
        let is_known = PASSED_ON.contains(&name)
            || name.starts_with("GIT_")
            || ["LC_ALL", "PWD", "OLDPWD", "SHLVL", "_"].contains(&name);
        assert!(is_known, "{name}");
    }
}

#[test]
fn git_has_its_bounds() {
    let place = Place::new();
    let ask = |seconds, most| within(&place.root(), &["log"], seconds, most).unwrap_err();
    assert!(ask(0, 1024).contains("in time"));
    assert!(ask(60, 1).contains("more than 1 bytes"));
}

/// True if a process is told this text in its arguments.
#[cfg(target_os = "linux")]
fn is_asked(text: &Path) -> bool {
    let text = text.as_os_str().as_bytes();
    fs::read_dir("/proc").unwrap().flatten().any(|process| {
        let command = fs::read(process.path().join("cmdline")).unwrap_or_default();
        memchr::memmem::find(&command, text).is_some()
    })
}

#[cfg(target_os = "linux")]
#[test]
fn a_git_that_waits_for_ever_ends_with_the_look() {
    let place = Place::new();
    let config = place.root().join(".git/config");
    fs::remove_file(&config).unwrap();
    assert!(Command::new("mkfifo").arg(&config).status().unwrap().success());
    let look = Look::within(Duration::from_secs(3600));
    let asking = thread::spawn({
        let (look, root) = (look.clone(), place.root());
        move || ask_git(&root, &STATUS, Vec::new(), GitBounds { look: &look, most: 1024 })
    });
    while !is_asked(&place.root()) {
        thread::sleep(LOOK_EVERY);
    }
    look.end();
    assert!(asking.join().unwrap().unwrap_err().contains("in time"));
    assert!(!is_asked(&place.root()));
    assert!(look.is_over(), "and no further question is begun");
    let none = ask_git(&place.root(), &STATUS, Vec::new(), GitBounds { look: &look, most: 1024 });
    assert!(none.is_err() && !is_asked(&place.root()));
}

#[test]
fn an_order_starts_no_program_says_why_it_fails_and_writes_to_a_file() {
    let place = Place::new();
    place.git(&["branch", "other"]);
    for (branch, text) in [("other", "3"), ("-", "4")] {
        place.git(&["checkout", "-q", branch]);
        fs::write(place.root().join("a"), text).unwrap();
        place.git(&["commit", "-qam", text]);
    }
    fs::write(place.root().join(".gitattributes"), "* merge=own filter=own\n").unwrap();
    let program = place.program();
    for key in ["merge.own.driver", "filter.own.clean", "filter.own.smudge"] {
        place.git(&["config", key, program.to_str().unwrap()]);
    }
    let told = |arguments: &[&str], output: Option<File>, most: u64| {
        let arguments: Vec<&OsStr> = arguments.iter().map(OsStr::new).collect();
        let look = &Look::within(Duration::from_secs(60));
        let order =
            Order { arguments: &arguments, output, is_for_files: true, may_be_cut: true, ..Order::default() };
        tell_git(&place.root(), order, GitBounds { look, most }).unwrap()
    };
    let merged = told(&["merge-tree", "--write-tree", "--name-only", "HEAD", "other"], None, 4096);
    assert_eq!(merged.code, Some(1), "{merged:?}");
    told(&["add", "."], None, 4096);
    let failed = told(&["rev-parse", "--verify", "nothing"], None, 4096);
    assert!(String::from_utf8_lossy(&failed.words).contains("Needed a single revision"), "{failed:?}");
    let cut = told(&["log", "-p"], None, 10);
    assert_eq!((cut.text.len(), cut.is_cut), (10, true));
    let file = place.root().join("output");
    let whole = told(&["rev-parse", "HEAD"], Some(File::create(&file).unwrap()), 1);
    assert_eq!((whole.code, whole.text.len(), fs::read(&file).unwrap().len()), (Some(0), 0, 41));
    assert!(!place.pwned().exists());
}
