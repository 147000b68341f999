//! Types as TypeScript says them.

use minijinja::{Value, context};

use super::comment;
use crate::{
    layout::WIDTH,
    model::{Field, Model, Type, TypeDef, TypeKind, Variant},
};

/// The types that a program can meet.
pub(super) fn views(model: &Model) -> Vec<Value> {
    model
        .types
        .iter()
        .filter(|def| def.is_params || def.sent || def.received)
        .map(|def| view(model, def))
        .collect()
}

fn view(model: &Model, def: &TypeDef) -> Value {
    let head = format!("export type {} =", def.name);
    let mut docs = def.docs.clone();
    let mut fields = Vec::new();
    let code = match &def.kind {
        TypeKind::Struct(members) if members.is_empty() => format!("{head} Record<string, never>;"),
        TypeKind::Struct(members) => {
            let is_sent = def.is_params || def.sent;
            fields.extend(members.iter().map(|member| field(model, member, is_sent)));
            String::new()
        }
        TypeKind::Enum(variants) => {
            docs.push_str(&list(variants));
            one_of(&head, &variants.iter().map(|variant| quoted(&variant.value)).collect::<Vec<_>>())
        }
        TypeKind::Union(union) => one_of(&head, &union.arms.iter().map(name).collect::<Vec<_>>()),
        TypeKind::Alias(ty) => format!("{head} {};", name(ty)),
    };
    context! { name => def.name.as_str(), docs => comment::block(&docs, 0), code, fields }
}

/// A member. What is read is there or is not, and is never null unless its type says so; what is written is left out by
/// `undefined` too, since JSON has none.
fn field(model: &Model, field: &Field, is_sent: bool) -> Value {
    let ty = if is_sent { name(&field.ty) } else { received(model, &field.ty) };
    let member = match property(&field.name) {
        name if field.required => format!("{name}: {ty}"),
        name if is_sent && field.ty != Type::Json => format!("{name}?: {ty} | undefined"),
        name => format!("{name}?: {ty}"),
    };
    context! { docs => comment::block(&field.described(), 2), code => format!("{member};") }
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
        Type::Json => "unknown".to_owned(),
        Type::Literal(value) => quoted(value),
        Type::Array(item) if matches!(**item, Type::Nullable(_)) => format!("({})[]", name(item)),
        Type::Array(item) => format!("{}[]", name(item)),
        Type::Map(item) => format!("Record<string, {}>", name(item)),
        Type::Nullable(inner) => format!("{} | null", name(inner)),
        Type::Ref(name) => name.clone(),
    }
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
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// A member's name, in quotes where it needs them.
pub(super) fn property(name: &str) -> String {
    let is_plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !name.starts_with(|c: char| c.is_ascii_digit());
    if is_plain { name.to_owned() } else { quoted(name) }
}
