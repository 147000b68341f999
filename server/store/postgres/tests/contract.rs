//! PostgreSQL keeps what every store promises.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, missing_docs)]

#[allow(dead_code, unreachable_pub)]
mod cluster;

use std::panic::{AssertUnwindSafe, catch_unwind};

use aiwg_store::{Reader, Store, contract::Backend};
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
