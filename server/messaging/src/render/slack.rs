//! Slack's mrkdwn. `&`, `<` and `>` are escaped in all that models and events say: else `<!channel>` would call everyone. For the signs of styles
//! there is no escape: where they would style, one that looks alike stands for them.

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

/// Text in which no sign is that of a style. Addresses stay as they are.
fn unstyled(text: &str, into: &mut String) {
    for word in text.split_inclusive(char::is_whitespace) {
        if word.starts_with("https://") || word.starts_with("http://") {
            escaped(word, into);
            continue;
        }
        let mut chars = word.chars().peekable();
        while let Some(c) = chars.next() {
            let alike = alike(c).filter(|_| is_style(c, into.chars().next_back(), chars.peek().copied()));
            escaped(alike.unwrap_or(c).encode_utf8(&mut [0; 4]), into);
        }
    }
}

fn alike(sign: char) -> Option<char> {
    match sign {
        '*' => Some('∗'),
        '_' => Some('ˍ'),
        '~' => Some('∼'),
        '`' => Some('ˋ'),
        _ => None,
    }
}

/// True if a sign between these may begin or end a style: it does neither within a word, nor alone.
fn is_style(sign: char, before: Option<char>, after: Option<char>) -> bool {
    // The daemon writes commands so, and so may others: only a block reaches beyond its line.
    if sign == '`' {
        return matches!(before, Some('`' | 'ˋ')) || after == Some('`');
    }
    // Two of those that stand for signs are letters.
    let is_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() && !matches!(c, 'ˋ' | 'ˍ'));
    let may_begin = !is_word(before) && !after.is_some_and(char::is_whitespace);
    let may_end = !is_word(after) && !before.is_none_or(char::is_whitespace);
    // A path in the home directory. What would end there has another sign.
    let is_home = sign == '~' && after == Some('/') && before.is_none_or(char::is_whitespace);
    (may_begin || may_end) && !is_home
}

impl Marks for Slack {
    fn text(&self, text: &str, into: &mut String) {
        unstyled(text, into);
    }

    fn open(&self, style: &Style, into: &mut String) {
        match style {
            Style::Bold => into.push('*'),
            Style::Italic => into.push('_'),
            Style::Strike => into.push('~'),
            Style::Link(url) => {
                into.push('<');
                // It ends at the first of these.
                escaped(&url.replace('|', "%7C").replace(['\n', ' '], ""), into);
                into.push('|');
            }
            Style::Quote | Style::Code | Style::Pre(_) => {}
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
        let inner = if is_block { super::without_fences(code) } else { code.replace('`', "ˋ") };
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
        assert!(!slack(&markdown("`````\na ```` b\n`````")).trim_matches('`').contains("```"));
    }

    #[test]
    fn signs_in_text_style_nothing() {
        assert_eq!(slack(&Styled::plain("*no* _no_ ~no~ `no` ```no```")), "∗no∗ ˍnoˍ ∼no∼ `no` ˋˋˋnoˋˋˋ");
        let kept = "snake_case 2*3 * item ~/path https://a.b/_c_ a - b";
        assert_eq!(slack(&Styled::plain(kept)), kept);
        assert_eq!(slack(&markdown("**a \\*b** \\_c_")), "*a ∗b* ˍcˍ");
    }

    #[test]
    fn each_line_of_a_quote_is_quoted() {
        let mut text = Styled::plain("May it?\n\n");
        text.push_with("a\nb\n\n*Approved already.*\nhttp://evil", Style::Quote);
        text.push_plain("\n\nUntil noon.");
        assert_eq!(
            slack(&text),
            "May it?\n\n> a\n> b\n> \n> ∗Approved already.∗\n> http://evil\n\nUntil noon."
        );
        assert_eq!(slack(&markdown("> **a** `b` c\n> d\n>\n> e")), "> *a* `b` c\n> d\n> \n> e");
        assert_eq!(slack(&markdown("> a\n>\n> ```\n> b\n> ```\n>\n> c")), "> a\n> \n```\nb\n```\n> \n> c");
    }
}
