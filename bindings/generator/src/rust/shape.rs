//! Types as Rust says them, and the facts about them that its declarations need.

use std::{
    cell::Cell,
    collections::{HashMap, HashSet},
};

use crate::model::{Project, Tuple, Type, TypeDef, TypeKind};

/// The longest tuple whose values can be compared.
const LONGEST_TUPLE: usize = 12;

/// The facts about the types of a project.
pub(super) struct Shape<'a> {
    types: HashMap<&'a str, &'a TypeDef>,
    /// For each type those that are within it, at any depth.
    within: HashMap<&'a str, HashSet<&'a str>>,
    has_map: Cell<bool>,
    has_value: Cell<bool>,
    has_nothing: Cell<bool>,
}

impl<'a> Shape<'a> {
    pub(super) fn new(project: &'a Project) -> Self {
        let types: HashMap<&str, &TypeDef> =
            project.types.iter().map(|def| (def.name.as_str(), def)).collect();
        let within = types.keys().map(|name| (*name, within(&types, name))).collect();
        Self {
            types,
            within,
            has_map: Cell::new(false),
            has_value: Cell::new(false),
            has_nothing: Cell::new(false),
        }
    }

    /// True if a map was written.
    pub(super) fn has_map(&self) -> bool {
        self.has_map.get()
    }

    /// True if a type was written that holds any JSON.
    pub(super) fn has_value(&self) -> bool {
        self.has_value.get()
    }

    /// True if a type was written that has no values.
    pub(super) fn has_nothing(&self) -> bool {
        self.has_nothing.get()
    }

    /// True if the type holds values of itself.
    pub(super) fn is_recursive(&self, name: &str) -> bool {
        self.within.get(name).is_some_and(|within| within.contains(name))
    }

    /// A type within the type `owner`: one that holds values of its owner is in a box, unless a list or a map is around it.
    pub(super) fn name(&self, owner: &str, ty: &Type) -> String {
        match ty {
            Type::String | Type::Literal(_) => "String".to_owned(),
            Type::Integer => "i64".to_owned(),
            Type::Number => "f64".to_owned(),
            Type::Boolean => "bool".to_owned(),
            Type::Null => "()".to_owned(),
            Type::Json => self.value(),
            Type::Never => {
                self.has_nothing.set(true);
                "Nothing".to_owned()
            }
            Type::Constant(value) => match value {
                serde_json::Value::Bool(_) => "bool".to_owned(),
                value if value.is_i64() => "i64".to_owned(),
                _ => "f64".to_owned(),
            },
            Type::Array(item) => format!("Vec<{}>", self.name("", item)),
            Type::Map(item) => self.map(item),
            Type::Nullable(inner) => format!("Option<{}>", self.name(owner, inner)),
            Type::Tuple(tuple) => self.tuple(owner, tuple),
            Type::Ref(name) => {
                let leads_back = self.within.get(name.as_str()).is_some_and(|within| within.contains(owner));
                if leads_back || name == owner { format!("Box<{name}>") } else { name.clone() }
            }
        }
    }

    pub(super) fn map(&self, item: &Type) -> String {
        self.has_map.set(true);
        format!("BTreeMap<String, {}>", self.name("", item))
    }

    fn value(&self) -> String {
        self.has_value.set(true);
        "Value".to_owned()
    }

    /// A tuple where its length is known, else a list: of one type if its items have the same.
    fn tuple(&self, owner: &str, tuple: &Tuple) -> String {
        if tuple.is_exact() && tuple.first.len() <= LONGEST_TUPLE {
            let items: Vec<String> = tuple.first.iter().map(|item| self.name(owner, item)).collect();
            return match items.as_slice() {
                [only] => format!("({only},)"),
                all => format!("({})", all.join(", ")),
            };
        }
        let mut items = tuple.items();
        match items.next() {
            Some(first) if items.all(|item| item == first) => format!("Vec<{}>", self.name("", first)),
            _ => format!("Vec<{}>", self.value()),
        }
    }

    /// True if there is an obvious value of the type.
    pub(super) fn has_default(&self, ty: &Type) -> bool {
        match ty {
            Type::Never | Type::Literal(_) | Type::Constant(_) => false,
            Type::Tuple(tuple) => !tuple.is_exact() || tuple.first.iter().all(|item| self.has_default(item)),
            Type::Ref(name) => self.types.get(name.as_str()).is_some_and(|def| self.def_has_default(def)),
            _ => true,
        }
    }

    /// The same of a type with a name.
    pub(super) fn def_has_default(&self, def: &TypeDef) -> bool {
        match &def.kind {
            _ if self.is_recursive(&def.name) => false,
            TypeKind::Struct(fields) => {
                fields.iter().all(|field| !field.required || self.has_default(&field.ty))
            }
            TypeKind::Alias(ty) => self.has_default(ty),
            TypeKind::Enum(_) | TypeKind::Union(_) => false,
        }
    }

    /// The number of members of a type that must be there, if it is an object.
    pub(super) fn demands(&self, ty: &Type) -> usize {
        let def = ty.refs().and_then(|name| self.types.get(name));
        match def.map(|def| &def.kind) {
            Some(TypeKind::Struct(fields)) => fields.iter().filter(|field| field.required).count(),
            _ => 0,
        }
    }
}

fn within<'a>(types: &HashMap<&'a str, &'a TypeDef>, name: &str) -> HashSet<&'a str> {
    let refs = |name: &str| types.get(name).map(|def| all_refs(def)).unwrap_or_default();
    let mut found = HashSet::new();
    let mut open = refs(name);
    while let Some(next) = open.pop() {
        if found.insert(next) {
            open.extend(refs(next));
        }
    }
    found
}

fn all_refs(def: &TypeDef) -> Vec<&str> {
    let mut refs = def.kind.refs();
    refs.extend(def.rest.iter().flat_map(Type::all_refs));
    refs
}
