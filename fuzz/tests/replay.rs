//! Every file of `corpus/` through its target: the seeds, and every past crash.

use glassbox_fuzz::TARGETS;
use std::path::Path;

#[test]
fn the_corpus_passes() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    for (name, target) in TARGETS {
        let folder = corpus.join(name);
        let files = std::fs::read_dir(&folder).unwrap_or_else(|e| panic!("{folder:?}: {e}"));
        let mut seeds = 0;
        for file in files {
            let path = file.unwrap().path();
            let is_seed = path
                .file_name()
                .unwrap()
                .to_string_lossy()
                .starts_with("seed-");
            seeds += usize::from(is_seed);
            // The file's name is in the output of a test that fails.
            println!("{}", path.display());
            target(&std::fs::read(&path).unwrap());
        }
        assert!(seeds > 0, "{name} has no corpus/{name}/seed-*");
    }
}

#[test]
fn targets_are_the_programs_of_the_manifest() {
    let manifest = include_str!("../Cargo.toml");
    let programs: Vec<_> = manifest
        .split("[[bin]]\nname = \"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
        .collect();
    let targets: Vec<_> = TARGETS.iter().map(|(name, _)| *name).collect();
    assert_eq!(targets, programs);
}
