//! The generated part of the Python package: methods for both clients, types and error kinds.

mod docstring;
mod events;
mod example;
mod imports;
mod methods;
mod names;
mod notifications;
mod read;
mod types;
mod write;

use minijinja::{Value, context};

pub(crate) use events::{FILE as EVENTS_FILE, text as events};

use crate::{
    GenerateError,
    generated_file::Output,
    layout::Style,
    model::{ConstantValue, Model},
    render::render,
};

/// Folder of the generated files.
pub(crate) const FOLDER: &str = "bindings/python/src/aiwg/daemon/_generated";

/// As black breaks lists.
const STYLE: Style = Style { step: 4, last: "," };

/// The two clients' methods come from one template.
const METHODS: &str = include_str!("methods.py.jinja");

pub(crate) fn outputs(model: &Model) -> Result<Vec<Output>, GenerateError> {
    let methods = |is_async: bool| {
        let view = context! {
            command => crate::COMMAND,
            is_async,
            prefix => methods::prefix(is_async),
            classes => methods::classes(model, is_async)?,
            imports => imports::of_methods(model),
            types => imports::types_of_methods(model),
            names => imports::names_of_methods(model),
        };
        render(METHODS, &view)
    };
    let types = context! {
        command => crate::COMMAND,
        types => types::views(model),
        exports => types::exports(model),
        imports => imports::of_types(model),
        docs => "The types of results, and those within params.",
    };
    let emitted = context! {
        command => crate::COMMAND,
        types => types::emitted_views(model),
        exports => types::emitted(model).into_iter().map(names::quoted).collect::<Vec<_>>(),
        imports => imports::of_emitted(),
        docs => "The types of the answer to `event.emit`: many scripts meet no others, and to make all takes its time.",
    };
    let errors = context! { command => crate::COMMAND, errors => errors(model), kinds => kinds(model) };
    let constants = context! { command => crate::COMMAND, constants => constants(model), repeatable => repeatable(model) };
    let arguments = context! {
        command => crate::COMMAND,
        arguments => methods::arguments(model)?,
        imports => imports::of_arguments(model),
        types => imports::types_of_arguments(model),
    };
    let output = |name: &str, text: String| Output::new(format!("{FOLDER}/{name}"), text);
    Ok(vec![
        output("__init__.py", render(include_str!("init.py.jinja"), &constants)?),
        output("arguments.py", render(include_str!("arguments.py.jinja"), &arguments)?),
        output("constants.py", render(include_str!("constants.py.jinja"), &constants)?),
        output("emitted.py", render(include_str!("types.py.jinja"), &emitted)?),
        output("errors.py", render(include_str!("errors.py.jinja"), &errors)?),
        output("methods.py", methods(false)?),
        output("async_methods.py", methods(true)?),
        output(
            "notifications.py",
            render(include_str!("notifications.py.jinja"), &notifications::view(model))?,
        ),
        output("types.py", render(include_str!("types.py.jinja"), &types)?),
    ])
}

fn constants(model: &Model) -> Vec<Value> {
    let view = |(name, value, docs): (&str, ConstantValue, &str)| {
        let (value, ty) = match value {
            ConstantValue::Text(text) => (names::quoted(text), "str"),
            ConstantValue::Number(number) => (number.to_string(), "int"),
            ConstantValue::Texts(texts) => {
                let lines: Vec<String> =
                    texts.iter().map(|text| format!("    {},\n", names::quoted(text))).collect();
                (format!("(\n{})", lines.concat()), "Tuple[str, ...]")
            }
        };
        context! { name, docs => docstring::block(docs, 0), value, ty }
    };
    model.constants.for_clients().into_iter().map(view).collect()
}

/// The methods whose calls can be repeated.
fn repeatable(model: &Model) -> Vec<String> {
    let entry = |(name, repeat): (&str, &str)| format!("{}: {},", names::quoted(name), names::quoted(repeat));
    model.repeatable().map(entry).collect()
}

fn errors(model: &Model) -> Vec<Value> {
    let view = |error: &crate::model::ErrorKindDef| {
        let retryable = if error.retryable { "True" } else { "False" };
        let info = format!("ErrorKindInfo(code={}, retryable={retryable})", error.code);
        context! { entry => format!("{}: {info},", names::quoted(error.kind)), docs => docstring::comment(&error.docs, 4) }
    };
    model.errors.iter().map(view).collect()
}

fn kinds(model: &Model) -> String {
    let kinds: Vec<String> = model.errors.iter().map(|error| names::quoted(error.kind)).collect();
    STYLE.list(0, "ErrorKind = Literal[", &kinds, "]")
}
