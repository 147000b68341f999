//! The program of an agent's shim: the small one beside `aiwg`, or `aiwg` itself where that does not fit.

use std::{
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::json;

use crate::support::{Project, until};

const AIWG: &str = env!("CARGO_BIN_EXE_aiwg");
const SMALL: &str = env!("CARGO_BIN_EXE_aiwg-shim");

/// A project, and a directory in it with `aiwg`, as someone would have installed it.
struct Installed(Project);

impl Installed {
    fn new() -> Self {
        Self::of(json!({}))
    }

    /// One with this configuration.
    fn of(config: serde_json::Value) -> Self {
        let installed = Self(Project::new(config));
        std::fs::create_dir(installed.path("")).unwrap();
        // A file of a hundred megabytes is not written for each test, where that can be helped.
        std::fs::hard_link(AIWG, installed.path("aiwg"))
            .or_else(|_| std::fs::copy(AIWG, installed.path("aiwg")).map(|_| ()))
            .unwrap();
        installed
    }

    fn with_small() -> Self {
        let installed = Self::new();
        std::fs::copy(SMALL, installed.path("aiwg-shim")).unwrap();
        installed
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.file("bin").join(name)
    }

    fn start(&self) {
        let mut command = Command::new(self.path("aiwg"));
        command.args(["daemon", "start"]).current_dir(self.0.path());
        command.env_remove("AIWG_DAEMON_SOCKET").env_remove("AIWG_TASK_ID");
        let done = command.output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }

    /// The name of the program under which an agent runs that comes to its end.
    fn shim(&self) -> String {
        let task = self.0.submit("readlink /proc/$PPID/exe >exe; cat /proc/$PPID/comm >comm");
        assert_eq!(self.0.ended(&task)["state"], "completed");
        // Whichever program it is: by this other daemons know it.
        assert_eq!(self.0.read("comm"), "aiwg-shim\n");
        let exe = self.0.read("exe");
        Path::new(exe.trim()).file_name().unwrap().to_str().unwrap().to_owned()
    }
}

#[test]
fn the_small_program_beside_it_is_the_shim() {
    let installed = Installed::with_small();
    installed.start();
    assert_eq!(installed.shim(), "aiwg-shim");
}

#[test]
fn without_it_aiwg_is_the_shim() {
    let installed = Installed::new();
    installed.start();
    assert_eq!(installed.shim(), "aiwg");
}

#[test]
fn what_does_not_fit_is_not_executed() {
    type Put = fn(&Path);
    let puts: [(&str, Put); 4] = [
        ("of another build", |path| {
            let mut program = std::fs::read(SMALL).unwrap();
            let mark = b"the program of aiwg's shims, build ";
            let at = program.windows(mark.len()).position(|window| window == mark).unwrap() + mark.len();
            program[at] = if program[at] == b'0' { b'1' } else { b'0' };
            std::fs::copy(SMALL, path).unwrap();
            std::fs::write(path, program).unwrap();
        }),
        ("aiwg itself", |path| assert!(std::fs::copy(AIWG, path).is_ok())),
        ("no program", |path| std::fs::write(path, "").unwrap()),
        ("a directory", |path| std::fs::create_dir(path).unwrap()),
    ];
    for (what, put) in puts {
        let installed = Installed::new();
        put(&installed.path("aiwg-shim"));
        installed.start();
        assert_eq!(installed.shim(), "aiwg", "{what}");
    }
}

#[test]
fn agents_start_while_the_programs_are_replaced() {
    let installed = Installed::with_small();
    installed.start();
    assert_eq!(installed.shim(), "aiwg-shim");
    // As an update does it: another file of the name. The daemon goes on with the one that it has.
    std::fs::write(installed.path("new"), "another").unwrap();
    std::fs::rename(installed.path("new"), installed.path("aiwg-shim")).unwrap();
    assert_eq!(installed.shim(), "aiwg-shim (deleted)");
    std::fs::remove_file(installed.path("aiwg")).unwrap();
    assert_eq!(installed.shim(), "aiwg-shim (deleted)");
}

/// As npm and pip do it: the directory is renamed, and removed once the new one is in its place.
#[test]
fn a_restart_is_of_the_program_that_an_update_has_put_there() {
    let installed = Installed::with_small();
    installed.start();
    let (bin, away) = (installed.0.file("bin"), installed.0.file(".bin-x7k2"));
    std::fs::rename(&bin, &away).unwrap();
    std::fs::remove_dir_all(&away).unwrap();
    let pid = installed.0.pid();
    let refused = installed.0.run(&["daemon", "restart"]);
    assert!(
        refused.code == 1 && refused.out.contains("bin/aiwg: the program of the next"),
        "{}",
        refused.out
    );
    assert_eq!(installed.0.pid(), pid, "it goes on");
    std::fs::create_dir(&bin).unwrap();
    for (program, name) in [(AIWG, "aiwg"), (SMALL, "aiwg-shim")] {
        std::fs::hard_link(program, bin.join(name))
            .or_else(|_| std::fs::copy(program, bin.join(name)).map(|_| ()))
            .unwrap();
    }
    let restarted = installed.0.run(&["daemon", "restart"]);
    assert_eq!(restarted.code, 0, "{}", restarted.err);
    let exe = std::fs::read_link(format!("/proc/{}/exe", installed.0.pid())).unwrap();
    assert_eq!(exe, std::fs::canonicalize(&bin).unwrap().join("aiwg"));
    assert_eq!(installed.shim(), "aiwg-shim");
}

#[test]
fn one_that_is_written_over_is_not_executed_any_more() {
    let installed = Installed::with_small();
    installed.start();
    assert_eq!(installed.shim(), "aiwg-shim");
    // It may not have ended yet, though its task has.
    until("a file that nobody executes", || {
        std::fs::write(installed.path("aiwg-shim"), "#!/bin/sh\ntouch evil\n").is_ok()
    });
    assert_eq!(installed.shim(), "aiwg");
    assert!(!installed.0.file("evil").exists());
}

#[test]
fn one_that_is_moved_away_from_the_daemons_is_not_executed_any_more() {
    let installed = Installed::with_small();
    installed.start();
    assert_eq!(installed.shim(), "aiwg-shim");
    std::fs::rename(installed.path("aiwg-shim"), installed.0.file("aiwg-shim")).unwrap();
    assert_eq!(installed.shim(), "aiwg");
}

#[test]
fn a_task_goes_on_whose_shim_was_killed_before_it_had_read_what_to_run() {
    // No pipe takes so much: what is written to a shim that has ended fails.
    let large = format!("echo ran # {}", "x".repeat(90_000));
    let agent = json!({ "command": ["sh", "-c", large] });
    let installed = Installed::of(json!({ "agent": agent }));
    let program = std::fs::read(SMALL).unwrap();
    let mark = b"aiwg-shim: the program of aiwg's shims, build ";
    let at = program.windows(mark.len()).position(|window| window == mark).unwrap();
    let end = at + program[at..].iter().position(|byte| *byte == b'\n').unwrap() + 1;
    // It fits, and ends without reading anything.
    let ends = [&std::fs::read("/bin/false").unwrap()[..], &program[at..end]].concat();
    std::fs::write(installed.path("aiwg-shim"), ends).unwrap();
    std::fs::set_permissions(installed.path("aiwg-shim"), std::fs::Permissions::from_mode(0o755)).unwrap();
    installed.start();
    let task = installed.0.submit("");
    until("the rest after a shim that was lost", || {
        installed.0.json(&["task", "show", &task])["waiting"] == "rest"
    });
    // From here on it is `aiwg` itself.
    std::fs::write(installed.path("aiwg-shim"), "").unwrap();
    let task = installed.0.ended(&task);
    assert_eq!((&task["state"], task["result"].as_str()), (&json!("completed"), Some("ran\n")), "{task}");
}
