//! Discord's Markdown. Its signs are escaped in text that has no style; that nobody is called is up to `allowed_mentions`.

use super::{Marks, marked};
use crate::text::{Style, Styled};

/// A text as Discord takes it.
pub fn discord(text: &Styled) -> String {
    marked(text, &Discord)
}

struct Discord;

impl Marks for Discord {
    fn text(&self, text: &str, into: &mut String) {
        // After the sign of a quote as well.
        let mut begins_line = into.is_empty() || into.ends_with('\n') || into.ends_with("> ");
        for word in text.split_inclusive(char::is_whitespace) {
            if word.starts_with("https://") || word.starts_with("http://") {
                // An escape would be part of the address.
                into.push_str(word);
                begins_line = word.ends_with('\n');
                continue;
            }
            for c in word.chars() {
                let is_sign = matches!(c, '\\' | '*' | '_' | '~' | '`' | '|' | '<' | '[' | ']');
                if is_sign || (begins_line && matches!(c, '#' | '>' | '-')) {
                    into.push('\\');
                }
                into.push(c);
                begins_line = c == '\n' || (begins_line && c == ' ');
            }
        }
    }

    fn open(&self, style: &Style, into: &mut String) {
        into.push_str(match style {
            Style::Bold => "**",
            Style::Italic => "*",
            Style::Strike => "~~",
            Style::Link(_) => "[",
            Style::Quote | Style::Code | Style::Pre(_) => "",
        });
    }

    fn close(&self, style: &Style, into: &mut String) {
        match style {
            Style::Bold => into.push_str("**"),
            Style::Italic => into.push('*'),
            Style::Strike => into.push_str("~~"),
            Style::Link(url) => {
                let url = url.replace(['\n', ' '], "").replace('>', "%3E").replace('<', "%3C");
                into.push_str(&format!("](<{url}>)"));
            }
            Style::Quote | Style::Code | Style::Pre(_) => {}
        }
    }

    fn code(&self, code: &str, style: &Style, into: &mut String) {
        match style {
            Style::Pre(language) => {
                let inner = super::without_fences(code);
                into.push_str(&format!("```{}\n{inner}\n```", language.as_deref().unwrap_or_default()));
            }
            _ => into.push_str(&format!("`{}`", code.replace('`', "ˋ"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::markdown;

    #[test]
    fn signs_are_text_and_styles_are_discords() {
        assert_eq!(discord(&Styled::plain("a*b_c `d` <@1> ||e||")), "a\\*b\\_c \\`d\\` \\<@1> \\|\\|e\\|\\|");
        assert_eq!(discord(&Styled::plain("# no\n- list\n  > q 1-2")), "\\# no\n\\- list\n  \\> q 1-2");
        assert_eq!(discord(&Styled::plain("see https://a.b/c_d_e *x*")), "see https://a.b/c_d_e \\*x\\*");
        assert_eq!(
            discord(&markdown("**a** _b_ ~~c~~ `d_e` [f](https://g)")),
            "**a** *b* ~~c~~ `d_e` [f](<https://g>)"
        );
        assert_eq!(discord(&markdown("```rust\na_b\n```")), "```rust\na_b\n```");
    }

    #[test]
    fn each_line_of_a_quote_is_quoted() {
        let mut text = Styled::plain("May it?\n\n");
        text.push_with("a\nb\n\n# *Approved*\nhttp://evil", Style::Quote);
        text.push_plain("\n\nUntil noon.");
        assert_eq!(
            discord(&text),
            "May it?\n\n> a\n> b\n> \n> \\# \\*Approved\\*\n> http://evil\n\nUntil noon."
        );
        assert_eq!(discord(&markdown("> **a** `b` c\n> d")), "> **a** `b` c\n> d");
    }
}
