//! Types as Python says them: frozen dataclasses, literals and aliases.

use std::collections::BTreeSet;

use minijinja::{Value, context};

use super::{STYLE, docstring, names, read, write};
use crate::model::{Field, Model, Type, TypeDef, TypeKind, Union, Variant};

/// The type of moments. Its class is written by hand: text that knows its `datetime`.
pub(super) const TIMESTAMP: &str = "Timestamp";

/// True if a program can meet the type. Params are arguments, not a type.
fn is_met(def: &TypeDef) -> bool {
    def.sent || def.received
}

/// The types that a program can meet. An alias or a union is evaluated when the module is read, and must come after the
/// types that it names. So the order is: strings and plain aliases, classes, unions.
pub(super) fn views(model: &Model) -> Vec<Value> {
    let rank = |def: &TypeDef| match &def.kind {
        TypeKind::Enum(_) => 0,
        TypeKind::Alias(ty) => usize::from(ty.refs().is_some()) * 2,
        TypeKind::Struct(_) => 1,
        TypeKind::Union(_) => 2,
    };
    let mut types: Vec<&TypeDef> =
        model.types.iter().filter(|def| is_met(def) && def.name != TIMESTAMP).collect();
    types.sort_by_key(|def| rank(def));
    let emitted = emitted(model);
    let is_here = |def: &&TypeDef| !emitted.contains(def.name.as_str());
    types.into_iter().filter(is_here).map(|def| view(model, def)).collect()
}

/// The method that scripts call most, often as the only one. What reads its result has a module of its own, so that they need not wait until all types
/// are made.
const EMIT: &str = "event.emit";

/// The types within the result of that method; none where some of them are no plain classes.
pub(super) fn emitted(model: &Model) -> BTreeSet<&str> {
    let method = model.methods.iter().find(|method| method.name == EMIT);
    let mut open: Vec<&str> = method.and_then(|method| method.result.refs()).into_iter().collect();
    let mut found = BTreeSet::new();
    while let Some(name) = open.pop() {
        let Some(TypeKind::Struct(fields)) = model.find(name).map(|def| &def.kind) else {
            return BTreeSet::new();
        };
        if found.insert(name) {
            open.extend(fields.iter().filter_map(|field| field.ty.refs()));
        }
    }
    found
}

/// Those types, as the module of their own has them.
pub(super) fn emitted_views(model: &Model) -> Vec<Value> {
    let emitted = emitted(model);
    let found = model.types.iter().filter(|def| emitted.contains(def.name.as_str()));
    found.map(|def| view(model, def)).collect()
}

/// The names of those, for `__all__`.
pub(super) fn exports(model: &Model) -> Vec<String> {
    model.types.iter().filter(|def| is_met(def)).map(|def| names::quoted(&def.name)).collect()
}

fn view(model: &Model, def: &TypeDef) -> Value {
    let mut docs = def.docs.clone();
    let mut fields = Vec::new();
    let mut code = String::new();
    match &def.kind {
        TypeKind::Struct(members) => fields = members.iter().collect(),
        TypeKind::Enum(variants) => {
            docs.push_str(&list(variants));
            let values: Vec<String> = variants.iter().map(|variant| names::quoted(&variant.value)).collect();
            code = STYLE.list(0, &format!("{} = Literal[", def.name), &values, "]");
        }
        TypeKind::Union(union) => code = alias_of_union(def, union),
        TypeKind::Alias(ty) => code = format!("{} = {}", def.name, name(ty)),
    }
    // A member with a default value must not stand before one without.
    fields.sort_by_key(|field| !field.required);
    context! {
        name => def.name.as_str(),
        is_class => matches!(def.kind, TypeKind::Struct(_)),
        docs => docstring::block(&docs, if matches!(def.kind, TypeKind::Struct(_)) { 4 } else { 0 }),
        code,
        fields => fields.iter().map(|member| field(model, member, def.sent)).collect::<Vec<_>>(),
        received => def.received,
        sent => def.sent,
        reads => fields.iter().map(|field| read::member(model, field)).collect::<Vec<_>>(),
        writes => fields.iter().map(|field| write::member(model, field)).collect::<Vec<_>>(),
        dispatch => read::dispatch(model, def),
    }
}

