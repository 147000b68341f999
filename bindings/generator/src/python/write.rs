//! Expressions that make the JSON of a request of typed values.

use minijinja::{Value, context};

use super::names;
use crate::model::{Field, Model, Type, TypeKind};

/// The values for writing a member of a class.
pub(super) fn member(model: &Model, field: &Field) -> Value {
    let own = format!("self.{}", names::member(&field.name));
    context! {
        key => names::quoted(&field.name),
        own => own.as_str(),
        value => value(model, &field.ty, &own),
        required => field.required,
    }
}

/// The expression for a value of this type.
pub(super) fn value(model: &Model, ty: &Type, own: &str) -> String {
    if !has_class(model, ty) {
        return own.to_owned();
    }
    match ty {
        Type::Array(item) => format!("[{} for item in {own}]", value(model, item, "item")),
        Type::Map(item) => format!("{{key: {} for key, item in {own}.items()}}", value(model, item, "item")),
        Type::Nullable(inner) => format!("None if {own} is None else {}", value(model, inner, own)),
        Type::Ref(name) => match plain(model, name).as_slice() {
            [] => format!("{own}.to_wire()"),
            [one] => format!("{own} if isinstance({own}, {one}) else {own}.to_wire()"),
            types => format!("{own} if isinstance({own}, ({})) else {own}.to_wire()", types.join(", ")),
        },
        _ => format!("{own}.to_wire()"),
    }
}

/// The types of Python for the arms of a union that are no class of ours: their values are JSON as they are.
fn plain(model: &Model, name: &str) -> Vec<&'static str> {
    let Some(TypeKind::Union(union)) = model.find(name).map(|def| &def.kind) else { return Vec::new() };
    let arms = union.arms.iter().filter(|arm| !has_class(model, arm));
    arms.map(|arm| match arm {
        Type::Boolean => "bool",
        Type::Integer => "int",
        Type::Number => "float",
        Type::Array(_) => "list",
        Type::Map(_) => "dict",
        _ => "str",
    })
    .collect()
}

/// True if a class of ours is in it.
fn has_class(model: &Model, ty: &Type) -> bool {
    match ty {
        Type::Array(inner) | Type::Map(inner) | Type::Nullable(inner) => has_class(model, inner),
        Type::Ref(name) => match model.find(name).map(|def| &def.kind) {
            Some(TypeKind::Struct(_)) => true,
            Some(TypeKind::Union(union)) => union.arms.iter().any(|arm| has_class(model, arm)),
            Some(TypeKind::Alias(ty)) => has_class(model, ty),
            Some(TypeKind::Enum(_)) | None => false,
        },
        _ => false,
    }
}
