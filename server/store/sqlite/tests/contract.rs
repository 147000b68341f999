//! SQLite keeps what every store promises.

#![allow(clippy::unwrap_used)]

use std::path::PathBuf;

use aiwg_store::{Reader, Store, contract::Backend};
use aiwg_store_sqlite::{SqliteReader, SqliteStore};
use tempfile::TempDir;

struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("daemon.db")
    }
}

impl Backend for Place {
    fn store(&self) -> Box<dyn Store> {
        Box::new(SqliteStore::open(&self.path()).unwrap())
    }

    fn reader(&self) -> Box<dyn Reader> {
        Box::new(SqliteReader::open(&self.path()).unwrap())
    }
}

aiwg_store::contract!(Place::new);
