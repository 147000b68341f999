//! The helpers of the tests: a task, its shim, and waiting for conditions.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use aiwg_shim::{DEFAULT_MOST_PAUSED_MS, ExitRecord, LaunchSpec, Process, Signal, Started, read_exit, sweep};
use tempfile::TempDir;

/// The shim's role as a program.
pub(crate) const SHIM: &str = env!("CARGO_BIN_EXE_shim-for-tests");

/// Marks the processes of one task.
pub(crate) const MARK: &str = "AIWG_SHIM_TEST";

/// No test takes as long, on the slowest machine.
const DEADLINE: Duration = Duration::from_secs(60);

/// Waits until there is something.
pub(crate) fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + DEADLINE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// A task in a directory of its own. No process of it outlives it.
pub(crate) struct Task {
    pub(crate) spec: LaunchSpec,
    dir: TempDir,
}

impl Task {
    pub(crate) fn new(command: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mark = dir.path().to_str().unwrap().to_owned();
        let spec = LaunchSpec {
            task_id: "task-0001".to_owned(),
            launch: 1,
            command: command.iter().map(|&word| word.to_owned()).collect(),
            env: [(MARK.to_owned(), mark)].into(),
            env_remove: Vec::new(),
            // So that scripts can name files without a path.
            cwd: dir.path().to_owned(),
            dir: dir.path().to_owned(),
            root: None,
            prompt_file: None,
            live_input: false,
            grace_ms: 60_000,
            leftover_grace_ms: 60_000,
            open_files: None,
            lease: None,
            time_limit_ms: None,
            most_paused_ms: DEFAULT_MOST_PAUSED_MS,
            max_output_bytes: None,
        };
        Self { spec, dir }
    }

    pub(crate) fn sh(script: &str) -> Self {
        Self::new(&["sh", "-c", script])
    }

    pub(crate) fn python(script: &str) -> Self {
        Self::new(&["python3", "-c", script])
    }

    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.dir().join(name)
    }

    pub(crate) fn text(&self, name: &str) -> String {
        fs::read_to_string(self.file(name)).unwrap_or_default()
    }

    /// Waits for the whole lines that scripts write into a file.
    pub(crate) fn lines(&self, name: &str, count: usize) -> Vec<String> {
        until(&format!("{name} has {count} lines"), || {
            let text = self.text(name);
            (text.matches('\n').count() >= count).then(|| text.lines().map(str::to_owned).collect())
        })
    }

    /// Waits for the processes whose numbers scripts write into a file.
    pub(crate) fn processes(&self, name: &str, count: usize) -> Vec<Process> {
        let lines = self.lines(name, count);
        lines.iter().map(|line| Process::of(line.trim().parse().unwrap()).unwrap()).collect()
    }

    pub(crate) fn touch(&self, name: &str) {
        fs::write(self.file(name), "").unwrap();
    }

    /// Starts a shim that has no specification yet.
    pub(crate) fn shim(&self) -> Shim {
        self.shim_by(&mut Command::new(SHIM))
    }

    /// The same, by way of a command that becomes the shim.
    pub(crate) fn shim_by(&self, command: &mut Command) -> Shim {
        let child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(fs::File::options().append(true).create(true).open(self.file("shim.log")).unwrap())
            .spawn()
            .unwrap();
        Shim { child, stdout: None }
    }

    /// Starts a shim and gives it the specification.
    pub(crate) fn start(&self) -> Shim {
        let mut shim = self.shim();
        shim.give(&self.spec);
        shim
    }

    /// Starts it, and waits until the agent runs.
    pub(crate) fn started(&self) -> (Shim, Process) {
        let mut shim = self.start();
        let agent = shim.agent();
        (shim, agent)
    }

    /// The whole life of a task that ends by itself.
    pub(crate) fn run(&self) -> ExitRecord {
        let mut shim = self.start();
        shim.wait();
        self.exit()
    }

    pub(crate) fn exit(&self) -> ExitRecord {
        let exit = read_exit(self.dir(), self.spec.launch).unwrap();
        exit.unwrap_or_else(|| panic!("there is no exit record; the shim says: {}", self.text("shim.log")))
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        let left = sweep(&[(MARK, self.dir().to_str().unwrap())]);
        if !std::thread::panicking() {
            assert_eq!((left.ended, left.left), (0, 0), "the task left processes");
        }
    }
}

/// A shim as the daemon sees it.
pub(crate) struct Shim {
    child: Child,
    stdout: Option<BufReader<ChildStdout>>,
}

impl Shim {
    pub(crate) fn give(&mut self, spec: &LaunchSpec) {
        let text = serde_json::to_vec(spec).unwrap();
        self.give_text(&text);
    }

    pub(crate) fn give_text(&mut self, text: &[u8]) {
        self.stdout = self.child.stdout.take().map(BufReader::new);
        self.child.stdin.take().unwrap().write_all(text).unwrap();
    }

    /// Gives it the specification and stays, as a daemon that lives.
    pub(crate) fn give_and_stay(&mut self, spec: &LaunchSpec) {
        self.stdout = self.child.stdout.take().map(BufReader::new);
        let line = serde_json::to_string(spec).unwrap();
        writeln!(self.child.stdin.as_mut().unwrap(), "{line}").unwrap();
    }

    /// Its next line, without its end.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.as_mut().unwrap().read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// Answers that the end is stored.
    pub(crate) fn answer(&mut self, answer: u8) {
        self.child.stdin.as_mut().unwrap().write_all(&[answer]).unwrap();
    }

    /// Ends without an answer.
    pub(crate) fn close_stdin(&mut self) {
        self.child.stdin = None;
    }

    /// Its one line; none if it ended without.
    pub(crate) fn says(&mut self) -> Option<Started> {
        let mut line = String::new();
        self.stdout.as_mut().unwrap().read_line(&mut line).unwrap();
        (!line.is_empty()).then(|| serde_json::from_str(&line).unwrap())
    }

    pub(crate) fn agent(&mut self) -> Process {
        match self.says() {
            Some(Started::Started(agent)) => agent,
            other => panic!("the agent was not started: {other:?}"),
        }
    }

    /// Its output until it closes its standard output.
    pub(crate) fn says_after(&mut self) -> String {
        let mut text = String::new();
        self.stdout.as_mut().unwrap().read_to_string(&mut text).unwrap();
        text
    }

    /// Hangs up, as a daemon that dies.
    pub(crate) fn hang_up(&mut self) {
        self.stdout = None;
        self.child.stdout = None;
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn is_alive(&self) -> bool {
        Process::of(self.child.id()).is_some_and(|process| process.is_alive())
    }

    pub(crate) fn signal(&self, signal: Signal) {
        assert!(Process::of(self.child.id()).unwrap().signal(signal).unwrap(), "the shim is gone");
    }

    /// Waits until it has come to its end and says that all went well.
    pub(crate) fn wait(&mut self) {
        assert!(self.succeeds(), "the shim failed");
    }

    /// Its exit code.
    pub(crate) fn code(&mut self) -> Option<i32> {
        until("the shim has exited", || self.child.try_wait().unwrap()).code()
    }

    pub(crate) fn succeeds(&mut self) -> bool {
        until("the shim has exited", || self.child.try_wait().unwrap()).success()
    }

    /// One number of its /proc/PID/status; none once it is gone.
    pub(crate) fn status(&self, name: &str) -> Option<u64> {
        let text = fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        value.split_ascii_whitespace().next()?.parse().ok()
    }
}

impl Drop for Shim {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
