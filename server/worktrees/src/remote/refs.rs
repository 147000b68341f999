//! The refs on a remote: each fleet has its own, so that those of another one, and those that somebody has made, are never written.

use crate::{commit::Commit, error::Error, names::part_of_ref};

/// Below this are those of all fleets.
const ALL: &str = "refs/aiwg/fleet/";

/// The end of the name of the commit that a task has begun from, where its result does not have that among its ancestors.
const FROM: &str = ".from";

/// The hosts that share a queue, by the name that its store has given them: part of all their refs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fleet(String);

/// A ref of a fleet on a remote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Travelling {
    /// The whole name.
    pub name: String,
    /// The commit.
    pub commit: Commit,
    /// What it is.
    pub whose: Whose,
}

/// What a ref on a remote is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whose {
    /// What this task is to begin with.
    Base(String),
    /// What this run of a task has left, or what that has begun from.
    Result(String, u32),
}

impl Fleet {
    /// The fleet of this name.
    ///
    /// # Errors
    /// It cannot be part of a ref.
    pub fn named(name: &str) -> Result<Self, Error> {
        Ok(Self(part_of_ref(name)?.to_owned()))
    }

    /// The name of what a task is to begin with. It says which commit: it is written once, and never moved.
    ///
    /// # Errors
    /// The task's name cannot be part of a ref.
    pub fn base(&self, task: &str, commit: &Commit) -> Result<String, Error> {
        Ok(format!("{ALL}{}/bases/{}/{commit}", self.0, part_of_ref(task)?))
    }

    /// The name of what a run has left.
    ///
    /// # Errors
    /// The task's name cannot be part of a ref.
    pub fn result(&self, task: &str, launch: u32) -> Result<String, Error> {
        Ok(format!("{ALL}{}/tasks/{}/{launch}", self.0, part_of_ref(task)?))
    }

    /// The name of what a run has begun from, where that is not in what it has left.
    pub(super) fn from(&self, task: &str, launch: u32) -> Result<String, Error> {
        Ok(format!("{}{FROM}", self.result(task, launch)?))
    }

    /// The name by which a host tries whether it can write there.
    pub(super) fn host(&self, id: &str) -> Result<String, Error> {
        Ok(format!("{ALL}{}/hosts/{}", self.0, part_of_ref(id)?))
    }

    /// What matches all of its refs.
    pub(super) fn pattern(&self) -> String {
        format!("{ALL}{}/*", self.0)
    }

    /// The ref that has this name; none if it is none of its own.
    pub(super) fn read(&self, name: &str, commit: Commit) -> Option<Travelling> {
        let rest = name.strip_prefix(ALL)?.strip_prefix(&self.0)?.strip_prefix('/')?;
        let mut parts = rest.split('/');
        let (kind, task, last) = (parts.next()?, parts.next()?, parts.next()?);
        let whose = match kind {
            "bases" if last == commit.hash() => Whose::Base(task.to_owned()),
            "tasks" => Whose::Result(task.to_owned(), last.strip_suffix(FROM).unwrap_or(last).parse().ok()?),
            _ => return None,
        };
        parts.next().is_none().then(|| Travelling { name: name.to_owned(), commit, whose })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fleet_knows_its_own_refs_and_no_others() {
        let commit = Commit::of(&"a".repeat(40)).unwrap();
        let fleet = Fleet::named("f1").unwrap();
        let read = |name: &str| fleet.read(name, commit.clone()).map(|found| found.whose);
        let base = fleet.base("task-0001", &commit).unwrap();
        assert_eq!(read(&base), Some(Whose::Base("task-0001".to_owned())));
        let result = Whose::Result("task-0001".to_owned(), 12);
        assert_eq!(read(&fleet.result("task-0001", 12).unwrap()), Some(result.clone()));
        assert_eq!(read(&fleet.from("task-0001", 12).unwrap()), Some(result));
        for other in [
            "refs/aiwg/fleet/f2/tasks/task-0001/1",
            "refs/aiwg/fleet/f1/tasks/task-0001",
            "refs/aiwg/fleet/f1/tasks/task-0001/1/2",
            "refs/aiwg/fleet/f1/other/task-0001/1",
            "refs/aiwg/fleet/f1/bases/task-0001/abc",
            "refs/aiwg/tasks/task-0001/1",
            "refs/heads/main",
        ] {
            assert_eq!(read(other), None, "{other}");
        }
        assert!(Fleet::named("a/b").is_err() && fleet.result("../x", 1).is_err());
    }
}
