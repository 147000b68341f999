//! What whoever carries all rows elsewhere relies upon.

use aiwg_model::{Cursor, Firing, TaskNo};
use aiwg_protocol::types::Origin;

use super::{Backend, at, commit, event, queue, task};
use crate::{Cell, Store, TABLES, Table, View};

pub(super) fn table(name: &str) -> &'static Table {
    TABLES.iter().find(|table| table.name == name).unwrap()
}

/// All rows of a table, so many at a time.
fn all(view: &dyn View, table: &Table, limit: usize) -> Vec<Vec<Cell>> {
    let mut all: Vec<Vec<Cell>> = Vec::new();
    loop {
        let key = all.last().map(|row| row[..table.key].to_vec());
        let rows = view.rows_after(table, key.as_deref(), limit).unwrap();
        assert!(rows.len() <= limit && rows.iter().all(|row| row.len() == table.columns.len()));
        if rows.is_empty() {
            assert_eq!(view.rows_of(table).unwrap(), all.len() as u64);
            return all;
        }
        all.extend(rows);
    }
}

fn everything(store: &mut dyn Store, limit: usize) -> Vec<Vec<Vec<Cell>>> {
    let view = store.view().unwrap();
    TABLES.iter().map(|table| all(&*view, table, limit)).collect()
}

/// Rows are read some at a time, and are the same once they were put into an empty store, which goes on after them.
pub fn rows_are_put_as_they_were_read(backend: &dyn Backend) {
    let mut store = backend.store();
    for no in 1..=250 {
        queue(&mut *store, no, &task("x"));
    }
    commit(&mut *store, |tx| {
        let origin = tx.insert_origin(&Origin::default())?;
        for seq in 1..=5 {
            tx.insert_event(&event(seq, "t"), Some(origin))?;
        }
        let firing =
            Firing { rule: "r".to_owned(), at: at(1), event: 1, matches: 1, task: TaskNo(1), counts: true };
        tx.insert_firing(&firing)?;
        tx.move_cursor(&Cursor { until: Some(at(9)), ..Cursor::moved("files", "é", "x") })?;
        tx.move_cursor(&Cursor::moved("host", "id", "this one"))
    });
    let before = everything(&mut *store, 7);
    assert_eq!(before, everything(&mut *store, 1000));
    assert_eq!(before[0].len(), 250);
    let cursors = all(&*store.view().unwrap(), table("cursor"), 10);
    assert_eq!(cursors.len(), 1, "what is about the host is not among them");
    assert_eq!(cursors[0][1], Cell::Text("é".to_owned()));

    commit(&mut *store, |tx| {
        tx.empty()?;
        assert!(TABLES.iter().all(|table| tx.rows_of(table).unwrap() == 0));
        TABLES.iter().zip(&before).try_for_each(|(table, rows)| tx.put(table, rows))
    });
    drop(store);
    let mut store = backend.store();
    assert_eq!(everything(&mut *store, 100), before);
    assert_eq!(store.view().unwrap().cursor("host", "id").unwrap().as_deref(), Some("this one"));
    assert_eq!(store.view().unwrap().queued(), 250);
    let origin = commit(&mut *store, |tx| tx.insert_origin(&Origin { uid: Some(7), ..Origin::default() }));
    assert_eq!(origin, 2, "no number is given twice");
    assert_eq!(backend.reader().rows_of(table("task")).unwrap(), 250);
}

/// Where rows are long, few of them are read at once.
pub fn long_rows_are_read_one_by_one(backend: &dyn Backend) {
    let mut store = backend.store();
    let long = "x".repeat(3 << 20);
    for no in 1..=4 {
        queue(&mut *store, no, &task(&long));
    }
    let view = store.view().unwrap();
    assert_eq!(view.rows_after(table("task"), None, 100).unwrap().len(), 2);
    assert_eq!(all(&*view, table("task"), 100).len(), 4);
}
