//! The methods, a class for each namespace.

use minijinja::{Value, context};
use serde_json::Value as Json;

use super::{STYLE, comment, types};
use crate::{
    GenerateError,
    layout::WIDTH,
    model::{Method, Model, Notification},
    text::{camel_case, pascal_case},
};

/// The namespaces, each with its methods, then those without one under an empty name.
pub(super) fn classes(model: &Model) -> Result<Vec<Value>, GenerateError> {
    let class = |namespace: Option<&str>| {
        let methods = model
            .methods_in(namespace)
            .map(|method| view(model, method))
            .collect::<Result<Vec<_>, GenerateError>>()?;
        let property = namespace.map(camel_case).unwrap_or_default();
        let name = format!("{}Methods", namespace.map(pascal_case).unwrap_or_default());
        let verbs = model.methods_in(namespace).map(|method| types::quoted(&method.verb));
        let arguments: Vec<String> = namespace.map(types::quoted).into_iter().chain(verbs).collect();
        let open = format!("class {name} extends namespace(");
        let declaration = STYLE.list(0, &open, &arguments, ") {}");
        Ok(context! { namespace => namespace.unwrap_or_default(), property, name, methods, declaration })
    };
    model.namespaces().into_iter().map(Some).chain([None]).map(class).collect()
}

/// All methods in one list, in the order of the definition.
pub(super) fn all(model: &Model) -> Result<Vec<Value>, GenerateError> {
    model.methods.iter().map(|method| view(model, method)).collect()
}

fn view(model: &Model, method: &Method) -> Result<Value, GenerateError> {
    let is_optional = model.params(method)?.iter().all(|field| !field.required);
    let mark = if is_optional { "?" } else { "" };
    let verb = camel_case(&method.verb);
    let params = &method.params;
    let result = types::name(&method.result);
    let arguments = [format!("params{mark}: {params}"), "options?: CallOptions".to_owned()];
    Ok(context! {
        wire => types::quoted(&method.name),
        verb => &verb[..],
        docs => comment::with_example(&docs(method), &example(method), 2),
        declaration => STYLE.list(2, &format!("{verb}("), &arguments, &format!("): Promise<{result}>;")),
        entry => format!("{}: {{ params: {params}; result: {result} }};", types::property(&method.name)),
    })
}

fn docs(method: &Method) -> String {
    let mut docs = method.docs.clone();
    let kinds: Vec<String> = method.errors.iter().map(|kind| format!("`{kind}`")).collect();
    if !kinds.is_empty() {
        docs.push_str(&format!("\n\n@throws {{DaemonError}} of kind {}", kinds.join(", ")));
    }
    if let Some(why) = method.deprecated {
        docs.push_str(&format!("\n\n@deprecated {why}"));
    }
    docs
}

/// A call with the params of the first example, as code.
fn example(method: &Method) -> String {
    let Some(example) = method.examples.first() else { return String::new() };
    let params = if example.params.as_object().is_some_and(|params| params.is_empty()) {
        String::new()
    } else {
        literal(&example.params)
    };
    let path = method.namespace.as_deref().map(camel_case).into_iter().chain([camel_case(&method.verb)]);
    format!("await client.{}({params});", path.collect::<Vec<_>>().join("."))
}

/// A JSON value as JavaScript writes it.
fn literal(value: &Json) -> String {
    match value {
        Json::String(text) => types::quoted(text).replace('\n', "\\n"),
        Json::Array(items) => format!("[{}]", items.iter().map(literal).collect::<Vec<_>>().join(", ")),
        Json::Object(members) if members.is_empty() => "{}".to_owned(),
        Json::Object(members) => {
            let member =
                |(name, value): (&String, &Json)| format!("{}: {}", types::property(name), literal(value));
            format!("{{ {} }}", members.iter().map(member).collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

/// The notifications of the daemon, in one list.
pub(super) fn pushed(model: &Model) -> Vec<Value> {
    let entry = |row: &Notification| format!("{}: {};", types::property(&row.name), row.params);
    model
        .notifications
        .iter()
        .filter(|row| !row.to_daemon)
        .map(|row| context! { docs => comment::block(&row.docs, 2), entry => entry(row) })
        .collect()
}

/// The import of the types that the declarations of the methods name.
pub(super) fn imports(model: &Model) -> String {
    let params = model.methods.iter().map(|method| method.params.as_str());
    let results = model.methods.iter().filter_map(|method| method.result.refs());
    let pushed = model.notifications.iter().filter(|row| !row.to_daemon).map(|row| row.params.as_str());
    types_import(params.chain(results).chain(pushed))
}

/// The import of these types of the package.
pub(super) fn types_import<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut names: Vec<String> = names.map(str::to_owned).collect();
    names.sort();
    names.dedup();
    let flat = format!("import type {{ {} }} from './types.js';", names.join(", "));
    if flat.len() <= WIDTH { flat } else { STYLE.broken(0, "import type {", &names, "} from './types.js';") }
}
