//! A file that is generated.

/// A generated file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// Its path in the repository.
    pub path: String,
    /// Its content.
    pub text: String,
}

impl Output {
    pub(crate) fn new(path: impl Into<String>, text: String) -> Self {
        Self { path: path.into(), text }
    }
}
