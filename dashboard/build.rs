//! Embeds the built page: each file of `page/dist`, compressed, with the hash of its content.

use std::{
    fmt::Write as _,
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use flate2::{Compression, GzBuilder};
use hmac_sha256::Hash;

fn main() -> io::Result<()> {
    let dist = Path::new("page/dist");
    println!("cargo::rerun-if-changed=page/dist");
    let out = PathBuf::from(std::env::var_os("OUT_DIR").unwrap_or_default());
    let mut files = Vec::new();
    gather(dist, &mut files)?;
    files.sort();
    let mut table = String::from("&[\n");
    for (number, file) in files.iter().enumerate() {
        let content = fs::read(file)?;
        let hash: String = Hash::hash(&content)[..12].iter().fold(String::new(), |mut hash, byte| {
            let _ = write!(hash, "{byte:02x}");
            hash
        });
        let packed = out.join(format!("{number}.gz"));
        // Without a time or a name in it: the same page gives the same program.
        let mut packer = GzBuilder::new().mtime(0).write(Vec::new(), Compression::best());
        packer.write_all(&content)?;
        fs::write(&packed, packer.finish()?)?;
        let served = file.strip_prefix(dist).unwrap_or(file).display();
        let _ = writeln!(
            table,
            "    File {{ path: {:?}, hash: {hash:?}, packed: include_bytes!({:?}) }},",
            format!("/{served}"),
            packed.display().to_string(),
        );
    }
    table.push(']');
    fs::write(out.join("files.rs"), table)
}

/// Adds the files of a directory that are served: no hidden ones, and no source maps.
fn gather(dir: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    println!("cargo::rerun-if-changed={}", dir.display());
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with('.') || name.ends_with(".map") {
            continue;
        }
        match entry.file_type()? {
            kind if kind.is_dir() => gather(&entry.path(), files)?,
            kind if kind.is_file() => files.push(entry.path()),
            _ => {}
        }
    }
    Ok(())
}
