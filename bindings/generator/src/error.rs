use std::{io, path::PathBuf};

/// Reason for which there is no output.
#[derive(Debug, thiserror::Error)]
pub enum GenerateError {
    /// The definition holds a schema that the model has no word for.
    #[error("{place}: the generator does not know this kind of schema: {schema}")]
    UnknownSchema {
        /// The type and member it stands at.
        place: String,
        /// The schema.
        schema: String,
    },
    /// The definition refers to a type that it does not hold.
    #[error("{place}: there is no type {name:?}")]
    NoSuchType {
        /// The part of the definition that refers to it.
        place: String,
        /// The type.
        name: String,
    },
    /// A type is not the same in both directions.
    #[error(
        "{name}: it is used in params and in results, and what may be left out of it is not the same both ways; \
         make it two types, or mark its optional members with both #[serde(default)] and skip_serializing_if"
    )]
    Ambiguous {
        /// The type.
        name: String,
    },
    /// A method's name has more than one dot.
    #[error("{0}: a method is called NAME or NAMESPACE.NAME")]
    MethodName(String),
    /// A method's params are not a struct.
    #[error("{method}: its params {name:?} are not a struct")]
    ParamsNotStruct {
        /// The method.
        method: String,
        /// Its params type.
        name: String,
    },
    /// A member's pattern is no regular expression.
    #[cfg(feature = "repository")]
    #[error("{member}: {error}")]
    Pattern {
        /// The member.
        member: String,
        /// The error of the expression.
        error: Box<regex::Error>,
    },
    /// A template is wrong.
    #[error("{0:#}")]
    Template(#[from] minijinja::Error),
    /// A document could not be written as JSON.
    #[error("JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// A file could not be read or written.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's error.
        error: io::Error,
    },
}
