use super::finding::Finding;
use super::tree::Tree;

/// The `Cargo.toml` of one package.
pub(crate) struct Manifest<'a> {
    pub(crate) path: &'a str,
    /// The folder's own name: `glassbox-core`, `xtask`.
    pub(crate) folder: &'a str,
    pub(crate) text: &'a str,
    pub(crate) table: toml::Table,
}

impl Manifest<'_> {
    /// The line, from 1, of the first line that starts with `word`; the first line if none does.
    pub(crate) fn line_of(&self, word: &str) -> usize {
        let found = self.text.lines().position(|line| line.starts_with(word));
        found.map_or(1, |line| line + 1)
    }
}

/// Every package's manifest, and a finding for each that is not TOML. The workspace's own
/// manifest is none of them, nor are those of packages outside the workspace.
pub(crate) fn packages(tree: &Tree) -> (Vec<Manifest<'_>>, Vec<Finding>) {
    let mut manifests = Vec::new();
    let mut findings = Vec::new();
    for (path, text) in tree.texts("/Cargo.toml") {
        let folder = path.trim_end_matches("/Cargo.toml");
        if ["fuzz", "benches/peers"].contains(&folder) {
            continue;
        }
        match text.parse::<toml::Table>() {
            Ok(table) => manifests.push(Manifest {
                path,
                folder: folder.rsplit('/').next().unwrap_or(folder),
                text,
                table,
            }),
            Err(error) => findings.push(Finding::new(path, 1, error.message())),
        }
    }
    (manifests, findings)
}
