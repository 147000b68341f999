//! From JSON Schema, as schemars writes it, to the model. What it does not know is an error, never a guess.

use serde_json::{Map, Value};

use super::{Field, Limits, Type, TypeDef, TypeKind, Union, Variant, types::Tag};
use crate::GenerateError;

type Schema = Map<String, Value>;

/// The named types of the definition. The arms of a union get names of their own, so there may be more than schemas.
pub(super) fn named(schemas: &Schema) -> Result<Vec<TypeDef>, GenerateError> {
    let mut lowering = Lowering::default();
    for (name, schema) in schemas {
        let schema = object(name, schema)?;
        let kind = lowering.kind(name, schema)?;
        lowering.add(name, schema, kind);
    }
    lowering.types.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(lowering.types)
}

/// A type that stands in a method's row.
pub(super) fn inline(place: &str, schema: &Value) -> Result<Type, GenerateError> {
    match schema {
        Value::Bool(true) => Ok(Type::Json),
        Value::Object(schema) => ty(place, schema),
        other => Err(unknown(place, other.clone())),
    }
}

#[derive(Default)]
struct Lowering {
    types: Vec<TypeDef>,
}

impl Lowering {
    fn add(&mut self, name: &str, schema: &Schema, kind: TypeKind) {
        self.types.push(TypeDef {
            name: name.to_owned(),
            docs: text(schema, "description"),
            kind,
            rest: None,
            is_params: false,
            sent: false,
            received: false,
        });
    }

    fn kind(&mut self, name: &str, schema: &Schema) -> Result<TypeKind, GenerateError> {
        if let Some(variants) = variants(schema) {
            return Ok(TypeKind::Enum(variants));
        }
        if let Some(arms) = schema.get("oneOf").or_else(|| schema.get("anyOf")).and_then(Value::as_array)
            && !arms.iter().any(is_null)
        {
            return self.union(name, arms).map(TypeKind::Union);
        }
        if is_struct(schema) {
            return fields(name, schema).map(TypeKind::Struct);
        }
        ty(name, schema).map(TypeKind::Alias)
    }

    /// Each arm that is a struct gets the name that its title gives it, else one made of the union's and its tag.
    fn union(&mut self, name: &str, arms: &[Value]) -> Result<Union, GenerateError> {
        let schemas = arms.iter().map(|arm| object(name, arm)).collect::<Result<Vec<_>, _>>()?;
        let tag = tag(&schemas);
        let mut types = Vec::new();
        for (index, schema) in schemas.into_iter().enumerate() {
            if !is_struct(schema) {
                types.push(ty(name, schema)?);
                continue;
            }
            let value = tag.as_ref().and_then(|tag| tag.values.get(index)).map(String::as_str);
            let arm = match (text(schema, "title"), value) {
                (title, _) if !title.is_empty() => title,
                (_, Some(value)) => format!("{name}{}", crate::text::pascal_case(value)),
                (_, None) => return Err(unknown(name, schema.clone())),
            };
            let fields = fields(&arm, schema)?;
            self.add(&arm, schema, TypeKind::Struct(fields));
            types.push(Type::Ref(arm));
        }
        Ok(Union { tag, arms: types })
    }
}

/// The strings of an enum: one list of them, or an arm for each that has documentation.
fn variants(schema: &Schema) -> Option<Vec<Variant>> {
    let arms: Vec<&Schema> = match schema.get("oneOf") {
        Some(Value::Array(arms)) => arms.iter().filter_map(Value::as_object).collect(),
        _ => vec![schema],
    };
    let mut variants = Vec::new();
    for arm in arms {
        let values = match (arm.get("const"), arm.get("enum")) {
            (Some(value), _) => vec![value],
            (None, Some(Value::Array(values))) => values.iter().collect(),
            _ => return None,
        };
        for value in values {
            variants.push(Variant { value: value.as_str()?.to_owned(), docs: text(arm, "description") });
        }
    }
    Some(variants)
}

