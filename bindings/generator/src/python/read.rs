//! Expressions that make typed values of the JSON of an answer.

use minijinja::{Value, context};

use super::{STYLE, names, types::TIMESTAMP};
use crate::model::{Field, Model, Type, TypeDef, TypeKind};

/// The argument that reads a member: `created_at=wire["createdAt"]`.
pub(super) fn member(model: &Model, field: &Field) -> String {
    let name = names::member(&field.name);
    let key = names::quoted(&field.name);
    let plain = if field.required { format!("wire[{key}]") } else { format!("wire.get({key})") };
    // Absent and null are one thing to Python.
    let ty = match &field.ty {
        Type::Nullable(inner) if !field.required => inner,
        ty => ty,
    };
    let Some(read) = reader(model, ty) else { return format!("{name}={plain}") };
    if field.required {
        return format!("{name}={}", read(&plain));
    }
    STYLE.list(12, &format!("{name}=maybe("), &[function(model, ty), plain], ")")
}

/// The function that reads a value of this type.
fn function(model: &Model, ty: &Type) -> String {
    let reader = reader(model, ty).map(|read| read("value"));
    match (ty, reader) {
        (_, None) => "lambda value: value".to_owned(),
        (Type::Ref(_), Some(read)) => {
            read.strip_suffix("(value)").map_or(format!("lambda value: {read}"), str::to_owned)
        }
        (_, Some(read)) => format!("lambda value: {read}"),
    }
}

/// The expression that reads a whole result.
pub(super) fn result(model: &Model, ty: &Type, wire: &str) -> Option<String> {
    reader(model, ty).map(|read| read(wire))
}

type Reader<'a> = Box<dyn Fn(&str) -> String + 'a>;

/// The reader of a value of this type; none if JSON's own value is right.
fn reader<'a>(model: &'a Model, ty: &'a Type) -> Option<Reader<'a>> {
    match ty {
        Type::Ref(name) => by_name(model, name),
        Type::Array(item) => {
            let read = reader(model, item)?;
            Some(Box::new(move |wire| format!("[{} for item in {wire}]", read("item"))))
        }
        Type::Map(item) => {
            let read = reader(model, item)?;
            Some(Box::new(move |wire| format!("{{key: {} for key, item in {wire}.items()}}", read("item"))))
        }
        Type::Nullable(inner) => {
            let _needed = reader(model, inner)?;
            Some(Box::new(move |wire| format!("maybe({}, {wire})", function(model, inner))))
        }
        _ => None,
    }
}

fn by_name<'a>(model: &'a Model, name: &'a str) -> Option<Reader<'a>> {
    if name == TIMESTAMP {
        return Some(Box::new(|wire| format!("timestamp({wire})")));
    }
    match &model.find(name)?.kind {
        TypeKind::Struct(_) => Some(Box::new(move |wire| format!("{name}.from_wire({wire})"))),
        TypeKind::Union(union) if union.tag.is_some() => {
            Some(Box::new(move |wire| format!("{}({wire})", union_reader(name))))
        }
        TypeKind::Alias(ty) => reader(model, ty),
        TypeKind::Enum(_) | TypeKind::Union(_) => None,
    }
}

pub(super) fn union_reader(name: &str) -> String {
    format!("_read_{}", crate::text::snake_case(name))
}

/// The values for the function that reads a tagged union.
pub(super) fn dispatch(model: &Model, def: &TypeDef) -> Option<Value> {
    let TypeKind::Union(union) = &def.kind else { return None };
    let tag = union.tag.as_ref().filter(|_| def.received)?;
    let arm = |(value, ty): (&String, &Type)| {
        context! { value => names::quoted(value), read => result(model, ty, "wire") }
    };
    let arms: Vec<Value> = tag.values.iter().zip(&union.arms).map(arm).collect();
    Some(context! { function => union_reader(&def.name), member => names::quoted(&tag.member), arms })
}
