//! The agent that stands in for the real one in the tests behaves as the real one's samples do.

#![allow(clippy::unwrap_used)]

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use aiwg_agents::RefusedTasks;
use aiwg_agents::claude::{Evaluation, Exit, Format, Progress, ResultWatch, evaluate, read};
use rustix::process::{Pid, Signal, kill_process};

struct StandIn {
    dir: tempfile::TempDir,
    command: Vec<String>,
}

impl StandIn {
    fn new(options: &str) -> Self {
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/agents/stand-in-agent");
        let command = std::iter::once(program.to_str().unwrap()).chain(options.split_whitespace());
        Self { dir: tempfile::tempdir().unwrap(), command: command.map(str::to_owned).collect() }
    }

    fn stream() -> Self {
        Self::new("-p --output-format stream-json --verbose")
    }

    fn format(&self) -> Format {
        Format::of(&self.command)
    }

    fn out(&self) -> PathBuf {
        self.dir.path().join("stdout.log")
    }

    fn spawn(&self, prompt: &str) -> Child {
        let file = |name| std::fs::File::create(self.dir.path().join(name)).unwrap();
        let mut child = Command::new(&self.command[0])
            .args(&self.command[1..])
            .current_dir(self.dir.path())
            .stdin(Stdio::piped())
            .stdout(file("stdout.log"))
            .stderr(file("stderr.log"))
            .spawn()
            .unwrap();
        // One that gives up at once reads no prompt.
        let _ = child.stdin.take().unwrap().write_all(prompt.as_bytes());
        child
    }

    fn evaluation(&self, mut child: Child, previous: Option<f64>) -> (Option<i32>, Evaluation) {
        let code = child.wait().unwrap().code();
        let text = |name| std::fs::read_to_string(self.dir.path().join(name)).unwrap();
        let (stdout, stderr) = (text("stdout.log"), text("stderr.log"));
        let exit = Exit { code, stdout: Some(&stdout), stderr: &stderr, ..Exit::default() };
        let output = read(&self.out(), 0, self.format()).unwrap();
        (code, evaluate(&exit, &output, |_| previous))
    }

    fn run(&self, prompt: &str) -> (Option<i32>, Evaluation) {
        self.evaluation(self.spawn(prompt), None)
    }

    fn has(&self, name: &str) -> bool {
        self.dir.path().join(name).exists()
    }
}

fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let began = Instant::now();
    while !condition() {
        assert!(began.elapsed() < Duration::from_secs(60), "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn signal(child: &Child, signal: Signal) {
    kill_process(Pid::from_raw(child.id().cast_signed()).unwrap(), signal).unwrap();
}

#[test]
fn it_answers_in_each_format() {
    let text = "it is \"ä\"\n\tand \\ this";
    for options in ["-p", "-p --output-format json", "-p --output-format stream-json --verbose"] {
        let (code, evaluation) = StandIn::new(options).run(text);
        assert!(code == Some(0) && evaluation.is_success(RefusedTasks::Complete), "{evaluation:?}");
        assert_eq!(evaluation.answer.unwrap().trim_end(), format!("stand-in agent: {text}"));
    }
}

#[test]
fn it_uses_tools_and_is_refused_some() {
    let (code, evaluation) = StandIn::stream()
        .run("do: tool 'echo one >made'; refused 'rm -r x'; retry 529; cost 0.25; answer 'Well done.'");
    assert!(code == Some(0) && evaluation.is_success(RefusedTasks::Complete), "{evaluation:?}");
    assert_eq!((evaluation.answer.as_deref(), evaluation.usage.turns), (Some("Well done."), 3));
    assert_eq!((evaluation.usage.cost_usd, evaluation.usage.tokens.input), (Some(0.25), 300));
    assert_eq!(evaluation.usage.permission_denials[0].what, "rm -r x");
}

#[test]
fn it_fails_as_the_real_one_does() {
    let (code, evaluation) = StandIn::stream().run("do: fails 'API Error: 403 no'");
    assert_eq!(
        (code, evaluation.error.as_deref()),
        (Some(1), Some("the agent reported an error: API Error: 403 no"))
    );
    let (code, evaluation) = StandIn::new("-p --output-format json").run("do: no_result");
    assert!(code == Some(0) && evaluation.error.unwrap().contains("gave no result"));
    let (code, evaluation) = StandIn::new("-p --output-format json --no-such-option").run("x");
    assert!(code == Some(1) && evaluation.error.unwrap().contains("unknown option"));
    let (code, evaluation) = StandIn::new("-p --output-format stream-json").run("x");
    assert!(code == Some(1) && evaluation.error.unwrap().contains("requires --verbose"));
}

#[test]
fn asked_to_end_it_ends_its_tools_and_exits_with_143() {
    for options in ["-p --output-format json", "-p --output-format stream-json --verbose"] {
        let agent = StandIn::new(options);
        let child = agent.spawn("do: tool 'echo $$ >begun; sleep 1000'");
        until("the tool", || agent.has("begun"));
        let tool: i32 = loop {
            match std::fs::read_to_string(agent.dir.path().join("begun")).unwrap().trim().parse() {
                Ok(tool) => break tool,
                Err(_) => std::thread::sleep(Duration::from_millis(5)),
            }
        };
        let tool = Pid::from_raw(tool).unwrap();
        assert_eq!(rustix::process::getsid(Some(tool)).unwrap(), tool);
        signal(&child, Signal::TERM);
        let (code, evaluation) = agent.evaluation(child, None);
        assert_eq!((code, evaluation.is_success(RefusedTasks::Complete)), (Some(143), false));
        until("the tool's end", || rustix::process::test_kill_process(tool).is_err());
    }
}

#[test]
fn interrupted_it_exits_with_0_without_success() {
    let agent = StandIn::stream();
    let child = agent.spawn("do: tool 'touch begun; sleep 1000'");
    until("the tool", || agent.has("begun"));
    signal(&child, Signal::INT);
    let (code, evaluation) = agent.evaluation(child, None);
    assert_eq!(
        (code, evaluation.error.as_deref()),
        (Some(0), Some("the agent reported an error: error_during_execution, aborted_tools"))
    );
}

#[test]
fn it_may_stay_after_its_result() {
    let agent = StandIn::stream();
    let mut child = agent.spawn("do: never_exits");
    let mut watch = ResultWatch::new(&agent.out(), 0, agent.format());
    until("the result", || watch.look().unwrap() == Progress::Done);
    assert_eq!(child.try_wait().unwrap(), None);
    signal(&child, Signal::TERM);
    let status = child.wait().unwrap();
    let exit = Exit { code: status.code(), ended_after_result: true, ..Exit::default() };
    assert!(evaluate(&exit, &watch.into_output().unwrap(), |_| None).is_success(RefusedTasks::Complete));
}

#[test]
fn it_waits_for_what_it_left_in_the_background() {
    let agent = StandIn::stream();
    let child = agent.spawn("do: background 'until [ -e go ]; do sleep 0.01; done'; answer 'It runs.'");
    let mut watch = ResultWatch::new(&agent.out(), 0, agent.format());
    until("the first result", || watch.look().unwrap() == Progress::Waiting(1));
    std::fs::write(agent.dir.path().join("go"), "").unwrap();
    let (code, evaluation) = agent.evaluation(child, None);
    assert_eq!((code, evaluation.answer.as_deref()), (Some(0), Some("It is over.")));
    assert_eq!((evaluation.usage.turns, evaluation.usage.cost_usd), (3, Some(0.02)));
}

#[test]
fn a_resumed_session_adds_up() {
    let session = "--resume=00000000-0000-4000-8000-000000000001";
    let agent = StandIn::new(&format!("-p --output-format json {session}"));
    let first = agent.run("do: cost 0.5").1.usage;
    assert_eq!((first.cost_usd, first.session_total_usd), (Some(0.5), Some(0.5)));
    let second = agent.evaluation(agent.spawn("do: cost 0.25"), first.session_total_usd).1.usage;
    assert_eq!((second.cost_usd, second.session_total_usd), (Some(0.25), Some(0.75)));
}
