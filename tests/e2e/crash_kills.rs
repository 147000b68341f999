//! `kill -9` of whatever works for a task, in any combination: its daemon, shims, agents and the hooks of these.

use rustix::{
    io::Errno,
    process::{Pid, Signal, kill_process},
};

use crate::{
    crash::shims,
    support::{Project, is_dead, processes_of, until, until_some},
};

/// Numbers that look random and are the same every time.
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    /// The next one, below this.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    /// True in so many of a hundred cases.
    fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// A number of processes of a kind.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Few {
    None,
    One,
    All,
}

/// The processes that one round kills, all at once.
#[derive(Debug)]
pub(crate) struct Victims {
    pub(crate) daemon: bool,
    shims: Few,
    agents: Few,
    hooks: Few,
}

impl Victims {
    /// Any, but never none.
    pub(crate) fn any(chance: &mut Chance) -> Self {
        let few = |chance: &mut Chance| match chance.below(8) {
            0..4 => Few::None,
            4..7 => Few::One,
            _ => Few::All,
        };
        let (shims, agents, hooks) = (few(chance), few(chance), few(chance));
        let is_any = [shims, agents, hooks].iter().any(|few| *few != Few::None);
        Self { daemon: !is_any || chance.percent(60), shims, agents, hooks }
    }

    /// Kills them, and waits until they are gone. In which order they end is as it comes.
    pub(crate) fn kill(&self, project: &Project, chance: &mut Chance) {
        let shims = shims(project);
        let agents = children(&shims);
        let hooks: Vec<u32> = processes_of(project.path())
            .into_iter()
            .filter(|(_, line)| line.contains("hook permission") && !line.starts_with("sh "))
            .map(|(pid, _)| pid)
            .filter(|pid| !shims.contains(pid) && !agents.contains(pid))
            .collect();
        let mut pids: Vec<u32> = self.daemon.then(|| project.pid()).into_iter().collect();
        for (which, all) in [(self.shims, shims), (self.agents, agents), (self.hooks, hooks)] {
            match which {
                Few::One if !all.is_empty() => pids.push(all[chance.below(all.len() as u64) as usize]),
                Few::All => pids.extend(all),
                _ => {}
            }
        }
        let first = chance.below(pids.len().max(1) as u64) as usize;
        pids.rotate_left(first);
        for pid in &pids {
            let pid = Pid::from_raw(i32::try_from(*pid).unwrap()).unwrap();
            // Some have just come to their end.
            let killed = kill_process(pid, Signal::KILL);
            assert!(matches!(killed, Ok(()) | Err(Errno::SRCH)), "{killed:?}");
        }
        until("the end of those that were killed", || pids.iter().all(|pid| is_dead(*pid)));
    }
}

/// The children of these processes.
fn children(parents: &[u32]) -> Vec<u32> {
    let of = |pid: &u32| {
        let path = format!("/proc/{pid}/task/{pid}/children");
        let line = std::fs::read_to_string(path).unwrap_or_default();
        line.split_whitespace().map(|pid| pid.parse().unwrap()).collect::<Vec<u32>>()
    };
    parents.iter().flat_map(of).collect()
}

/// Waits until no task is left that has not ended: however many there are, some end all the time.
pub(crate) fn until_all_have_ended(project: &Project) {
    let open = || {
        let stats = project.json(&["task", "stats"]);
        stats["queued"].as_u64().unwrap() + stats["running"].as_u64().unwrap()
    };
    let mut left = open();
    while left > 0 {
        left = until_some("the end of another task", || Some(open()).filter(|now| *now < left));
    }
}
