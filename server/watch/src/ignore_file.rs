//! Ignore files, read as git reads them, and within limits: anyone who can change a branch can write one.

use std::{
    borrow::Cow,
    collections::HashMap,
    fs,
    io::{self, Read},
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use gix_glob::{Pattern, pattern::Mode, wildmatch};

/// As much is read of one file, in bytes.
const MAX_SIZE: usize = 1024 * 1024;

/// The longest line, in bytes.
const MAX_LINE: usize = 4096;

/// The most patterns of one file.
const MAX_PATTERNS: usize = 10_000;

/// The name of the ignore files.
pub(crate) const GITIGNORE: &str = ".gitignore";

/// Maximum number of `**` in a pattern: matching takes twice as long with each.
const MAX_DOUBLE_STARS: usize = 4;

/// Maximum cost of the patterns with wildcards that count for a directory. One without `**` costs 1.
pub(crate) const MAX_COST: usize = 2000;

/// Maximum memory of all ignore files, in bytes.
const MAX_MEMORY: usize = 32 * 1024 * 1024;

/// Memory of a pattern besides its text, about, in bytes.
const OVERHEAD: usize = 128;

/// Remaining memory for ignore files.
#[derive(Debug, Clone)]
pub(crate) struct Budget(Arc<AtomicUsize>);

impl Default for Budget {
    fn default() -> Self {
        Self(Arc::new(AtomicUsize::new(MAX_MEMORY)))
    }
}

impl Budget {
    fn take(&self, size: usize) -> bool {
        self.0.try_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(size)).is_ok()
    }
}

/// The patterns of an ignore file, the last of which counts that matches.
#[derive(Debug, Default)]
pub(crate) struct IgnoreFile {
    file: PathBuf,
    /// Length of the path that they are relative to, with the slash behind it.
    base: usize,
    fold: bool,
    /// Patterns without wildcards and slashes: names.
    names: HashMap<Box<[u8]>, Literal>,
    /// Patterns without wildcards: paths.
    paths: HashMap<Box<[u8]>, Literal>,
    /// Patterns with wildcards, in their order.
    globs: Vec<(u32, Pattern)>,
    negated: Vec<bool>,
    cost: usize,
    size: usize,
    budget: Budget,
    problem: Option<String>,
}

/// The places of the last patterns with a text.
#[derive(Debug, Default, Clone, Copy)]
struct Literal {
    any: Option<u32>,
    of_directory: Option<u32>,
}

impl Drop for IgnoreFile {
    fn drop(&mut self) {
        self.budget.0.fetch_add(self.size, Ordering::Relaxed);
    }
}

/// Options for reading an ignore file.
pub(crate) struct How<'a> {
    /// True if a symbolic link may lead to it. Git follows none in a work tree.
    pub(crate) follows_links: bool,
    /// True if upper and lower case are the same: git's `core.ignoreCase`.
    pub(crate) fold: bool,
    /// Maximum cost of its patterns, at most [`MAX_COST`].
    pub(crate) max_cost: usize,
    pub(crate) budget: &'a Budget,
}

impl IgnoreFile {
    /// Reads an ignore file whose patterns are relative to `base`. `None` if it is not there, or says nothing.
    pub(crate) fn read(base: &Path, file: PathBuf, how: &How<'_>) -> Option<Self> {
        let mut read = Self::default();
        read.base = base.as_os_str().len() + usize::from(base.parent().is_some());
        read.fold = how.fold;
        read.budget = how.budget.clone();
        match start_of(&file, how.follows_links) {
            Ok(text) => read.take(&text, how.max_cost),
            Err(error) if aiwg_fs::is_absent(&error) => return None,
            Err(error) => read.problem = Some(format!("it is not read: {error}")),
        }
        read.file = file;
        (read.problem.is_some() || !read.negated.is_empty()).then_some(read)
    }

    /// The file and the reason for which a part of it does not count; none if all of it counts.
    pub(crate) fn problem(&self) -> Option<(&Path, &str)> {
        Some((&self.file, self.problem.as_deref()?))
    }

    pub(crate) fn cost(&self) -> usize {
        self.cost
    }

    fn take(&mut self, text: &[u8], max_cost: usize) {
        let is_cut = text.len() > MAX_SIZE;
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        let mut lines: Vec<&[u8]> = text.split(|&byte| byte == b'\n').collect();
        if is_cut {
            // The last one may be half a line.
            lines.pop();
            self.problem =
                Some(format!("it is larger than {MAX_SIZE} bytes, and what is beyond does not count"));
        }
        for (number, line) in (1..).zip(lines) {
            let Some(pattern) = pattern(line) else { continue };
            if let Err(why) = self.add(pattern, max_cost) {
                self.problem.get_or_insert_with(|| format!("line {number} does not count: {why}"));
            }
        }
    }

