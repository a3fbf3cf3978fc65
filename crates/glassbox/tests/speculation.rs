//! Law 2 for guessed tokens: a reply is the same to the bit, whatever was guessed.

mod support;

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
