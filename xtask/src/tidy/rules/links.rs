use crate::tidy::finding::Finding;
use crate::tidy::rules::constant;
use crate::tidy::tree::Tree;

/// `[text](target)` and `![text](target "title")`.
const INLINE: &str = r#"\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)"#;
/// `[label]: target`.
const REFERENCE: &str = r"^\s{0,3}\[[^\]]+\]:\s*<?([^\s>]+)";
/// `` `code` ``, in which a link is none.
const CODE: &str = r"`[^`]*`";

/// A link of a Markdown file to another file of the repository leads somewhere.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let [inline, reference, code] = [INLINE, REFERENCE, CODE].map(constant);
    let mut findings = Vec::new();
    for (path, text) in tree.texts(".md") {
        let mut fenced = false;
        for (line, text) in text.lines().enumerate() {
            if text.trim_start().starts_with("```") {
                fenced = !fenced;
            }
            if fenced {
                continue;
            }
            let text = code.replace_all(text, "");
            let links = inline
                .captures_iter(&text)
                .chain(reference.captures_iter(&text));
            for target in links.filter_map(|link| link.get(1)) {
                if leads_nowhere(tree, path, target.as_str()) {
                    let message = format!("the link to `{}` leads nowhere", target.as_str());
                    findings.push(Finding::new(path, line + 1, message));
                }
            }
        }
    }
    findings
}

fn leads_nowhere(tree: &Tree, from: &str, target: &str) -> bool {
    let file = target.split(['#', '?']).next().unwrap_or(target);
    // A link to another site, or to a heading of the same file.
    if file.is_empty() || target.contains("://") || target.starts_with("mailto:") {
        return false;
    }
    let folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
    match resolve(folder, file) {
        Some(path) => !tree.has(&path),
        None => true,
    }
}

/// `target` as seen from `folder`, from the root; `None` above the root.
fn resolve(folder: &str, target: &str) -> Option<String> {
    let start = if target.starts_with('/') { "" } else { folder };
    let mut parts: Vec<&str> = start.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::finding::shown;

    fn check_text(text: &str) -> Vec<String> {
        shown(&check(&Tree::of(&[
            ("docs/a.md", text),
            ("docs/b.md", ""),
            ("crates/core/src/lib.rs", ""),
        ])))
    }

    #[test]
    fn a_link_to_nothing_is_found() {
        let message = |target| format!("docs/a.md:2: the link to `{target}` leads nowhere");
        assert_eq!(check_text("\n[x](c.md)"), [message("c.md")]);
        assert_eq!(check_text("\n![x](../b.md \"t\")"), [message("../b.md")]);
        assert_eq!(check_text("\n[x]: c.md"), [message("c.md")]);
        assert_eq!(check_text("\n[x](../../b.md)"), [message("../../b.md")]);
    }

    #[test]
    fn links_to_files_folders_sites_and_headings_are_fine() {
        for text in [
            "[x](b.md#part) [y](../crates/core) [z](/docs/b.md)",
            "[x](https://example.org/c.md) [y](#part)",
            "`[x](c.md)` and\n```\n[x](c.md)\n```\n",
            "[x]: ../crates/core/src/lib.rs",
        ] {
            assert!(check_text(text).is_empty(), "{text}");
        }
    }
}
