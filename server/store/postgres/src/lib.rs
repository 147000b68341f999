//! The store in PostgreSQL: what is PostgreSQL's own. The statements are those of `aiwg-store-sql`.
//!
//! A project is a schema of the database, named by the project's id, so that several projects share one. Its row in the table `project`, locked by whoever
//! writes, takes the place of SQLite's write lock: numbers that are given under it follow the order of commits. Whoever has it reads the number of the
//! last commit, and what it knows of the store again where somebody else has written since.
//!
//! There is one writer for each daemon, the engine's thread, through [`PostgresStore`]; everyone else reads through a [`PostgresReader`].

mod address;
mod ahead;
mod connect;
mod connection;
mod error;
mod hosts;
mod listen;
mod outputs;
mod params;
mod password;
mod schema;
mod store;
mod tls;
mod value;

pub use address::Address;
pub use connection::Postgres;
pub use hosts::{Joined, in_the_way};
pub use listen::{Hears, Listener};
pub use outputs::PostgresOutputs;
pub use schema::{Tables, look};
pub use store::{Known, PostgresStore};

/// A connection of its own that sees what has been committed. Its calls block.
pub type PostgresReader = aiwg_store_sql::SqlReader<Postgres>;
