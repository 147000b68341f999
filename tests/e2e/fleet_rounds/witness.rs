//! What the agents of all hosts have noted, in one file.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
};

use super::faults::Thaw;
use crate::support::{repository, until_some};

/// Longest time for which an agent goes on that was frozen while its host was given up, in seconds.
const ENDS_WITHIN: f64 = 5.0;

/// The file, and the script of the agents that write it.
pub(super) struct Witness {
    path: PathBuf,
    script: String,
}

/// What a line says of an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Word {
    Begin,
    Runs,
    End,
}

/// A line.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) task: String,
    /// Which launch of the task this is.
    pub(super) launch: u32,
    pub(super) host: String,
    /// What no other launch has.
    pub(super) token: String,
    pub(super) word: Word,
    /// The time since the machine was started, in seconds.
    pub(super) at: f64,
}

impl Witness {
    pub(super) fn new(dir: &Path) -> Self {
        let path = dir.join("witness");
        let work = fs::read_to_string(repository().join("tests/e2e/fleet_rounds/work.sh")).unwrap();
        let script = dir.join("work.sh");
        fs::write(&script, format!("witness='{}'\n{work}", path.display())).unwrap();
        Self { path, script: script.display().to_string() }
    }

    /// The script of the agents.
    pub(super) fn script(&self) -> &str {
        &self.script
    }

    /// The time as the lines have it.
    pub(super) fn now() -> f64 {
        let text = fs::read_to_string("/proc/uptime").unwrap();
        text.split(' ').next().unwrap().parse().unwrap()
    }

    /// All that was noted.
    pub(super) fn text(&self) -> String {
        fs::read_to_string(&self.path).unwrap_or_default()
    }

    /// All lines, in the order in which they were written.
    pub(super) fn lines(&self) -> Vec<Line> {
        let text = self.text();
        text.lines().map(|line| Line::of(line).unwrap_or_else(|| panic!("{line:?}"))).collect()
    }

    /// Waits until a launch of a task, this one or a later one, has noted this.
    pub(super) fn wait_for(&self, task: &str, launch: u32, word: Word) -> Line {
        until_some(&format!("{word:?} of launch {launch} of {task}"), || {
            let lines = self.lines().into_iter();
            lines.into_iter().find(|line| line.task == task && line.launch >= launch && line.word == word)
        })
    }
}

impl Line {
    fn of(line: &str) -> Option<Self> {
        let [task, launch, host, token, word, at] = line.split(' ').collect::<Vec<_>>().try_into().ok()?;
        let word = match word {
            "begin" => Word::Begin,
            "runs" => Word::Runs,
            "end" => Word::End,
            _ => return None,
        };
        Some(Self {
            task: task.to_owned(),
            launch: launch.parse().ok()?,
            host: host.to_owned(),
            token: token.to_owned(),
            word,
            at: at.parse().ok()?,
        })
    }
}

/// What the lines say of one agent that has gone on while a later one of its task ran.
pub(super) struct Overlaps {
    /// Those that the contract allows: their machines were frozen while they were given up. With the longest time for which one went on.
    pub(super) allowed: usize,
    pub(super) longest: f64,
    /// All others.
    pub(super) others: Vec<String>,
}

/// Looks for agents that have run at the same time for one task.
pub(super) fn overlaps(lines: &[Line], thaws: &[Thaw]) -> Overlaps {
    let mut latest: HashMap<&str, &Line> = HashMap::new();
    let mut begun: HashMap<&str, f64> = HashMap::new();
    let (mut allowed, mut longest, mut others) = (Vec::new(), 0.0_f64, Vec::new());
    for line in lines {
        if line.word == Word::Begin {
            begun.insert(&line.token, line.at);
        }
        let last = latest.entry(&line.task).or_insert(line);
        if line.launch > last.launch {
            *last = line;
        }
        if line.token == last.token {
            continue;
        }
        let since = begun.get(line.token.as_str()).copied().unwrap_or(f64::NAN);
        let before = thaws.iter().rfind(|thaw| thaw.host == line.host && thaw.at <= line.at);
        let thaw =
            before.filter(|thaw| (since <= thaw.at || thaw.is_by_hand) && line.at - thaw.at < ENDS_WITHIN);
        match thaw {
            Some(thaw) if line.launch < last.launch => {
                allowed.push(&line.token);
                longest = longest.max(line.at - thaw.at);
            }
            _ => others.push(format!("{line:?} while {last:?}")),
        }
    }
    allowed.sort_unstable();
    allowed.dedup();
    Overlaps { allowed: allowed.len(), longest, others }
}
