//! The effects of a transaction, carried out once it is committed.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use aiwg_model::{ApprovalNo, KeptAnswer, KeyId, TaskNo};
use aiwg_protocol::types::{Event, Timestamp};
use foldhash::quality::RandomState;

use super::{
    NewEvent,
    call::Command,
    command::{EngineConfig, Order},
    due::Due,
    journal::Journal,
};
use crate::telemetry::{Ended, Note};

/// The outcome of a transaction that is still open.
#[derive(Default)]
pub(super) struct Effects {
    /// The time of it.
    pub(super) at: Timestamp,
    /// When something is due next; none if that could not be read.
    pub(super) due: Option<Due>,
    /// Events that are to be taken in, in this transaction: those that others in it have caused.
    pub(super) new_events: VecDeque<NewEvent>,
    /// Events to publish.
    pub(super) events: Vec<Arc<Event>>,
    /// The config that holds again if the transaction fails, where it changes it.
    pub(super) config_before: Option<EngineConfig>,
    /// Orders for the supervisor.
    pub(super) orders: Vec<Order>,
    /// Tasks that have ended, for those who wait for them.
    pub(super) ended: Vec<TaskNo>,
    /// Approvals that have been decided, for those who wait for them.
    pub(super) decided: Vec<ApprovalNo>,
    /// True if messages wait to be sent, or people for an agent that works.
    pub(super) messages: bool,
    /// True if it stores that this is a start.
    pub(super) counts_start: bool,
    /// True if the thread ends with it.
    pub(super) exit: bool,
    /// Lines about the rules, for the log.
    pub(super) journal: Journal,
    /// What the tally is to count.
    pub(super) notes: Vec<Note>,
    /// Spans to send.
    pub(super) spans: Vec<Ended>,
    /// Time that the commit took; none if it wrote nothing.
    pub(super) commit: Option<Duration>,
    /// The answers to calls with keys, which are stored together at its end.
    pub(super) answers: Vec<KeptAnswer>,
    /// The places of these, by their keys.
    pub(super) answered: HashMap<KeyId, usize, RandomState>,
    /// The commands that it has carried out, which are to be answered.
    pub(super) done: Vec<Command>,
}
