//! Hosts: the daemons that share a project's store, each in a directory of its own.

use aiwg_protocol::types::Timestamp;

/// A host as stored. Its times are the store's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HostRow {
    /// Its id, a UUID, which is in its directory.
    pub id: String,
    /// The number of the start of its daemon among those of all hosts: of two with one id, the one with the lower number can write no more.
    pub instance: u64,
    /// The name of its machine.
    pub name: String,
    /// Its place, for people: the directory and the machine.
    pub place: String,
    /// Its labels, in their order.
    pub labels: Vec<String>,
    /// The version of its aiwg.
    pub version: String,
    /// Time at which its daemon has started.
    pub started_at: Timestamp,
    /// Time at which it has been heard of last.
    pub seen_at: Timestamp,
    /// Time since which it is given no new tasks; none if it is.
    pub draining_at: Option<Timestamp>,
    /// Time at which it was given up; none if it was not, or has come back.
    pub lost_at: Option<Timestamp>,
    /// Time at which its daemon has ended in order, with no agent left; none while it has not.
    pub left_at: Option<Timestamp>,
}

impl HostRow {
    /// What stands before the id of a host in a run that is not interrupted yet, though the host was given up at a start with `--adopt-state`. So the run counts as
    /// nobody's at once, also where that host lives.
    pub const GIVEN_UP: &str = "lost/";

    /// The id of a host, as a run has it.
    #[must_use]
    pub fn id_in(run: &str) -> &str {
        run.strip_prefix(Self::GIVEN_UP).unwrap_or(run)
    }

    /// True if it is neither given up nor gone.
    #[must_use]
    pub fn is_there(&self) -> bool {
        self.lost_at.is_none() && self.left_at.is_none()
    }
}
