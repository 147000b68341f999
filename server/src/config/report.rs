//! The problems of a text, and their places.

use aiwg_protocol::{limits::LONGEST_ERROR, types::ConfigProblem};
use jsonc_parser::{ast, common::Ranged};

/// A text and its name.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) file: &'a str,
    pub(super) text: &'a str,
}

impl Source<'_> {
    /// A problem at a byte of the text.
    pub(super) fn problem(&self, at: usize, message: String) -> ConfigProblem {
        let before = self.text.get(..at).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let number = |number: usize| u32::try_from(number).ok();
        ConfigProblem {
            file: self.file.to_owned(),
            line: number(before.matches('\n').count() + 1),
            column: number(before[line_start..].chars().count() + 1),
            message,
        }
    }
}

/// The number of problems that are reported. Finding the place of one takes a look at all that stands before it.
const MOST: usize = 100;

/// Gathers the problems.
pub(crate) struct Report<'a> {
    source: Source<'a>,
    /// The text's syntax tree.
    tree: &'a ast::Value<'a>,
    problems: Vec<ConfigProblem>,
    /// The problems of files that the text names.
    elsewhere: Vec<ConfigProblem>,
    /// The number of problems beyond those.
    more: usize,
}

impl<'a> Report<'a> {
    pub(super) fn new(source: Source<'a>, tree: &'a ast::Value<'a>) -> Self {
        Self { source, tree, problems: Vec::new(), elsewhere: Vec::new(), more: 0 }
    }

    /// The key or value at a byte of the text is wrong.
    pub(super) fn wrong(&mut self, at: usize, message: impl AsRef<str>) {
        if self.is_full() {
            return;
        }
        let (path, message) = (self.path(at), message.as_ref());
        let named = if path.is_empty() { message.to_owned() } else { format!("{path}: {message}") };
        self.as_it_is(at, named);
    }

    /// Reports a problem whose message names the place itself.
    pub(super) fn as_it_is(&mut self, at: usize, message: String) {
        if !self.is_full() {
            self.problems.push(self.source.problem(at, shortened(message)));
        }
    }

    /// Reports the problems of a file that the text names.
    pub(super) fn adopt(&mut self, problems: Vec<ConfigProblem>) {
        for problem in problems {
            if !self.is_full() {
                self.elsewhere.push(problem);
            }
        }
    }

    /// The number of problems of files that the text names.
    pub(super) fn elsewhere(&self) -> usize {
        self.elsewhere.len()
    }

    /// True if enough problems are reported; then counts one more that is not.
    pub(super) fn is_full(&mut self) -> bool {
        let is_full = self.problems.len() + self.elsewhere.len() >= MOST;
        self.more += usize::from(is_full);
        is_full
    }

    /// The path to the value at a byte of the text: `rules[0].condition`. Empty for the whole.
    pub(super) fn path(&self, at: usize) -> String {
        let mut path = String::new();
        let mut node = self.tree;
        let holds = |range: jsonc_parser::common::Range| range.start <= at && at < range.end;
        loop {
            let (start, inner) = match node {
                ast::Value::Object(object) => {
                    let Some(found) = object.properties.iter().find(|property| holds(property.range()))
                    else {
                        return path;
                    };
                    if !path.is_empty() {
                        path.push('.');
                    }
                    path.push_str(found.name.as_str());
                    (found.start(), &found.value)
                }
                ast::Value::Array(list) => {
                    let Some((place, found)) =
                        list.elements.iter().enumerate().find(|(_, element)| holds(element.range()))
                    else {
                        return path;
                    };
                    path.push_str(&format!("[{place}]"));
                    (found.start(), found)
                }
                _ => return path,
            };
            if start == at {
                return path;
            }
            node = inner;
        }
    }

    /// All of it, by line and column; then what is wrong in other files.
    pub(super) fn finish(mut self) -> Vec<ConfigProblem> {
        self.problems.sort_by_key(|problem| (problem.line, problem.column));
        self.problems.append(&mut self.elsewhere);
        if self.more > 0 {
            let (file, message) = (self.source.file.to_owned(), format!("and {} more problems", self.more));
            self.problems.push(ConfigProblem { file, message, ..ConfigProblem::default() });
        }
        self.problems
    }

    pub(super) fn is_empty(&self) -> bool {
        self.problems.is_empty() && self.elsewhere.is_empty()
    }
}

/// A message that may repeat a part of the file, but not megabytes of it.
fn shortened(mut message: String) -> String {
    if message.len() > LONGEST_ERROR {
        message.truncate(message.floor_char_boundary(LONGEST_ERROR));
        message.push('…');
    }
    message
}

/// A step from a value into it.
#[derive(Clone, Copy)]
pub(crate) enum Step<'a> {
    Key(&'a str),
    Place(usize),
}

/// The value to which a step from this one leads, and its place: that of the key where it has one.
fn follow<'t>(node: &'t ast::Value<'t>, step: Step<'_>) -> Option<(usize, &'t ast::Value<'t>)> {
    match (node, step) {
        (ast::Value::Object(object), Step::Key(key)) => {
            let property = object.properties.iter().find(|property| property.name.as_str() == key)?;
            Some((property.start(), &property.value))
        }
        (ast::Value::Array(array), Step::Place(place)) => {
            array.elements.get(place).map(|element| (element.start(), element))
        }
        _ => None,
    }
}

/// True if a path of keys and indexes leads to a value.
pub(super) fn is_set<'a>(tree: &ast::Value<'_>, path: impl IntoIterator<Item = Step<'a>>) -> bool {
    path.into_iter().try_fold(tree, |node, step| Some(follow(node, step)?.1)).is_some()
}

/// The place to which a path of keys and indexes leads, as a byte of the text: the key where the last segment is one.
pub(super) fn position<'a>(tree: &ast::Value<'_>, path: impl IntoIterator<Item = Step<'a>>) -> usize {
    let mut node = tree;
    let mut at = node.start();
    for step in path {
        let Some((start, next)) = follow(node, step) else { break };
        (at, node) = (start, next);
    }
    at
}
