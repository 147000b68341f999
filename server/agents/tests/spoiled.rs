//! Outputs of real programs, spoiled at random: whatever an agent writes, its evaluation does not contradict itself.

#![allow(clippy::unwrap_used)]

use std::path::Path;

use aiwg_agents::{
    AgentProgram, Reason, RefusedTasks, evaluation::Evaluation, evaluation::Exit, program_named,
};

/// Number of spoiled outputs for each sample.
const ROUNDS: usize = 16;

/// Ends of processes: exit codes and signals.
const EXITS: [(Option<i32>, Option<i32>); 5] =
    [(Some(0), None), (Some(0), None), (Some(1), None), (Some(173), None), (None, Some(9))];

/// A generator of numbers that are the same in each run (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(most.max(1)).unwrap()).unwrap()
    }
}

/// The programs, a command for each, and the folder of its samples.
const PROGRAMS: [(&str, &str, &str); 4] = [
    ("claude", "claude -p --output-format stream-json", "claude/samples/2.1.332"),
    ("codex", "codex exec --json", "codex/samples/0.171.0"),
    ("gemini", "gemini -o stream-json", "gemini/samples/0.61.0"),
    ("opencode", "opencode run --format json", "opencode/samples/1.18.33"),
];

fn spoiled(sample: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = sample.to_vec();
    for _ in 0..=random.below(6) {
        let (at, length) = (random.below(bytes.len()), random.below(200));
        let end = (at + length).min(bytes.len());
        match random.below(5) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(at..end)),
            2 => bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << random.below(8)),
            3 => {
                let piece = bytes.get(at..end).unwrap_or_default().to_vec();
                bytes.splice(at..at, piece);
            }
            _ => {
                let odd = [
                    &b"1e400"[..],
                    b"null",
                    b"-1",
                    b"\"\\ud83d\"",
                    b"[",
                    b"{}",
                    b"\n",
                    b"99999999999999999999",
                ];
                bytes.splice(at..end.min(at + 12), odd[random.below(odd.len())].iter().copied());
            }
        }
    }
    bytes
}

fn evaluated(program: &dyn AgentProgram, command: &str, output: &[u8], exit: &Exit<'_>) -> Evaluation {
    let command: Vec<String> = command.split(' ').map(str::to_owned).collect();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), output).unwrap();
    if let Some(mut watch) = program.watch(&command, file.path()) {
        watch.done().unwrap();
        assert!(watch.spent().told_usd.is_finite());
    }
    program.evaluate(&command, file.path(), exit, &mut |_| None).unwrap()
}

fn check(evaluation: &Evaluation) {
    let Evaluation { reason, error, limit, deferred, answer, usage, .. } = evaluation;
    assert_eq!(error.is_none(), reason.is_success(RefusedTasks::Complete), "{evaluation:?}");
    assert_eq!(limit.is_some(), *reason == Reason::Limited, "{evaluation:?}");
    assert!(deferred.is_none() || *reason == Reason::Deferred, "{evaluation:?}");
    assert_eq!(
        *reason == Reason::Refused,
        error.is_none() && usage.permission_denial_count > 0,
        "{evaluation:?}"
    );
    assert!(
        answer.is_none() || !matches!(reason, Reason::Auth | Reason::Limited | Reason::Billing),
        "{evaluation:?}"
    );
    assert!(usage.cost_usd.is_none_or(f64::is_finite));
}

#[test]
fn no_evaluation_contradicts_itself() {
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    for (name, command, folder) in PROGRAMS {
        let program = program_named(name).unwrap();
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(folder);
        let mut samples: Vec<_> =
            std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        samples.retain(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
        samples.sort();
        assert!(samples.len() > 5, "{name}");
        for path in samples {
            let sample = std::fs::read(&path).unwrap();
            for _ in 0..ROUNDS {
                let output = spoiled(&sample, &mut random);
                let (code, signal) = EXITS[random.below(EXITS.len())];
                let exit = Exit { code, signal, ended_after_result: random.below(4) == 0, ..Exit::default() };
                check(&evaluated(program, command, &output, &exit));
            }
        }
    }
}
