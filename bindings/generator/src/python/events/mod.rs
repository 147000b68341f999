//! The topics of a project, for Python: types of their payloads, and clients that are typed by them.

mod classes;
mod spelling;

use minijinja::{Value, context};

use self::{classes::views, spelling::Spelling};
use super::{STYLE, imports::of_module, names};
use crate::{
    GenerateError,
    model::{DeclaredTopics, Model, Project, ProjectTopic, Type, TypeDef, TypeKind},
    render::render,
};

/// The file's name.
pub(crate) const FILE: &str = "aiwg_events.py";

/// The names of `typing` that the types may need, and those that the clients always do.
const TYPING: &[(&str, bool)] = &[
    ("TYPE_CHECKING", true),
    ("Any", true),
    ("Dict", false),
    ("List", false),
    ("Literal", true),
    ("NewType", false),
    ("NoReturn", false),
    ("Optional", true),
    ("TypedDict", true),
    ("Union", true),
];

/// The file's text, which begins with `mark`.
pub(crate) fn text(declared: &DeclaredTopics, mark: &str) -> Result<String, GenerateError> {
    let model = Model::from_definition()?;
    let own = of_own_topics(&model);
    let taken: Vec<&str> = own.iter().map(|def| def.name.as_str()).collect();
    let project = Project::lower(declared, &taken);
    let mut types = views(&own, Some(&model));
    types.extend(views(&project.types.iter().collect::<Vec<_>>(), None));
    let body = render(include_str!("types.py.jinja"), &context! { types, strict => project.strict })?;
    let clients = context! {
        strict => project.strict,
        clients => ["", "Async"],
        topics => project.topics.iter().map(|topic| topic_view(&project, topic)).collect::<Vec<_>>(),
        own => own_views(&model),
    };
    let clients = render(include_str!("clients.py.jinja"), &clients)?;
    let is_used = |(name, always): &&(&str, bool)| *always || has_word(&body, name);
    let typing = TYPING.iter().filter(is_used).map(|(name, _)| (*name).to_owned()).collect();
    let typing = of_module("typing", typing);
    let head = render(
        include_str!("head.py.jinja"),
        &context! { mark, typing, aliases => has_word(&body, "TypeAlias") },
    )?;
    Ok(head + &body + &clients)
}

/// The types of the payloads of the daemon's own topics.
fn of_own_topics(model: &Model) -> Vec<&TypeDef> {
    let mut names: Vec<&str> = Vec::new();
    let mut open: Vec<&str> = model.topics.iter().map(|topic| topic.payload.as_str()).collect();
    while let Some(name) = open.pop() {
        if !names.contains(&name) {
            names.push(name);
            open.extend(model.find(name).map(|def| def.kind.refs()).unwrap_or_default());
        }
    }
    model.types.iter().filter(|def| names.contains(&def.name.as_str())).collect()
}

fn topic_view(project: &Project, topic: &ProjectTopic) -> Value {
    context! {
        literal => format!("Literal[{}]", names::quoted(&topic.name)),
        payload => topic.payload.as_str(),
        may_be_none => allows_null(&project.types, &topic.payload, 0),
    }
}

/// True if null is a value of the type: then a payload may be left out.
fn allows_null(types: &[TypeDef], name: &str, depth: usize) -> bool {
    let allows = |ty: &Type| match ty {
        Type::Nullable(_) | Type::Json | Type::Null => true,
        Type::Ref(name) => depth < types.len() && allows_null(types, name, depth + 1),
        _ => false,
    };
    match types.iter().find(|def| def.name == name).map(|def| &def.kind) {
        Some(TypeKind::Alias(ty)) => allows(ty),
        Some(TypeKind::Union(union)) => union.arms.iter().any(allows),
        _ => false,
    }
}

/// The daemon's own topics, those of the same payload together. One of which a user's own name is a part is not among them.
fn own_views(model: &Model) -> Vec<Value> {
    let mut payloads: Vec<(&str, Vec<String>)> = Vec::new();
    for topic in model.topics.iter().filter(|topic| !topic.name.contains('*')) {
        let name = names::quoted(topic.name);
        match payloads.iter_mut().find(|(payload, _)| *payload == topic.payload) {
            Some((_, names)) => names.push(name),
            None => payloads.push((&topic.payload, vec![name])),
        }
    }
    let view = |(payload, names): (&str, Vec<String>)| {
        context! { literal => STYLE.list(12, "Literal[", &names, "]"), payload }
    };
    payloads.into_iter().map(view).collect()
}

/// True if the text has this word.
fn has_word(text: &str, word: &str) -> bool {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').any(|other| other == word)
}
