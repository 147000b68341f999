//! `aiwg top`, as a person has it: in a real tmux, whose screen is read; and as sentences.

use std::{
    process::{Command, Stdio},
    time::Duration,
};

use rustix::process::Signal;
use serde_json::json;

use crate::{
    support::{Project, kill, until, until_some},
    tmux::Tmux,
};

/// A shell in a terminal of its own, in which `aiwg top` is typed.
struct Person<'a> {
    tmux: &'a Tmux,
}

impl<'a> Person<'a> {
    /// Sits down at a shell, with more in its environment.
    fn at_a_shell(tmux: &'a Tmux, project: &'a Project, environment: &[(&str, &str)]) -> Self {
        let mut args = vec!["-f", "/dev/null", "new-session", "-d", "-s", "top", "-x", "80", "-y", "24"];
        let directory = project.path().to_str().unwrap().to_owned();
        let state = project.file("state-home").to_str().unwrap().to_owned();
        let set = [
            ("PS1", "READY$ "),
            ("XDG_STATE_HOME", state.as_str()),
            ("AIWG_DAEMON_SOCKET", ""),
            ("NO_COLOR", ""),
        ];
        let set: Vec<String> =
            set.iter().chain(environment).map(|(name, value)| format!("{name}={value}")).collect();
        args.extend(["-c", &directory]);
        set.iter().for_each(|variable| args.extend(["-e", variable]));
        args.extend(["bash", "--norc", "--noprofile", "-i"]);
        tmux.run(&args);
        let person = Self { tmux };
        person.sees("READY$");
        person
    }

    /// The same with `aiwg top` on the screen.
    fn at_the_view(tmux: &'a Tmux, project: &'a Project, options: &str) -> Self {
        let person = Self::at_a_shell(tmux, project, &[]);
        person.starts(options);
        person
    }

    fn starts(&self, options: &str) {
        self.types(&format!("{} top {options}; echo code=$?", env!("CARGO_BIN_EXE_aiwg")));
        self.presses("Enter");
        self.sees("? keys");
    }

    fn screen(&self) -> String {
        self.tmux.run(&["capture-pane", "-p", "-t", "top"])
    }

    fn sees(&self, text: &str) {
        let seen = std::cell::RefCell::new(String::new());
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            until(text, || {
                let screen = self.screen();
                let is_there = screen.contains(text);
                *seen.borrow_mut() = screen;
                is_there
            });
        }));
        assert!(result.is_ok(), "{text:?} is not on the screen:\n{}", seen.borrow());
    }

    fn sees_no_more(&self, text: &str) {
        until(&format!("no {text}"), || !self.screen().contains(text));
    }

    fn types(&self, text: &str) {
        self.tmux.run(&["send-keys", "-t", "top", "-l", text]);
    }

    fn presses(&self, key: &str) {
        self.tmux.run(&["send-keys", "-t", "top", key]);
    }

    /// A fact of tmux about the terminal.
    fn fact(&self, name: &str) -> String {
        self.tmux.run(&["display-message", "-p", "-t", "top", &format!("#{{{name}}}")]).trim().to_owned()
    }

    /// The process of the view.
    fn pid(&self) -> u32 {
        until_some("the view's process", || {
            let found = Command::new("pgrep").args(["-P", &self.fact("pane_pid")]).output().unwrap();
            String::from_utf8(found.stdout).unwrap().lines().next()?.parse().ok()
        })
    }

    /// Leaves the shell, so that no process is left.
    fn leaves(self) {
        self.tmux.run(&["kill-server"]);
    }
}

fn paused() -> serde_json::Value {
    json!({ "daemon": { "max_parallel_actions": 1 } })
}

