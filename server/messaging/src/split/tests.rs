use proptest::prelude::*;

use super::*;
use crate::{
    render,
    text::{Span, markdown},
};

const REST: &str = "`aiwg task get task-0007` shows all";

fn without_blanks(parts: &[Styled]) -> String {
    parts.iter().flat_map(|part| part.text.chars()).filter(|c| !c.is_whitespace()).collect()
}

fn check(text: &Styled) -> Result<(), TestCaseError> {
    for platform in Platform::ALL {
        let parts = split(platform, text, REST);
        prop_assert!(parts.len() <= MOST_PARTS);
        for part in &parts {
            let length = render::length(platform, part);
            prop_assert!(length <= platform.longest(), "{} {length} of {part:?}", platform.name());
            prop_assert!(!part.text.is_empty());
        }
        let is_cut = parts.iter().any(|part| part.text.contains("characters are left out here"));
        if is_cut {
            prop_assert_eq!(parts.len(), MOST_PARTS);
            prop_assert!(render::length(platform, text) > 2 * platform.longest());
        } else {
            prop_assert_eq!(without_blanks(&parts), without_blanks(std::slice::from_ref(text)));
        }
        if platform != Platform::Telegram {
            for part in &parts {
                let sent =
                    if platform == Platform::Slack { render::slack(part) } else { render::discord(part) };
                // In text they are escaped, or those of the text itself.
                let fences = sent.matches("```").count();
                prop_assert!(platform == Platform::Slack || fences % 2 == 0, "{sent}");
            }
        }
    }
    Ok(())
}

/// What lies within itself, up to thousands of times.
fn nested() -> impl Strategy<Value = String> {
    let depth = prop_oneof![1usize..12, 12usize..4000];
    let opens = prop::sample::select(vec![
        "> ", "- ", "1. ", "> - ", "- > ", "*", "**", "~~", "***", "![", "*a **b ", "> **",
    ]);
    (opens, depth, "[a-z]{1,12}(\n[a-z]{1,12}){0,3}").prop_map(|(opens, depth, inner)| {
        let closes = match opens {
            "![" => "](https://a.b/c?d&e)".to_owned(),
            "*a **b " => " c** d*".to_owned(),
            signs if signs.ends_with(' ') => String::new(),
            signs => signs.trim_start_matches("> ").to_owned(),
        };
        format!("\n\n{}{inner}{}\n\n", opens.repeat(depth), closes.repeat(depth))
    })
}

fn texts() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        3 => "[a-z]{1,12}".prop_map(|word| format!("{word} ")),
        1 => Just("\n\n".to_owned()),
        1 => Just("\n- item ".to_owned()),
        1 => Just("**bold** _it_ ".to_owned()),
        1 => "[a-z &<>]{1,40}".prop_map(|code| format!("`{code}` ")),
        1 => "[a-z<>&_*\\n ]{0,3000}".prop_map(|code| format!("\n\n```rust\n{code}\n```\n\n")),
        1 => Just("👩‍👩‍👧‍👦🇩🇪e\u{301} ".repeat(50)),
        1 => "[<>&*_~`|]{1,200}".prop_map(|signs| format!("{signs} ")),
        1 => "[a-z]{1,20}".prop_map(|word| word.repeat(400)),
        1 => Just("e\u{301}\u{302}".repeat(1500)),
        2 => nested(),
    ];
    prop::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn every_part_fits_and_nothing_is_lost(text in texts()) {
        check(&markdown(&text))?;
        check(&Styled::plain(&text))?;
    }
}

#[test]
fn what_is_nested_deeply_fits_whoever_made_it() {
    for opens in ["> ", "- ", "> - ", "**", "![", "~~"] {
        check(&markdown(&format!("{}the answer{}", opens.repeat(1100), opens.repeat(1100)))).unwrap();
    }
    let text = "the answer ".repeat(300);
    let deep =
        |n: usize| Span { start: 0, end: text.len(), style: [Style::Bold, Style::Quote][n % 2].clone() };
    check(&Styled { spans: (0..3000).map(deep).collect(), text: text.clone() }).unwrap();
    let address = Style::Link(format!("https://a.b/{}", "&".repeat(5000)));
    let span = Span { start: 4, end: text.len() - 5, style: address };
    check(&Styled { spans: vec![span], text }).unwrap();
}

#[test]
fn the_longest_answers_are_cut_in_good_places() {
    let text = Styled::plain(&format!("{}\n\n{}", "a ".repeat(1900), "b ".repeat(1900)));
    let parts = split(Platform::Telegram, &text, REST);
    assert_eq!(parts.len(), 2);
    assert!(!parts[0].text.contains('b') && !parts[1].text.contains('a'));
}

#[test]
fn code_goes_on_in_the_next_part() {
    let lines: String = (0..400).map(|n| format!("    let line_{n} = {n};\n")).collect();
    let parts = split(Platform::Telegram, &markdown(&format!("Look:\n\n```rust\n{lines}```\n\nDone.")), REST);
    assert_eq!(parts.len(), 3);
    for part in &parts {
        assert!(part.spans.iter().any(|span| span.style == Style::Pre(Some("rust".to_owned()))));
    }
    assert!(parts[1].text.starts_with("    let line_"), "{}", &parts[1].text[..30]);
    assert!(parts[2].text.ends_with("Done."));
}

#[test]
fn of_a_hundred_thousand_characters_the_ends_are_sent() {
    let lines: String = (0..10_000).map(|n| format!("line {n}\n")).collect();
    for platform in Platform::ALL {
        let parts = split(platform, &Styled::plain(&lines), REST);
        assert_eq!(parts.len(), MOST_PARTS);
        assert!(parts[0].text.starts_with("line 0\n"));
        assert!(parts[2].text.contains("characters are left out here; `aiwg task get task-0007`"));
        assert!(parts[4].text.ends_with("line 9999"));
        assert!(parts.iter().all(|part| render::length(platform, part) <= platform.longest()));
        assert!(parts.iter().all(|part| render::length(platform, part) * 2 > platform.longest()), "full");
    }
    assert!(split(Platform::Slack, &Styled::default(), REST).is_empty());
    let one = "x".repeat(100_000);
    assert_eq!(split(Platform::Discord, &Styled::plain(&one), REST).len(), MOST_PARTS);
}
