//! The aiwg daemon.
//!
//! [`boot`] reads top to bottom as the picture of it: sources (the socket, the watcher, the scheduler, the supervisor) send commands to the engine, which commits
//! them together with what the rules make of them and publishes the events on the bus; the log, the readable files and the
//! subscribers listen there; the supervisor carries out the engine's orders.

pub mod accounts;
mod agent_program;
mod allocator;
mod api;
mod beside;
pub mod boot;
pub mod bus;
mod code_pages;
mod component;
mod components;
pub mod config;
mod context;
pub mod engine;
mod gateways;
pub mod health;
mod leases;
pub mod lifecycle;
pub mod log;
pub mod messaging;
pub mod migrate;
mod outputs;
mod own_program;
mod place;
pub mod profiles;
pub mod project;
mod recovery;
mod reload;
pub mod rules;
mod running;
mod runs;
pub mod state;
mod status;
mod stop;
mod telemetry;
mod waits;
pub mod webhooks;
mod workspaces;

pub use own_program::{note_own_program, own_program};
