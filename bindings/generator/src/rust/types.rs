//! Declarations of the types.

use std::collections::HashSet;

use minijinja::{Value, context};

use super::{Shape, constant, names};
use crate::{
    layout::WIDTH,
    model::{Field, Project, Type, TypeDef, TypeKind, Union, Variant},
    text::wrap,
};

/// The traits that every type implements.
const DERIVES: &str = "Debug, Clone, PartialEq, Serialize, Deserialize";

/// The types, those of topics with their topic.
pub(super) fn views(project: &Project, shape: &Shape<'_>) -> Vec<Value> {
    let topic = |def: &TypeDef| project.topics.iter().find(|topic| topic.payload == def.name);
    let mut views: Vec<Value> = project
        .types
        .iter()
        .map(|def| {
            let topic = topic(def).map(|topic| constant(&topic.name));
            declaration(def, shape).view(&def.name, topic, &def.docs)
        })
        .collect();
    if shape.has_nothing() {
        let nothing = Declaration::new(DERIVES, "pub enum Nothing {}");
        views.push(nothing.view("Nothing", None, "A value that there is none of."));
    }
    views
}

/// The declaration of a type.
struct Declaration {
    derives: String,
    attribute: &'static str,
    head: String,
    members: Vec<Value>,
}

impl Declaration {
    fn new(derives: impl Into<String>, head: impl Into<String>) -> Self {
        Self { derives: derives.into(), attribute: "", head: head.into(), members: Vec::new() }
    }

    fn view(self, name: &str, topic: Option<String>, text: &str) -> Value {
        let Self { derives, attribute, head, members } = self;
        context! { name, topic, docs => docs(text, 0), derives, attribute, head, members }
    }
}

fn declaration(def: &TypeDef, shape: &Shape<'_>) -> Declaration {
    let name = def.name.as_str();
    match &def.kind {
        TypeKind::Struct(fields) => object(def, fields, shape),
        TypeKind::Enum(variants) => words(name, variants),
        TypeKind::Union(union) => one_of(name, union, shape),
        TypeKind::Alias(ty) => {
            let head = format!("pub struct {name}(pub {});", shape.name(name, ty));
            let derives = derives(shape.def_has_default(def));
            Declaration { attribute: "#[serde(transparent)]", ..Declaration::new(derives, head) }
        }
    }
}

fn derives(has_default: bool) -> String {
    if has_default { DERIVES.replace("Clone, ", "Clone, Default, ") } else { DERIVES.to_owned() }
}

fn object(def: &TypeDef, fields: &[Field], shape: &Shape<'_>) -> Declaration {
    let fields: Vec<&Field> =
        fields.iter().filter(|field| field.required || field.ty != Type::Never).collect();
    let names = names::members(fields.iter().map(|field| field.name.as_str()));
    let mut members: Vec<Value> =
        fields.iter().zip(&names).map(|(field, name)| member(&def.name, field, name, shape)).collect();
    if let Some(rest) = &def.rest {
        let taken: HashSet<&str> = names.iter().map(String::as_str).collect();
        let name =
            ["other", "other_members", "all_other_members"].into_iter().find(|name| !taken.contains(name));
        let ty = shape.map(rest);
        members.push(context! {
            docs => docs("The members beside those.", 4),
            attributes => ["#[serde(flatten)]"],
            code => format!("pub {}: {ty}", name.unwrap_or("members_beside_all_those")),
        });
    }
    let end = if members.is_empty() { "}" } else { "" };
    let head = format!("pub struct {} {{{end}", def.name);
    Declaration { members, ..Declaration::new(derives(shape.def_has_default(def)), head) }
}

fn member(owner: &str, field: &Field, name: &str, shape: &Shape<'_>) -> Value {
    let mut attributes = Vec::new();
    if name.trim_start_matches("r#") != field.name {
        attributes.push(format!("#[serde(rename = {})]", names::quoted(&field.name)));
    }
    let mut ty = shape.name(owner, &field.ty);
    if !field.required {
        attributes.push("#[serde(default, skip_serializing_if = \"Option::is_none\")]".to_owned());
        if !matches!(field.ty, Type::Nullable(_)) {
            ty = format!("Option<{ty}>");
        }
    }
    context! { docs => docs(&field.described(), 4), attributes, code => format!("pub {name}: {ty}") }
}

fn words(name: &str, variants: &[Variant]) -> Declaration {
    let names = names::variants(variants.iter().map(|variant| variant.value.as_str()));
    let variant = |(variant, name): (&Variant, &String)| {
        let attributes = if *name == variant.value {
            Vec::new()
        } else {
            vec![format!("#[serde(rename = {})]", names::quoted(&variant.value))]
        };
        context! { docs => docs(&variant.docs, 4), attributes, code => name }
    };
    let members: Vec<Value> = variants.iter().zip(&names).map(variant).collect();
    let derives = "Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize";
    Declaration { members, ..Declaration::new(derives, format!("pub enum {name} {{")) }
}

/// A union is what its first fitting arm is: those that demand more come first.
fn one_of(name: &str, union: &Union, shape: &Shape<'_>) -> Declaration {
    let mut arms: Vec<&Type> = union.arms.iter().collect();
    arms.sort_by_key(|arm| (*arm == &Type::Number, usize::MAX - shape.demands(arm)));
    let mut seen = HashSet::new();
    arms.retain(|arm| seen.insert(shape.name(name, arm)));
    let labels: Vec<String> = arms.iter().map(|arm| label(name, arm)).collect();
    let variants = names::variants(labels.iter().map(String::as_str));
    let member = |(arm, variant): (&&Type, &String)| {
        let code = match arm {
            Type::Null => variant.clone(),
            arm => format!("{variant}({})", shape.name(name, arm)),
        };
        context! { docs => Vec::<String>::new(), attributes => Vec::<String>::new(), code }
    };
    let members: Vec<Value> = arms.iter().zip(&variants).map(member).collect();
    let head = format!("pub enum {name} {{");
    Declaration { attribute: "#[serde(untagged)]", members, ..Declaration::new(DERIVES, head) }
}

fn label(owner: &str, arm: &Type) -> String {
    let label = match arm {
        Type::String | Type::Literal(_) => "text",
        Type::Integer => "integer",
        Type::Number => "number",
        Type::Boolean | Type::Constant(serde_json::Value::Bool(_)) => "boolean",
        Type::Constant(value) if value.is_i64() => "integer",
        Type::Constant(_) => "number",
        Type::Array(_) | Type::Tuple(_) => "list",
        Type::Map(_) => "object",
        Type::Null => "null",
        Type::Json => "any",
        Type::Never => "nothing",
        Type::Nullable(inner) => return label(owner, inner),
        Type::Ref(name) => name.strip_prefix(owner).filter(|rest| !rest.is_empty()).unwrap_or(name),
    };
    label.to_owned()
}

fn docs(text: &str, indent: usize) -> Vec<String> {
    let lines = wrap(text, WIDTH - indent - "/// ".len());
    lines.iter().map(|line| format!("/// {line}").trim_end().to_owned()).collect()
}