#[test]
fn a_person_looks_steers_and_decides() {
    let tmux = Tmux::new();
    let project = Project::started(paused());
    let person = Person::at_the_view(&tmux, &project, "");
    person.sees("No tasks.");
    // Live, without a key.
    let waits =
        "printf 'looking\\033[2J\\033]0;pwned\\007\\n'; while [ ! -e go ]; do sleep 0.01; done; echo found";
    project.submit(waits);
    person.sees("1 of 1 run");
    project.json(&["task", "submit", "Deploy it", "--approval"]);
    project.submit("echo third");
    person.sees("your approval");
    person.sees("a slot");
    person.sees("task:queued task-0003");
    // The output, as it comes.
    person.presses("Enter");
    person.sees("looking");
    std::fs::write(project.file("go"), "").unwrap();
    person.sees("found");
    person.sees("all of it");
    person.types("q");
    person.sees("? keys");
    // A decision.
    person.types("3");
    person.sees("▸task-0002");
    person.types("a");
    person.sees("y approve");
    person.sees("Deploy it");
    person.types("y");
    person.sees("approval-0001 is approved");
    person.types("4");
    until("its end", || project.task("task-0002")["state"] == "completed");
    // What has ended is submitted again.
    person.types("/0003");
    person.presses("Enter");
    person.sees("▸task-0003");
    person.types("r");
    person.sees("Submit task-0003 again");
    person.types("y");
    person.sees("task-0004 is");
    person.presses("Escape");
    // What runs is cancelled, but for a no.
    std::fs::remove_file(project.file("go")).unwrap();
    let id = project.submit(waits);
    person.types("2");
    person.sees(&format!("▸{id}"));
    person.types("c");
    person.sees(&format!("Cancel {id}?"));
    person.types("n");
    person.sees_no_more("y yes");
    assert_eq!(project.task(&id)["state"], "running");
    person.types("cy");
    until("its end", || project.task(&id)["state"] == "cancelled");
    person.sees("No task runs.");
    person.types("?");
    person.sees("once you have said yes");
    person.presses("Escape");
    person.types("q");
    person.sees("code=0");
    assert_ne!(person.fact("pane_title"), "pwned");
    person.leaves();
}

#[test]
fn the_daemon_goes_and_comes_back() {
    let tmux = Tmux::new();
    let project = Project::started(json!({}));
    let person = Person::at_the_view(&tmux, &project, "");
    project.submit("echo first");
    person.sees("completed");
    project.run(&["daemon", "restart"]);
    project.submit("echo second");
    person.sees("task-0002");
    project.stop();
    person.sees("no daemon since");
    person.sees("task-0002");
    // What cannot be done is said.
    person.types("ry");
    person.sees("nothing was done");
    project.start();
    person.sees_no_more("no daemon since");
    project.submit("echo third");
    person.sees("task-0003");
    // And after a crash.
    project.kill_daemon();
    person.sees("no daemon since");
    project.start();
    project.submit("echo fourth");
    person.sees("task-0004");
    person.presses("C-c");
    person.sees("code=130");
    // It can be there first.
    project.stop();
    person.starts("");
    person.sees("aiwg daemon start");
    project.start();
    person.sees("task-0004");
    person.leaves();
}

#[test]
fn the_terminal_is_as_it_was_however_it_ends() {
    let tmux = Tmux::new();
    let project = Project::started(json!({}));
    let person = Person::at_a_shell(&tmux, &project, &[]);
    let looks = |person: &Person, file: &str| {
        person.types(&format!("stty -a > {file}; echo kept=$?"));
        person.presses("Enter");
        person.sees("kept=0");
        person.types("clear");
        person.presses("Enter");
        person.sees_no_more("kept");
        project.read(file)
    };
    let before = looks(&person, "before");
    for (signal, code) in [(Signal::TERM, 143), (Signal::HUP, 129), (Signal::INT, 130), (Signal::QUIT, 131)] {
        person.starts("");
        assert_eq!((person.fact("alternate_on").as_str(), person.fact("cursor_flag").as_str()), ("1", "0"));
        kill(person.pid(), signal);
        person.sees(&format!("code={code}"));
        assert_eq!((person.fact("alternate_on").as_str(), person.fact("cursor_flag").as_str()), ("0", "1"));
        assert_eq!(looks(&person, "after"), before, "{signal:?}");
    }
    person.leaves();
}

#[test]
fn ctrl_z_gives_the_terminal_to_the_shell_until_fg() {
    let tmux = Tmux::new();
    let project = Project::started(json!({}));
    let person = Person::at_the_view(&tmux, &project, "");
    for stop in ["key", "signal"] {
        match stop {
            "key" => person.presses("C-z"),
            _ => kill(person.pid(), Signal::TSTP),
        }
        person.sees("Stopped");
        assert_eq!(person.fact("alternate_on"), "0");
        project.submit("echo unseen");
        person.types("clear; stty size; fg");
        person.presses("Enter");
        person.sees("? keys");
        person.sees("do: echo unseen");
        assert_eq!(person.fact("alternate_on"), "1");
    }
    person.types("?");
    person.sees("once you have said yes");
    person.leaves();
}