/// The member that every arm has, with a constant of its own.
fn tag(arms: &[&Schema]) -> Option<Tag> {
    let constant = |arm: &Schema, member: &str| {
        arm.get("properties")?.get(member)?.get("const")?.as_str().map(str::to_owned)
    };
    let first = arms.first()?.get("properties")?.as_object()?;
    first.keys().find_map(|member| {
        let values = arms.iter().map(|arm| constant(arm, member)).collect::<Option<Vec<_>>>()?;
        Some(Tag { member: member.clone(), values })
    })
}

/// An object without known members is a map, unless it is said to have none.
fn is_struct(schema: &Schema) -> bool {
    schema.get("type").is_some_and(|name| name == "object")
        && (schema.contains_key("properties") || schema.get("additionalProperties") == Some(&false.into()))
}

fn fields(name: &str, schema: &Schema) -> Result<Vec<Field>, GenerateError> {
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
        return Ok(Vec::new());
    };
    let required = schema.get("required").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    properties
        .iter()
        .map(|(member, schema)| {
            let place = format!("{name}.{member}");
            let empty = Schema::new();
            let schema = if *schema == Value::Bool(true) { &empty } else { object(&place, schema)? };
            Ok(Field {
                name: member.clone(),
                docs: text(schema, "description"),
                ty: ty(&place, schema)?,
                required: required.iter().any(|entry| entry == member),
                default: schema.get("default").map(Value::to_string),
                limits: Limits::of(schema),
            })
        })
        .collect()
}

fn ty(place: &str, schema: &Schema) -> Result<Type, GenerateError> {
    if let Some(Value::String(reference)) = schema.get("$ref") {
        return Ok(Type::Ref(reference.rsplit('/').next().unwrap_or(reference).to_owned()));
    }
    if let Some(Value::String(value)) = schema.get("const") {
        return Ok(Type::Literal(value.clone()));
    }
    // A reference with documentation of its own: draft-07 lets nothing stand beside `$ref`.
    if let Some(Value::Array(all)) = schema.get("allOf")
        && let [only] = all.as_slice()
    {
        return inline(place, only);
    }
    if let Some(Value::Array(arms)) = schema.get("anyOf") {
        return match arms.as_slice() {
            [arm, null] | [null, arm] if is_null(null) => Ok(Type::Nullable(Box::new(inline(place, arm)?))),
            _ => Err(unknown(place, schema.clone())),
        };
    }
    match schema.get("type") {
        None if ["oneOf", "enum", "not", "if"].iter().any(|keyword| schema.contains_key(*keyword)) => {
            Err(unknown(place, schema.clone()))
        }
        None => Ok(Type::Json),
        Some(Value::String(name)) => plain(place, name, schema),
        Some(Value::Array(names)) => match names.as_slice() {
            [Value::String(name), Value::String(null)] if null == "null" => {
                Ok(Type::Nullable(Box::new(plain(place, name, schema)?)))
            }
            _ => Err(unknown(place, schema.clone())),
        },
        Some(_) => Err(unknown(place, schema.clone())),
    }
}

fn plain(place: &str, name: &str, schema: &Schema) -> Result<Type, GenerateError> {
    let of = |keyword: &str| match schema.get(keyword) {
        None => Ok(Box::new(Type::Json)),
        Some(inner) => inline(place, inner).map(Box::new),
    };
    match name {
        "string" if !schema.contains_key("enum") => Ok(Type::String),
        "integer" => Ok(Type::Integer),
        "number" => Ok(Type::Number),
        "boolean" => Ok(Type::Boolean),
        "array" => of("items").map(Type::Array),
        "object" if !is_struct(schema) => of("additionalProperties").map(Type::Map),
        _ => Err(unknown(place, schema.clone())),
    }
}

fn is_null(schema: &Value) -> bool {
    schema.get("type").is_some_and(|name| name == "null")
}

pub(super) fn text(schema: &Schema, keyword: &str) -> String {
    schema.get(keyword).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn object<'a>(place: &str, schema: &'a Value) -> Result<&'a Schema, GenerateError> {
    schema.as_object().ok_or_else(|| unknown(place, schema.clone()))
}

fn unknown(place: &str, schema: impl Into<Value>) -> GenerateError {
    let schema = schema.into().to_string();
    GenerateError::UnknownSchema { place: place.to_owned(), schema }
}
