//! The files that hold topics.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use aiwg_patterns::{Pattern, PatternSet, is_glob};
use aiwg_protocol::{CONFIG_PATH, types::ConfigProblem};

use super::trusted::read_trusted_itself;

/// The greatest number of files that hold topics.
const MOST_FILES: usize = 1000;

/// The number of entries of directories that are looked at.
const MOST_ENTRIES: usize = 20_000;

/// The greatest number of directories within each other that are looked at, below the one that the glob names.
const DEEPEST: usize = 16;

/// Directories that are not looked into unless the glob names them: their files are no one's topics.
const PASSED_OVER: [&str; 2] = [".aiwg", ".git"];

/// The advice for a glob that leads elsewhere.
const RELATIVE: &str = "must be a glob relative to the project, such as \"events/*.json\"";

/// A file that holds topics.
pub(super) struct TopicFile {
    /// Its path, for people.
    pub(super) name: String,
    /// Its text.
    pub(super) text: String,
}

/// The files that a glob matches, in the order of their paths; for one that cannot be read, the problem.
///
/// # Errors
/// The reason for which none can be found.
pub(super) fn find(project: &Path, glob: &str) -> Result<Vec<Result<TopicFile, ConfigProblem>>, String> {
    let mut look = Look::new(project, glob)?;
    look.look()?;
    look.found.sort_unstable();
    match look.found.len() {
        0 if look.link.is_some() => Err(format!(
            "no file matches {glob:?} but the link {:?}, and none is followed here: put a file in its place",
            look.link.unwrap_or_default()
        )),
        0 => Err(format!(
            "no file matches {glob:?}: make one, as {{\"deployment:complete\": {{}}}}, or leave the key out"
        )),
        many if many > MOST_FILES => Err(format!("{many} files match {glob:?}; {MOST_FILES} is the limit")),
        _ => Ok(look.found.iter().map(|path| read(project, path)).collect()),
    }
}

/// The places on which it depends what a glob leads to: the directories that are looked in, and the files that match. One of them changes with
/// each file that is changed, added or removed.
pub(super) fn places(project: &Path, glob: &str) -> Vec<PathBuf> {
    let Ok(mut look) = Look::new(project, glob) else { return Vec::new() };
    // As far as it comes: what is in its way is one of the places.
    let _ = look.look();
    look.directories.iter().chain(&look.found).map(|path| project.join(path)).collect()
}

/// The first link among directories within each other, the last of which may be a file.
fn link_on_the_way(project: &Path, parts: &[&str]) -> Option<String> {
    let ways = (1..=parts.len()).filter_map(|many| Some(parts.get(..many)?.join("/")));
    ways.into_iter().find(|way| project.join(way).is_symlink())
}

/// The last part of a path.
fn name_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn read(project: &Path, path: &str) -> Result<TopicFile, ConfigProblem> {
    let file: PathBuf = project.join(path);
    let name = file.display().to_string();
    match read_trusted_itself(&file) {
        Ok(text) => Ok(TopicFile { name, text }),
        Err(error) => Err(ConfigProblem {
            file: name,
            message: format!("it cannot be read: {error}"),
            ..ConfigProblem::default()
        }),
    }
}

/// The look for files.
struct Look<'a> {
    project: &'a Path,
    glob: &'a str,
    set: PatternSet,
    /// The number of entries that may still be looked at.
    left: usize,
    /// The files that match, by their paths relative to the project.
    found: Vec<String>,
    /// The directories that were looked in, likewise.
    directories: Vec<String>,
    /// A link that matches, and is no file here.
    link: Option<String>,
}

impl<'a> Look<'a> {
    fn new(project: &'a Path, glob: &'a str) -> Result<Self, String> {
        // A path is written so in a shell.
        let glob = glob.trim_start_matches("./");
        if glob.split('/').any(|part| matches!(part, "" | "." | "..")) {
            return Err(RELATIVE.to_owned());
        }
        let wrong = |error: aiwg_patterns::PatternError| format!("{glob:?} is no valid pattern: {error}");
        let set = PatternSet::new([Pattern::path(glob).map_err(wrong)?]).map_err(wrong)?;
        Ok(Self {
            project,
            glob,
            set,
            left: MOST_ENTRIES,
            found: Vec::new(),
            directories: Vec::new(),
            link: None,
        })
    }

    fn look(&mut self) -> Result<(), String> {
        let parts: Vec<&str> = self.glob.split('/').collect();
        let fixed: Vec<&str> = parts.iter().copied().take_while(|part| !is_glob(part)).collect();
        if let Some(link) = link_on_the_way(self.project, &fixed) {
            return Err(format!(
                "{link:?} is a link, and none is followed here: name the directory or file itself"
            ));
        }
        match parts.len() - fixed.len() {
            0 => self.found.push(self.glob.to_owned()),
            deep => {
                let depth = if self.glob.contains("**") { DEEPEST } else { deep };
                self.look_in(&fixed.join("/"), depth)?;
            }
        }
        Ok(())
    }

    fn look_in(&mut self, directory: &str, depth: usize) -> Result<(), String> {
        let full = self.project.join(directory);
        self.directories.push(directory.to_owned());
        let failed = |error: io::Error| format!("the directory {} cannot be read: {error}", full.display());
        let entries = match fs::read_dir(&full) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(failed(error)),
        };
        for entry in entries {
            let entry = entry.map_err(failed)?;
            self.left = self.left.checked_sub(1).ok_or_else(|| {
                format!("the glob leads to more than {MOST_ENTRIES} files and directories: name fewer")
            })?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            let path = if directory.is_empty() { name } else { format!("{directory}/{name}") };
            // A link is neither a directory nor a file here, so there is no way out of the project, and no circle.
            let kind = entry.file_type().map_err(failed)?;
            if kind.is_dir() && PASSED_OVER.contains(&name_of(&path)) {
                continue;
            }
            if kind.is_dir() {
                if let Some(depth) = depth.checked_sub(1).filter(|depth| *depth > 0) {
                    self.look_in(&path, depth)?;
                }
            } else if path != CONFIG_PATH && self.set.is_match(&path) {
                if kind.is_symlink() {
                    self.link.get_or_insert(path);
                } else {
                    self.found.push(path);
                }
            }
        }
        Ok(())
    }
}
