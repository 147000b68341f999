//! The things that a task waits for: a queued one for its start, the agent of a running one for others.

use std::fmt;

use aiwg_model::{ApprovalNo, Hold, TaskNo, TaskRow};
use aiwg_protocol::types::{TaskState, Timestamp, Waiting};
use aiwg_store::Reader;

use crate::engine::Gate;

/// What is known of the queue at this moment, and is in no store.
pub(crate) struct Now<'a> {
    /// The gate that is closed before a class of queued tasks.
    pub(crate) gate_of: &'a dyn Fn(&str) -> Option<Gate>,
    /// The running tasks whose agents wait for a task, each with that one.
    pub(crate) waits: &'a [(TaskNo, TaskNo)],
}

/// Something that a task waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WaitsFor {
    /// The reason; none if only a slot is missing.
    pub(crate) waiting: Option<Waiting>,
    /// Time of its end, where that is known.
    pub(crate) until: Option<Timestamp>,
    /// Time at which the limit resets after which a person is to say that it goes on; none for any other wait.
    pub(crate) resets_at: Option<Timestamp>,
    /// The task, the approval or the lane that it is about.
    about: Option<String>,
    /// True where it is not the task that waits, but its agent.
    is_agent: bool,
    /// The task whose agent waits for this one, and keeps meanwhile what this one may need.
    kept_by: Option<TaskNo>,
}

impl WaitsFor {
    /// All that keeps a task from starting: its holds, or else the gate before its class, or else a slot. Of one that runs, the tasks that its
    /// agent waits for.
    pub(crate) fn all(reader: &dyn Reader, now: &Now<'_>, row: &TaskRow) -> aiwg_store::Result<Vec<Self>> {
        // A wait for a person is noted as one for the task itself.
        let mut others = now.waits.iter().filter(|(by, other)| by != other);
        if row.state == TaskState::Running {
            let own = others.filter(|(by, _)| *by == row.no);
            return Ok(own.map(|(_, other)| Self::of_agent(*other)).collect());
        }
        if row.state != TaskState::Queued {
            return Ok(Vec::new());
        }
        if row.is_waiting {
            return reader.holds(row.no)?.into_iter().map(|hold| Self::of_hold(reader, &hold)).collect();
        }
        let gate = (now.gate_of)(&row.spec.class);
        let about =
            gate.as_ref().filter(|gate| gate.waiting == Waiting::Lane).and_then(|_| row.spec.lane.clone());
        let (until, resets_at) = gate.as_ref().map(|gate| (gate.until, gate.resets_at)).unwrap_or_default();
        let waiting = gate.map(|gate| gate.waiting);
        let kept_by = match waiting {
            Some(Waiting::Budget) => others.find(|(_, other)| *other == row.no).map(|(by, _)| *by),
            _ => None,
        };
        Ok(vec![Self { waiting, until, resets_at, about, is_agent: false, kept_by }])
    }

    fn of_agent(other: TaskNo) -> Self {
        let about = Some(other.to_string());
        Self { waiting: None, until: None, resets_at: None, about, is_agent: true, kept_by: None }
    }

    /// The reason as a word.
    pub(crate) fn reason(&self) -> &'static str {
        match self.waiting {
            None if self.is_agent => "task",
            None => "slot",
            Some(waiting) => waiting.name(),
        }
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
        let waiting = Some(hold.waiting());
        Ok(Self { waiting, until, resets_at: None, about, is_agent: false, kept_by: None })
    }
}

/// What a queued task waits for: of several the one that lasts longest. None if it waits for a slot only, or does not wait.
pub(crate) fn longest_wait(
    reader: &dyn Reader,
    gate_of: &dyn Fn(&str) -> Option<Gate>,
    row: &TaskRow,
) -> aiwg_store::Result<Option<WaitsFor>> {
    let all = WaitsFor::all(reader, &Now { gate_of, waits: &[] }, row)?;
    Ok(all.into_iter().max_by_key(WaitsFor::lasts).filter(|wait| wait.waiting.is_some()))
}

/// The end of the wait, after "waits".
impl fmt::Display for WaitsFor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let about = self.about.as_deref().unwrap_or_default();
        match self.waiting {
            None if self.is_agent => write!(f, "until {about} has ended, as its agent asks"),
            None => f.write_str("until a slot is free"),
            Some(Waiting::Dependency) => write!(f, "until {about} has ended"),
            Some(Waiting::Delay) => f.write_str("until its time to start comes"),
            Some(Waiting::Hold) => f.write_str("until someone releases it: `aiwg task release`"),
            Some(Waiting::Rest) => f.write_str("for a while, since its last run has failed or was lost"),
            Some(Waiting::Lane) => write!(f, "until its lane {about} has room"),
            Some(Waiting::Paused) => f.write_str("until someone resumes the queue: `aiwg daemon resume`"),
            Some(Waiting::Budget) => {
                f.write_str("until a budget allows it: `aiwg budget`")?;
                let Some(by) = self.kept_by else { return Ok(()) };
                write!(
                    f,
                    "; the agent of {by} waits for it, and keeps a share meanwhile: raise the bound, cancel one of them, or submit it with \
                     --ignore-budget"
                )
            }
            Some(Waiting::Limit) => {
                if let Some(at) = self.resets_at {
                    return write!(
                        f,
                        "until a person has it go on: `aiwg account resume`; the limit of its agent's account resets at {at}"
                    );
                }
                f.write_str("until the account of its agent is good again: `aiwg account list`")
            }
            Some(Waiting::Taken) => {
                f.write_str("until the person who has taken it over gives it back: `aiwg task give`")
            }
            Some(Waiting::Host) => f.write_str("for a host that can run it: `aiwg host list`"),
            Some(Waiting::Approval) => write!(f, "until someone decides: `aiwg approval show {about}`"),
            Some(other) => write!(f, "for {}", other.name()),
        }
    }
}
