//! PostgreSQL keeps what every store promises.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, missing_docs)]

#[allow(dead_code, unreachable_pub)]
mod cluster;

use std::panic::{AssertUnwindSafe, catch_unwind};

use aiwg_model::Cursor;
use aiwg_store::{Reader, Store, View, contract::Backend};
use aiwg_store_postgres::{Address, PostgresReader, PostgresStore};
use cluster::{Cluster, at};

struct Place(Address);

impl Backend for Place {
    fn store(&self) -> Box<dyn Store> {
        Box::new(PostgresStore::open(&self.0).unwrap())
    }

    fn reader(&self) -> Box<dyn Reader> {
        Box::new(PostgresReader::open(&self.0).unwrap())
    }
}

/// All of them, each in a project of its own: a server for each would take minutes.
#[test]
fn every_story() {
    let Some(cluster) = Cluster::start() else { return };
    let mut failed = Vec::new();
    for (name, story) in aiwg_store::contract!() {
        let project = name.replace('_', "-");
        let place = Place(at(&cluster, &project[..project.len().min(48)]));
        if catch_unwind(AssertUnwindSafe(|| story(&place))).is_err() {
            failed.push(name);
        }
    }
    assert!(failed.is_empty(), "{failed:?}");
}

/// What a writer reads after others have written is asked for at once from the third time on.
#[test]
fn what_is_asked_for_ahead_is_never_of_before() {
    let Some(cluster) = Cluster::start() else { return };
    let address = at(&cluster, "one");
    let [mut other, mut own] = [(); 2].map(|()| PostgresStore::open(&address).unwrap());
    let set = |store: &mut dyn Store, key: &str, value: &str| {
        let mut tx = store.begin().unwrap();
        tx.move_cursor(&Cursor::moved("source", key, value)).unwrap();
        tx.commit().unwrap();
    };
    let position = |store: &dyn View, key: &str| store.cursor("source", key).unwrap().unwrap_or_default();
    for value in ["1", "2", "3", "4", "5"] {
        set(&mut other, "key", value);
        let view = own.view().unwrap();
        assert_eq!(position(&*view, "key"), value);
        assert_eq!(view.cursors("source").unwrap()["key"], value);
        drop(view);
        set(&mut other, "key", &format!("{value} again"));
        let mut tx = own.begin().unwrap();
        assert_eq!(position(&*tx, "key"), format!("{value} again"));
        assert_eq!(position(&*tx, "own"), if value == "1" { "" } else { "own" });
        tx.move_cursor(&Cursor::moved("source", "key", "own")).unwrap();
        assert_eq!(position(&*tx, "key"), "own");
        assert_eq!(tx.cursors("source").unwrap()["key"], "own");
        tx.move_cursor(&Cursor::moved("source", "own", "own")).unwrap();
        tx.commit().unwrap();
    }
}
