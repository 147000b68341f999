//! Slack's mrkdwn. `&`, `<` and `>` are escaped in all that models and events say: else `<!channel>` would call everyone.

use super::{Marks, marked};
use crate::text::{Style, Styled};

/// A text as Slack takes it.
pub fn slack(text: &Styled) -> String {
    marked(text, &Slack)
}

struct Slack;

fn escaped(text: &str, into: &mut String) {
    for c in text.chars() {
        match c {
            '&' => into.push_str("&amp;"),
            '<' => into.push_str("&lt;"),
            '>' => into.push_str("&gt;"),
            c => into.push(c),
        }
    }
}

impl Marks for Slack {
    fn text(&self, text: &str, into: &mut String) {
        escaped(text, into);
    }

    fn open(&self, style: &Style, into: &mut String) {
        match style {
            Style::Bold => into.push('*'),
            Style::Italic => into.push('_'),
            Style::Strike => into.push('~'),
            Style::Quote => into.push_str("> "),
            Style::Link(url) => {
                into.push('<');
                // It ends at the first of these.
                escaped(&url.replace('|', "%7C").replace(['\n', ' '], ""), into);
                into.push('|');
            }
            Style::Code | Style::Pre(_) => {}
        }
    }

    fn close(&self, style: &Style, into: &mut String) {
        match style {
            Style::Bold => into.push('*'),
            Style::Italic => into.push('_'),
            Style::Strike => into.push('~'),
            Style::Link(_) => into.push('>'),
            Style::Quote | Style::Code | Style::Pre(_) => {}
        }
    }

    fn code(&self, code: &str, style: &Style, into: &mut String) {
        let is_block = matches!(style, Style::Pre(_));
        // A sign that closes it would show the rest as text.
        let inner = if is_block { code.replace("```", "`\u{200b}``") } else { code.replace('`', "ˋ") };
        into.push_str(if is_block { "```\n" } else { "`" });
        escaped(&inner, into);
        into.push_str(if is_block { "\n```" } else { "`" });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::markdown;

    #[test]
    fn nobody_is_called_and_styles_are_slacks() {
        assert_eq!(slack(&Styled::plain("<!channel> & <@U1>")), "&lt;!channel&gt; &amp; &lt;@U1&gt;");
        assert_eq!(
            slack(&markdown("**a** _b_ ~~c~~ `d<e` [f](https://g|h)")),
            "*a* _b_ ~c~ `d&lt;e` <https://g%7Ch|f>"
        );
        assert_eq!(slack(&markdown("```rust\na & ``` b\n```")), "```\na &amp; `\u{200b}`` b\n```");
        assert_eq!(slack(&markdown("[<!here>](https://a)")), "<https://a|&lt;!here&gt;>");
    }
}
