//! Names the build: by that a daemon knows whether the small program beside it does what its own shim would.

use std::{
    hash::{DefaultHasher, Hasher},
    path::{Path, PathBuf},
};

/// The directories whose files make up a shim. A packed crate has its own alone: there, the version stands for the other.
const SOURCES: [&str; 2] = ["src", "../fs/src"];

fn main() -> std::io::Result<()> {
    let mut hasher = DefaultHasher::new();
    for name in ["CARGO_PKG_VERSION", "TARGET"] {
        hasher.write(std::env::var(name).unwrap_or_default().as_bytes());
    }
    for sources in SOURCES.into_iter().filter(|sources| Path::new(sources).is_dir()) {
        println!("cargo::rerun-if-changed={sources}");
        let mut files = Vec::new();
        find(Path::new(sources), &mut files)?;
        files.sort();
        for file in files {
            hasher.write(file.as_os_str().as_encoded_bytes());
            hasher.write(&std::fs::read(file)?);
        }
    }
    println!("cargo::rustc-env=AIWG_SHIM_BUILD={:016x}", hasher.finish());
    Ok(())
}

fn find(dir: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() { find(&path, files)? } else { files.push(path) }
    }
    Ok(())
}
