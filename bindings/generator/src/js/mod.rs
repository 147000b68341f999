//! The generated part of the JavaScript package: methods, types and error kinds, each with its declarations.

mod comment;
mod events;
mod methods;
mod topics;
mod types;

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
pub(crate) const FOLDER: &str = "bindings/js/src/generated";

/// As prettier breaks lists.
const STYLE: Style = Style { step: 2, last: "," };

/// The files, by name, and their templates; all get the same view.
const TEMPLATES: &[(&str, &str)] = &[
    ("constants.js", include_str!("constants.js.jinja")),
    ("constants.d.ts", include_str!("constants.d.ts.jinja")),
    ("errors.js", include_str!("errors.js.jinja")),
    ("errors.d.ts", include_str!("errors.d.ts.jinja")),
    ("methods.js", include_str!("methods.js.jinja")),
    ("methods.d.ts", include_str!("methods.d.ts.jinja")),
    ("topics.d.ts", include_str!("topics.d.ts.jinja")),
    ("types.d.ts", concat!(include_str!("types.d.ts.jinja"), include_str!("declarations.ts.jinja"))),
];

pub(crate) fn outputs(model: &Model) -> Result<Vec<Output>, GenerateError> {
    let view = context! {
        command => crate::COMMAND,
        constants => constants(model),
        repeatable => repeatable(model),
        errors => errors(model),
        kinds => kinds(model),
        types => types::views(model),
        classes => methods::classes(model)?,
        imports => methods::imports(model),
        methods => methods::all(model)?,
        pushed => methods::pushed(model),
        topics => topics::own(model),
        topic_imports => topics::imports(model),
    };
    TEMPLATES
        .iter()
        .map(|(name, template)| Ok(Output::new(format!("{FOLDER}/{name}"), render(template, &view)?)))
        .collect()
}

fn constants(model: &Model) -> Vec<Value> {
    let view = |(name, value, docs): (&str, ConstantValue, &str)| {
        let (value, ty) = match value {
            ConstantValue::Text(text) => (types::quoted(text), "string"),
            ConstantValue::Number(number) => (number.to_string(), "number"),
            ConstantValue::Texts(texts) => {
                let lines: Vec<String> =
                    texts.iter().map(|text| format!("  {},\n", types::quoted(text))).collect();
                (format!("[\n{}]", lines.concat()), "readonly string[]")
            }
        };
        context! { name, docs => comment::block(docs, 0), value, ty }
    };
    model.constants.for_clients().into_iter().map(view).collect()
}

/// The methods whose calls can be repeated.
fn repeatable(model: &Model) -> Vec<String> {
    let entry =
        |(name, repeat): (&str, &str)| format!("{}: {},", types::property(name), types::quoted(repeat));
    model.repeatable().map(entry).collect()
}

fn errors(model: &Model) -> Vec<Value> {
    model
        .errors
        .iter()
        .map(|error| {
            context! {
                kind => error.kind,
                docs => comment::block(&error.docs, 2),
                code => error.code,
                retryable => error.retryable.to_string(),
            }
        })
        .collect()
}

fn kinds(model: &Model) -> String {
    let kinds: Vec<String> = model.errors.iter().map(|error| types::quoted(error.kind)).collect();
    types::one_of("export type ErrorKind =", &kinds)
}
