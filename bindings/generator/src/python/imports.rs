//! The imports of the modules.

use super::{
    STYLE,
    methods::WITH_ARGUMENTS,
    read::union_reader,
    types::{self, TIMESTAMP},
};
use crate::{
    layout::WIDTH,
    model::{Model, Type, TypeKind},
};

/// The imports of the methods' module, for type checkers alone: `typing` and `datetime` are slow to import.
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
    if takes_moments(model) {
        lines.push("from datetime import datetime".to_owned());
    }
    let typing = [
        ("Any", all().any(|ty| ty.has(&|ty| *ty == Type::Json))),
        ("Final", true),
        ("List", all().any(|ty| ty.has(&|ty| matches!(ty, Type::Array(_))))),
        ("Literal", all().any(|ty| ty.has(&|ty| matches!(ty, Type::Literal(_))))),
    ];
    lines.extend(typing_line(&typing));
    lines
}

/// True if a method takes a moment.
fn takes_moments(model: &Model) -> bool {
    let params = model.methods.iter().filter_map(|method| model.params(method).ok()).flatten();
    params.into_iter().any(|field| field.ty.refs() == Some(TIMESTAMP))
}

/// The import of the types that the methods name, for type checkers alone.
pub(super) fn types_of_methods(model: &Model) -> String {
    of_module_within(4, ".types", names_of_methods(model))
}

/// The types that the methods name.
pub(super) fn names_of_methods(model: &Model) -> Vec<String> {
    let results = model.methods.iter().filter_map(|method| method.result.refs());
    let params = model.methods.iter().filter_map(|method| model.params(method).ok()).flatten();
    let mut names: Vec<String> =
        results.clone().chain(params.filter_map(|field| field.ty.refs())).map(str::to_owned).collect();
    // As an argument it is a string or a datetime.
    if results.clone().all(|name| name != TIMESTAMP) {
        names.retain(|name| name != TIMESTAMP);
    }
    in_order(names)
}

/// The import of what reads the result of a method, within the method: only the types that a program meets are to be made.
pub(super) fn of_result(model: &Model, result: &Type) -> String {
    let name = result.refs().unwrap_or_default();
    let module = if types::emitted(model).contains(name) { ".emitted" } else { ".types" };
    let read = if is_tagged(model, name) { union_reader(name) } else { name.to_owned() };
    of_module_within(8, module, vec![read])
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
pub(super) fn of_module(module: &str, names: Vec<String>) -> String {
    of_module_within(0, module, names)
}

/// The same, indented.
fn of_module_within(indent: usize, module: &str, names: Vec<String>) -> String {
    let names = in_order(names);
    let flat = format!("from {module} import {}", names.join(", "));
    if indent + flat.len() <= WIDTH {
        flat
    } else {
        STYLE.broken(indent, &format!("from {module} import ("), &names, ")")
    }
}

/// Names as imports have them.
fn in_order(mut names: Vec<String>) -> Vec<String> {
    names.sort_by_key(|name| name.to_lowercase());
    names.dedup();
    names
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
    lines.extend([String::new(), "from .._reading import maybe".to_owned()]);
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
    if has(&is_union) {
        lines.push("from .._unknown import UnknownVariant".to_owned());
    }
    let emitted = types::emitted(model);
    if !emitted.is_empty() {
        lines.push(of_module(".emitted", emitted.into_iter().map(str::to_owned).collect()));
    }
    lines
}

/// The imports of the module of what `event.emit` answers: as few as can be.
pub(super) fn of_emitted() -> Vec<&'static str> {
    vec![
        "from .._reading import maybe",
        "from .._result import Result",
        "",
        "TYPE_CHECKING = False",
        "if TYPE_CHECKING:",
        "    from collections.abc import Mapping",
        "    from typing import Any",
        "else:",
        "    from .._hints import hints",
        "",
        "    hints(globals(), {\"collections.abc\": \"Mapping\", \"typing\": \"Any\"})",
    ]
}

fn typing_line(names: &[(&str, bool)]) -> Option<String> {
    let used: Vec<&str> = names.iter().filter(|(_, used)| *used).map(|(name, _)| *name).collect();
    (!used.is_empty()).then(|| format!("from typing import {}", used.join(", ")))
}
