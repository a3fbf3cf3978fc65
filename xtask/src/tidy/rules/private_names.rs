use crate::tidy::finding::Finding;
use crate::tidy::rules::constant;
use crate::tidy::tree::Tree;

/// What belongs to one machine or one network, and what it is.
const PRIVATE: [(&str, &str); 5] = [
    // A folder in which people or machines keep their checkouts.
    (
        r#"(?:^|[\s"'`(=,:\[])/(?:home|root|Users|work|mnt|srv)/[\w.-]"#,
        "an absolute path of one machine",
    ),
    (r"(?i)\b[a-z]:\\users\\", "an absolute path of one machine"),
    // A host that public name servers do not know.
    (
        r"(?i)\b(?:https?|ssh|git)://[\w.@-]*\.(?:internal|intranet|corp|lan|local)\b",
        "the name of a private host",
    ),
    (
        r"\b(?:10\.\d{1,3}|192\.168|172\.(?:1[6-9]|2\d|3[01]))\.\d{1,3}\.\d{1,3}\b",
        "an address of a private network",
    ),
    // Where packages come from is the configuration of who fetches them.
    (
        r"(?i)--(?:extra-)?index-url\b|--trusted[-]host\b",
        "a package index",
    ),
];

/// No text of the repository names a private host, an address or a home folder.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let patterns = PRIVATE.map(|(pattern, what)| (constant(pattern), what));
    let mut findings = Vec::new();
    for (path, text) in tree.texts("") {
        for (pattern, what) in &patterns {
            // Most files have no match, and one search of the whole file says so.
            if !pattern.is_match(text) {
                continue;
            }
            for (line, text) in text.lines().enumerate() {
                if let Some(found) = pattern.find(text) {
                    let message = format!("`{}` is {what}", found.as_str().trim());
                    findings.push(Finding::new(path, line + 1, message));
                }
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_names_are_found() {
        // Put together here, so that this file does not hold what it looks for.
        let texts = [
            ["see /ho", "me/someone/x"],
            ["\"/Us", "ers/someone\""],
            ["C:\\Us", "ers\\someone"],
            ["http://packages.", "internal/simple"],
            ["192.168", ".0.1"],
            ["pip --index", "-url x"],
        ];
        for parts in texts {
            let text = parts.concat();
            let found = check(&Tree::of(&[("a.md", &text)]));
            assert_eq!(found.len(), 1, "{text}");
        }
    }

    #[test]
    fn public_names_and_version_numbers_are_not() {
        let text = "https://arxiv.org/abs/2501.12948 src/home/page a/work/b 12.8.93.1 ~/.cargo/bin";
        assert!(check(&Tree::of(&[("a.md", text)])).is_empty());
    }
}
