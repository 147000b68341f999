//! A chain of causes and effects as an indented text: a line for each node, under the one that it came of.

use std::{
    collections::HashMap,
    io::{self, Write},
};

use aiwg_client::types::{TaskState, Timestamp, Why, WhyKind, WhyNode};

use crate::output::{Page, local, shorten, visible};

/// Columns by which a line is indented under its cause, and the most by which it is indented: a long chain would leave the screen.
const STEP: usize = 2;
const DEEPEST: usize = 40;

/// Columns of a time, as `2026-11-23T15:33:23+01:00`.
const TIME: usize = 25;

/// The most columns of a prompt, a payload or an error.
const TEXT: usize = 200;

/// Writes the chain. The line of the one that was asked about begins with `>`.
pub(super) fn show(out: &mut Page, why: &Why) -> io::Result<()> {
    let tree = Tree::of(&why.nodes);
    let mut open: Vec<Line<'_>> = tree.roots.iter().rev().map(|root| Line::Node(root, 0)).collect();
    while let Some(line) = open.pop() {
        match line {
            Line::Node(node, depth) => {
                write_line(out, node, depth, node.id == why.asked)?;
                let below = tree.below.get(node.id.as_str()).into_iter().flatten().rev();
                open.extend(below.map(|(node, is_place)| match is_place {
                    true => Line::Node(node, depth + 1),
                    false => Line::Mention(node, depth + 1),
                }));
            }
            Line::Mention(node, depth) => {
                writeln!(
                    out,
                    "{:TIME$}  {:indent$}-> {}",
                    "",
                    "",
                    mentioned(node),
                    indent = 2 + indent(depth)
                )?;
            }
        }
    }
    if why.cut {
        writeln!(out, "There is more than one answer holds; ask about a task or an event on the way.")?;
    }
    Ok(())
}

/// A line that is yet to be written, and how deep it is.
enum Line<'a> {
    Node(&'a WhyNode, usize),
    /// A node that stands under another of its causes.
    Mention(&'a WhyNode, usize),
}

struct Tree<'a> {
    /// The nodes without causes.
    roots: Vec<&'a WhyNode>,
    /// The nodes that came of each node; true for one that stands there, under the main one of its causes.
    below: HashMap<&'a str, Vec<(&'a WhyNode, bool)>>,
}

impl<'a> Tree<'a> {
    fn of(nodes: &'a [WhyNode]) -> Self {
        let mut tree = Self { roots: Vec::new(), below: HashMap::new() };
        for node in nodes {
            // Only above those before it, whatever a daemon says: so there is no circle.
            let known = node.causes.iter().filter(|cause| tree.below.contains_key(cause.as_str()));
            let known: Vec<&String> = known.collect();
            if known.is_empty() {
                tree.roots.push(node);
            }
            for (n, cause) in known.into_iter().enumerate() {
                tree.below.entry(cause).or_default().push((node, n == 0));
            }
            tree.below.entry(&node.id).or_default();
        }
        tree
    }
}

fn indent(depth: usize) -> usize {
    (depth * STEP).min(DEEPEST)
}

