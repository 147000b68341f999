//! The shim's role as a program of its own, so that its tests need not build the CLI.

fn main() -> std::process::ExitCode {
    aiwg_shim::run().into()
}
