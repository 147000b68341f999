//! What tasks demand of the host that runs them: a part of their class, so that those which this host cannot run hold up no other.

use std::collections::BTreeSet;

use aiwg_model::{HostRow, RunRow, TaskNo, TaskRow, TaskSpec, Terms, TreeTerms};
use aiwg_protocol::types::Waiting;

use super::{classes::Class, gates::Gate, hosts::Hosts, state::State, transaction::Transaction};

/// The label of the host whose files are the project's.
pub(super) const HOME: &str = "home";

/// Bytes of the beginning of an id by which people name a host.
const SHORT_ID: usize = 8;

/// The words of which a demand consists.
const LABEL: &str = "label:";
const NAME: &str = "env:";
const HOST: &str = "host:";
const SHARED: &str = "shared";

/// A task in a work tree that has not begun: the host whose files it is to begin with, as long as these are nowhere else; and the host that has put them on
/// the remote.
const BASE: &str = "base:";
const SENT: &str = "sent:";

/// What a task demands of its host, as one text: words, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Demand<'a>(&'a str);

impl<'a> Demand<'a> {
    /// That of a class.
    pub(super) fn of(class: &'a str) -> Self {
        Self(Class::named(class).demand)
    }

    fn words(self, kind: &'static str) -> impl Iterator<Item = &'a str> {
        self.0.split(' ').filter_map(move |word| word.strip_prefix(kind))
    }

    /// The host on which it has begun, to which it is bound.
    fn bound_to(self) -> Option<&'a str> {
        self.words(HOST).next()
    }

    /// The host that has its files to begin with, and nobody else.
    fn based_on(self) -> Option<&'a str> {
        self.words(BASE).next()
    }

    /// The host that has put its files to begin with on the remote.
    fn sent_by(self) -> Option<&'a str> {
        self.words(SENT).next()
    }

    /// The host without which it cannot be run.
    fn needs(self) -> Option<&'a str> {
        self.bound_to().or_else(|| self.based_on())
    }

    /// The labels that are asked for.
    fn labels(self) -> Vec<&'a str> {
        self.words(LABEL).collect()
    }

    fn is_shared(self) -> bool {
        self.0.split(' ').any(|word| word == SHARED)
    }

    /// True if a host meets it, but for its environment. `has_home` if any host has the label [`HOME`].
    fn is_met_by(self, host: &HostRow, has_home: bool) -> bool {
        let is_home = || host.labels.iter().any(|label| label == HOME);
        self.needs().is_none_or(|bound| bound == host.id)
            && self.has_labels(host)
            && (!self.is_shared() || !has_home || self.bound_to().is_some() || is_home())
    }

    /// True if a host has the labels that are asked for.
    fn has_labels(self, host: &HostRow) -> bool {
        self.labels().into_iter().all(|label| host.labels.iter().any(|its| its == label))
    }

    /// The variables that have to be in the daemon's environment.
    fn names(self) -> impl Iterator<Item = &'a str> {
        self.words(NAME)
    }

    /// Those of them that are not.
    fn missing(self) -> Vec<&'a str> {
        self.names().filter(|name| std::env::var_os(name).is_none()).collect()
    }
}

/// The word in the classes of tasks in work trees whose files to begin with are on this host only.
pub(super) fn of_base(host: &str) -> String {
    format!("{BASE}{host}")
}

impl Hosts {
    /// True if a host is known with the label [`HOME`], be it there or not: it has that until a person gives it up.
    fn has_home(&self) -> bool {
        self.all().iter().any(|host| host.labels.iter().any(|label| label == HOME))
    }

    /// True if this host can run the tasks of a class.
    pub(super) fn can_run(&self, class: &str) -> bool {
        let (demand, Some(own)) = (Demand::of(class), self.own()) else { return true };
        let is_reached = || demand.sent_by().is_none_or(|by| by == own.id || self.reaches_remote());
        demand.0.is_empty()
            || (demand.is_met_by(own, self.has_home()) && demand.missing().is_empty() && is_reached())
    }

    /// The variables without which this host cannot run the tasks of a class that it could run with them, and of which the others do not know that it
    /// lacks them.
    pub(super) fn unsaid(&self, class: &str) -> Vec<String> {
        let (demand, Some(own)) = (Demand::of(class), self.own()) else { return Vec::new() };
        if demand.names().next().is_none() || !demand.is_met_by(own, self.has_home()) {
            return Vec::new();
        }
        let is_unsaid = |name: &&str| !self.lacks(&own.id, name);
        demand.missing().into_iter().filter(is_unsaid).map(str::to_owned).collect()
    }

