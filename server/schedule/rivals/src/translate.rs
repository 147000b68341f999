//! All that can be done for the crate `cron`: each field as a list of the numbers that it counts in, with 1 for Sunday.

use std::collections::BTreeSet;

const BOUNDS: [(u8, u8); 5] = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 7)];
const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// The same schedule for `cron`, with a field for the seconds.
pub(crate) fn for_cron(expression: &str) -> String {
    let lower = expression.to_lowercase();
    let fields = lower.split(' ').enumerate().map(|(index, text)| field(index, text));
    format!("0 {}", fields.collect::<Vec<_>>().join(" "))
}

fn field(index: usize, text: &str) -> String {
    if text == "*" {
        return text.to_owned();
    }
    let mut numbers = BTreeSet::new();
    for item in text.split(',') {
        let (range, step) = item.split_once('/').unwrap_or((item, "1"));
        let (first, last) = match range.split_once('-') {
            _ if range == "*" => BOUNDS[index],
            Some((first, last)) => (number(index, first), number(index, last)),
            None => (number(index, range), number(index, range)),
        };
        numbers.extend((first..=last).step_by(step.parse().expect("a step")));
    }
    let own = |number: u8| if index == 4 { number % 7 + 1 } else { number };
    let own: BTreeSet<u8> = numbers.into_iter().map(own).collect();
    own.iter().map(u8::to_string).collect::<Vec<_>>().join(",")
}

fn number(index: usize, text: &str) -> u8 {
    let place = |names: &[&str]| names.iter().position(|name| *name == text).map(|place| place as u8);
    let name = match index {
        3 => place(&MONTHS).map(|place| place + 1),
        4 => place(&DAYS),
        _ => None,
    };
    name.unwrap_or_else(|| text.parse().expect("a number"))
}
