//! The bounds of an answer: what is beyond them is left out, the farthest from what was asked about first.

use std::collections::{HashMap, HashSet, VecDeque};

use aiwg_protocol::types::WhyNode;

use super::MOST_NODES;
use crate::api::answer::length;

/// The nodes of an answer.
pub(super) struct Bounded {
    pub(super) nodes: Vec<WhyNode>,
    /// True if there were more.
    pub(super) is_cut: bool,
    /// Their length as JSON, with a comma each.
    pub(super) bytes: usize,
}

/// The nodes that are nearest to the one that was asked about, in their order: as many as one answer holds, with so many bytes of JSON at the
/// most. The one that was asked about is among them in any case.
pub(super) fn bounded(mut nodes: Vec<WhyNode>, asked: &str, bytes: usize) -> Bounded {
    // Each is written twice, here and for the answer itself.
    let sizes: Vec<usize> = nodes.iter().map(|node| length(node) + 1).collect();
    let all = sizes.iter().fold(0, |sum: usize, size| sum.saturating_add(*size));
    if nodes.len() <= MOST_NODES && all <= bytes {
        return Bounded { nodes, is_cut: false, bytes: all };
    }
    let (mut kept, mut left, mut used) = (HashSet::new(), bytes, 0_usize);
    for at in nearest_first(&nodes, asked) {
        let size = sizes.get(at).copied().unwrap_or_default();
        if kept.len() >= MOST_NODES || (size > left && !kept.is_empty()) {
            break;
        }
        left = left.saturating_sub(size);
        used = used.saturating_add(size);
        kept.insert(at);
    }
    let is_cut = kept.len() < nodes.len();
    if is_cut {
        let mut at = 0..;
        nodes.retain(|_| at.next().is_some_and(|at| kept.contains(&at)));
        let ids: HashSet<String> = nodes.iter().map(|node| node.id.clone()).collect();
        nodes.iter_mut().for_each(|node| node.causes.retain(|cause| ids.contains(cause)));
    }
    Bounded { nodes, is_cut, bytes: used }
}

/// The places of the nodes, by the number of links between them and the one that was asked about; then those that no link leads to.
fn nearest_first(nodes: &[WhyNode], asked: &str) -> Vec<usize> {
    let places: HashMap<&str, usize> =
        nodes.iter().enumerate().map(|(at, node)| (node.id.as_str(), at)).collect();
    let mut beside: Vec<Vec<usize>> = vec![Vec::new(); nodes.len()];
    for (at, node) in nodes.iter().enumerate() {
        for cause in node.causes.iter().filter_map(|cause| places.get(cause.as_str())) {
            for (one, other) in [(at, *cause), (*cause, at)] {
                beside.get_mut(one).into_iter().for_each(|beside| beside.push(other));
            }
        }
    }
    let mut order = Vec::with_capacity(nodes.len());
    let mut seen = vec![false; nodes.len()];
    for start in places.get(asked).copied().into_iter().chain(0..nodes.len()) {
        let mut next = VecDeque::from([start]);
        while let Some(at) = next.pop_front() {
            if seen.get_mut(at).is_none_or(|seen| std::mem::replace(seen, true)) {
                continue;
            }
            order.push(at);
            next.extend(beside.get(at).into_iter().flatten());
        }
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nodes(many: usize) -> Vec<WhyNode> {
        let node = |n: usize| {
            let causes: Vec<String> = (n > 0).then(|| format!("n{}", n - 1)).into_iter().collect();
            serde_json::json!({ "id": format!("n{n}"), "kind": "event", "causes": causes, "at": null, "text": "" })
        };
        (0..many).map(|n| serde_json::from_value(node(n)).unwrap()).collect()
    }

    #[test]
    fn the_nearest_nodes_are_kept_in_their_order() {
        let all = bounded(nodes(MOST_NODES), "n0", usize::MAX);
        assert_eq!((&all.nodes, all.is_cut), (&nodes(MOST_NODES), false));
        assert_eq!(all.bytes, serde_json::to_string(&all.nodes).unwrap().len() - 1);
        let Bounded { nodes: kept, is_cut, .. } = bounded(nodes(MOST_NODES + 5), "n5000", usize::MAX);
        assert!(is_cut && kept.len() == MOST_NODES);
        assert_eq!(kept.first().unwrap().id, "n0");
        let Bounded { nodes: kept, is_cut, .. } =
            bounded(nodes(100), "n50", 5 * serde_json::to_string(&nodes(100)[50]).unwrap().len() + 5);
        let ids: Vec<&str> = kept.iter().map(|node| node.id.as_str()).collect();
        assert_eq!((ids, is_cut), (vec!["n48", "n49", "n50", "n51", "n52"], true));
        assert!(kept[0].causes.is_empty(), "what came before is left out");
    }

    #[test]
    fn what_was_asked_about_is_there_however_long_it_is() {
        let Bounded { nodes: kept, is_cut, .. } = bounded(nodes(3), "n1", 1);
        assert_eq!((kept.len(), kept[0].id.as_str(), is_cut), (1, "n1", true));
    }
}