fn write_line(out: &mut Page, node: &WhyNode, depth: usize, is_asked: bool) -> io::Result<()> {
    let at = node.at.map(local).unwrap_or_default();
    let mark = if is_asked { "> " } else { "  " };
    write!(out, "{at:TIME$}  {mark}{:indent$}", "", indent = indent(depth))?;
    let text = shorten(&node.text, TEXT);
    let rule = visible(node.rule.as_deref().unwrap_or_default());
    match node.kind {
        WhyKind::Event => write!(out, "{}: {text}", named(node))?,
        WhyKind::Rule if node.reason.as_deref() == Some("waiting") => {
            write!(out, "rule {rule} waits with it")?;
        }
        WhyKind::Rule => {
            let revision = node.revision.map(|n| format!(", revision {n}")).unwrap_or_default();
            write!(out, "rule {rule}{revision}")?;
        }
        WhyKind::Refusal => write!(out, "! rule {rule} did nothing: {text}")?,
        WhyKind::Task => {
            write!(out, "{} ", named(node))?;
            match node.state {
                Some(state) if state.is_final() => out.marked(state.name(), state == TaskState::Completed)?,
                state => write!(out, "{}", state.map_or("", TaskState::name))?,
            }
            write!(out, "{}: {text}", spent(node))?;
            if let Some(error) = &node.error {
                write!(out, " ({})", shorten(error, TEXT))?;
            }
            if let Some(by) = &node.finished_by {
                write!(out, " (finished by hand, by {})", shorten(by, TEXT))?;
            }
        }
        WhyKind::Run => {
            let reason = node.reason.as_deref().map_or("under way".into(), visible);
            // The section `agent` is the usual one.
            let profile = node.profile.as_deref().filter(|profile| *profile != "agent");
            let on = node.host.as_deref().map(|host| format!(", on {}", visible(host))).unwrap_or_default();
            let by = profile.map(|profile| format!(", profile {}", visible(profile))).unwrap_or_default();
            write!(out, "{} ({text}{by}{on}): {reason}{}", named(node), spent(node))?;
        }
        WhyKind::Wait => {
            write!(out, "waits {text}")?;
            if let Some(until) = node.until {
                write!(out, " (until {})", local(until))?;
            }
        }
        _ => write!(out, "{text}")?,
    }
    writeln!(out)
}

/// The node's id as people write it: `event-17`, `task-0004`, `run 1`.
fn named(node: &WhyNode) -> String {
    let id = node.id.rsplit('/').next().unwrap_or_default();
    match node.kind {
        WhyKind::Run => visible(&id.replacen('-', " ", 1)).into_owned(),
        _ => visible(id).into_owned(),
    }
}

fn mentioned(node: &WhyNode) -> String {
    match node.kind {
        WhyKind::Rule => {
            let task = node.id.split('/').next().unwrap_or_default();
            let rule = node.rule.as_deref().unwrap_or_default();
            format!("with others: rule {} made {} of them", visible(rule), visible(task))
        }
        _ => named(node),
    }
}

/// The time that a task or a run took, and its cost.
fn spent(node: &WhyNode) -> String {
    let took = match (node.at, node.until) {
        (Some(at), Some(until)) => format!(" after {}", took(at, until)),
        _ => String::new(),
    };
    let cost = node.cost_usd.map(|cost| format!(", ${cost:.4}")).unwrap_or_default();
    format!("{took}{cost}")
}

/// A span in the two units that matter: `0.4s`, `3m 12s`, `2h 5m`.
fn took(at: Timestamp, until: Timestamp) -> String {
    let ms = until.as_millis().saturating_sub(at.as_millis()).max(0);
    let seconds = ms / 1000;
    match seconds {
        0..60 => format!("{}.{}s", seconds, ms % 1000 / 100),
        60..3600 => format!("{}m {}s", seconds / 60, seconds % 60),
        _ => format!("{}h {}m", seconds / 3600, seconds % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_short() {
        let span = |ms: i64| took(Timestamp::from_millis(0), Timestamp::from_millis(ms));
        assert_eq!([span(-5), span(430), span(59_999)], ["0.0s", "0.4s", "59.9s"]);
        assert_eq!([span(192_000), span(7_500_000)], ["3m 12s", "2h 5m"]);
    }

    #[test]
    fn each_node_stands_once_and_a_circle_ends() {
        let node = |id: &str, causes: &[&str]| -> WhyNode {
            let causes: Vec<&str> = causes.to_vec();
            let json =
                serde_json::json!({"id": id, "kind": "event", "causes": causes, "at": null, "text": ""});
            serde_json::from_value(json).unwrap()
        };
        let nodes = [node("a", &["c"]), node("b", &[]), node("c", &["a", "b"])];
        let tree = Tree::of(&nodes);
        let roots: Vec<&str> = tree.roots.iter().map(|node| node.id.as_str()).collect();
        assert_eq!(roots, ["a", "b"]);
        let below = |id: &str| -> Vec<(&str, bool)> {
            tree.below[id].iter().map(|(node, is_place)| (node.id.as_str(), *is_place)).collect()
        };
        assert_eq!((below("a"), below("b"), below("c")), (vec![("c", true)], vec![("c", false)], vec![]));
    }
}
