//! A PostgreSQL of a test's own, and the projects in it.

#[path = "../../../../../tests/postgres/cluster.rs"]
mod server;

use aiwg_store_postgres::{Address, PostgresStore};
pub use server::{Cluster, PASSWORD};

/// The address of a project in it, over its socket.
pub fn at(cluster: &Cluster, project: &str) -> Address {
    Address::new(&cluster.url(project)).unwrap().with_password(PASSWORD)
}

/// A store that is opened.
pub fn open(address: &Address) -> PostgresStore {
    PostgresStore::open(address).unwrap()
}
