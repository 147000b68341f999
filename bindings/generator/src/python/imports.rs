//! The imports of the modules.

use super::{STYLE, methods::WITH_ARGUMENTS, read::union_reader, types::TIMESTAMP};
use crate::{
    layout::WIDTH,
    model::{Model, Type, TypeKind},
};

/// The imports of the methods' module.
pub(super) fn of_methods(model: &Model) -> Vec<String> {
    let params: Vec<&Type> = model
        .methods
        .iter()
        .filter_map(|method| model.params(method).ok())
        .flatten()
        .map(|field| &field.ty)
        .collect();
    let results: Vec<&Type> = model.methods.iter().map(|method| &method.result).collect();
    let all = || params.iter().chain(&results);
    let mut lines = Vec::new();
    if params.iter().any(|ty| ty.has(&|ty| matches!(ty, Type::Map(_)))) {
        lines.push("from collections.abc import Mapping".to_owned());
    }
    let typing = [
        ("TYPE_CHECKING", takes_moments(model)),
        ("Any", all().any(|ty| ty.has(&|ty| *ty == Type::Json))),
        ("Final", true),
        ("List", all().any(|ty| ty.has(&|ty| matches!(ty, Type::Array(_))))),
        ("Literal", all().any(|ty| ty.has(&|ty| matches!(ty, Type::Literal(_))))),
    ];
    lines.extend(typing_line(&typing));
    lines
}

/// True if a method takes a moment: `datetime` is slow to import, and only type checkers look for it.
pub(super) fn takes_moments(model: &Model) -> bool {
    let params = model.methods.iter().filter_map(|method| model.params(method).ok()).flatten();
    params.into_iter().any(|field| field.ty.refs() == Some(TIMESTAMP))
}

/// The import of the types that the methods name, and of the functions that read the unions among them.
pub(super) fn types_of_methods(model: &Model) -> String {
    let results = model.methods.iter().filter_map(|method| method.result.refs());
    let params = model.methods.iter().filter_map(|method| model.params(method).ok()).flatten();
    let mut names: Vec<String> =
        results.clone().chain(params.filter_map(|field| field.ty.refs())).map(str::to_owned).collect();
    // As an argument it is a string or a datetime.
    if results.clone().all(|name| name != TIMESTAMP) {
        names.retain(|name| name != TIMESTAMP);
    }
    names.extend(results.filter(|name| is_tagged(model, name)).map(union_reader));
    of_module(".types", names)
}

/// The params of the method whose params are a type too.
fn arguments(model: &Model) -> Vec<&Type> {
    let method = model.methods.iter().find(|method| method.name == WITH_ARGUMENTS);
    let fields = method.and_then(|method| model.params(method).ok()).into_iter().flatten();
    fields.map(|field| &field.ty).collect()
}

/// The imports of the module of arguments.
pub(super) fn of_arguments(model: &Model) -> Vec<String> {
    let all = arguments(model);
    let has = |test: &dyn Fn(&Type) -> bool| all.iter().any(|ty| ty.has(test));
    let mut lines = Vec::new();
    if has(&|ty| matches!(ty, Type::Map(_))) {
        lines.push("from collections.abc import Mapping".to_owned());
    }
    if all.iter().any(|ty| ty.refs() == Some(TIMESTAMP)) {
        lines.push("from datetime import datetime".to_owned());
    }
    let typing = [("Any", has(&|ty| *ty == Type::Json)), ("List", has(&|ty| matches!(ty, Type::Array(_))))];
    lines.extend(typing_line(&typing));
    lines
}

/// The import of the types that the arguments name.
pub(super) fn types_of_arguments(model: &Model) -> String {
    let all = arguments(model);
    let names = all.iter().filter_map(|ty| ty.refs()).filter(|name| *name != TIMESTAMP);
    let names: Vec<String> = names.map(str::to_owned).collect();
    if names.is_empty() { String::new() } else { of_module(".types", names) }
}

/// The import of these names from a module.
pub(super) fn of_module(module: &str, mut names: Vec<String>) -> String {
    names.sort_by_key(|name| name.to_lowercase());
    names.dedup();
    let flat = format!("from {module} import {}", names.join(", "));
    if flat.len() <= WIDTH { flat } else { STYLE.broken(0, &format!("from {module} import ("), &names, ")") }
}

fn is_tagged(model: &Model, name: &str) -> bool {
    let kind = model.find(name).map(|def| &def.kind);
    matches!(kind, Some(TypeKind::Union(union)) if union.tag.is_some())
}

/// The imports of the types' module.
pub(super) fn of_types(model: &Model) -> Vec<String> {
    let has = |test: &dyn Fn(&TypeKind) -> bool| {
        model.types.iter().filter(|def| def.sent || def.received).any(|def| test(&def.kind))
    };
    let is_class = |kind: &TypeKind| matches!(kind, TypeKind::Struct(_));
    let is_union = |kind: &TypeKind| matches!(kind, TypeKind::Union(_));
    let is_literal = |kind: &TypeKind| match kind {
        TypeKind::Enum(_) => true,
        TypeKind::Struct(fields) => {
            fields.iter().any(|field| field.ty.has(&|ty| matches!(ty, Type::Literal(_))))
        }
        _ => false,
    };
    let mut lines = vec!["from collections.abc import Mapping".to_owned()];
    lines.extend(typing_line(&[("Any", true), ("Literal", has(&is_literal)), ("Union", has(&is_union))]));
    let runtime = if has(&is_union) { "UnknownVariant, maybe" } else { "maybe" };
    lines.extend([String::new(), format!("from .._reading import {runtime}")]);
    let mut base = Vec::new();
    if has(&is_class) {
        base.push("Result");
    }
    if model.find(TIMESTAMP).is_some() {
        // Under this name it belongs to the module's own.
        base.extend(["Timestamp as Timestamp", "timestamp"]);
    }
    if !base.is_empty() {
        lines.push(format!("from .._result import {}", base.join(", ")));
    }
    lines
}

fn typing_line(names: &[(&str, bool)]) -> Option<String> {
    let used: Vec<&str> = names.iter().filter(|(_, used)| *used).map(|(name, _)| *name).collect();
    (!used.is_empty()).then(|| format!("from typing import {}", used.join(", ")))
}
