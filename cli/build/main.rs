//! Runs before the programs are compiled: tells them their commit, and links them with what they take of libgcc.

#![expect(clippy::print_stdout, reason = "cargo reads it")]

mod commit;

use std::{path::Path, process::Command};

/// The archive that has what the shared library would bring: how a panic unwinds.
const ARCHIVE: &str = "libgcc_eh.a";

fn main() -> std::io::Result<()> {
    println!("cargo::rerun-if-changed=build");
    commit::tell();
    link_libgcc()
}

/// Links what would be loaded: that is a fifth of the time in which the small program starts, and 90 KiB of the memory of an idle daemon.
fn link_libgcc() -> std::io::Result<()> {
    let is = |name: &str, value: &str| std::env::var(name).is_ok_and(|found| found == value);
    // Elsewhere it is linked in already, or there is another library.
    if !is("CARGO_CFG_TARGET_OS", "linux") || !is("CARGO_CFG_TARGET_ENV", "gnu") {
        return Ok(());
    }
    let (Some(archive), Ok(dir)) = (archive(), std::env::var("OUT_DIR")) else { return Ok(()) };
    // The standard library asks the linker for `gcc_s`, which it finds here first.
    std::fs::write(Path::new(&dir).join("libgcc_s.so"), format!("INPUT({archive})\n"))?;
    println!("cargo::rustc-link-arg-bins=-L{dir}");
    Ok(())
}

/// The path of the archive, if the C compiler that links has one.
fn archive() -> Option<String> {
    let linker = std::env::var("RUSTC_LINKER").unwrap_or_else(|_| "cc".to_owned());
    let asked = Command::new(linker).arg(format!("-print-file-name={ARCHIVE}")).output().ok()?;
    let path = String::from_utf8(asked.stdout).ok()?.trim().to_owned();
    // It repeats the name of what it does not have. A script of the linker takes no blanks.
    (Path::new(&path).is_absolute() && !path.contains(char::is_whitespace)).then_some(path)
}