#[test]
fn nobody_is_left_with_a_view_that_cannot_go_on() {
    let project = Project::started(json!({}));
    // Where no shell would let it go on, it does not stop.
    let tmux = Tmux::new();
    let directory = project.path().to_str().unwrap();
    let view = [env!("CARGO_BIN_EXE_aiwg"), "top"];
    tmux.run(
        &[
            &["-f", "/dev/null", "new-session", "-d", "-s", "top", "-x", "80", "-y", "24", "-c", directory],
            &view[..],
        ]
        .concat(),
    );
    let person = Person { tmux: &tmux };
    person.sees("? keys");
    person.presses("C-z");
    person.sees("there is no shell to go back to");
    person.types("q");
    until("its end", || tmux.run(&["list-sessions"]).is_empty());
    // A terminal that takes nothing more does not keep it.
    let stuck = "import fcntl, os, pty, signal, struct, sys, termios, time\n\
        pid, terminal = pty.fork()\n\
        if pid == 0: os.execv(sys.argv[1], ['aiwg', 'top'])\n\
        def size(n): fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack('HHHH', 50 + n % 2, 200 - n % 3, 0, 0))\n\
        os.read(terminal, 1)\n\
        for n in range(40): size(n); time.sleep(0.11)\n\
        os.kill(pid, signal.SIGTERM)\n\
        sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))";
    let mut command = Command::new("timeout");
    command.args(["60", "python3", "-c", stuck, env!("CARGO_BIN_EXE_aiwg")]).current_dir(project.path());
    let done =
        command.env("TERM", "xterm").env_remove("AIWG_DAEMON_SOCKET").stdin(Stdio::null()).output().unwrap();
    assert_eq!(done.status.code(), Some(143), "{}", String::from_utf8_lossy(&done.stderr));
}

#[test]
fn it_fits_every_size_and_writes_only_what_has_changed() {
    let tmux = Tmux::new();
    let project = Project::started(json!({}));
    project.submit("echo one");
    let person = Person::at_the_view(&tmux, &project, "");
    person.sees("task-0001");
    for (columns, rows) in [("40", "24"), ("40", "10"), ("20", "5"), ("1", "1"), ("200", "50"), ("80", "24")]
    {
        tmux.run(&["resize-window", "-t", "top", "-x", columns, "-y", rows]);
        until("its picture", || person.screen().lines().count() >= 1);
        if columns != "1" && columns != "20" {
            person.sees("task-0001");
        }
    }
    person.sees("? keys");
    // While nothing happens, hardly anything is written: a clock.
    std::thread::sleep(Duration::from_secs(1));
    let written = project.file("written");
    tmux.run(&["pipe-pane", "-t", "top", &format!("cat > {}", written.display())]);
    std::thread::sleep(Duration::from_secs(3));
    let idle = std::fs::read(&written).unwrap_or_default();
    assert!(idle.len() < 600, "{}", String::from_utf8_lossy(&idle));
    for _ in 0..20 {
        project.json(&["event", "emit", "a:b", "{}"]);
    }
    person.sees("a:b");
    let busy = String::from_utf8_lossy(&std::fs::read(&written).unwrap()).into_owned();
    assert!(!busy.contains("\x1b[2J") && !busy.contains("\x1b[H\x1b[J"), "{busy:?}");
    person.types("q");
    person.sees("code=0");
    person.leaves();
}

#[test]
fn without_colours_there_are_none() {
    let tmux = Tmux::new();
    let project = Project::started(json!({}));
    project.submit("exit 3");
    let person = Person::at_a_shell(&tmux, &project, &[]);
    let colored = || {
        let screen = tmux.run(&["capture-pane", "-e", "-p", "-t", "top"]);
        screen.contains("\x1b[31m") || screen.contains(";31m")
    };
    person.starts("");
    person.sees("failed");
    until("red", colored);
    person.types("q");
    person.sees("code=0");
    person.types("clear; export NO_COLOR=1");
    person.presses("Enter");
    person.sees_no_more("code");
    person.starts("");
    person.sees("failed");
    assert!(!colored());
    person.leaves();
}

