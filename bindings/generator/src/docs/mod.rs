//! `docs/protocol.md`, the reference from which a stranger can write a client, and `docs/mcp.md`, the tools for agents.

mod examples;
mod markdown;
mod tools;

use minijinja::{Value, context};

use crate::{
    GenerateError,
    generated_file::Output,
    model::{ErrorKindDef, Field, Method, Model, Notification, Topic, TypeDef, TypeKind},
    render::render,
};

/// Path of the document.
const PATH: &str = "docs/protocol.md";

pub(crate) fn outputs(model: &Model) -> Result<Vec<Output>, GenerateError> {
    let described =
        |def: &&TypeDef| !def.is_params && !model.notifications.iter().any(|row| row.params == def.name);
    let view = context! {
        command => crate::COMMAND,
        constants => model.constants.view(),
        namespaces => namespaces(model)?,
        pushed => notifications(model, false)?,
        session => include_str!("session.txt"),
        taken => notifications(model, true)?,
        topics => model.topics.iter().map(topic).collect::<Vec<_>>(),
        types => model.types.iter().filter(described).map(type_view).collect::<Vec<_>>(),
        errors => model.errors.iter().map(error).collect::<Vec<_>>(),
        common => common_errors(model),
    };
    Ok(vec![Output::new(PATH, render(include_str!("protocol.md.jinja"), &view)?), tools::output()?])
}

/// The methods by namespace; those that have none come first.
fn namespaces(model: &Model) -> Result<Vec<Value>, GenerateError> {
    let namespace = |name: Option<&str>| {
        let methods = model
            .methods_in(name)
            .map(|row| method(model, row))
            .collect::<Result<Vec<_>, GenerateError>>()?;
        Ok(context! { name => name.unwrap_or_default(), methods })
    };
    std::iter::once(None).chain(model.namespaces().into_iter().map(Some)).map(namespace).collect()
}

fn topic(topic: &Topic) -> Value {
    context! { name => topic.name, docs => markdown::cell(topic.docs), payload => topic.payload.as_str() }
}

fn method(model: &Model, method: &Method) -> Result<Value, GenerateError> {
    let params = model.params(method)?;
    Ok(context! {
        name => method.name.as_str(),
        summary => markdown::cell(method.docs.lines().next().unwrap_or_default()),
        docs => markdown::paragraphs(&method.docs),
        params => params.iter().map(member).collect::<Vec<_>>(),
        facts => facts(method),
        deprecated => method.deprecated,
        examples => method.examples.iter().map(|example| examples::view(method, example)).collect::<Result<Vec<_>, _>>()?,
    })
}

/// The result, the errors beside the common ones, the access of agents, what it does to what is there, how to repeat a call and the version that brought the method.
fn facts(method: &Method) -> String {
    let result = format!("Result: {}.", markdown::type_name(&method.result));
    let errors = kinds(method.errors.iter().copied());
    let errors = if errors.is_empty() { errors } else { format!("Errors: {errors}.") };
    let since = format!("Since {}.", method.since);
    markdown::paragraphs(
        &[result.as_str(), &errors, method.agents, method.effect, repeat(method), &since].join(" "),
    )
}

fn repeat(method: &Method) -> &'static str {
    match method.repeat {
        "safe" => "A call whose answer was lost can be repeated.",
        "key" => "A call whose answer was lost can be repeated with the same `idempotencyKey`.",
        _ => "",
    }
}

fn member(field: &Field) -> Value {
    let mut ty = markdown::type_name(&field.ty);
    let limits = field.limits.phrase();
    if !limits.is_empty() {
        ty = format!("{ty}, {limits}");
    }
    let mut docs = field.docs.clone();
    if let Some(default) = &field.default {
        docs = format!("{docs} `{default}` when absent.");
    }
    context! {
        name => field.name.as_str(),
        ty => markdown::cell(&ty),
        required => field.required,
        docs => markdown::cell(&docs),
    }
}

fn notifications(model: &Model, to_daemon: bool) -> Result<Vec<Value>, GenerateError> {
    let view = |row: &Notification| {
        let members = match model.find(&row.params).map(|def| &def.kind) {
            Some(TypeKind::Struct(fields)) => fields.iter().map(member).collect::<Vec<_>>(),
            _ => {
                return Err(GenerateError::ParamsNotStruct {
                    method: row.name.clone(),
                    name: row.params.clone(),
                });
            }
        };
        Ok(context! { name => row.name.as_str(), docs => markdown::paragraphs(&row.docs), members })
    };
    model.notifications.iter().filter(|row| row.to_daemon == to_daemon).map(view).collect()
}

fn type_view(def: &TypeDef) -> Value {
    let mut members = Vec::new();
    let mut variants = Vec::new();
    let mut text = String::new();
    match &def.kind {
        TypeKind::Struct(fields) => members.extend(fields.iter().map(member)),
        TypeKind::Enum(values) => variants.extend(values.iter().map(
            |variant| context! { value => variant.value.as_str(), docs => markdown::cell(&variant.docs) },
        )),
        TypeKind::Union(union) => {
            let arms: Vec<String> = union.arms.iter().map(markdown::type_name).collect();
            text = format!("One of {}.", arms.join(", "));
            if let Some(tag) = &union.tag {
                text = format!("{text} The member `{}` says which.", tag.member);
            }
        }
        TypeKind::Alias(ty) => text = format!("On the wire: {}.", markdown::type_name(ty)),
    }
    context! { name => def.name.as_str(), docs => markdown::paragraphs(&def.docs), members, variants, text => markdown::paragraphs(&text) }
}

fn error(error: &ErrorKindDef) -> Value {
    context! {
        kind => error.kind,
        code => error.code,
        docs => markdown::cell(&error.docs),
        retryable => if error.retryable { "yes" } else { "no" },
    }
}

fn common_errors(model: &Model) -> String {
    let common = kinds(model.errors.iter().filter(|error| error.common).map(|error| error.kind));
    markdown::paragraphs(&format!(
        "Any method may answer with {common}. Further errors are stated with each method."
    ))
}

fn kinds<'a>(kinds: impl Iterator<Item = &'a str>) -> String {
    kinds.map(|kind| format!("[`{kind}`](#errors)")).collect::<Vec<_>>().join(", ")
}
