//! The things that a queued task waits for.

use std::fmt;

use aiwg_model::{ApprovalNo, Hold, TaskNo, TaskRow};
use aiwg_protocol::types::{TaskState, Timestamp, Waiting};
use aiwg_store::Reader;

use crate::engine::Gate;

/// Something that a queued task waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct WaitsFor {
    /// The reason; none if only a slot is missing.
    pub(super) waiting: Option<Waiting>,
    /// Time of its end, where that is known.
    pub(super) until: Option<Timestamp>,
    /// The task, the approval or the lane that it is about.
    about: Option<String>,
}

impl WaitsFor {
    /// All that keeps a task from starting: its holds, or else the gate before its class, or else a slot. Nothing if it is not queued.
    pub(super) fn all(
        reader: &dyn Reader,
        gate_of: &dyn Fn(&str) -> Option<Gate>,
        row: &TaskRow,
    ) -> aiwg_store::Result<Vec<Self>> {
        if row.state != TaskState::Queued {
            return Ok(Vec::new());
        }
        if row.is_waiting {
            return reader.holds(row.no)?.into_iter().map(|hold| Self::of_hold(reader, &hold)).collect();
        }
        let gate = gate_of(&row.spec.class);
        let about =
            gate.as_ref().filter(|gate| gate.waiting == Waiting::Lane).and_then(|_| row.spec.lane.clone());
        let until = gate.as_ref().and_then(|gate| gate.until);
        Ok(vec![Self { waiting: gate.map(|gate| gate.waiting), until, about }])
    }

    /// The one of all that lasts longest; none if only a slot is missing.
    pub(super) fn longest(
        reader: &dyn Reader,
        gate_of: &dyn Fn(&str) -> Option<Gate>,
        row: &TaskRow,
    ) -> aiwg_store::Result<Option<(Waiting, Option<Timestamp>)>> {
        let all = Self::all(reader, gate_of, row)?;
        let longest = all.into_iter().max_by_key(Self::lasts);
        Ok(longest.and_then(|wait| Some((wait.waiting?, wait.until))))
    }

    fn lasts(&self) -> Timestamp {
        // The time of an approval is a limit: nobody knows when someone decides.
        let end = self.until.filter(|_| self.waiting != Some(Waiting::Approval));
        end.unwrap_or(Timestamp::from_millis(i64::MAX))
    }

    fn of_hold(reader: &dyn Reader, hold: &Hold) -> aiwg_store::Result<Self> {
        let number = hold.key.parse().ok();
        let (until, about) = match (hold.kind.as_ref(), number) {
            (Hold::AFTER, Some(no)) => (hold.until, Some(TaskNo(no).to_string())),
            (Hold::APPROVAL, Some(no)) => {
                let approval = reader.approval(ApprovalNo(no))?;
                (approval.and_then(|row| row.asked.expires_at), Some(ApprovalNo(no).to_string()))
            }
            _ => (hold.until, None),
        };
        Ok(Self { waiting: Some(hold.waiting()), until, about })
    }
}

/// The end of the wait, after "waits".
impl fmt::Display for WaitsFor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let about = self.about.as_deref().unwrap_or_default();
        match self.waiting {
            None => f.write_str("until a slot is free"),
            Some(Waiting::Dependency) => write!(f, "until {about} has ended"),
            Some(Waiting::Delay) => f.write_str("until its time to start comes"),
            Some(Waiting::Hold) => f.write_str("until someone releases it: `aiwg task release`"),
            Some(Waiting::Rest) => f.write_str("for a while, since its last run has failed or was lost"),
            Some(Waiting::Lane) => write!(f, "until its lane {about} has room"),
            Some(Waiting::Paused) => f.write_str("until someone resumes the queue: `aiwg daemon resume`"),
            Some(Waiting::Budget) => f.write_str("until a budget allows it: `aiwg budget`"),
            Some(Waiting::Limit) => {
                f.write_str("until the account of its agent is good again: `aiwg account list`")
            }
            Some(Waiting::Taken) => {
                f.write_str("until the person who has taken it over gives it back: `aiwg task give`")
            }
            Some(Waiting::Approval) => write!(f, "until someone decides: `aiwg approval show {about}`"),
            Some(other) => write!(f, "for {}", other.name()),
        }
    }
}
