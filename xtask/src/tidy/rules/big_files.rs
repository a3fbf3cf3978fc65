use crate::tidy::finding::Finding;
use crate::tidy::tree::Tree;

/// 2 MiB.
const MOST: usize = 2 << 20;

/// The weights that are compiled in, which have to be here, and the most that they may take.
const EMBEDDED: (&str, usize) = ("crates/glassbox-tiny/model/model.safetensors", 6 << 20);

/// No file of the repository is larger than 2 MiB: every clone pays for it for ever.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    tree.files()
        .map(|(path, contents)| (path, contents.len(), most(path)))
        .filter(|(_, len, most)| len > most)
        .map(|(path, len, most)| {
            let message = format!("{len} bytes, at most {most} are allowed");
            Finding::new(path, 1, message)
        })
        .collect()
}

fn most(path: &str) -> usize {
    match EMBEDDED {
        (embedded, most) if path == embedded => most,
        _ => MOST,
    }
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
        let (embedded, most) = EMBEDDED;
        assert!(check(&Tree::of(&[(embedded, &more)])).is_empty());
        let more = "x".repeat(most + 1);
        assert_eq!(check(&Tree::of(&[(embedded, &more)])).len(), 1);
    }
}
