//! A text and the styles of its stretches.

use serde::{Deserialize, Serialize};

/// A text with styles. The stretches are in the order of their beginnings, the longer ones first, and each lies within another one or beside
/// it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Styled {
    /// The text itself.
    pub text: String,
    /// Its stretches that have a style.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub spans: Vec<Span>,
}

/// A stretch of a text that has a style.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// Its first byte.
    pub start: usize,
    /// The byte after its last one.
    pub end: usize,
    /// The style.
    pub style: Style,
}

/// A style.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Style {
    /// Bold.
    Bold,
    /// Italic.
    Italic,
    /// Struck through.
    Strike,
    /// Code within a line.
    Code,
    /// A block of code, and its language.
    Pre(Option<String>),
    /// A link to this address.
    Link(String),
    /// Quoted lines.
    Quote,
}

impl Style {
    /// True for code, within which nothing has a style.
    pub fn is_code(&self) -> bool {
        matches!(self, Self::Code | Self::Pre(_))
    }
}

impl Styled {
    /// A text as it is, cleaned.
    pub fn plain(text: &str) -> Self {
        Self { text: super::clean(text), spans: Vec::new() }
    }

    /// True if it has nothing to show.
    pub fn is_blank(&self) -> bool {
        super::is_blank(&self.text)
    }

    /// The part from one byte to another, which must be between two characters.
    pub fn slice(&self, from: usize, to: usize) -> Self {
        let text = self.text.get(from..to).unwrap_or_default().to_owned();
        let cut = |span: &Span| {
            let (start, end) = (span.start.max(from), span.end.min(to));
            (start < end).then(|| Span { start: start - from, end: end - from, style: span.style.clone() })
        };
        Self { text, spans: self.spans.iter().filter_map(cut).collect() }
    }

    /// Adds another one at the end.
    pub fn push(&mut self, other: &Self) {
        let at = self.text.len();
        self.text.push_str(&other.text);
        self.spans.extend(other.spans.iter().map(|span| Span {
            start: span.start + at,
            end: span.end + at,
            style: span.style.clone(),
        }));
    }

    /// Adds a text with this style.
    pub fn push_with(&mut self, text: &str, style: Style) {
        let mut more = Self::plain(text);
        if !more.text.is_empty() {
            more.spans.push(Span { start: 0, end: more.text.len(), style });
        }
        self.push(&more);
    }

    /// Adds a text without a style.
    pub fn push_plain(&mut self, text: &str) {
        self.text.push_str(&super::clean(text));
    }

    /// The stretch of code that this byte lies within: not at its beginning, nor at its end.
    pub fn code_around(&self, at: usize) -> Option<&Span> {
        self.spans.iter().find(|span| span.style.is_code() && span.start < at && at < span.end)
    }

    /// The same with each style only where there is no code within it, and no stretch empty.
    pub fn without_styled_code(&self) -> Self {
        let code: Vec<&Span> = self.spans.iter().filter(|span| span.style.is_code()).collect();
        let mut spans = Vec::new();
        for span in self.spans.iter().filter(|span| span.start < span.end) {
            if span.style.is_code() {
                spans.push(span.clone());
                continue;
            }
            let mut start = span.start;
            for inner in code.iter().filter(|inner| inner.start < span.end && span.start < inner.end) {
                if start < inner.start {
                    spans.push(Span { start, end: inner.start, style: span.style.clone() });
                }
                start = start.max(inner.end);
            }
            if start < span.end {
                spans.push(Span { start, end: span.end, style: span.style.clone() });
            }
        }
        spans.sort_by_key(|span| (span.start, std::cmp::Reverse(span.end)));
        Self { text: self.text.clone(), spans }
    }
}
