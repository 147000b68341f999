//! A call with the params of a method's first example, as code.

use serde_json::Value;

use super::{STYLE, names};
use crate::model::{Field, Method, Model, Type, TypeKind};

/// The call, at column `indent`; none where there is no example.
pub(super) fn call(model: &Model, method: &Method, is_async: bool, indent: usize) -> Option<String> {
    let example = method.examples.first()?;
    let fields = model.params(method).ok()?;
    let given = |field: &&Field| {
        let value = example.params.get(&field.name)?;
        Some(format!("{}={}", names::argument(&field.name), literal(model, &field.ty, value)))
    };
    let arguments: Vec<String> = fields.iter().collect::<Vec<_>>().iter().filter_map(given).collect();
    let path: Vec<String> = method.name.split('.').map(names::name).collect();
    let await_ = if is_async { "await " } else { "" };
    Some(STYLE.list(indent, &format!("{await_}client.{}(", path.join(".")), &arguments, ")"))
}

/// A docstring that ends with an example.
pub(super) fn with_call(docstring: &str, code: Option<String>, indent: usize) -> String {
    let margin = " ".repeat(indent);
    match (code, docstring.strip_suffix("\"\"\"")) {
        (Some(code), Some(text)) => {
            format!("{}\n\n{margin}Example::\n\n{margin}    {code}\n{margin}\"\"\"", text.trim_end())
        }
        _ => docstring.to_owned(),
    }
}

/// A value as Python says it; what has a class of its own as an object of it.
fn literal(model: &Model, ty: &Type, value: &Value) -> String {
    if let (Type::Ref(name), Value::Object(members)) = (ty, value)
        && let Some(TypeKind::Struct(fields)) = model.find(name).map(|def| &def.kind)
    {
        let given = fields.iter().filter_map(|field| {
            let value = members.get(&field.name)?;
            Some(format!("{}={}", names::member(&field.name), literal(model, &field.ty, value)))
        });
        return format!("{name}({})", given.collect::<Vec<_>>().join(", "));
    }
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Number(number) => number.to_string(),
        // JSON's escapes are Python's, but for what a docstring takes for one itself.
        Value::String(text) => Value::from(text.as_str()).to_string().replace('\\', "\\\\"),
        Value::Array(items) => {
            let item = match ty {
                Type::Array(item) => item,
                _ => &Type::Json,
            };
            let items: Vec<String> = items.iter().map(|value| literal(model, item, value)).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(members) => {
            let members = members.iter().map(|(name, value)| {
                format!("{}: {}", names::quoted(name), literal(model, &Type::Json, value))
            });
            format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
        }
    }
}
