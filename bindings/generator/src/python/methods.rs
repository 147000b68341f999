//! The methods, a class for each namespace, for the blocking client and for the one of asyncio.

use minijinja::{Value, context};

use super::{STYLE, docstring, example, imports, names, read, types, write};
use crate::{
    GenerateError,
    model::{Field, Method, Model},
    text::pascal_case,
};

/// The namespaces whose classes the clients add to: `client.task` is an object of a class that is written by hand.
const EXTENDED: &[&str] = &["event", "task"];

/// The method whose params are a type too, for what is made of it.
pub(super) const WITH_ARGUMENTS: &str = "task.submit";

/// What every call takes beside its params.
const OPTIONS: &[(&str, &str)] = &[("timeout", "float"), ("deadline", "Moment"), ("retry", "bool")];

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
        let is_extended = namespace.is_some_and(|namespace| EXTENDED.contains(&namespace));
        Ok(
            context! { namespace => namespace.unwrap_or_default(), attribute, name, caller, methods, is_extended },
        )
    };
    model.namespaces().into_iter().map(Some).chain([None]).map(class).collect()
}

fn view(model: &Model, method: &Method, is_async: bool) -> Result<Value, GenerateError> {
    let mut params: Vec<&Field> = model.params(method)?.iter().collect();
    params.sort_by_key(|field| !field.required);
    let result = types::result(&method.result);
    let read = read::result(model, &method.result, "received");
    Ok(context! {
        import => read.as_ref().map(|_| imports::of_result(model, &method.result)),
        wire => names::quoted(&method.name),
        head => head(method, &params, &result, is_async),
        docs => example::with_call(
            &docstring::block(&docs(method, &params), 8),
            example::call(model, method, is_async, 12),
            8,
        ),
        params => wire(model, &params),
        options => OPTIONS.iter().map(|(name, _)| option(name, &params)).collect::<Vec<_>>().join(", "),
        result => result.as_str(),
        read,
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
    arguments
        .extend(OPTIONS.iter().map(|(name, ty)| format!("{}: {ty} | None = None", option(name, params))));
    let open = format!("{keyword} {}(", names::name(&method.verb));
    STYLE.list(4, &open, &arguments, &format!(") -> {result}:"))
}

/// The name of an option. It gives way to a param of the same name, which was there before it, such as the policy `retry`.
fn option(name: &str, params: &[&Field]) -> String {
    let is_taken = params.iter().any(|field| names::argument(&field.name) == name);
    if is_taken { format!("{name}_call") } else { name.to_owned() }
}

/// The params of the one method whose params are a type too: a line for each member of a `TypedDict`, and its name.
pub(super) fn arguments(model: &Model) -> Result<Value, GenerateError> {
    let mut members = Vec::new();
    for method in model.methods.iter().filter(|method| method.name == WITH_ARGUMENTS) {
        members.extend(model.params(method)?.iter().map(|field| {
            let ty = types::argument(&field.ty);
            let ty = if field.required { format!("Required[{ty}]") } else { types::or_none(&ty) };
            format!("{}: {ty}", names::argument(&field.name))
        }));
    }
    Ok(context! { name => format!("{}Arguments", pascal_case(&WITH_ARGUMENTS.replace('.', "_"))), members })
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
    let options: Vec<String> =
        OPTIONS.iter().map(|(name, _)| format!("``{}``", option(name, params))).collect();
    list.push(format!("- {}: as for every call: see ``DaemonClient``.", options.join(", ")));
    docs.push_str(&format!("\n\n{}", list.join("\n")));
    if !method.errors.is_empty() {
        let kinds: Vec<String> = method.errors.iter().map(|kind| format!("``{kind}``")).collect();
        docs.push_str(&format!("\n\nRaises ``DaemonError`` of kind {}.", kinds.join(", ")));
    }
    docs
}
