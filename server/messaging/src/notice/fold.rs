//! Several notices in one message.

use crate::{Platform, part::Part, render::length, text::Styled};

/// Puts as many of these into one message as fit, from the first on. Returns the message, and how many are in it: at least one, if there is
/// one at all. Those with buttons, and those that are no new message, stay alone.
pub fn fold(platform: Platform, parts: &[Part]) -> Option<(Part, usize)> {
    let first = parts.first()?;
    let mut folded = first.clone();
    let mut count = 1;
    if !is_foldable(first) {
        return Some((folded, count));
    }
    for (before, part) in parts.iter().zip(parts.iter().skip(1)).take_while(|(_, part)| is_foldable(part)) {
        let mut more: Styled = folded.text.clone();
        let is_block = [before, part].iter().any(|part| part.text.text.contains('\n'));
        more.push_plain(if is_block { "\n\n" } else { "\n" });
        more.push(&part.text);
        if length(platform, &more) > platform.longest() {
            break;
        }
        folded.text = more;
        count += 1;
    }
    Some((folded, count))
}

fn is_foldable(part: &Part) -> bool {
    part.buttons.is_empty() && part.edits.is_none() && part.reply_to.is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Button;

    #[test]
    fn as_many_as_fit_go_into_one_message() {
        let part = |text: &str| Part::of(Styled::plain(text));
        let many: Vec<Part> = (0..1000).map(|n| part(&format!("task-{n:04} failed: out of luck"))).collect();
        for platform in Platform::ALL {
            let (folded, count) = fold(platform, &many).unwrap();
            let longest = platform.longest();
            assert!(
                length(platform, &folded.text) <= longest && length(platform, &folded.text) > longest - 40
            );
            assert_eq!(folded.text.text.lines().count(), count);
        }
        let asked = Part { buttons: vec![Button::approve("approval-0001")], ..part("may it?") };
        assert_eq!(fold(Platform::Slack, &[asked.clone(), part("b")]), Some((asked.clone(), 1)));
        assert_eq!(fold(Platform::Slack, &[part("a"), part("b"), asked]).unwrap(), (part("a\nb"), 2));
        assert_eq!(fold(Platform::Slack, &[]), None);
    }
}
