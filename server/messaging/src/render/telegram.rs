//! Telegram: plain text, and entities that say where a style is. So nothing needs to be escaped.

use serde::Serialize;

use crate::text::{Style, Styled, units};

/// The most entities of a message that Telegram looks at.
const MOST_ENTITIES: usize = 100;

/// A text for Telegram.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TelegramText {
    /// The text.
    pub text: String,
    /// The styles of its stretches.
    pub entities: Vec<Entity>,
}

/// A stretch of a text, in UTF-16 units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entity {
    /// The kind, as Telegram calls it.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Its beginning.
    pub offset: usize,
    /// Its length.
    pub length: usize,
    /// The address of a link.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The language of a block of code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
}

/// A text as Telegram takes it.
pub fn telegram(text: &Styled) -> TelegramText {
    let text = text.without_styled_code();
    let entity = |span: &crate::text::Span| {
        let shown = text.text.get(span.start..span.end).unwrap_or_default();
        let (kind, url, language) = match &span.style {
            Style::Bold => ("bold", None, None),
            Style::Italic => ("italic", None, None),
            Style::Strike => ("strikethrough", None, None),
            Style::Code => ("code", None, None),
            Style::Pre(language) => ("pre", None, language.clone()),
            Style::Link(url) => ("text_link", Some(url.clone()), None),
            Style::Quote => ("blockquote", None, None),
        };
        let offset = units(text.text.get(..span.start).unwrap_or_default());
        (!shown.trim().is_empty()).then(|| Entity { kind, offset, length: units(shown), url, language })
    };
    let entities = text.spans.iter().filter_map(entity).take(MOST_ENTITIES).collect();
    TelegramText { text: text.text, entities }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::markdown;

    #[test]
    fn styles_are_counted_in_utf16_and_code_has_none() {
        let sent = telegram(&markdown("𝕏 **a `b` c** [l](https://x.y)\n\n```py\nx\n```"));
        assert_eq!(sent.text, "𝕏 a b c l\n\nx");
        let shown: Vec<_> = sent.entities.iter().map(|e| (e.kind, e.offset, e.length)).collect();
        assert_eq!(
            shown,
            [("bold", 3, 2), ("code", 5, 1), ("bold", 6, 2), ("text_link", 9, 1), ("pre", 12, 1)]
        );
        assert_eq!(sent.entities[4].language.as_deref(), Some("py"));
        assert_eq!(telegram(&Styled::plain("*a* <b> & [x](y)")).text, "*a* <b> & [x](y)");
    }
}