    /// True if this host can run the tasks of a class, and is given new ones.
    pub(super) fn begins_here(&self, class: &str) -> bool {
        self.can_run(class) && self.own().is_none_or(|own| own.draining_at.is_none())
    }

    /// What the tasks of a class wait for, where no host that is there can run them, for people; none if one can, or if that is not known.
    pub(super) fn why_nobody(&self, class: &str) -> Option<String> {
        let (demand, has_home) = (Demand::of(class), self.has_home());
        let meets = |host: &&HostRow| demand.is_met_by(host, has_home);
        let (leaving, able): (Vec<&HostRow>, Vec<&HostRow>) =
            self.there().filter(meets).partition(|host| host.draining_at.is_some());
        let is_me = |host: &&HostRow| Some(host.id.as_str()) == self.me();
        // What others have in their environment, they keep to themselves; what they lack, they say.
        let lacked_by = |host: &HostRow| -> Vec<&str> {
            if is_me(&host) {
                return demand.missing();
            }
            demand.names().filter(|name| self.lacks(&host.id, name)).collect()
        };
        if able.iter().any(|host| !is_me(host) && lacked_by(host).is_empty()) {
            return None;
        }
        let missing = able.first().map(|host| lacked_by(host)).unwrap_or_default();
        if able.iter().any(|host| is_me(host) && lacked_by(host).is_empty()) {
            let is_sent = demand.sent_by().is_some_and(|by| Some(by) != self.me());
            return (is_sent && !self.reaches_remote()).then(|| {
                "a host that can reach the repository's remote, where its files to begin with are".to_owned()
            });
        }
        let kept_by = leaving.first().copied();
        if let Some(bound) = demand.bound_to() {
            let name = self.get(bound).map_or(bound, |host| self.word_for(host));
            let what = format!("{name}, where it has begun");
            return Some(match kept_by {
                Some(host) => format!("{what}, and {}", self.is_leaving(host)),
                None if !able.is_empty() => {
                    format!("{what}, and whose environment lacks {}", missing.join(", "))
                }
                None => {
                    format!("{what} (start the daemon there, or give it up by `aiwg host lost {name}`)")
                }
            });
        }
        if let Some(base) = demand.based_on().filter(|base| self.there().all(|host| host.id != *base)) {
            let name = self.get(base).map_or(base, |host| self.word_for(host));
            return Some(format!(
                "{name}, where it was submitted and its files to begin with are (start the daemon there, or give it up by `aiwg host lost {name}`)"
            ));
        }
        if able.is_empty()
            && demand.based_on().is_some()
            && self.there().any(|host| demand.has_labels(host))
            && kept_by.is_none()
        {
            return (!self.reaches_remote()).then(|| {
                let what = wanted(&demand.labels(), false);
                format!(
                    "{what} that has its files to begin with, as others have over the repository's remote"
                )
            });
        }
        let is_for_home = has_home && demand.is_shared();
        let mut what = wanted(&demand.labels(), is_for_home);
        if !able.is_empty() {
            let and = if what == ANY { " with " } else { " and " };
            what = format!("{what}{and}{} in its environment", missing.join(", "));
        }
        let away = self.all().iter().rev().filter(|host| !host.is_there()).find(meets);
        let tail = match (kept_by, away) {
            (Some(host), _) => format!(": {} is one, and {}", self.word_for(host), self.is_leaving(host)),
            (None, Some(host)) if able.is_empty() => {
                let word = self.word_for(host);
                let or = match is_for_home {
                    true => format!(", or, if it is gone for ever, give it up by `aiwg host lost {word}`"),
                    false => String::new(),
                };
                format!(": {word} is one, and is not there; start the daemon there{or}")
            }
            _ => ", and no host that is there is one".to_owned(),
        };
        Some(what + &tail)
    }

    /// The word for a host in a command: its name where that is no other's, else the beginning of its id.
    pub(super) fn word_for<'h>(&self, host: &'h HostRow) -> &'h str {
        let is_its_own = self.all().iter().all(|other| other.id == host.id || other.name != host.name);
        if is_its_own { &host.name } else { host.id.get(..SHORT_ID).unwrap_or(&host.id) }
    }

    fn is_leaving(&self, host: &HostRow) -> String {
        format!("is given no new tasks (`aiwg host drain {} --resume`)", self.word_for(host))
    }

    /// What is to be said of the first tasks of these classes, where no host can run them; none where one can.
    pub(super) fn unplaced<'c>(&self, heads: impl IntoIterator<Item = (TaskNo, &'c str)>) -> Option<String> {
        let mut said = BTreeSet::new();
        let why = |(no, class): (TaskNo, &str)| {
            // One is enough of those that wait for the same.
            let why = self.why_nobody(class).filter(|why| said.insert(why.clone()))?;
            Some(format!("{no} waits for {why}"))
        };
        let mut all = heads.into_iter().filter_map(why);
        let mut named: Vec<String> = all.by_ref().take(NAMED).collect();
        match all.count() {
            0 => {}
            1 => named.push("and another task waits for something else".to_owned()),
            more => named.push(format!("and {more} others wait for something else each")),
        }
        (!named.is_empty()).then(|| named.join("; "))
    }
}

