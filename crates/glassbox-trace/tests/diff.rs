//! Two traces, step by step.

use glassbox_trace::{Change, ParserOptions, Trace};
use proptest::prelude::*;

fn trace(steps: &[&str]) -> Trace {
    Trace::parse(&steps.join("\n\n"), ParserOptions::primed())
}

/// `=` same, `~` changed, `-` removed, `+` added.
fn signs(old: &[&str], new: &[&str]) -> String {
    let sign = |change: &Change| match change {
        Change::Same { .. } => '=',
        Change::Changed { .. } => '~',
        Change::Removed { .. } => '-',
        Change::Added { .. } => '+',
    };
    trace(old)
        .diff(&trace(new))
        .changes
        .iter()
        .map(sign)
        .collect()
}

#[test]
fn steps_are_common_changed_added_or_removed() {
    let (a, b, c) = (
        "Add three and four.",
        "That is seven.",
        "Now double the seven.",
    );
    let changed = "Now double the seven again.";
    for (old, new, expected) in [
        (&[a, b, c][..], &[a, b, c][..], "==="),
        (&[a, b], &[a, b, c], "==+"),
        (&[a, b, c], &[a], "=--"),
        (&[b, c], &[a, b, c], "+=="),
        (&[a, b, c], &[a, c], "=-="),
        (&[a, c, b], &[a, changed, b], "=~="),
        (&[a, c], &[b, a, changed], "+=~"),
        (&[a, b], &[b, a], "+=-"),
        (&[a, a, b], &[a, b, a], "=+=-"),
        (
            &[a, b, c, "End."],
            &[a, "No.", c, "Well.", b, c, "Over."],
            "=+++==-+",
        ),
        (&[], &[a], "+"),
        (&[], &[], ""),
    ] {
        assert_eq!(signs(old, new), expected, "{old:?} {new:?}");
    }
}

#[test]
fn a_branch_shares_its_trunk() {
    let old = trace(&["One.", "Two.", "Three is here."]);
    let new = trace(&["One.", "Two.", "Four."]);
    let diff = old.diff(&new);
    assert_eq!(diff.n_common(), 2);
    let json = serde_json::to_string(&diff).unwrap();
    assert!(
        json.starts_with(r#"{"changes":[{"change":"same","old":0,"new":0},"#),
        "{json}"
    );
    assert!(json.ends_with(r#","same_answer":true}"#), "{json}");
}

proptest! {
    /// Every step of both comes once and in order, and what is called the same is the same.
    #[test]
    fn nothing_is_lost(
        old in prop::collection::vec(0usize..6, 0..12),
        new in prop::collection::vec(0usize..6, 0..12),
    ) {
        const STEPS: [&str; 6] = [
            "Add the three numbers now.", "Add the three numbers then.", "Wait.", "So it is 7.",
            "So it is 8.", "所以答案是七。",
        ];
        let read = |steps: &[usize]| trace(&steps.iter().map(|&s| STEPS[s]).collect::<Vec<_>>());
        let (old, new) = (read(&old), read(&new));
        let diff = old.diff(&new);
        let (mut olds, mut news) = (Vec::new(), Vec::new());
        for change in &diff.changes {
            match *change {
                Change::Same { old: a, new: b } => {
                    prop_assert_eq!(&old.steps[a].text, &new.steps[b].text);
                    olds.push(a);
                    news.push(b);
                }
                Change::Changed { old: a, new: b } => {
                    olds.push(a);
                    news.push(b);
                }
                Change::Removed { old } => olds.push(old),
                Change::Added { new } => news.push(new),
            }
        }
        prop_assert_eq!(olds, (0..old.steps.len()).collect::<Vec<_>>());
        prop_assert_eq!(news, (0..new.steps.len()).collect::<Vec<_>>());
        let all_same = old.diff(&old).changes.iter().all(|c| matches!(c, Change::Same { .. }));
        prop_assert!(all_same);
    }
}
