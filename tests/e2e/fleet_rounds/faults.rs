//! What goes wrong in the rounds, and how all is made whole again.

use std::{
    collections::BTreeMap,
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::{
    host::Host,
    load::prompt,
    network::Network,
    witness::{Witness, Word},
};
use crate::{
    crash_kills::Chance,
    support::{processes_of, until, until_some},
};

/// A kind of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fault {
    /// `kill -9` of a daemon.
    Daemon,
    /// `kill -9` of one shim of a host, or of all.
    Shims,
    /// `kill -9` of a daemon, its shims and agents.
    Machine,
    /// The PostgreSQL ends at once, or all its processes are killed.
    Postgres,
    /// The PostgreSQL ends all its connections.
    Connections,
    /// SIGSTOP of a daemon.
    Frozen,
    /// A link is down.
    Link,
    /// A clock is set an hour ahead or back.
    Clock,
    /// A host is given up whose daemon is frozen: what it has to report meets a running successor.
    Stale,
    /// A host is given up that is frozen with its agents.
    FrozenMachine,
    /// A host is away for so long that the others give it up.
    Away,
}

/// All of which ten rounds have one at least.
const DECK: [Fault; 10] = [
    Fault::Daemon,
    Fault::Shims,
    Fault::Machine,
    Fault::Postgres,
    Fault::Connections,
    Fault::Frozen,
    Fault::Link,
    Fault::Clock,
    Fault::Stale,
    Fault::FrozenMachine,
];

/// Longer than the least time after which a host is given up.
const AWAY: Duration = Duration::from_secs(78);

/// The number of rounds after which a host is away, time and again: not in the suite, it takes too long there.
const ROUNDS_TO_AWAY: u32 = 15;

/// A moment from which on a host's agents may have gone on although it had been given up.
pub(super) struct Thaw {
    pub(super) host: String,
    /// The time since the machine was started.
    pub(super) at: f64,
    /// True if it was given up by hand, while its leases went on: it may even start what it has just been given.
    pub(super) is_by_hand: bool,
}

/// The hosts, and what goes wrong with them.
pub(super) struct Rounds {
    pub(super) network: Network,
    pub(super) hosts: Vec<Host>,
    pub(super) ids: Vec<String>,
    pub(super) witness: Witness,
    pub(super) chance: Chance,
    deck: Vec<Fault>,
    /// The host that is away, until when, and whether its agents are frozen.
    away: Option<(usize, Instant, bool)>,
    pub(super) thaws: Vec<Thaw>,
    pub(super) counts: BTreeMap<Fault, u32>,
    /// The stale reports that have met a running successor.
    pub(super) met: u32,
    /// The tasks that were submitted for that.
    pub(super) slow: Vec<String>,
    /// The hosts that the others have found silent.
    pub(super) silent: u32,
}

impl Rounds {
    pub(super) fn of(network: Network, hosts: Vec<Host>, witness: Witness, seed: u64) -> Self {
        let ids = hosts.iter().map(|host| until_some("its id", || host.id())).collect();
        Self {
            network,
            hosts,
            ids,
            witness,
            chance: Chance(seed),
            deck: Vec::new(),
            away: None,
            thaws: Vec::new(),
            counts: BTreeMap::new(),
            met: 0,
            slow: Vec::new(),
            silent: 0,
        }
    }

    /// One round: one fault, or two at once, and then all is whole again.
    pub(super) fn round(&mut self, number: u32) {
        let began = Instant::now();
        let mut faults = vec![self.draw()];
        if self.chance.below(3) == 0 {
            faults.push(self.draw());
        }
        if number % ROUNDS_TO_AWAY == ROUNDS_TO_AWAY - 1 && self.away.is_none() {
            faults.insert(0, Fault::Away);
        }
        eprintln!("round {number}: {faults:?}");
        for fault in &faults {
            *self.counts.entry(*fault).or_default() += 1;
            self.begin(*fault);
        }
        // Now and then for longer than anybody waits for a PostgreSQL.
        let longest = if self.chance.below(8) == 0 { 9_000 } else { 2_800 };
        thread::sleep(Duration::from_millis(200 + self.chance.below(longest)));
        self.make_whole();
        eprintln!("round {number}: {:.1} s", began.elapsed().as_secs_f64());
    }

