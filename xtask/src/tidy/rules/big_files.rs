use crate::tidy::finding::Finding;
use crate::tidy::tree::Tree;

/// 2 MiB.
const MOST: usize = 2 << 20;

/// No file of the repository is larger than 2 MiB: every clone pays for it for ever.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    tree.files()
        .filter(|(_, contents)| contents.len() > MOST)
        .map(|(path, contents)| {
            let message = format!("{} bytes, at most {MOST} are allowed", contents.len());
            Finding::new(path, 1, message)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_above_the_limit_is_found() {
        let most = "x".repeat(MOST);
        assert!(check(&Tree::of(&[("a.bin", &most)])).is_empty());
        let more = most + "x";
        assert_eq!(check(&Tree::of(&[("a.bin", &more)])).len(), 1);
    }
}