/// A host of which nothing is asked.
const ANY: &str = "a host";

/// The number of tasks whose demands are named in the health.
const NAMED: usize = 3;

/// A host with these labels, in words.
fn wanted(labels: &[&str], is_for_home: bool) -> String {
    let home = Some(HOME).filter(|home| is_for_home && !labels.contains(home));
    let labels: Vec<&str> = home.into_iter().chain(labels.iter().copied()).collect();
    match labels.is_empty() {
        true => ANY.to_owned(),
        false => format!("{ANY} with the labels {}", labels.join(", ")),
    }
}

/// The host that a task needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bound<'a> {
    /// That on which it has begun.
    To(&'a str),
    /// One that has, in a work tree, its files to begin with: this one, or the one that does something about the task; any one where they are on the remote.
    ByBase(Option<&'a str>),
}

impl State {
    /// The demand of a task that is bound like this; none where no other can have the store.
    pub(super) fn demand_of(&self, task: &TaskSpec, bound: Bound<'_>) -> Option<String> {
        let me = self.hosts.me()?;
        let mut words: BTreeSet<String> =
            task.terms.runs_on.iter().map(|label| format!("{LABEL}{label}")).collect();
        words.extend(task.env.values().flat_map(|value| names_in(value)).map(|name| format!("{NAME}{name}")));
        match (&task.terms.tree, bound) {
            (Some(_), Bound::To(host)) => drop(words.insert(format!("{HOST}{host}"))),
            (Some(tree), Bound::ByBase(host)) => {
                let word = match &tree.sent_by {
                    Some(by) => format!("{SENT}{by}"),
                    // Its base is in the repository of this host.
                    None => of_base(host.unwrap_or(me)),
                };
                words.insert(word);
            }
            (None, bound) => {
                words.insert(SHARED.to_owned());
                if let Bound::To(host) = bound {
                    words.insert(format!("{HOST}{host}"));
                }
            }
        }
        Some(words.into_iter().collect::<Vec<_>>().join(" ")).filter(|demand| !demand.is_empty())
    }

    /// The terms of a task with what it demands after these runs: it stays on the host on which it has begun, until that is given up.
    pub(super) fn with_demand(&self, task: &TaskRow, runs: &[RunRow], terms: Terms) -> Terms {
        if self.hosts.me().is_none() {
            return terms;
        }
        let mut spec = TaskSpec { terms, ..task.spec.clone() };
        let is_kept = |id: &&str| self.hosts.get(id).is_some_and(|host| host.lost_at.is_none());
        let before = spec.terms.demand.clone().unwrap_or_default();
        // Where no work tree was made for a run, nothing of it is there.
        let is_one = |run: &&RunRow| {
            spec.terms.tree.is_none() || run.tree.as_ref().is_some_and(|tree| tree.dir.is_some())
        };
        let last = runs.iter().rev().filter(is_one).find_map(|run| run.host.as_deref());
        let host = last.or_else(|| Demand(&before).bound_to()).filter(is_kept);
        let bound = match host {
            Some(host) => Bound::To(host),
            None => Bound::ByBase(Demand(&before).based_on().filter(is_kept)),
        };
        if host.is_none() {
            if last.is_some() {
                spec.terms.protected = None;
            }
            // What is not on the remote is gone with its host.
            let is_gone = |tree: &TreeTerms| tree.sent_by.is_none() && bound == Bound::ByBase(None);
            let anew = |tree: TreeTerms| if is_gone(&tree) { TreeTerms { from: None, ..tree } } else { tree };
            spec.terms.tree = spec.terms.tree.map(anew);
        }
        let demand = self.demand_of(&spec, bound);
        Terms { demand, ..spec.terms }
    }
}

impl Transaction<'_> {
    /// The gate before the tasks that this host cannot run.
    pub(super) fn host_gate(&self, no: TaskNo, class: &str) -> Option<Gate> {
        let is_leaving = self.state.leaving.iter().any(|run| run.task == no);
        (is_leaving || !self.state.hosts.can_run(class)).then(|| Gate::of(Waiting::Host))
    }
}