    /// The next kind of fault.
    fn draw(&mut self) -> Fault {
        if self.deck.is_empty() {
            self.deck = DECK.to_vec();
        }
        let at = usize::try_from(self.chance.below(self.deck.len() as u64)).unwrap();
        self.deck.swap_remove(at)
    }

    /// A host that is not away.
    fn any(&mut self) -> usize {
        loop {
            let n = usize::try_from(self.chance.below(self.hosts.len() as u64)).unwrap();
            if self.away.is_none_or(|(away, ..)| away != n) {
                return n;
            }
        }
    }

    fn begin(&mut self, fault: Fault) {
        let n = self.any();
        match fault {
            Fault::Daemon => self.hosts[n].kill(false),
            Fault::Machine => self.hosts[n].kill(true),
            Fault::Shims => {
                let which = (self.chance.below(2) == 0).then(|| self.chance.below(100));
                self.hosts[n].kill_shims(which);
            }
            Fault::Postgres if self.chance.below(2) == 0 => self.network.kill(),
            Fault::Postgres => self.network.cluster.stop("QUIT"),
            Fault::Connections => {
                // It may be away itself.
                if self.network.cluster.pid().is_some() {
                    self.network.cluster.psql(
                        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
                         WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()",
                    );
                }
            }
            Fault::Frozen => self.hosts[n].freeze(false),
            Fault::Link => self.network.set(&self.hosts[n].link, false),
            Fault::Clock => {
                let hours = [-1, 0, 1][usize::try_from(self.chance.below(3)).unwrap()];
                self.hosts[n].set_clock(hours * 3600);
            }
            Fault::Stale | Fault::FrozenMachine => {
                // Others have to be there that give a host up.
                self.make_whole();
                match fault {
                    Fault::Stale => self.meet_successor(),
                    _ => self.freeze_machine(n),
                }
            }
            Fault::Away => self.go_away(n),
        }
    }

    /// Brings everything up that is not away.
    pub(super) fn make_whole(&mut self) {
        if self.network.cluster.pid().is_none() {
            self.network.run();
        }
        if self.away.is_some_and(|(_, until, _)| Instant::now() > until) {
            self.come_back();
        }
        for n in 0..self.hosts.len() {
            if self.away.is_some_and(|(away, ..)| away == n) {
                continue;
            }
            self.mend(n);
        }
    }

    /// Brings a host up.
    fn mend(&mut self, n: usize) {
        self.network.set(&self.hosts[n].link, true);
        let host = &mut self.hosts[n];
        host.thaw();
        if !host.is_up() {
            host.start();
        }
        until("an answer", || host.is_up() && host.ask("ping", &json!({})).is_some());
    }

    /// Waits until no host is away any more.
    pub(super) fn end(&mut self) {
        if let Some((_, until, _)) = self.away {
            thread::sleep(until.saturating_duration_since(Instant::now()));
            self.come_back();
        }
        self.make_whole();
    }

    /// A host goes, for a time after which the others give it up, while the rounds go on.
    fn go_away(&mut self, n: usize) {
        let how = self.chance.below(4);
        match how {
            0 => self.network.set(&self.hosts[n].link, false),
            1 => self.hosts[n].freeze(false),
            2 => self.hosts[n].freeze(true),
            _ => self.hosts[n].kill(true),
        }
        eprintln!(
            "{} is away: {}",
            self.hosts[n].name,
            ["its link is down", "its daemon is frozen", "it is frozen", "it is down"]
                [usize::try_from(how).unwrap()]
        );
        self.away = Some((n, Instant::now() + AWAY, how == 2));
    }

    fn come_back(&mut self) {
        let Some((n, _, with_agents)) = self.away.take() else { return };
        let states = self.ask_another(n, "host.list", &json!({}));
        let state =
            states["hosts"].as_array().unwrap().iter().find(|host| host["id"] == json!(self.ids[n])).unwrap();
        self.silent += u32::from(state["state"] == "lost");
        eprintln!("{} comes back: it is {}", self.hosts[n].name, state["state"]);
        if with_agents {
            self.note_thaw(n, false);
        }
        self.mend(n);
    }

