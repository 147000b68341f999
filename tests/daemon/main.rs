//! The daemon below the binary: in the test's own process, over a real socket, with a real store and real agents. Each
//! test has a project of its own and leaves neither a process nor a thread behind. `CONTRIBUTING.md` says which tests
//! belong here.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod agents;
mod automation;
mod budget;
mod changes;
mod claude;
mod embedded;
mod events;
mod expect;
mod hosts;
mod hosts_output;
mod lanes;
mod limits;
mod live;
mod live_lost;
mod metrics;
mod once;
mod order;
mod output;
mod profiles;
mod protect;
mod queue;
mod report;
mod retention;
mod rules;
mod sdk;
mod shapes;
mod spool;
mod steer;
mod takeover;
mod topics;
mod travel;
mod unheard;
mod vectors;
mod verify;
mod waiting_for_hosts;
mod why;
mod wire;
mod workspace_faults;
mod workspace_repositories;
mod workspaces;
