//! What the system says of the daemon's own process.

use rustix::{
    param::page_size,
    time::{ClockId, clock_gettime},
};

/// The process, as far as the system says.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Process {
    /// Time that it has computed, in seconds.
    pub(super) cpu_seconds: f64,
    /// Memory that it holds, in bytes; none if that is not known.
    pub(super) resident_bytes: Option<u64>,
    /// Number of its open files; none if that is not known.
    pub(super) open_files: Option<u64>,
}

impl Process {
    /// That of the daemon.
    pub(super) fn own() -> Self {
        let computed = clock_gettime(ClockId::ProcessCPUTime);
        // As Linux has it: other systems say nothing.
        let pages = std::fs::read_to_string("/proc/self/statm").ok();
        let pages = pages.and_then(|text| text.split(' ').nth(1)?.parse::<u64>().ok());
        // One of them is the listing's own.
        let open = std::fs::read_dir("/proc/self/fd").ok().map(|all| all.count().saturating_sub(1) as u64);
        Self {
            cpu_seconds: computed.tv_sec as f64 + computed.tv_nsec as f64 / 1e9,
            resident_bytes: pages.map(|pages| pages.saturating_mul(page_size() as u64)),
            open_files: open,
        }
    }
}
