//! Text as Slack sends it, as what the person has written.

/// A text without Slack's signs and without the bot's name, and true if that was in it.
pub(super) fn plain(text: &str, me: &str) -> (String, bool) {
    let (mut out, mut is_called, mut rest) = (String::with_capacity(text.len()), false, text);
    while let Some((before, after)) = rest.split_once('<') {
        unescape(before, &mut out);
        let Some((inner, behind)) = after.split_once('>') else {
            out.push('<');
            rest = after;
            continue;
        };
        rest = behind;
        if mentioned(inner) == Some(me) {
            is_called = true;
            // "hi <@me>, why?" is not to become "hi , why?".
            if out.trim().is_empty() {
                rest = rest.trim_start_matches([',', ':']).trim_start();
                out.clear();
            }
        } else {
            unescape(&shown(inner), &mut out);
        }
    }
    unescape(rest, &mut out);
    (out.trim().to_owned(), is_called)
}

/// The id of a mention.
fn mentioned(inner: &str) -> Option<&str> {
    let id = inner.strip_prefix('@')?;
    Some(id.split_once('|').map_or(id, |(id, _)| id))
}

/// A mention, a channel or a link, as people see it.
fn shown(inner: &str) -> String {
    let (what, label) = inner.split_once('|').map_or((inner, None), |(what, label)| (what, Some(label)));
    let label = label.filter(|label| !label.is_empty());
    match what.chars().next() {
        Some(sign @ ('@' | '#')) => format!("{sign}{}", label.unwrap_or(&what[1..])),
        Some('!') => label.map_or_else(|| format!("@{}", &what[1..]), str::to_owned),
        // What someone types as "example.org" comes as a link with that label.
        _ => match label {
            None => what.to_owned(),
            Some(label) if what.ends_with(label) => label.to_owned(),
            Some(label) => format!("{label} ({what})"),
        },
    }
}

fn unescape(text: &str, into: &mut String) {
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        into.push_str(before);
        let signs = [("amp;", '&'), ("lt;", '<'), ("gt;", '>')];
        match signs.iter().find_map(|(name, sign)| Some((*sign, after.strip_prefix(name)?))) {
            Some((sign, behind)) => {
                into.push(sign);
                rest = behind;
            }
            None => {
                into.push('&');
                rest = after;
            }
        }
    }
    into.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        plain(text, "U0BOT").0
    }

    #[test]
    fn a_text_is_what_the_person_has_written() {
        assert_eq!(plain("<@U0BOT> status", "U0BOT"), ("status".to_owned(), true));
        assert_eq!(plain("<@U0BOT|aiwg>: why?", "U0BOT"), ("why?".to_owned(), true));
        assert_eq!(plain("tell <@U0BOT> it", "U0BOT"), ("tell  it".to_owned(), true));
        assert_eq!(plain("status", "U0BOT"), ("status".to_owned(), false));
        assert_eq!(plain("<@U0BOTTLE> status", "U0BOT"), ("@U0BOTTLE status".to_owned(), false));
        assert_eq!(read("a &lt;b&gt; &amp;&amp; c &amp;lt; d & e"), "a <b> && c &lt; d & e");
        assert_eq!(read("<@U1|ann> in <#C1|general> and <#C2>"), "@ann in #general and #C2");
        assert_eq!(read("<!here> <!subteam^S1|@team> <!date^1^{date}|today>"), "@here @team today");
        assert_eq!(
            read("see <http://a.org|a.org> or <https://b.org/?x=1&amp;y=2>"),
            "see a.org or https://b.org/?x=1&y=2"
        );
        assert_eq!(read("<https://a.org|this one>"), "this one (https://a.org)");
        assert_eq!(read("<mailto:a@b.org|a@b.org>"), "a@b.org");
        assert_eq!(read("a < b"), "a < b");
        assert_eq!(read("<>"), "");
    }

    proptest::proptest! {
        #[test]
        fn no_text_is_too_odd(text in "[<>&|@#!;ampltg ü]{0,40}") {
            plain(&text, "U");
        }
    }
}
