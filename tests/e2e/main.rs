//! The real binary, over a real socket, with real processes. Each test has a project of its own and leaves no process behind.

#![allow(clippy::unwrap_used, clippy::print_stderr, clippy::expect_used, clippy::panic)]

mod agents;
mod approvals;
mod automation;
mod bad_config;
mod budget;
mod chat;
mod chat_terminal;
mod claude;
mod cli;
mod clients;
mod connections;
mod copies;
mod crash;
mod crash_kills;
mod crash_permissions;
mod crash_steering;
mod crash_unattended;
mod disk;
mod documents;
mod files;
mod guide;
#[path = "../hostile/mod.rs"]
mod hostile;
mod lifecycle;
mod logs;
mod messaging;
mod output;
mod packages;
mod permissions;
mod queue;
mod recovery;
mod reload;
mod remote;
mod repeat;
mod rules;
mod runaways;
mod runs;
mod safety;
mod schedules;
mod sdk;
mod service;
mod setup;
mod shim_program;
mod shown;
mod snapshots;
mod spool;
mod stored;
mod support;
mod tmux;
mod topics;
mod typed;
mod verify;
mod watching;
mod why;