    fn add(&mut self, pattern: Pattern, max_cost: usize) -> Result<(), String> {
        let place = u32::try_from(self.negated.len()).unwrap_or(u32::MAX);
        let size = pattern.text.len() + OVERHEAD;
        if pattern.text.len() > MAX_LINE {
            return Err(format!("it is longer than {MAX_LINE} bytes"));
        }
        if self.negated.len() >= MAX_PATTERNS {
            return Err(format!("there are more than {MAX_PATTERNS} patterns"));
        }
        let cost = if pattern.first_wildcard_pos.is_some() { cost(&pattern)? } else { 0 };
        if self.cost + cost > max_cost {
            return Err(format!(
                "the patterns for one directory are too many, with wildcards more than {MAX_COST}"
            ));
        }
        if !self.budget.take(size) {
            return Err(format!("all ignore files together would take more than {MAX_MEMORY} bytes"));
        }
        self.size += size;
        self.cost += cost;
        self.negated.push(pattern.is_negative());
        if pattern.first_wildcard_pos.is_some() {
            self.globs.push((place, pattern));
            return Ok(());
        }
        let is_name = pattern.mode.contains(Mode::NO_SUB_DIR) && !pattern.mode.contains(Mode::ABSOLUTE);
        let key = self.key(&pattern.text).into_owned().into_boxed_slice();
        let map = if is_name { &mut self.names } else { &mut self.paths };
        let literal = map.entry(key).or_default();
        if pattern.mode.contains(Mode::MUST_BE_DIR) {
            literal.of_directory = Some(place);
        } else {
            literal.any = Some(place);
        }
        Ok(())
    }

    /// True if a path below its base is ignored by it; `None` if it says nothing about that.
    pub(crate) fn ignores(&self, path: &Path, is_dir: bool) -> Option<bool> {
        let path = path.as_os_str().as_bytes().get(self.base..)?;
        let name_at = path.iter().rposition(|&byte| byte == b'/').map(|slash| slash + 1);
        let name = path.get(name_at.unwrap_or_default()..)?;
        let literal = self.literal(&self.names, name, is_dir).max(self.literal(&self.paths, path, is_dir));
        let is_last = |place: u32| literal.is_none_or(|literal| literal < place);
        let later = self.globs.iter().rev().take_while(|(place, _)| is_last(*place));
        let fold = if self.fold { wildmatch::Mode::IGNORE_CASE } else { wildmatch::Mode::empty() };
        let mode = fold | wildmatch::Mode::NO_MATCH_SLASH_LITERAL;
        let mut later = later.filter(|(_, pattern)| matches(pattern, path, name, is_dir, mode));
        let place = later.next().map(|(place, _)| *place).or(literal)?;
        self.negated.get(usize::try_from(place).ok()?).map(|is_negated| !is_negated)
    }

    fn literal(&self, map: &HashMap<Box<[u8]>, Literal>, text: &[u8], is_dir: bool) -> Option<u32> {
        if map.is_empty() {
            return None;
        }
        let literal = map.get(&*self.key(text))?;
        if is_dir { literal.any.max(literal.of_directory) } else { literal.any }
    }

    fn key<'a>(&self, text: &'a [u8]) -> Cow<'a, [u8]> {
        if self.fold { text.to_ascii_lowercase().into() } else { text.into() }
    }
}

/// True if a pattern with wildcards matches.
fn matches(pattern: &Pattern, path: &[u8], name: &[u8], is_dir: bool, mode: wildmatch::Mode) -> bool {
    if pattern.mode.contains(Mode::MUST_BE_DIR) && !is_dir {
        return false;
    }
    if pattern.mode.contains(Mode::NO_SUB_DIR) && !pattern.mode.contains(Mode::ABSOLUTE) {
        return pattern.matches(name.into(), mode);
    }
    // As git does: what comes before the first wildcard is compared by itself, so `**` behind it counts as at a start.
    let at = pattern.first_wildcard_pos.unwrap_or_default();
    let (Some((literal, glob)), Some((start, rest))) =
        (pattern.text.split_at_checked(at), path.split_at_checked(at))
    else {
        return false;
    };
    let is_same = if mode.contains(wildmatch::Mode::IGNORE_CASE) {
        start.eq_ignore_ascii_case(literal)
    } else {
        start == literal
    };
    is_same && gix_glob::wildmatch(glob.into(), rest.into(), mode)
}

/// The pattern of a line, as git reads it: bytes, whatever they stand for.
fn pattern(line: &[u8]) -> Option<Pattern> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.starts_with(b"#") {
        return None;
    }
    let line = line.split(|&byte| byte == 0).next().unwrap_or(line);
    Pattern::from_bytes(without_trailing_spaces(line))
}

/// A line without the spaces at its end, but for those behind a backslash.
fn without_trailing_spaces(line: &[u8]) -> &[u8] {
    let mut end = 0;
    let mut is_escaped = false;
    for (index, &byte) in line.iter().enumerate() {
        let is_plain_space = byte == b' ' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        if !is_plain_space {
            end = index + 1;
        }
    }
    line.get(..end).unwrap_or(line)
}

/// Cost of matching a pattern.
fn cost(pattern: &Pattern) -> Result<usize, String> {
    let runs = pattern.text.split(|&byte| byte != b'*').filter(|run| run.len() > 1).count();
    match runs {
        0 | 1 => Ok(1),
        2..=MAX_DOUBLE_STARS => Ok(4_usize.pow(u32::try_from(runs - 1).unwrap_or_default())),
        _ => Err(format!("it has `**` more than {MAX_DOUBLE_STARS} times")),
    }
}

/// The start of a file, by one byte more than is read of it if it has more.
fn start_of(file: &Path, follows_links: bool) -> io::Result<Vec<u8>> {
    let file = if follows_links { fs::canonicalize(file)? } else { file.to_owned() };
    let mut text = Vec::new();
    let most = u64::try_from(MAX_SIZE).unwrap_or(u64::MAX).saturating_add(1);
    aiwg_fs::open_of_anyone(&file)?.take(most).read_to_end(&mut text)?;
    Ok(text)
}
