//! The topics of a project, for Rust: a type for each payload.

mod names;
mod shape;
mod types;

use minijinja::{Value, context};

use self::{shape::Shape, types::views};
use crate::{GenerateError, layout::WIDTH, model::Project, render::render};

/// The file's name.
pub(crate) const FILE: &str = "aiwg_events.rs";

/// The file's text, which begins with `mark`.
pub(crate) fn text(project: &Project, mark: &str) -> Result<String, GenerateError> {
    let shape = Shape::new(project);
    let types: Vec<Value> = views(project, &shape);
    let view = context! { mark, maps => shape.has_map(), values => shape.has_value(), types };
    render(include_str!("events.rs.jinja"), &view)
}

/// `const NAME`, on one line where it fits.
fn constant(topic: &str) -> String {
    let line = format!("const NAME: &'static str = {};", names::quoted(topic));
    if line.chars().count() + 4 <= WIDTH { line } else { line.replacen("= ", "=\n        ", 1) }
}
