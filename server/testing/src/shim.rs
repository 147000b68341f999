//! The test's program is the shim of its daemons' agents, as every program is that a daemon is embedded in. The small
//! program `aiwg-shim` works for nobody but the `aiwg` beside it.

use aiwg_shim::Process;

/// The beginning of a program's `main`, here before it: a test's `main` is the harness's. Like the small program, it
/// runs without what the standard library does before `main`.
// SAFETY: it uses nothing that is only there from `main` on.
#[allow(unsafe_code)]
#[ctor::ctor(unsafe)]
fn be_the_shim() {
    if aiwg_shim::is_role() && Process::current_is_a_daemons() {
        std::process::exit(aiwg_shim::run().into());
    }
}
