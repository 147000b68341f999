//! Events in the log.

use aiwg_protocol::types::{Event, EventSource, Json};
use rusqlite::{OptionalExtension, Row, params};

use super::{
    lenient::one,
    row::{AsJson, Millis, Named, Number, task_of},
    write::SqliteStore,
};

pub(super) const EVENT_COLUMNS: &str = "seq, topic, payload, source, at, cause, traceparent";

impl SqliteStore {
    /// Appends an event that already has its number, from this sender.
    pub(crate) fn insert_event(&mut self, event: &Event, origin: Option<u64>) -> rusqlite::Result<()> {
        let mut insert = self.statement(
            "INSERT INTO event (seq, topic, payload, source, at, cause, task, origin, traceparent) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?;
        insert.execute(params![
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
    pub(crate) fn event(&self, seq: u64) -> rusqlite::Result<Option<Event>> {
        let mut select = self.statement(
            "SELECT seq, topic, payload, source, at, cause, traceparent FROM event WHERE seq = ?",
        )?;
        one(select.query_row([seq], read_event).optional(), &self.reports).map(Option::flatten)
    }
}

pub(super) fn read_event(row: &Row<'_>) -> rusqlite::Result<Event> {
    Ok(Event {
        seq: row.get(0)?,
        topic: row.get(1)?,
        payload: Json::from_text(row.get::<_, String>(2)?).unwrap_or_default(),
        source: row.get::<_, Named<EventSource>>(3)?.0,
        at: row.get::<_, Millis>(4)?.0,
        caused_by: row.get::<_, Option<AsJson<_>>>(5)?.map(|cause| cause.0),
        traceparent: row.get(6)?,
    })
}
