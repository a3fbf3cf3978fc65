//! The embedded model opens, and is the model of the files that it was made from.

use glassbox::{KvType, Message, Model, ModelOptions, Special};
use serde_json::Value;
use std::path::Path;

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../glassbox-tiny/model")
}

fn options() -> ModelOptions {
    Model::options().threads(1)
}

#[test]
fn it_computes_what_its_files_do() {
    let tiny = options().open_tiny().unwrap();
    let bits = |logits: Vec<f32>| logits.into_iter().map(f32::to_bits).collect::<Vec<_>>();
    let ids = tiny.encode("What is 47 * 36?").unwrap();
    let ours = bits(tiny.logits(&ids).unwrap());
    for mmap in [true, false] {
        let files = options().mmap(mmap).open(folder()).unwrap();
        assert_eq!(files.spec(), tiny.spec());
        assert_eq!(files.encode("What is 47 * 36?").unwrap(), ids);
        assert!(bits(files.logits(&ids).unwrap()) == ours, "mmap {mmap}");
    }
    let reply = |model: &Model| {
        let mut session = model.session();
        let ask = session.ask("What is 47 * 36?").greedy().max_tokens(40);
        ask.run().unwrap().text
    };
    assert_eq!(reply(&tiny), reply(&options().open(folder()).unwrap()));
}

#[cfg(target_os = "linux")]
#[test]
fn a_loaded_model_holds_no_file() {
    use glassbox::weights::{Checkpoint, OpenOptions};

    let copy = tempfile::tempdir().unwrap();
    for file in std::fs::read_dir(folder()).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), copy.path().join(file.file_name())).unwrap();
    }
    let mapped = || {
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
        maps.contains(&*copy.path().to_string_lossy())
    };
    let checkpoint = Checkpoint::open(copy.path(), &OpenOptions::default()).unwrap();
    assert!(mapped());
    let model = options().load(&checkpoint, |_| true).unwrap();
    drop(checkpoint);
    assert!(!mapped());
    assert!(!model.logits(&[1]).unwrap().is_empty());
}

#[test]
fn its_prompt_opens_the_reasoning() {
    let tiny = Model::tiny().unwrap();
    let mut session = tiny.session();
    let ask = session.ask("What is 2 + 2?").greedy().max_tokens(3);
    let reply = ask.run().unwrap();
    assert_eq!(reply.trace.reasoning.is_some(), !reply.text.is_empty());
    assert_eq!(reply.usage.thinking_tokens, 3);
    let tokenizer = tiny.engine().tokenizer().unwrap();
    assert_eq!(tokenizer.len(), tiny.spec().vocab);
    assert!(tokenizer.missing_bytes().is_empty());
    let close = tokenizer.encode("</think>", Special::Parse).unwrap();
    assert_eq!(close, [tokenizer.roles().think_close.unwrap()]);
}

#[test]
fn every_problem_of_its_suite_fits_its_context() {
    let tiny = Model::tiny().unwrap();
    let mut longest = 0;
    for line in glassbox::tiny::SUITE.lines() {
        let problem: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(problem["kind"].is_string(), "{line}");
        assert!(
            problem["answer"].is_string() || problem["answer"].is_null(),
            "{line}"
        );
        let ids = tiny.encode(problem["question"].as_str().unwrap()).unwrap();
        longest = longest.max(ids.len());
    }
    // Room for the template, a reasoning and a reply.
    assert!(2 * longest < tiny.engine().context(), "{longest}");
}

/// Logits that are nearer than this are a tie: ours are of activations rounded to bf16, theirs are
/// in f32.
const TIE: f32 = 0.02;

/// Every token of twenty greedy replies, checked in one pass over each: while each is the most
/// likely one after those before it, decoding writes just these. Only the first words of a reply
/// are several that are as good, and there may be a tie. The fixture is made by
/// `tools/tiny/transformers_reference.py`.
#[test]
fn it_writes_what_transformers_writes() {
    let options = Model::options().threads(2).kv_type(KvType::F32);
    let model = options.open_tiny().unwrap();
    let fixture: Vec<Value> =
        serde_json::from_str(include_str!("fixtures/tiny_transformers.json")).unwrap();
    assert_eq!(fixture.len(), 20);
    let mut ties = 0;
    for entry in &fixture {
        let question = entry["question"].as_str().unwrap();
        let ids = |key: &str| -> Vec<u32> { serde_json::from_value(entry[key].clone()).unwrap() };
        let (prompt, reply) = (ids("prompt"), ids("reply"));
        let chat = model.engine().chat().unwrap();
        let ours = chat.prompt(&[Message::user(question)], &Default::default());
        assert_eq!(ours.unwrap().ids, prompt, "{question}");
        let all = [&prompt[..], &reply[..]].concat();
        let mut seen = 0;
        let logits = |i: usize, row: &[f32]| {
            if i + 1 >= prompt.len() {
                let best = row.iter().copied().max_by(f32::total_cmp).unwrap();
                let gap = best - row[reply[seen] as usize];
                assert!(gap < TIE, "{question}: token {seen}, by {gap}");
                ties += usize::from(gap > 0.0);
                seen += 1;
            }
        };
        let engine = model.engine();
        engine.logits(&all[..all.len() - 1], true, logits).unwrap();
        assert_eq!(seen, reply.len());
    }
    assert!(ties <= 3, "{ties} of twenty replies differ");
}
