//! The methods, a class for each namespace, for the blocking client and for the one of asyncio.

use minijinja::{Value, context};

use super::{STYLE, docstring, names, read, types, write};
use crate::{
    GenerateError,
    model::{Field, Method, Model},
    text::pascal_case,
};

/// Prefix of the classes' names.
pub(super) fn prefix(is_async: bool) -> &'static str {
    if is_async { "Async" } else { "" }
}

/// The namespaces, each with its methods, then those without one under an empty name.
pub(super) fn classes(model: &Model, is_async: bool) -> Result<Vec<Value>, GenerateError> {
    let class = |namespace: Option<&str>| {
        let methods = model
            .methods_in(namespace)
            .map(|method| view(model, method, is_async))
            .collect::<Result<Vec<_>, GenerateError>>()?;
        let attribute = namespace.map(names::name).unwrap_or_default();
        let name = format!("{}{}Methods", prefix(is_async), namespace.map(pascal_case).unwrap_or_default());
        let caller = if namespace.is_some() { "self._caller" } else { "self" };
        Ok(context! { namespace => namespace.unwrap_or_default(), attribute, name, caller, methods })
    };
    model.namespaces().into_iter().map(Some).chain([None]).map(class).collect()
}

fn view(model: &Model, method: &Method, is_async: bool) -> Result<Value, GenerateError> {
    let mut params: Vec<&Field> = model.params(method)?.iter().collect();
    params.sort_by_key(|field| !field.required);
    let result = types::result(&method.result);
    Ok(context! {
        wire => names::quoted(&method.name),
        head => head(method, &params, &result, is_async),
        docs => docstring::block(&docs(method, &params), 8),
        params => wire(model, &params),
        result => result.as_str(),
        read => read::result(model, &method.result, "received"),
    })
}

/// `def submit(self, *, prompt: str, ...) -> TaskSubmitted:`. Arguments are by name, as on the wire.
fn head(method: &Method, params: &[&Field], result: &str, is_async: bool) -> String {
    let keyword = if is_async { "async def" } else { "def" };
    let mut arguments = vec!["self".to_owned(), "*".to_owned()];
    arguments.extend(params.iter().map(|field| {
        let ty = types::argument(&field.ty);
        let name = names::argument(&field.name);
        if field.required {
            format!("{name}: {ty}")
        } else {
            format!("{name}: {} = None", types::or_none(&ty))
        }
    }));
    arguments.push("timeout: float | None = None".to_owned());
    let open = format!("{keyword} {}(", names::name(&method.verb));
    STYLE.list(4, &open, &arguments, &format!(") -> {result}:"))
}

/// `params` as they go on the wire; the client leaves out what is None. Empty when there are none.
fn wire(model: &Model, params: &[&Field]) -> String {
    if params.is_empty() {
        return String::new();
    }
    let member = |field: &&Field| {
        let argument = names::argument(&field.name);
        let mut value = write::value(model, &field.ty, &argument);
        if value != argument && !field.required {
            value = format!("None if {argument} is None else {value}");
        }
        format!("{}: {value}", names::quoted(&field.name))
    };
    STYLE.list(8, "wire = {", &params.iter().map(member).collect::<Vec<_>>(), "}")
}

fn docs(method: &Method, params: &[&Field]) -> String {
    let mut docs = method.docs.clone();
    if let Some(why) = method.deprecated {
        docs.push_str(&format!("\n\nDeprecated: {why}"));
    }
    let mut list: Vec<String> = params
        .iter()
        .map(|field| {
            format!("- ``{}``: {}", names::argument(&field.name), field.described().replace('\n', " "))
        })
        .collect();
    list.push("- ``timeout``: how long to wait for the answer, in seconds.".to_owned());
    docs.push_str(&format!("\n\n{}", list.join("\n")));
    if !method.errors.is_empty() {
        let kinds: Vec<String> = method.errors.iter().map(|kind| format!("``{kind}``")).collect();
        docs.push_str(&format!("\n\nRaises ``DaemonError`` of kind {}.", kinds.join(", ")));
    }
    docs
}
