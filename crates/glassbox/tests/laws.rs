//! Law 1 over everything that must not matter, taken together: kernel tables, threads, the chunks of
//! a prompt, replies in one batch, what is cached, guesses, and weights that were prepared.

mod support;

use glassbox::weights::quantize::{Target, quantize};
use glassbox::weights::{Checkpoint, OpenOptions};
use glassbox::{Group, Kernels, Model, ModelOptions, Reply, Session};
use std::fs;
use std::path::{Path, PathBuf};
use support::{PROMPT, bits, endless, fixture};

/// What a reply says, and its log-probabilities to the bit.
type Bits = (String, Vec<(u32, Option<u32>)>);

const MOST: usize = 8;

/// The `i`-th of some questions that differ in all that they can. Each begins with what the one
/// before it begins with, so that prefixes are shared.
fn ask(session: &mut Session, i: usize) -> glassbox::Ask<'_> {
    let prompt = PROMPT.chars().cycle().take(70 + 11 * i);
    let ask = session.complete(prompt.collect::<String>());
    let ask = ask.temperature(0.3 * i as f64).seed(i as u64).logprobs(0);
    ask.max_tokens(9 + i).with(endless)
}

fn options(table: &str, threads: usize, chunk: usize) -> ModelOptions {
    let options = Model::options().isa(table).threads(threads).batch(chunk);
    options.context(256).cache(4096)
}

fn in_a_batch(model: &Model, n: usize) -> Vec<Bits> {
    let mut sessions: Vec<Session> = (0..n).map(|_| model.session()).collect();
    let mut group = Group::new(model.engine());
    for (i, session) in sessions.iter_mut().enumerate() {
        group.push(ask(session, i).stream().unwrap());
    }
    let replies = group.run().into_iter();
    replies.map(|reply| bits(&reply.unwrap())).collect()
}

fn holds_for(file: &Path) {
    let plain = options("portable", 1, 512).open(file).unwrap();
    let alone = |i: usize| {
        plain.engine().forget_prefixes();
        let reply: Reply = ask(&mut plain.session(), i).run().unwrap();
        assert_eq!(reply.usage.cached_tokens, 0);
        bits(&reply)
    };
    let expected: Vec<Bits> = (0..MOST).map(alone).collect();
    for table in Kernels::available() {
        for threads in 1..=4 {
            for chunk in [1, 7, 64, 512] {
                let how = format!("{}, {threads} threads, chunks of {chunk}", table.name());
                let options = options(table.name(), threads, chunk);
                if (threads, chunk) == (3, 1) {
                    prepare(&options, file);
                }
                let mut prepared = false;
                let model = options.open_with(file, |now| {
                    prepared |= now.prepared;
                    true
                });
                let model = model.unwrap();
                assert_eq!(prepared, threads > 2, "{how}");
                // What an earlier batch leaves is cached for the next.
                for n in 1..=MOST {
                    if n % 2 == 0 {
                        model.engine().forget_prefixes();
                    }
                    assert_eq!(in_a_batch(&model, n), expected[..n], "{how}, {n} at once");
                }
                for (i, expected) in expected.iter().enumerate() {
                    let mut session = model.session();
                    let guessed = ask(&mut session, i).speculate(true);
                    assert_eq!(bits(&guessed.run().unwrap()), *expected, "{how}, guessed");
                }
            }
        }
        fs::remove_file(file.with_extension("gguf.prepared")).unwrap();
    }
}

fn prepare(options: &ModelOptions, file: &Path) {
    let checkpoint = Checkpoint::open(file, &OpenOptions::default()).unwrap();
    let path = options.prepare(&checkpoint, |done, total| done <= total);
    assert_eq!(path.unwrap(), file.with_extension("gguf.prepared"));
}

#[test]
fn a_reply_depends_on_nothing_but_what_decides_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("qwen2.gguf");
    fs::copy(fixture("qwen2-tied.gguf"), &file).unwrap();
    holds_for(&file);
}

#[test]
fn nor_does_one_of_quantised_weights() {
    let folder = tempfile::tempdir().unwrap();
    let source = fixture("llama-untied.gguf");
    let source = Checkpoint::open(source, &OpenOptions::default()).unwrap();
    for (name, target) in [("q8_0", Target::Q8_0), ("q4_0", Target::Q4_0)] {
        let file: PathBuf = folder.path().join(name).with_extension("gguf");
        quantize(&source, &file, target, &mut |_| true).unwrap();
        holds_for(&file);
    }
}
