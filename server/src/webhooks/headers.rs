//! The headers of a request.

/// The headers of a request, by their names in small letters.
pub trait Headers {
    /// The value of a header; none if it is not there, or no text.
    fn get(&self, name: &str) -> Option<&str>;
}

impl Headers for [(String, String)] {
    fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}
