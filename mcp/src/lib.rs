//! The methods of the daemon as tools of the Model Context Protocol (<https://modelcontextprotocol.io>), over standard input and output.
//!
//! It is a gateway, and decides nothing: [`catalogue`] makes a tool of each method of the definition, and each call of a tool is a call of the
//! daemon, by the same client as any other. What an agent may do, the daemon decides by who has started this process.

mod bound;
mod call;
mod catalogue;
mod failure;
mod person;
mod schema;
mod server;
mod transport;
mod wait;

pub use catalogue::{Source, Tool, Tools, catalogue};
pub use server::{Options, serve};
