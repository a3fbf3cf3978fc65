//! The cache on disk: what another process left is found, and is what would be computed.

mod support;

use glassbox::{Model, ModelOptions, Reply};
use support::{PROMPT, bits, endless, fixture, options};

fn open(options: ModelOptions, folder: &std::path::Path, file: &str) -> Model {
    let options = options.disk_cache(folder, 1 << 20);
    options.open(fixture(file)).unwrap()
}

fn reply(model: &Model) -> Reply {
    let mut session = model.session();
    let ask = session.complete(PROMPT.repeat(2)).temperature(0.9).seed(4);
    ask.logprobs(0).max_tokens(80).with(endless).run().unwrap()
}

#[test]
fn a_restart_finds_what_was_computed() {
    let folder = tempfile::tempdir().unwrap();
    let file = "qwen2-tied.gguf";
    let first = reply(&open(options(), folder.path(), file));
    assert_eq!(first.usage.cached_tokens, 0);
    let pages = (first.usage.prompt_tokens - 1) / 64;
    assert!(pages > 0);
    for other in [options(), options().isa("portable").threads(2).batch(7)] {
        let again = reply(&open(other, folder.path(), file));
        assert_eq!(again.usage.cached_tokens, 64 * pages);
        assert_eq!(bits(&again), bits(&first));
    }
    // Other weights, and another type of keys and values, share nothing with it.
    for (options, file) in [
        (options(), "llama-untied.gguf"),
        (options().kv_type(glassbox::KvType::F32), file),
    ] {
        let other = reply(&open(options.clone(), folder.path(), file));
        assert_eq!(other.usage.cached_tokens, 0);
        let again = reply(&open(options, folder.path(), file));
        assert_eq!(bits(&again), bits(&other));
        assert!(again.usage.cached_tokens > 0);
    }
}

#[test]
fn a_folder_that_cannot_be_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("taken");
    std::fs::write(&place, "x").unwrap();
    let options = options().disk_cache(&place, 1 << 20);
    let error = options.open(fixture("qwen2-tied.gguf")).unwrap_err();
    assert!(error.to_string().contains("taken"), "{error}");
}