/// The variables of the daemon's environment that a value refers to.
fn names_in(value: &str) -> Vec<&str> {
    let closed = |part: &'_ str| part.split_once('}').map(|(name, _)| name.len());
    let parts = value.split("${").skip(1);
    parts
        .filter_map(|part| closed(part).and_then(|length| part.get(..length)))
        .filter(|name| !name.contains(' '))
        .collect()
}

#[cfg(test)]
mod tests {
    use aiwg_protocol::types::Timestamp;

    use super::*;
    use crate::engine::Way;

    fn host(id: &str, labels: &[&str]) -> HostRow {
        let labels = labels.iter().map(|label| (*label).to_owned()).collect();
        HostRow { id: id.to_owned(), name: format!("host-{id}"), labels, ..HostRow::default() }
    }

    #[test]
    fn labels_a_host_and_home_are_demanded() {
        let (plain, gpu, home) = (host("a", &[]), host("b", &["gpu", "linux"]), host("c", &[HOME]));
        for (demand, has_home, met) in [
            ("", false, [true, true, true]),
            ("label:gpu", false, [false, true, false]),
            ("label:gpu label:linux", false, [false, true, false]),
            ("label:gpu label:mac", false, [false, false, false]),
            ("shared", false, [true, true, true]),
            ("shared", true, [false, false, true]),
            ("host:a shared", true, [true, false, false]),
            ("host:d", true, [false, false, false]),
            ("base:b", true, [false, true, false]),
            ("base:b label:linux", true, [false, true, false]),
            ("base:a label:linux", true, [false, false, false]),
            ("label:linux sent:a", true, [false, true, false]),
            ("sent:d", true, [true, true, true]),
        ] {
            let found = [&plain, &gpu, &home].map(|host| Demand(demand).is_met_by(host, has_home));
            assert_eq!(found, met, "{demand} {has_home}");
        }
    }

    fn class(demand: &str) -> String {
        format!("{}{demand}", "\u{1f}".repeat(7))
    }

    fn why(hosts: &Hosts, demand: &str) -> Option<String> {
        hosts.why_nobody(&class(demand))
    }

    #[test]
    fn it_is_said_what_nobody_has() {
        let gone = HostRow { left_at: Some(Timestamp::default()), ..host("c", &["gpu"]) };
        let hosts = Hosts::known("a", vec![host("a", &[]), host("b", &["linux"]), gone]);
        let why = |demand: &str| why(&hosts, demand);
        assert_eq!(why("label:linux"), None);
        assert_eq!(
            why("label:gpu").unwrap(),
            "a host with the labels gpu: host-c is one, and is not there; start the daemon there"
        );
        assert_eq!(why("label:tpu").unwrap(), "a host with the labels tpu, and no host that is there is one");
        assert!(why("host:c").unwrap().starts_with("host-c, where it has begun"));
        assert_eq!(why("env:AIWG_IS_IN_NO_ENVIRONMENT"), None, "the other one may have it");
        assert_eq!(
            why("env:AIWG_IS_IN_NO_ENVIRONMENT host:a").unwrap(),
            "host-a, where it has begun, and whose environment lacks AIWG_IS_IN_NO_ENVIRONMENT"
        );
    }

    #[test]
    fn a_host_that_is_home_is_waited_for_until_a_person_gives_it_up() {
        let other = host("b", &["gpu"]);
        let home = host("h", &[HOME]);
        let stopped = HostRow { left_at: Some(Timestamp::default()), ..home.clone() };
        let silent = HostRow { lost_at: Some(Timestamp::default()), ..home.clone() };
        let given_up = HostRow { labels: Vec::new(), ..silent.clone() };
        for (home, runs) in
            [(home.clone(), false), (stopped.clone(), false), (silent, false), (given_up, true)]
        {
            let hosts = Hosts::known("b", vec![home.clone(), other.clone()]);
            assert_eq!(hosts.can_run(&class("shared")), runs, "{home:?}");
        }
        let hosts = Hosts::known("b", vec![stopped, other.clone()]);
        assert_eq!(
            why(&hosts, "shared").unwrap(),
            "a host with the labels home: host-h is one, and is not there; start the daemon there, or, if it is gone for ever, give it up by \
             `aiwg host lost host-h`"
        );
        assert_eq!(
            why(&hosts, "label:gpu shared").unwrap(),
            "a host with the labels home, gpu, and no host that is there is one"
        );
        let hosts = Hosts::known("h", vec![home, other]);
        assert_eq!(
            why(&hosts, "env:AIWG_IS_IN_NO_ENVIRONMENT shared").unwrap(),
            "a host with the labels home and AIWG_IS_IN_NO_ENVIRONMENT in its environment, and no host that is there is one"
        );
        let hosts = Hosts::known("h", vec![host("h", &[])]);
        assert_eq!(
            why(&hosts, "env:AIWG_IS_IN_NO_ENVIRONMENT shared").unwrap(),
            "a host with AIWG_IS_IN_NO_ENVIRONMENT in its environment, and no host that is there is one"
        );
    }

