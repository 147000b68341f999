//! Comparing the output with what lies in the repository, and writing it there.

use std::{
    collections::BTreeSet,
    fmt, fs, io,
    path::{Path, PathBuf},
};

use crate::{
    GenerateError,
    generated_file::Output,
    output::{FOLDERS, outputs},
};

/// A difference between the repository and the definition. The path is relative to the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// The file should be there.
    Missing(String),
    /// The file lies in a generated folder, and nothing generates it.
    Surplus(String),
    /// The file's contents are not those that would be generated.
    Stale(String),
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(path) => write!(f, "missing  {path}"),
            Self::Surplus(path) => write!(f, "surplus  {path}"),
            Self::Stale(path) => write!(f, "stale    {path}"),
        }
    }
}

/// Compares the repository at `root` with the definition: first which files there are, then what they hold.
///
/// # Errors
/// The output cannot be generated, or a file cannot be read.
pub fn check(root: &Path) -> Result<Vec<Difference>, GenerateError> {
    compare(root, &outputs()?)
}

/// Brings the repository at `root` up to date, and returns the differences that it had.
///
/// # Errors
/// The output cannot be generated, or a file cannot be written.
pub fn write(root: &Path) -> Result<Vec<Difference>, GenerateError> {
    let outputs = outputs()?;
    let differences = compare(root, &outputs)?;
    for difference in &differences {
        apply(root, difference, &outputs)?;
    }
    Ok(differences)
}

fn compare(root: &Path, outputs: &[Output]) -> Result<Vec<Difference>, GenerateError> {
    let expected: BTreeSet<String> = outputs.iter().map(|output| output.path.clone()).collect();
    let mut present = BTreeSet::new();
    for folder in FOLDERS {
        list(root, folder, &mut present)?;
    }
    let mut differences: Vec<Difference> =
        present.difference(&expected).cloned().map(Difference::Surplus).collect();
    for output in outputs {
        let path = root.join(&output.path);
        match fs::read(&path) {
            Ok(bytes) if bytes == output.text.as_bytes() => {}
            Ok(_) => differences.push(Difference::Stale(output.path.clone())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                differences.push(Difference::Missing(output.path.clone()));
            }
            Err(error) => return Err(GenerateError::Io { path, error }),
        }
    }
    differences.sort_by_key(|difference| matches!(difference, Difference::Stale(_)));
    Ok(differences)
}

/// Adds the files in a generated folder. Folders in it are not generated: `__pycache__` is one.
fn list(root: &Path, folder: &str, found: &mut BTreeSet<String>) -> Result<(), GenerateError> {
    let path = root.join(folder);
    let failed = |error| GenerateError::Io { path: path.clone(), error };
    let entries = match fs::read_dir(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(failed)?,
    };
    for entry in entries {
        let entry = entry.map_err(failed)?;
        if entry.file_type().map_err(failed)?.is_file() {
            found.insert(format!("{folder}/{}", entry.file_name().to_string_lossy()));
        }
    }
    Ok(())
}

fn apply(root: &Path, difference: &Difference, outputs: &[Output]) -> Result<(), GenerateError> {
    let (Difference::Missing(name) | Difference::Surplus(name) | Difference::Stale(name)) = difference;
    let path: PathBuf = root.join(name);
    let done = match outputs.iter().find(|output| output.path == *name) {
        Some(output) => {
            path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&path, &output.text))
        }
        None => fs::remove_file(&path),
    };
    done.map_err(|error| GenerateError::Io { path, error })
}
