//! The packages of `scripts/release --for-tests`, each installed as a newcomer would: in an empty home, without this repository or Rust. Nothing is
//! fetched: the package manager has what it was given.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::support::{Project, is_dead, kill, repository, until, until_some};

/// A home with nothing in it, and what is installed there.
struct Newcomer {
    home: tempfile::TempDir,
}

impl Newcomer {
    fn new() -> Self {
        Self { home: tempfile::tempdir().unwrap() }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// A program in this environment: what is installed below the home comes first.
    fn command(&self, program: impl AsRef<Path>, args: &[&str]) -> Command {
        let bins = ["npm/bin", "venv/bin"].map(|bin| self.file(bin));
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path = std::env::join_paths(bins.into_iter().chain(std::env::split_paths(&path))).unwrap();
        let mut command = Command::new(program.as_ref());
        command.args(args).current_dir(self.home.path()).env("HOME", self.home.path()).env("PATH", path);
        command
            .env_remove("AIWG_DAEMON_SOCKET")
            .env("npm_config_cache", self.file("cache"))
            .env("NO_COLOR", "1");
        command
    }

    fn run(&self, program: impl AsRef<Path>, args: &[&str]) -> Output {
        self.command(program, args).output().unwrap()
    }

    /// What the program prints, which must succeed.
    fn out(&self, program: impl AsRef<Path>, args: &[&str]) -> String {
        let done = self.run(&program, args);
        let err = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{} {args:?}: {err}", program.as_ref().display());
        String::from_utf8(done.stdout).unwrap()
    }

    /// Walks through the guide's Quick start with the command `aiwg` as it was installed, in an empty project.
    fn quick_start(&self, aiwg: impl AsRef<Path>) {
        let project = Project::new(json!({}));
        let run = |args: &[&str]| {
            let done = self.command(&aiwg, args).current_dir(project.path()).output().unwrap();
            assert!(done.status.success(), "{args:?}: {}", String::from_utf8_lossy(&done.stderr));
            String::from_utf8(done.stdout).unwrap()
        };
        run(&["daemon", "start"]);
        run(&["task", "submit", "echo from a package", "--wait"]);
        run(&["event", "emit", "deployment:complete", r#"{"version": "1.2.3"}"#]);
        assert!(run(&["task", "list"]).contains("completed"));
        assert!(run(&["event", "list"]).contains("deployment:complete"));
        run(&["daemon", "stop"]);
    }

    /// What `aiwg self` says.
    fn own(&self, aiwg: impl AsRef<Path>) -> Value {
        serde_json::from_str(&self.out(aiwg, &["self", "--json"])).unwrap()
    }
}

/// The package whose name begins and ends so.
fn package(begin: &str, end: &str) -> String {
    let folder = repository().join("target/packages-of-tests/out");
    let packages = fs::read_dir(&folder)
        .unwrap_or_else(|_| panic!("run scripts/release --for-tests first, or scripts/test, which does"));
    let found = packages.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let found = found.filter(|name| name.starts_with(begin) && name.ends_with(end)).collect::<Vec<_>>();
    assert_eq!(found.len(), 1, "{begin}*{end}: {found:?}");
    folder.join(&found[0]).into_os_string().into_string().unwrap()
}

fn npm_client() -> String {
    package("aiwg-0", ".tgz")
}

fn npm_platform() -> String {
    package("aiwg-linux-", ".tgz")
}

/// `npm install` of what is at hand.
const NPM_INSTALL: [&str; 5] = ["install", "--offline", "--no-audit", "--no-fund", "--silent"];

#[test]
fn npm_installs_the_command_for_all_projects() {
    let newcomer = Newcomer::new();
    let prefix = newcomer.file("npm").into_os_string().into_string().unwrap();
    let (client, platform) = (npm_client(), npm_platform());
    newcomer.out("npm", &[&NPM_INSTALL[..], &["--global", "--prefix", &prefix, &client, &platform]].concat());
    let aiwg = newcomer.file("npm/bin/aiwg");
    let own = newcomer.own(&aiwg);
    assert_eq!((&own["installed"], &own["upgrade"]), (&"npm".into(), &"npm update -g aiwg".into()), "{own}");
    newcomer.quick_start(&aiwg);
    // What the program says and how it ends is what the command says and how it ends.
    let done = newcomer.run(&aiwg, &["task", "submit"]);
    assert_eq!(done.status.code(), Some(2), "{done:?}");
    assert!(String::from_utf8_lossy(&done.stderr).contains("Usage: aiwg task submit"), "{done:?}");
}

#[test]
fn a_signal_to_the_command_of_npm_reaches_the_program() {
    let newcomer = Newcomer::new();
    let (client, platform) = (npm_client(), npm_platform());
    newcomer.out("npm", &[&NPM_INSTALL[..], &[&client, &platform]].concat());
    let project = Project::started(json!({}));
    for signal in [Signal::TERM, Signal::INT] {
        let mut watching = newcomer.command(newcomer.file("node_modules/.bin/aiwg"), &["event", "watch"]);
        let mut watching = watching.current_dir(project.path()).stdout(Stdio::piped()).spawn().unwrap();
        let program = until_some("the program runs", || {
            let children = format!("/proc/{0}/task/{0}/children", watching.id());
            fs::read_to_string(children).ok()?.split_whitespace().next()?.parse::<u32>().ok()
        });
        until("it watches", || {
            fs::read_to_string(format!("/proc/{program}/comm")).is_ok_and(|name| name.trim() == "aiwg")
                && project.json(&["daemon", "status"])["subsystems"]["ipc"]["clients"].as_u64() > Some(1)
        });
        kill(watching.id(), signal);
        let status = watching.wait().unwrap();
        assert!(!status.success(), "{signal:?}: {status}");
        assert!(is_dead(program), "{signal:?}");
    }
}

#[test]
fn npm_installs_client_and_command_in_a_project() {
    let newcomer = Newcomer::new();
    fs::write(newcomer.file("package.json"), r#"{"name": "newcomer", "private": true, "type": "module"}"#)
        .unwrap();
    let (client, platform) = (npm_client(), npm_platform());
    newcomer.out("npm", &[&NPM_INSTALL[..], &[&client, &platform]].concat());
    assert!(newcomer.out("npx", &["--offline", "aiwg", "--version"]).starts_with("aiwg 0."));
    let project = Project::started(json!({}));
    let script = "import { DaemonClient } from 'aiwg/daemon/ipc-client';
        const client = new DaemonClient(process.argv[2]);
        console.log((await client.emit('deployment:complete', { version: '1.2.3' })).seq);
        await client.disconnect();";
    fs::write(newcomer.file("emit.mjs"), script).unwrap();
    let seq = newcomer.out("node", &["emit.mjs", project.socket().to_str().unwrap()]);
    assert!(seq.trim().parse::<u64>().is_ok(), "{seq}");
}

#[test]
fn without_the_package_of_the_platform_the_client_works_and_the_command_says_what_to_do() {
    let newcomer = Newcomer::new();
    let client = npm_client();
    newcomer.out("npm", &[&NPM_INSTALL[..], &["--ignore-scripts", "--omit=optional", &client]].concat());
    let done = newcomer.run(newcomer.file("node_modules/.bin/aiwg"), &["daemon", "status"]);
    let said = String::from_utf8_lossy(&done.stderr);
    assert_eq!(done.status.code(), Some(127), "{said}");
    assert!(said.contains("@aiwg/linux-") && said.contains("cargo install"), "{said}");
    let imported = newcomer.out(
        "node",
        &["--input-type=module", "-e", "console.log(typeof (await import('aiwg')).DaemonClient)"],
    );
    assert_eq!(imported.trim(), "function");
}

#[test]
fn no_package_of_npm_has_a_script_that_npm_would_run() {
    for package in [npm_client(), npm_platform()] {
        let packed = Command::new("tar").args(["-xzOf", &package, "package/package.json"]).output().unwrap();
        let described: Value = serde_json::from_slice(&packed.stdout).unwrap();
        let scripts = described["scripts"].as_object().cloned().unwrap_or_default();
        let run_by_npm = ["preinstall", "install", "postinstall", "prepare", "prepublish"];
        assert!(run_by_npm.iter().all(|name| !scripts.contains_key(*name)), "{package}: {scripts:?}");
    }
}

#[test]
fn pip_installs_client_and_command() {
    let newcomer = Newcomer::new();
    newcomer.out("python3", &["-m", "venv", "venv"]);
    let folder = repository().join("target/packages-of-tests/out");
    let folder = folder.to_str().unwrap();
    let pip = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-index",
        "--find-links",
        folder,
    ];
    newcomer.out(newcomer.file("venv/bin/python"), &[&pip[..], &["aiwg[cli]"]].concat());
    let aiwg = newcomer.file("venv/bin/aiwg");
    let own = newcomer.own(&aiwg);
    assert!(
        own["installed"] == "pip" && own["upgrade"].as_str().unwrap().ends_with("--upgrade aiwg-cli"),
        "{own}"
    );
    newcomer.quick_start(&aiwg);
    let project = Project::started(json!({}));
    let script = "import sys; from aiwg.daemon import DaemonClient
with DaemonClient(sys.argv[1]) as client: print(client.emit('deployment:complete', {'version': '1.2.3'}).seq)";
    let seq =
        newcomer.out(newcomer.file("venv/bin/python"), &["-c", script, project.socket().to_str().unwrap()]);
    assert!(seq.trim().parse::<u64>().is_ok(), "{seq}");
}

#[test]
fn the_tarball_runs_where_it_is_unpacked() {
    let newcomer = Newcomer::new();
    newcomer.out("tar", &["-xzf", &package("aiwg-0", "-gnu.tar.gz"), "--strip-components=1"]);
    let aiwg = newcomer.file("bin/aiwg");
    assert_eq!(newcomer.own(&aiwg)["installed"], "copied");
    newcomer.quick_start(&aiwg);
    let page = fs::read_to_string(newcomer.file("share/man/man1/aiwg-task-submit.1")).unwrap();
    assert!(page.starts_with(".ie") || page.contains(".TH"), "{page:.80}");
    let unit = fs::read_to_string(newcomer.file("share/systemd/user/aiwg@.service")).unwrap();
    for command in ["start --foreground", "reload"] {
        let line = format!(
            "=/usr/bin/env PATH=%h/.local/bin:/usr/local/bin:/usr/bin:/bin aiwg daemon {command} --project %f\n"
        );
        assert!(unit.contains(&line), "{unit}");
    }
    for completions in [
        "bash-completion/completions/aiwg",
        "zsh/vendor-completions/_aiwg",
        "fish/vendor_completions.d/aiwg.fish",
    ] {
        let script = fs::read_to_string(newcomer.file("share").join(completions)).unwrap();
        assert!(script.contains("aiwg"), "{completions}");
    }
}
