//! The definition, in words that every language has.

mod constants;
mod limits;
mod lower;
mod methods;
mod project;
mod reach;
mod types;

pub(crate) use constants::{ConstantValue, Constants};
pub(crate) use limits::Limits;
pub(crate) use methods::{ErrorKindDef, Example, Method, Notification, Topic};
pub use project::{DeclaredTopic, DeclaredTopics};
pub(crate) use project::{Project, Topic as ProjectTopic, ascii, hash};
pub(crate) use types::{Field, Tuple, Type, TypeDef, TypeKind, Union, Variant};

use crate::GenerateError;

/// All that the templates may say.
#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) constants: Constants,
    /// In the order of the definition.
    pub(crate) methods: Vec<Method>,
    /// The messages without an answer, in both directions.
    pub(crate) notifications: Vec<Notification>,
    /// The events that the daemon itself publishes.
    pub(crate) topics: Vec<Topic>,
    /// In the order of their names.
    pub(crate) types: Vec<TypeDef>,
    /// In the order of the definition.
    pub(crate) errors: Vec<ErrorKindDef>,
}

impl Model {
    /// Reads the definition.
    pub(crate) fn from_definition() -> Result<Self, GenerateError> {
        let schemas = aiwg_protocol::schema::types();
        let methods = methods::methods(&schemas)?;
        let notifications = methods::notifications(&schemas);
        let topics = methods::topics(&schemas);
        let types = types(&schemas, &methods, &notifications, &topics)?;
        Ok(Self {
            constants: Constants::from_definition(),
            methods,
            notifications,
            topics,
            types,
            errors: ErrorKindDef::all(),
        })
    }

    /// Puts other types in place of those of the definition.
    #[cfg(test)]
    pub(crate) fn replace_types(
        &mut self,
        schemas: &aiwg_protocol::schema::Types,
    ) -> Result<(), GenerateError> {
        // Their payloads are types of the definition.
        self.topics.clear();
        self.types = types(schemas, &self.methods, &self.notifications, &self.topics)?;
        Ok(())
    }

    /// The type of this name.
    pub(crate) fn find(&self, name: &str) -> Option<&TypeDef> {
        self.types.iter().find(|def| def.name == name)
    }

    /// True if the type of this name is an enumeration of words.
    pub(crate) fn is_enum(&self, name: &str) -> bool {
        self.find(name).is_some_and(|def| matches!(def.kind, TypeKind::Enum(_)))
    }

    /// The members of a method's params.
    pub(crate) fn params(&self, method: &Method) -> Result<&[Field], GenerateError> {
        match self.find(&method.params).map(|def| &def.kind) {
            Some(TypeKind::Struct(fields)) => Ok(fields),
            _ => Err(GenerateError::ParamsNotStruct {
                method: method.name.clone(),
                name: method.params.clone(),
            }),
        }
    }

    /// The methods whose calls may be sent again, each with how: `safe` or `key`.
    pub(crate) fn repeatable(&self) -> impl Iterator<Item = (&str, &'static str)> {
        let all = self.methods.iter().map(|method| (method.name.as_str(), method.repeat));
        all.filter(|(_, repeat)| *repeat != "never")
    }

    /// The namespaces, in the order in which the definition first names them.
    pub(crate) fn namespaces(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for namespace in self.methods.iter().filter_map(|method| method.namespace.as_deref()) {
            if !names.contains(&namespace) {
                names.push(namespace);
            }
        }
        names
    }

    /// The methods of a namespace; those of none are called on the client itself.
    pub(crate) fn methods_in<'a>(&'a self, namespace: Option<&'a str>) -> impl Iterator<Item = &'a Method> {
        self.methods.iter().filter(move |method| method.namespace.as_deref() == namespace)
    }
}

/// The named types, each marked with the ways it travels.
fn types(
    schemas: &aiwg_protocol::schema::Types,
    methods: &[Method],
    notifications: &[Notification],
    topics: &[Topic],
) -> Result<Vec<TypeDef>, GenerateError> {
    if let Some(name) = schemas.ambiguous.first() {
        return Err(GenerateError::Ambiguous { name: name.clone() });
    }
    let mut types = lower::named(&schemas.named)?;
    reach::mark(&mut types, methods, notifications, topics)?;
    Ok(types)
}
