//! Law 2 for guessed tokens: a reply is the same to the bit, whatever was guessed.

mod support;

use glassbox::weights::quantize::{Target, quantize};
use glassbox::weights::{Checkpoint, OpenOptions};
use glassbox::{Group, Reply, SamplingParams, Session};
use support::{PROMPT, bits, endless, fixture, options};

fn reply(session: &mut Session, speculate: bool, params: &SamplingParams) -> Reply {
    let ask = session.complete(PROMPT.repeat(2)).sampling(params.clone());
    let ask = ask.logprobs(0).max_tokens(150).with(endless);
    ask.speculate(speculate).run().unwrap()
}

#[test]
fn guesses_change_nothing() {
    let mut accepted = 0;
    for (file, batch) in [("qwen2-tied.gguf", 512), ("llama-untied.gguf", 3)] {
        let model = options().batch(batch).open(fixture(file)).unwrap();
        for temperature in [0.0, 0.7, 1.3] {
            for (seed, repetition_penalty) in [(1, 1.0), (2, 1.1)] {
                let params = SamplingParams {
                    temperature,
                    seed,
                    repetition_penalty,
                    ..SamplingParams::default()
                };
                let plain = reply(&mut model.session(), false, &params);
                assert_eq!(
                    (plain.usage.drafted_tokens, plain.usage.accepted_tokens),
                    (0, 0)
                );
                let mut session = model.session();
                for _ in 0..2 {
                    let fast = reply(&mut session, true, &params);
                    assert_eq!(bits(&fast), bits(&plain), "{file} {temperature} {seed}");
                    assert!(fast.usage.accepted_tokens <= fast.usage.drafted_tokens);
                    accepted += fast.usage.accepted_tokens;
                }
            }
        }
    }
    // Some were right, and more were not.
    assert!(accepted > 10, "{accepted}");
}

#[test]
fn a_guess_takes_no_page_that_others_need() {
    let model = options()
        .context(256)
        .cache(256)
        .open(fixture("qwen2-tied.gguf"))
        .unwrap();
    let params = SamplingParams {
        temperature: 0.0,
        ..SamplingParams::default()
    };
    let mut session = model.session();
    let reply = reply(&mut session, true, &params);
    assert!(reply.tokens.len() > 60);
    let mut group = Group::new(model.engine());
    let mut other = model.session();
    group.push(other.complete("a").max_tokens(2).stream().unwrap());
    drop(session);
    assert_eq!(group.run().len(), 1);
}

#[test]
fn another_model_guesses() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("draft.gguf");
    let source = Checkpoint::open(fixture("qwen2-tied.gguf"), &OpenOptions::default()).unwrap();
    quantize(&source, &file, Target::Q8_0, &mut |_| true).unwrap();
    let model = options().open(fixture("qwen2-tied.gguf")).unwrap();
    let close = options().open(&file).unwrap();
    let short = options().context(300).open(&file).unwrap();
    for (draft, least) in [(&model, 0.5), (&close, 0.3), (&short, 0.1)] {
        let (mut drafted, mut accepted) = (0, 0);
        for (temperature, seed) in [(0.0, 1), (0.8, 2), (1.2, 3)] {
            let params = SamplingParams {
                temperature,
                seed,
                repetition_penalty: 1.05,
                ..SamplingParams::default()
            };
            let plain = reply(&mut model.session(), false, &params);
            let mut session = model.session();
            let ask = session.complete(PROMPT.repeat(2)).sampling(params);
            let ask = ask.logprobs(0).max_tokens(150).with(endless);
            let fast = ask.draft(draft.engine()).run().unwrap();
            assert_eq!(bits(&fast), bits(&plain), "{temperature}");
            drafted += fast.usage.drafted_tokens;
            accepted += fast.usage.accepted_tokens;
        }
        assert!(accepted > 0 && drafted > 0);
        let share = accepted as f64 / drafted as f64;
        assert!(share > least, "{share}");
    }
    drop((close, short));
    assert_eq!(model.engine().free_pages(), 8);
}

#[cfg(feature = "tiny")]
#[test]
fn a_draft_model_of_other_tokens_is_refused() {
    let model = options().open(fixture("qwen2-tied.gguf")).unwrap();
    let other = options().open_tiny().unwrap();
    let mut session = model.session();
    let ask = session.complete(PROMPT).draft(other.engine());
    let error = ask.run().unwrap_err().to_string();
    assert!(
        error.contains("the draft model has another tokenizer"),
        "{error}"
    );
}