fn alias_of_union(def: &TypeDef, union: &Union) -> String {
    let mut arms: Vec<String> = union.arms.iter().map(name).collect();
    // A newer daemon may have more arms.
    if union.tag.is_some() && def.received {
        arms.push("UnknownVariant".to_owned());
    }
    STYLE.list(0, &format!("{} = Union[", def.name), &arms, "]")
}

fn field(model: &Model, field: &Field, is_sent: bool) -> Value {
    let ty = if is_sent { name(&field.ty) } else { received(model, &field.ty) };
    let ty = if field.required { ty } else { format!("{} = None", or_none(&ty)) };
    context! { code => format!("{}: {ty}", names::member(&field.name)), docs => docstring::block(&field.described(), 4) }
}

/// The documentation of the variants as a list, after a blank line.
fn list(variants: &[Variant]) -> String {
    let documented = variants.iter().filter(|variant| !variant.docs.is_empty());
    let list: Vec<String> =
        documented.map(|variant| format!("- ``{}``: {}", variant.value, variant.docs)).collect();
    if list.is_empty() { String::new() } else { format!("\n\n{}", list.join("\n")) }
}

/// A type where a value is read.
pub(super) fn name(ty: &Type) -> String {
    match ty {
        Type::String => "str".to_owned(),
        Type::Integer => "int".to_owned(),
        Type::Number => "float".to_owned(),
        Type::Boolean => "bool".to_owned(),
        Type::Null => "None".to_owned(),
        Type::Json => "Any".to_owned(),
        Type::Never => "NoReturn".to_owned(),
        Type::Constant(value) => constant(value).unwrap_or_else(|| "float".to_owned()),
        Type::Tuple(_) => "list[Any]".to_owned(),
        Type::Literal(value) => format!("Literal[{}]", names::quoted(value)),
        Type::Array(item) => format!("list[{}]", name(item)),
        Type::Map(item) => format!("dict[str, {}]", name(item)),
        Type::Nullable(inner) => optional(inner),
        Type::Ref(name) => name.clone(),
    }
}

/// `Literal` of a number or a truth value; none for a fraction, which it cannot hold.
pub(super) fn constant(value: &serde_json::Value) -> Option<String> {
    match value {
        serde_json::Value::Bool(true) => Some("Literal[True]".to_owned()),
        serde_json::Value::Bool(false) => Some("Literal[False]".to_owned()),
        serde_json::Value::Number(number) if !number.is_f64() => Some(format!("Literal[{number}]")),
        _ => None,
    }
}

/// The same where a newer daemon may send none of the words that are known.
fn received(model: &Model, ty: &Type) -> String {
    match ty {
        Type::Ref(name) if model.is_enum(name) => format!("{name} | str"),
        Type::Array(item) => format!("list[{}]", received(model, item)),
        Type::Map(item) => format!("dict[str, {}]", received(model, item)),
        Type::Nullable(inner) => or_none(&received(model, inner)),
        other => name(other),
    }
}

/// A type where an argument is given: a list may be a tuple too (but not a string, which is a sequence of strings).
pub(super) fn argument(ty: &Type) -> String {
    match ty {
        Type::Ref(name) if name == TIMESTAMP => "str | datetime".to_owned(),
        Type::Array(item) => format!("List[{0}] | tuple[{0}, ...]", argument(item)),
        Type::Map(item) => format!("Mapping[str, {}]", argument(item)),
        Type::Nullable(inner) => or_none(&argument(inner)),
        other => name(other),
    }
}

/// A type that a method gives. `list` itself may be the name of a method of the same class.
pub(super) fn result(ty: &Type) -> String {
    match ty {
        Type::Array(item) => format!("List[{}]", result(item)),
        other => name(other),
    }
}

fn optional(ty: &Type) -> String {
    or_none(&name(ty))
}

/// `Any` has `None` already.
pub(super) fn or_none(name: &str) -> String {
    if name == "Any" || name.ends_with(" | None") { name.to_owned() } else { format!("{name} | None") }
}
