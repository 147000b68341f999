use serde_json::Value;

use super::Limits;

/// A type with a name.
#[derive(Debug, Clone)]
pub(crate) struct TypeDef {
    pub(crate) name: String,
    pub(crate) docs: String,
    pub(crate) kind: TypeKind,
    /// The type of the members beside those of a struct; none if there are no others that a program is to know of.
    pub(crate) rest: Option<Type>,
    /// True if it is the params of a method.
    pub(crate) is_params: bool,
    /// True if a client writes it within params.
    pub(crate) sent: bool,
    /// True if a client reads it: it is a result or pushed, or within one that is.
    pub(crate) received: bool,
}

#[derive(Debug, Clone)]
pub(crate) enum TypeKind {
    /// An object with known members.
    Struct(Vec<Field>),
    /// One of some strings.
    Enum(Vec<Variant>),
    /// One of some types.
    Union(Union),
    /// Another name for a type.
    Alias(Type),
}

/// A member of an object.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    /// Its name on the wire.
    pub(crate) name: String,
    pub(crate) docs: String,
    pub(crate) ty: Type,
    /// True if it is always there. Being absent is not the same as being null.
    pub(crate) required: bool,
    /// Its value when absent, as JSON text.
    pub(crate) default: Option<String>,
    pub(crate) limits: Limits,
}

impl Field {
    /// Its documentation, then its limits and its default in words.
    pub(crate) fn described(&self) -> String {
        let default = self.default.as_ref().map(|value| format!("`{value}` when absent"));
        // That a number of things is not negative goes without saying.
        let limits = Some(self.limits.phrase()).filter(|limits| !limits.is_empty() && limits != "at least 0");
        let words: Vec<String> = limits.into_iter().chain(default).collect();
        if words.is_empty() {
            return self.docs.clone();
        }
        let words = crate::text::sentence(&words.join("; "));
        format!("{} {words}", self.docs).trim_start().to_owned()
    }
}

/// One of the strings of an enum.
#[derive(Debug, Clone)]
pub(crate) struct Variant {
    pub(crate) value: String,
    pub(crate) docs: String,
}

/// One of some types; each arm is a named type or a plain one.
#[derive(Debug, Clone)]
pub(crate) struct Union {
    /// The member that distinguishes the arms, and its value in each of them.
    pub(crate) tag: Option<Tag>,
    pub(crate) arms: Vec<Type>,
}

#[derive(Debug, Clone)]
pub(crate) struct Tag {
    pub(crate) member: String,
    /// One for each arm.
    pub(crate) values: Vec<String>,
}

/// The type of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Type {
    String,
    Integer,
    Number,
    Boolean,
    Null,
    /// Any JSON value.
    Json,
    /// No value at all.
    Never,
    /// Exactly this string, which distinguishes the arms of a union.
    Literal(String),
    /// Exactly this number or truth value.
    Constant(Value),
    Array(Box<Self>),
    /// An object whose members all have this type.
    Map(Box<Self>),
    Nullable(Box<Self>),
    Tuple(Box<Tuple>),
    /// A type with a name.
    Ref(String),
}

/// A list whose first items have types of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tuple {
    pub(crate) first: Vec<Type>,
    /// The number of items that must be there.
    pub(crate) least: usize,
    /// The type of the items after the first; none if there can be none.
    pub(crate) rest: Option<Type>,
}

impl Tuple {
    /// The types of its items, the first ones first.
    pub(crate) fn items(&self) -> impl Iterator<Item = &Type> {
        self.first.iter().chain(&self.rest)
    }

    /// True if it always has exactly its first items.
    pub(crate) fn is_exact(&self) -> bool {
        self.rest.is_none() && self.least == self.first.len()
    }
}

impl Type {
    /// True if this type, or one written out in it, satisfies the predicate.
    pub(crate) fn has(&self, is_such: &dyn Fn(&Self) -> bool) -> bool {
        let inner = match self {
            Self::Array(inner) | Self::Map(inner) | Self::Nullable(inner) => inner.has(is_such),
            Self::Tuple(tuple) => tuple.items().any(|item| item.has(is_such)),
            _ => false,
        };
        inner || is_such(self)
    }

    /// The named types in it, those of a tuple too.
    pub(crate) fn all_refs(&self) -> Vec<&str> {
        match self {
            Self::Tuple(tuple) => tuple.items().flat_map(Self::all_refs).collect(),
            Self::Array(inner) | Self::Map(inner) | Self::Nullable(inner) => inner.all_refs(),
            Self::Ref(name) => vec![name],
            _ => Vec::new(),
        }
    }

    /// The named type in it. The definition has no tuples.
    pub(crate) fn refs(&self) -> Option<&str> {
        match self {
            Self::Ref(name) => Some(name),
            Self::Array(inner) | Self::Map(inner) | Self::Nullable(inner) => inner.refs(),
            _ => None,
        }
    }
}

impl TypeKind {
    /// The named types that it mentions.
    pub(crate) fn refs(&self) -> Vec<&str> {
        match self {
            Self::Struct(fields) => fields.iter().flat_map(|field| field.ty.all_refs()).collect(),
            Self::Enum(_) => Vec::new(),
            Self::Union(union) => union.arms.iter().flat_map(Type::all_refs).collect(),
            Self::Alias(ty) => ty.all_refs(),
        }
    }
}
