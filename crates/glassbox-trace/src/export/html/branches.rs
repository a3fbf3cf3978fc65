//! The tree of branches.

use super::HtmlReport;
use super::text::escape;
use serde::{Deserialize, Serialize};

/// A branch of a reply, in a list of all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Branch {
    /// The branch that it left, by its place in the list; none for the first reply. A place that is
    /// not before its own counts as none, so that there is no circle.
    pub parent: Option<usize>,
    /// The step of the parent before which it left; absent when it goes on from the parent's end.
    pub at_step: Option<usize>,
    /// What it is: "edited step 3", "retry 2".
    pub label: String,
    /// Its answer, when it has one.
    pub answer: Option<String>,
    /// It is the one that the page shows.
    pub shown: bool,
}

impl HtmlReport<'_> {
    pub(super) fn branches(&self, dst: &mut String) {
        if self.branches.is_empty() {
            return;
        }
        dst.push_str("<section>\n<h2>Branches</h2>\n<ul class=\"branches\">\n");
        for (at, depth) in preorder(self.branches) {
            let branch = &self.branches[at];
            let from = match (branch.parent, branch.at_step) {
                (Some(parent), Some(step)) if parent < at => format!("before step {}", step + 1),
                (Some(parent), None) if parent < at => "from its end".to_owned(),
                _ => String::new(),
            };
            let from = match from.is_empty() {
                true => from,
                false => format!(" <span class=\"quiet\">{from}</span>"),
            };
            let answer = branch.answer.as_ref().map_or(String::new(), |answer| {
                format!(" <code dir=\"auto\">{}</code>", escape(answer))
            });
            let shown = if branch.shown { " class=\"shown\"" } else { "" };
            let label = escape(&branch.label);
            dst.push_str(&format!(
                "<li{shown} style=\"--depth:{depth}\"><span dir=\"auto\">{label}</span>{from}{answer}</li>\n"
            ));
        }
        dst.push_str("</ul>\n</section>\n");
    }
}

/// The branches with each one's children after it, and how deep they stand.
fn preorder(branches: &[Branch]) -> Vec<(usize, usize)> {
    /// Deeper ones are not moved further to the right.
    const DEEPEST: usize = 12;
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); branches.len()];
    let mut stack = Vec::new();
    for (at, branch) in branches.iter().enumerate().rev() {
        match branch.parent.filter(|&parent| parent < at) {
            Some(parent) => children[parent].push(at),
            None => stack.push((at, 0)),
        }
    }
    let mut order = Vec::new();
    while let Some((at, depth)) = stack.pop() {
        order.push((at, depth.min(DEEPEST)));
        stack.extend(children[at].iter().map(|&child| (child, depth + 1)));
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_branch_comes_once_after_its_parent() {
        let parents = [None, Some(0), Some(0), Some(1), Some(9), Some(5), None];
        let branches = parents.map(|parent| Branch {
            parent,
            ..Branch::default()
        });
        let order = preorder(&branches);
        assert_eq!(
            order,
            [(0, 0), (1, 1), (3, 2), (2, 1), (4, 0), (5, 0), (6, 0)]
        );
    }
}
