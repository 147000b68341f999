//! Types as TypeScript says them.

use minijinja::{Value, context};

use super::comment;
use crate::{
    layout::WIDTH,
    model::{Field, Model, Tuple, Type, TypeDef, TypeKind, Variant},
};

/// The members that every object has from its prototype. As a string, say, no object without one of its own would have it.
const OF_EVERY_OBJECT: &[&str] = &[
    "constructor",
    "hasOwnProperty",
    "isPrototypeOf",
    "propertyIsEnumerable",
    "toLocaleString",
    "toString",
    "valueOf",
];

/// The types that a program can meet.
pub(super) fn views(model: &Model) -> Vec<Value> {
    model
        .types
        .iter()
        .filter(|def| def.is_params || def.sent || def.received)
        .map(|def| view(Some(model), def))
        .collect()
}

/// A type. Without the model of the definition it is no word of a newer daemon.
pub(super) fn view(model: Option<&Model>, def: &TypeDef) -> Value {
    let head = format!("export type {} =", def.name);
    let mut docs = def.docs.clone();
    let mut fields = Vec::new();
    let code = match &def.kind {
        TypeKind::Struct(members) if members.is_empty() && def.rest.is_none() => {
            format!("{head} Record<string, never>;")
        }
        TypeKind::Struct(members) => {
            let is_sent = def.is_params || def.sent;
            fields.extend(members.iter().map(|member| field(model, member, is_sent)));
            fields.extend(def.rest.iter().map(|rest| others(members, rest)));
            String::new()
        }
        TypeKind::Enum(variants) => {
            docs.push_str(&list(variants));
            one_of(&head, &variants.iter().map(|variant| quoted(&variant.value)).collect::<Vec<_>>())
        }
        TypeKind::Union(union) => one_of(&head, &union.arms.iter().map(aliased).collect::<Vec<_>>()),
        TypeKind::Alias(ty) => format!("{head} {};", aliased(ty)),
    };
    context! { name => def.name.as_str(), docs => comment::block(&docs, 0), code, fields }
}

/// A member. What is read is there or is not, and is never null unless its type says so; what is written is left out by
/// `undefined` too, since JSON has none.
fn field(model: Option<&Model>, field: &Field, is_sent: bool) -> Value {
    let ty = match model.filter(|_| !is_sent) {
        Some(model) => received(model, &field.ty),
        None => name(&field.ty),
    };
    if model.is_none() && !field.required && OF_EVERY_OBJECT.contains(&field.name.as_str()) {
        let docs = format!("{} It is a `{ty}`: every object has a member of this name.", field.described());
        let code = format!("{}?: unknown;", property(&field.name));
        return context! { docs => comment::block(docs.trim(), 2), code };
    }
    let member = match property(&field.name) {
        name if field.required => format!("{name}: {ty}"),
        name if is_sent && field.ty != Type::Json => format!("{name}?: {ty} | undefined"),
        name => format!("{name}?: {ty}"),
    };
    context! { docs => comment::block(&field.described(), 2), code => format!("{member};") }
}

/// The members beside the known ones. The language wants these to be of the same type as the others.
fn others(members: &[Field], rest: &Type) -> Value {
    let is_common = members.iter().all(|member| member.required && member.ty == *rest);
    let (ty, docs) = match rest {
        _ if is_common => (name(rest), String::new()),
        Type::Json => ("unknown".to_owned(), String::new()),
        rest => {
            ("unknown".to_owned(), format!("Other members: `{}`, which TypeScript cannot say.", name(rest)))
        }
    };
    context! { docs => comment::block(&docs, 2), code => format!("[name: string]: {ty};") }
}

/// The documentation of the variants as a list, after a blank line.
fn list(variants: &[Variant]) -> String {
    let documented = variants.iter().filter(|variant| !variant.docs.is_empty());
    let list: Vec<String> =
        documented.map(|variant| format!("- `{}`: {}", variant.value, variant.docs)).collect();
    if list.is_empty() { String::new() } else { format!("\n\n{}", list.join("\n")) }
}

/// `export type Health = 'healthy' | 'degraded';`: on one line, on a line of their own, or one a line, as they fit.
pub(super) fn one_of(head: &str, arms: &[String]) -> String {
    let flat = format!("{};", arms.join(" | "));
    match flat.chars().count() {
        length if head.chars().count() + 1 + length <= WIDTH => format!("{head} {flat}"),
        length if 2 + length <= WIDTH => format!("{head}\n  {flat}"),
        _ => format!("{head}\n  | {};", arms.join("\n  | ")),
    }
}

/// A type where a value is declared.
pub(super) fn name(ty: &Type) -> String {
    match ty {
        Type::String => "string".to_owned(),
        Type::Integer | Type::Number => "number".to_owned(),
        Type::Boolean => "boolean".to_owned(),
        Type::Null => "null".to_owned(),
        Type::Json => "unknown".to_owned(),
        Type::Never => "never".to_owned(),
        Type::Literal(value) => quoted(value),
        Type::Constant(value) => value.to_string(),
        Type::Array(item) if matches!(**item, Type::Nullable(_)) => format!("({})[]", name(item)),
        Type::Array(item) => format!("{}[]", name(item)),
        Type::Tuple(items) => tuple(items),
        Type::Map(item) => format!("Record<string, {}>", name(item)),
        Type::Nullable(inner) => format!("{} | null", name(inner)),
        Type::Ref(name) => name.clone(),
    }
}

/// A type that gets another name, which may name itself within an index signature, but not within `Record`.
fn aliased(ty: &Type) -> String {
    match ty {
        Type::Map(item) if !item.all_refs().is_empty() => format!("{{ [name: string]: {} }}", name(item)),
        Type::Nullable(inner) => format!("{} | null", aliased(inner)),
        other => name(other),
    }
}

/// `[number, string?, ...boolean[]]`.
fn tuple(tuple: &Tuple) -> String {
    let item = |(index, ty): (usize, &Type)| match name(ty) {
        name if index < tuple.least => name,
        name if matches!(ty, Type::Nullable(_)) => format!("({name})?"),
        name => format!("{name}?"),
    };
    let rest = tuple.rest.iter().map(|ty| format!("...{}", name(&Type::Array(Box::new(ty.clone())))));
    let items: Vec<String> = tuple.first.iter().enumerate().map(item).chain(rest).collect();
    format!("[{}]", items.join(", "))
}

/// A type where a value is read: one of a newer daemon may be none of the words that are known.
fn received(model: &Model, ty: &Type) -> String {
    match ty {
        Type::Ref(name) if model.is_enum(name) => format!("Open<{name}>"),
        Type::Array(item) if matches!(**item, Type::Nullable(_)) => format!("({})[]", received(model, item)),
        Type::Array(item) => format!("{}[]", received(model, item)),
        Type::Map(item) => format!("Record<string, {}>", received(model, item)),
        Type::Nullable(inner) => format!("{} | null", received(model, inner)),
        other => name(other),
    }
}

/// A string literal.
pub(super) fn quoted(text: &str) -> String {
    let escaped = |c: char| match c {
        '\\' | '\'' => format!("\\{c}"),
        c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => format!("\\u{:04x}", u32::from(c)),
        c => c.to_string(),
    };
    format!("'{}'", text.chars().map(escaped).collect::<String>())
}

/// A member's name, in quotes where it needs them.
pub(super) fn property(name: &str) -> String {
    let is_plain = !name.is_empty()
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !name.starts_with(|c: char| c.is_ascii_digit());
    if is_plain { name.to_owned() } else { quoted(name) }
}
