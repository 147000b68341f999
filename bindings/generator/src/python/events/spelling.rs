//! Types as every Python from 3.9 on can evaluate them.

use std::collections::HashSet;

use super::super::{names, types::constant};
use crate::model::{Model, Type};

/// The way in which types are written.
pub(super) struct Spelling<'a> {
    /// The definition, if the types are the daemon's: it may send words that are not known yet.
    pub(super) model: Option<&'a Model>,
    /// The names that may stand as they are; none if all may, since nothing evaluates them before the end of the file.
    pub(super) defined: Option<&'a HashSet<String>>,
}

impl Spelling<'_> {
    pub(super) fn name(&self, ty: &Type) -> String {
        match ty {
            Type::String => "str".to_owned(),
            Type::Integer => "int".to_owned(),
            Type::Number => "float".to_owned(),
            Type::Boolean => "bool".to_owned(),
            Type::Null => "None".to_owned(),
            Type::Json => "Any".to_owned(),
            Type::Never => "NoReturn".to_owned(),
            Type::Literal(value) => format!("Literal[{}]", names::quoted(value)),
            Type::Constant(value) => constant(value).unwrap_or_else(|| "float".to_owned()),
            Type::Array(item) => format!("List[{}]", self.name(item)),
            Type::Tuple(tuple) => {
                let items = tuple.items().map(|item| self.name(item)).collect();
                format!("List[{}]", one_of(items))
            }
            Type::Map(item) => format!("Dict[str, {}]", self.name(item)),
            Type::Nullable(inner) => format!("Optional[{}]", self.name(inner)),
            Type::Ref(name) => {
                let is_defined = self.defined.is_none_or(|defined| defined.contains(name));
                let shown = if is_defined { name.clone() } else { names::quoted(name) };
                let is_open = self.model.is_some_and(|model| model.is_enum(name));
                if is_open { format!("Union[{shown}, str]") } else { shown }
            }
        }
    }
}

/// `Union` of several types; one of them is itself.
pub(super) fn one_of(mut types: Vec<String>) -> String {
    let mut seen = HashSet::new();
    types.retain(|ty| seen.insert(ty.clone()));
    match types.as_slice() {
        [only] => only.clone(),
        all if all.iter().any(|ty| ty == "Any") => "Any".to_owned(),
        all => format!("Union[{}]", all.join(", ")),
    }
}
