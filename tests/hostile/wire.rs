//! Clients that send too much or read too little.

mod bounds;
mod gone;
mod many;
mod places;
mod taking;
mod waits;

use serde_json::{Value, json};

use crate::support::Project;

/// A figure of the daemon's memory, in MiB.
fn memory(project: &Project, figure: &str) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{}/status", project.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(figure)).unwrap();
    line.trim_start_matches(':').trim().split(' ').next().unwrap().parse::<usize>().unwrap() / 1024
}

/// Additional peak memory of the daemon, in MiB over this. Of unoptimised code, which has a little more.
fn peak_over(project: &Project, idle: usize) -> usize {
    memory(project, "VmHWM").saturating_sub(idle)
}

/// A request, as a line.
fn request(id: usize, method: &str, params: &Value) -> String {
    json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }).to_string() + "\n"
}
