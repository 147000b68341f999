//! Events in the log.

use aiwg_protocol::types::{Event, EventSource, Json};
use aiwg_store::Result;

use super::{
    driver::{Connection, Row},
    lenient::one,
    row::{AsJson, Millis, Named, Number, task_of},
    value::values,
    write::Writer,
};

pub(super) const EVENT_COLUMNS: &str = "seq, topic, payload, source, at, cause, traceparent";

impl<C: Connection> Writer<C> {
    /// Appends an event that already has its number, from this sender.
    pub fn insert_event(&mut self, event: &Event, origin: Option<u64>) -> Result<()> {
        let mut insert = self.statement(
            "INSERT INTO event (seq, topic, payload, source, at, cause, task, origin, traceparent) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?;
        insert.send(values![
            event.seq,
            event.topic,
            event.payload.as_str(),
            event.source.name(),
            Millis(event.at),
            event.caused_by.as_ref().map(AsJson),
            event.caused_by.as_ref().and_then(task_of).map(Number),
            origin,
            event.traceparent,
        ])?;
        Ok(())
    }

    /// The event with this number; none as well if it cannot be read.
    pub fn event(&self, seq: u64) -> Result<Option<Event>> {
        let mut select = self.statement(
            "SELECT seq, topic, payload, source, at, cause, traceparent FROM event WHERE seq = ?",
        )?;
        one(select.first(values![seq], |row| read_event(row)), &self.reports).map(Option::flatten)
    }

    /// The events from one number to another, both included, in their order. What cannot be read is passed over.
    pub fn events_between(&self, first: u64, last: u64) -> Result<Vec<Event>> {
        let mut select = self.statement(
            "SELECT seq, topic, payload, source, at, cause, traceparent FROM event WHERE seq BETWEEN ? AND ? ORDER BY seq",
        )?;
        select.readable(values![first, last], |row| read_event(row), &self.reports)
    }
}

pub(super) fn read_event(row: &impl Row) -> Result<Event> {
    Ok(Event {
        seq: row.get(0)?,
        topic: row.get(1)?,
        payload: Json::from_text(row.get::<String>(2)?).unwrap_or_default(),
        source: row.get::<Named<EventSource>>(3)?.0,
        at: row.get::<Millis>(4)?.0,
        caused_by: row.get::<Option<AsJson<_>>>(5)?.map(|cause| cause.0),
        traceparent: row.get(6)?,
    })
}
