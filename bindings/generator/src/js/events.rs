//! The topics of a project, for the client that programs import already.

use minijinja::{Value, context};

use super::{comment, types};
use crate::{
    GenerateError,
    model::{Project, ProjectTopic},
    render::render,
};

/// The file's name.
pub(crate) const FILE: &str = "aiwg-events.d.ts";

const TEMPLATE: &str = concat!(include_str!("events.d.ts.jinja"), include_str!("declarations.ts.jinja"));

/// The file's text, which begins with `mark`.
pub(crate) fn text(project: &Project, mark: &str) -> Result<String, GenerateError> {
    let view = context! {
        mark,
        strict => project.strict,
        topics => project.topics.iter().map(topic).collect::<Vec<_>>(),
        types => project.types.iter().map(|def| types::view(None, def)).collect::<Vec<_>>(),
    };
    render(TEMPLATE, &view)
}

fn topic(topic: &ProjectTopic) -> Value {
    let entry = format!("{}: {};", types::property(&topic.name), topic.payload);
    context! { docs => comment::block(&topic.docs, 2), entry }
}