    #[test]
    fn a_host_that_is_given_no_new_tasks_is_none_that_can_run_one() {
        let leaves = |id: &str| HostRow { draining_at: Some(Timestamp::default()), ..host(id, &["gpu"]) };
        let hosts = Hosts::known("a", vec![host("a", &[]), leaves("b")]);
        let remedy = "is given no new tasks (`aiwg host drain host-b --resume`)";
        assert_eq!(
            why(&hosts, "label:gpu").unwrap(),
            format!("a host with the labels gpu: host-b is one, and {remedy}")
        );
        assert_eq!(why(&hosts, "host:b").unwrap(), format!("host-b, where it has begun, and {remedy}"));
        let same_names = [leaves("b"), leaves("c")].map(|host| HostRow { name: "ant".to_owned(), ..host });
        let hosts = Hosts::known("a", same_names.into());
        assert_eq!(
            why(&hosts, "").unwrap(),
            "a host: b is one, and is given no new tasks (`aiwg host drain b --resume`)"
        );
    }

    #[test]
    fn all_that_nobody_can_run_is_named() {
        let hosts = Hosts::known("a", vec![host("a", &[])]);
        let said = |labels: &[&str]| {
            let classes: Vec<String> = labels.iter().map(|label| class(&format!("label:{label}"))).collect();
            let heads = (1..).map(TaskNo).zip(classes.iter().map(String::as_str));
            hosts.unplaced(heads)
        };
        assert_eq!(said(&[]), None);
        let two = said(&["x", "y"]).unwrap();
        assert!(two.contains("task-0001 waits for a host with the labels x, and"), "{two}");
        assert!(two.contains("; task-0002 waits for a host with the labels y, and"), "{two}");
        let many = said(&["u", "v", "w", "x", "y"]).unwrap();
        assert!(many.ends_with("; and 2 others wait for something else each"), "{many}");
        assert_eq!(said(&["x", "x"]).unwrap().matches("waits for").count(), 1);
    }

    #[test]
    fn what_is_on_the_remote_is_run_by_those_that_can_reach_it() {
        let class = |demand: &str| format!("{}{demand}", "\u{1f}".repeat(7));
        let mut hosts = Hosts::known("a", vec![host("a", &[]), host("b", &[])]);
        assert!(hosts.can_run(&class("sent:a")), "it has it itself");
        assert!(!hosts.can_run(&class("sent:b")) && !hosts.can_run(&class("base:b")));
        hosts.set_way(Way::Open);
        assert!(hosts.can_run(&class("sent:b")) && !hosts.can_run(&class("base:b")));
        hosts.set_way(Way::Closed);
        assert!(!hosts.can_run(&class("sent:b")));
        assert_eq!(hosts.why_nobody(&class("sent:b")), None, "that one can");
        let gone = HostRow { left_at: Some(Timestamp::default()), ..host("b", &[]) };
        let hosts = Hosts::known("a", vec![host("a", &[]), gone]);
        assert!(hosts.why_nobody(&class("sent:b")).unwrap().contains("can reach the repository's remote"));
        assert!(hosts.why_nobody(&class("base:b")).unwrap().starts_with("host-b, where it was submitted"));
        let mut hosts = Hosts::known("a", vec![host("a", &[]), host("b", &["gpu"])]);
        let why = hosts.why_nobody(&class("base:a label:gpu")).unwrap();
        assert!(why.contains("over the repository's remote"), "{why}");
        hosts.set_way(Way::Open);
        assert_eq!(hosts.why_nobody(&class("base:a label:gpu")), None, "it is on its way");
    }

    #[test]
    fn names_are_those_of_the_daemons_environment() {
        assert_eq!(names_in("a${ONE}b${TWO}${"), ["ONE", "TWO"]);
        assert!(names_in("$ONE ${a b}").is_empty());
    }
}