    fn note_thaw(&mut self, n: usize, is_by_hand: bool) {
        let at = Witness::now();
        self.thaws.push(Thaw { host: self.hosts[n].name.clone(), at, is_by_hand });
    }

    /// Asks any host but this one, until one answers.
    fn ask_another(&self, but: usize, method: &str, params: &Value) -> Value {
        until_some(method, || {
            let others = (0..self.hosts.len()).filter(|n| *n != but);
            others
                .filter_map(|n| self.hosts[n].ask(method, params))
                .find_map(|mut answer| answer["error"].is_null().then(|| answer["result"].take()))
        })
    }

    /// The daemon of a host is frozen, its agent ends, the host is given up, and the task runs elsewhere when the daemon goes on, with what it has to report.
    fn meet_successor(&mut self) {
        let key = format!("slow-{}", self.slow.len());
        let params = json!({
            "prompt": prompt("slow_successor=1;", self.witness.script()), "priority": 1000, "idempotencyKey": key
        });
        let task =
            self.ask_another(usize::MAX, "task.submit", &params)["taskId"].as_str().unwrap().to_owned();
        self.slow.push(task.clone());
        let first = self.witness.wait_for(&task, 1, Word::Begin);
        let n = self.hosts.iter().position(|host| host.name == first.host).unwrap();
        self.hosts[n].freeze(false);
        let host = &self.hosts[n];
        until("the end of its agents", || {
            processes_of(host.project.path()).iter().all(|(_, line)| line.contains("__"))
        });
        self.witness.wait_for(&task, first.launch, Word::End);
        let lost = self.ask_another(n, "host.lost", &json!({ "host": self.ids[n] }));
        let next = self.witness.wait_for(&task, first.launch + 1, Word::Begin);
        assert_ne!(next.host, first.host, "{lost}");
        self.note_thaw(n, true);
        self.hosts[n].thaw();
        until("its return", || {
            let list = self.hosts[n].ask("host.list", &json!({})).unwrap_or_default();
            let hosts = list["result"]["hosts"].as_array().cloned().unwrap_or_default();
            hosts.iter().any(|host| host["id"] == json!(self.ids[n]) && host["state"] == "up")
        });
        let seen = self.ask_another(n, "task.get", &json!({ "taskId": task }));
        assert_eq!((&seen["state"], &seen["attempts"]), (&json!("running"), &json!(2)), "{seen}");
        self.met += 1;
    }

    /// A machine is frozen with all that runs there, is given up, and goes on: the one case in which two agents of a task may run.
    fn freeze_machine(&mut self, n: usize) {
        let path = self.hosts[n].project.path().to_owned();
        until("an agent on it", || processes_of(&path).iter().any(|(_, line)| !line.contains("__")));
        self.hosts[n].freeze(true);
        let lost = self.ask_another(n, "host.lost", &json!({ "host": self.ids[n] }));
        thread::sleep(Duration::from_millis(500 + self.chance.below(1_500)));
        eprintln!("{} was frozen with {}", self.hosts[n].name, lost["tasks"]);
        self.note_thaw(n, true);
        self.hosts[n].thaw();
    }
}

/// What there was, for whoever looks for the fault.
impl Drop for Rounds {
    fn drop(&mut self) {
        if !thread::panicking() {
            return;
        }
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("fleet-rounds-{}", std::process::id()));
        let _ = fs::create_dir_all(&dir);
        let _ = fs::write(dir.join("witness"), self.witness.text());
        for (host, id) in self.hosts.iter().zip(&self.ids) {
            let log = host.project.read(".aiwg/daemon/daemon.log");
            let _ = fs::write(dir.join(format!("{}.{id}.log", host.name)), log);
        }
        if self.network.cluster.pid().is_some() {
            for table in ["task", "run", "event", "host", "hold"] {
                let sql = format!("SELECT row_to_json(t) FROM aiwg_fleet.{table} AS t");
                let rows = catch_unwind(AssertUnwindSafe(|| self.network.cluster.psql(&sql)));
                let _ = fs::write(dir.join(table), rows.unwrap_or_default());
            }
        }
        eprintln!("what was logged and stored is in {}", dir.display());
    }
}