#[test]
fn all_daemons_and_one_from_afar() {
    let tmux = Tmux::new();
    let runtime = tempfile::tempdir().unwrap();
    let runtime = runtime.path().to_str().unwrap();
    let start = |project: &Project| {
        let done =
            project.command().args(["daemon", "start"]).env("AIWG_RUNTIME_DIR", runtime).output().unwrap();
        assert!(done.status.success());
    };
    let (first, second) = (Project::new(json!({})), Project::new(json!({})));
    start(&first);
    first.submit("echo first");
    let person = Person::at_a_shell(&tmux, &first, &[("AIWG_RUNTIME_DIR", runtime)]);
    person.starts("--all");
    person.sees("1 daemon");
    person.sees("do: echo first");
    // One that comes later is seen as well.
    start(&second);
    second.submit("echo other");
    person.sees("2 daemons");
    person.sees("do: echo other");
    second.stop();
    person.sees("1 of 2 daemons answer");
    person.types("q");
    person.sees("code=0");
    // From where the project is not.
    let socket = first.socket();
    person.types(&format!("clear; cd /; export AIWG_DAEMON_SOCKET={}", socket.display()));
    person.presses("Enter");
    person.sees_no_more("code");
    person.starts("");
    person.sees("do: echo first");
    person.sees(first.path().file_name().unwrap().to_str().unwrap());
    person.leaves();
}

#[test]
fn sentences_for_a_pipe_and_a_screen_reader() {
    let project = Project::started(json!({ "budget": { "day_usd": 5 } }));
    project.json(&["task", "submit", "Deploy it", "--approval"]);
    let mut command = project.command();
    let out = project.file("out");
    let err = project.file("err");
    command.arg("top").stdin(Stdio::null());
    command.stdout(std::fs::File::create(&out).unwrap()).stderr(std::fs::File::create(&err).unwrap());
    let mut child = command.spawn().unwrap();
    let said = || std::fs::read_to_string(&out).unwrap();
    let sees = |text: &str| until(text, || said().contains(text));
    sees("The daemon answers: 0 tasks run, 1 waits.");
    sees("task-0001 is to be approved, approval-0001: Deploy it. Next: aiwg approval approve 1.");
    sees("$0.00 of $5.00 are spent today.");
    assert!(
        project.read("err").contains("Standard output is no terminal: what changes follows in sentences")
    );
    project.submit("printf '\\033[2Jred\\n' >&2; exit 3");
    sees("task-0002 is queued: do: printf");
    sees("task-0002 has started: do: printf");
    sees("task-0002 has failed after ");
    project.json(&["approval", "approve", "1"]);
    sees("approval-0001 is approved by ");
    sees("task-0001 has completed after ");
    project.json(&["event", "emit", "deployment:complete", "{\"version\": \"\\u001b[2J\"}"]);
    sees("Event deployment:complete: {\"version\":");
    project.run(&["daemon", "restart"]);
    project.submit("echo after the restart");
    sees("task-0003 has completed");
    project.stop();
    sees("The daemon does not answer, and is waited for: ");
    project.start();
    until("its answer", || said().matches("The daemon answers").count() >= 2);
    child.kill().unwrap();
    child.wait().unwrap();
    let said = said();
    assert!(said.lines().all(|line| !line.contains(|c: char| c.is_control())), "{said:?}");
    assert!(said.lines().count() < 40, "{said}");
}

#[test]
fn sentences_end_with_their_reader_and_json_is_elsewhere() {
    let project = Project::started(json!({}));
    let script = format!("{} top --plain | head -1", env!("CARGO_BIN_EXE_aiwg"));
    let done = Command::new("timeout")
        .args(["30", "bash", "-c", &script])
        .current_dir(project.path())
        .output()
        .unwrap();
    assert!(done.status.success());
    assert!(String::from_utf8(done.stdout).unwrap().contains("The daemon answers"));
    let refused = project.run(&["top", "--json"]);
    assert!(refused.code == 2 && refused.err.contains("aiwg event watch --json"), "{}", refused.err);
    let nowhere = Project::empty();
    let refused = nowhere.command().arg("top").current_dir("/").output().unwrap();
    assert_eq!(refused.status.code(), Some(3));
    let done = project.command().args(["top", "--all", "--project", "."]).output().unwrap();
    assert_eq!(done.status.code(), Some(2));
}
