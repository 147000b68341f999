//! The types of payloads: `TypedDict`s, and names for the others.

use std::collections::HashSet;

use minijinja::{Value, context};

use super::{
    super::{STYLE, docstring, names},
    Spelling,
    spelling::one_of,
};
use crate::model::{Field, Model, Type, TypeDef, TypeKind, Variant};

/// The types in the order in which they can be evaluated: classes, then the other names, each after those that it needs.
pub(super) fn views(types: &[&TypeDef], model: Option<&Model>) -> Vec<Value> {
    let (classes, mut aliases): (Vec<&TypeDef>, Vec<&TypeDef>) = types.iter().partition(|def| is_class(def));
    let mut defined: HashSet<String> = classes.iter().map(|def| def.name.clone()).collect();
    let mut views: Vec<Value> = classes.into_iter().map(|def| class(def, model)).collect();
    while !aliases.is_empty() {
        let is_ready = |def: &&TypeDef| def.kind.refs().iter().all(|name| defined.contains(*name));
        // In a circle, the first one names the others in quotes.
        let next = aliases.remove(aliases.iter().position(is_ready).unwrap_or_default());
        views.push(alias(next, &Spelling { model, defined: Some(&defined) }));
        defined.insert(next.name.clone());
    }
    views
}

/// True if a `TypedDict` can say it: that has neither other members nor one whose name is empty.
fn is_class(def: &TypeDef) -> bool {
    let TypeKind::Struct(fields) = &def.kind else { return false };
    def.rest.is_none() && fields.iter().all(|field| !field.name.is_empty())
}

fn alias(def: &TypeDef, spelling: &Spelling<'_>) -> Value {
    let mut docs = def.docs.clone();
    let code = match &def.kind {
        TypeKind::Enum(variants) => {
            docs.push_str(&listed(variants));
            let values: Vec<String> = variants.iter().map(|variant| names::quoted(&variant.value)).collect();
            STYLE.list(0, &format!("{} = Literal[", def.name), &values, "]")
        }
        TypeKind::Union(union) => {
            let arms = union.arms.iter().map(|arm| spelling.name(arm)).collect();
            format!("{}: TypeAlias = {}", def.name, one_of(arms))
        }
        TypeKind::Alias(ty) => format!("{}: TypeAlias = {}", def.name, spelling.name(ty)),
        TypeKind::Struct(fields) => {
            let rest = def.rest.as_ref().map_or_else(|| "Any".to_owned(), |rest| spelling.name(rest));
            let of = if fields.is_empty() { rest } else { "Any".to_owned() };
            docs.push_str(&open_members(fields));
            format!("{}: TypeAlias = Dict[str, {of}]", def.name)
        }
    };
    context! { docs => docstring::block(docs.trim(), 0), code, parts => Vec::<Value>::new() }
}

/// The members of an object that no type of Python says.
fn open_members(fields: &[Field]) -> String {
    if fields.is_empty() {
        return String::new();
    }
    let all = Spelling { model: None, defined: None };
    let member = |field: &Field| {
        let optional = if field.required { "" } else { ", optional" };
        format!("- ``{}``: {}{optional}", field.name, all.name(&field.ty))
    };
    let members: Vec<String> = fields.iter().map(member).collect();
    format!(
        "\n\nNo TypedDict can say it. Its members, beside which others may be allowed:\n\n{}",
        members.join("\n")
    )
}

/// The documentation of the variants as a list, after a blank line.
fn listed(variants: &[Variant]) -> String {
    let documented = variants.iter().filter(|variant| !variant.docs.is_empty());
    let list: Vec<String> =
        documented.map(|variant| format!("- ``{}``: {}", variant.value, variant.docs)).collect();
    if list.is_empty() { String::new() } else { format!("\n\n{}", list.join("\n")) }
}

/// A `TypedDict`, in one part, or in two where some of its members may be absent: before Python 3.11 it has no other word for that.
fn class(def: &TypeDef, model: Option<&Model>) -> Value {
    let all = match &def.kind {
        TypeKind::Struct(fields) => fields.as_slice(),
        _ => &[],
    };
    let members: Vec<&Field> = all.iter().filter(|field| field.required || field.ty != Type::Never).collect();
    let docs = docstring::block(&def.docs, 4);
    let (required, optional): (Vec<&Field>, Vec<&Field>) = members.iter().partition(|field| field.required);
    let name = def.name.as_str();
    if members.iter().any(|field| !is_attribute(&field.name)) {
        return in_quotes(name, &docs, &required, &optional);
    }
    let fields = |of: &[&Field]| of.iter().map(|field| member(field, model)).collect::<Vec<_>>();
    let part = |name: &str, bases: &str, docs: &str, of: &[&Field]| context! { name, bases, docs, fields => fields(of), entries => Vec::<Value>::new() };
    let parts = match (required.as_slice(), optional.as_slice()) {
        (_, []) => vec![part(name, "TypedDict", &docs, &required)],
        ([], _) => vec![part(name, "TypedDict, total=False", &docs, &optional)],
        _ => {
            let base = format!("_{name}");
            let own = part(name, &format!("{base}, total=False"), &docs, &optional);
            vec![part(&base, "TypedDict", "", &required), own]
        }
    };
    context! { parts, code => "" }
}

/// A `TypedDict` some of whose members have names that no attribute can have.
fn in_quotes(name: &str, docs: &str, required: &[&Field], optional: &[&Field]) -> Value {
    let entries = |of: &[&Field]| of.iter().map(|field| entry(field)).collect::<Vec<_>>();
    let halves = [(format!("_{name}"), required, false), (format!("_{name}Optional"), optional, true)];
    let halves: Vec<_> = halves.into_iter().filter(|(_, of, _)| !of.is_empty()).collect();
    let bases: Vec<&str> = halves.iter().map(|(name, ..)| name.as_str()).collect();
    let own = context! { name, bases => bases.join(", "), docs, fields => Vec::<Value>::new(), entries => Vec::<Value>::new() };
    let half = |(name, of, optional): &(String, &[&Field], bool)| {
        context! { name, quoted => names::quoted(name), entries => entries(of), optional }
    };
    let parts: Vec<Value> = halves.iter().map(half).chain([own]).collect();
    context! { parts, code => "" }
}

fn member(field: &Field, model: Option<&Model>) -> Value {
    let ty = Spelling { model, defined: None }.name(&field.ty);
    context! { code => format!("{}: {ty}", field.name), docs => docstring::block(&field.described(), 4) }
}

fn entry(field: &Field) -> Value {
    let ty = Spelling { model: None, defined: None }.name(&field.ty);
    let code = format!("{}: {}", names::quoted(&field.name), names::quoted(&ty));
    context! { code, comment => docstring::comment(&field.described(), 8) }
}

/// True if a name can be one of a class: it is a word of ASCII that means nothing else there.
fn is_attribute(name: &str) -> bool {
    let is_word = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && name.starts_with(|c: char| c.is_ascii_lowercase());
    is_word && names::is_free(name)
}
