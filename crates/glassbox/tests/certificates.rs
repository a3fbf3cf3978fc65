//! Certificates: a reply can be computed again from its document, and a document that was changed
//! says where.

mod support;

use blake3::Hash;
use glassbox::text::Thinking;
use glassbox::trace::StopReason;
use glassbox::{Cancel, Certificate, EngineError, KvType, Model, ModelOptions, Replay, Reply};
use support::{fixture, options};

const QUESTION: &str = "What is 47 * 36?";

fn tiny() -> ModelOptions {
    Model::options().threads(2).context(1024).certify(true)
}

/// What is written down, and read again.
fn written(model: &Model, reply: &Reply) -> Certificate {
    let certificate = reply.certificate(model.engine()).unwrap();
    let json = serde_json::to_string(&certificate).unwrap();
    let read = serde_json::from_str(&json).unwrap();
    assert_eq!(certificate, read);
    read
}

fn replies(model: &Model) -> Vec<Reply> {
    let mut session = model.session();
    let mut replies = vec![session.ask(QUESTION).greedy().run().unwrap()];
    let sampled = session.ask("And 12 + 30?").temperature(0.8).seed(7);
    let sampled = sampled.with(|p| {
        p.min_p = 0.01;
        p.repetition_penalty = 1.01;
        p.logit_bias = [(5, f64::NEG_INFINITY), (7, 0.1)].into();
    });
    replies.push(sampled.run().unwrap());
    let short = session.ask(QUESTION).temperature(0.8).max_thinking(40);
    replies.push(short.run().unwrap());
    let waits = session.ask("What is 2 + 3?").greedy().min_thinking(150);
    replies.push(waits.run().unwrap());
    let off = session.ask(QUESTION).thinking(Thinking::Off).greedy();
    replies.push(off.run().unwrap());
    replies.push(session.ask(QUESTION).max_tokens(50).run().unwrap());
    replies.push(
        session
            .complete("So 3 + 4 = ")
            .max_tokens(20)
            .run()
            .unwrap(),
    );
    let edited = session
        .edit(&replies[0], 1, "47 * 36: 47 * 6 = 282.")
        .unwrap();
    replies.push(edited.greedy().run().unwrap());
    let mut stream = session.ask(QUESTION).greedy().stream().unwrap();
    while stream.n_tokens() < 30 {
        stream.next().unwrap().unwrap();
    }
    replies.push(stream.finish().unwrap());
    replies
}

#[test]
fn a_reply_is_computed_again_to_the_token() {
    let model = tiny().open_tiny().unwrap();
    let replies = replies(&model);
    let stops: Vec<StopReason> = replies.iter().map(Reply::stop).collect();
    assert!(stops.contains(&StopReason::Length) && stops.contains(&StopReason::Cancelled));
    let others = [
        tiny().threads(1).batch(7).context(2048),
        tiny().threads(3).isa("portable"),
    ];
    for options in others {
        let other = options.open_tiny().unwrap();
        for reply in &replies {
            let certificate = written(&model, reply);
            certificate.check().unwrap();
            let replay = other.engine().replay(&certificate, &Cancel::new()).unwrap();
            assert_eq!(replay, Replay::Identical, "{}", reply.text);
            // Speculation changes nothing.
            let again = certificate.ask(other.engine()).unwrap().speculate(true);
            let again = again.run().unwrap();
            assert_eq!(certificate.compare(&again), Replay::Identical);
        }
    }
}

/// The chain, as a second reader of its description would write it.
fn reseal(certificate: &mut Certificate) {
    let terms = serde_json::to_vec(&certificate.terms).unwrap();
    let terms = blake3::derive_key("glassbox certificate 1: terms", &terms);
    let mut last = Hash::from_bytes(terms);
    certificate.terms_hash = last;
    let mut from = 0;
    let mut next = |end: usize, context: &str, more: &str| {
        let ids = certificate.tokens[from..end].iter();
        let ids = ids.flat_map(|id| id.to_le_bytes());
        let data: Vec<u8> = last.as_bytes().iter().copied().chain(ids).collect();
        let data = [&data, more.as_bytes()].concat();
        from = end;
        last = Hash::from_bytes(blake3::derive_key(context, &data));
        last
    };
    for link in &mut certificate.steps {
        link.hash = next(link.end, "glassbox certificate 1: step", "");
    }
    let stop = format!("{:?}", certificate.stop);
    let end = certificate.tokens.len();
    certificate.seal = next(end, "glassbox certificate 1: seal", &stop);
}

#[test]
fn a_change_is_found_where_it_is() {
    let model = tiny().open_tiny().unwrap();
    let reply = model.session().ask(QUESTION).greedy().run().unwrap();
    let whole = written(&model, &reply);
    assert!(whole.steps.len() > 2);
    let mut same = whole.clone();
    reseal(&mut same);
    assert_eq!(same, whole);
    for token in 0..whole.tokens.len() {
        let mut changed = whole.clone();
        changed.tokens[token] ^= 1;
        let error = changed.check().unwrap_err().to_string();
        match whole.step_of(token) {
            Some(step) => assert!(error.contains(&format!("in step {step}:")), "{error}"),
            None => assert!(error.contains("after its last step"), "{error}"),
        }
        if token % 23 != 0 {
            continue;
        }
        // Whoever computes the hashes anew is found out by a replay, at the token.
        reseal(&mut changed);
        let Replay::Departs {
            token: at,
            step,
            certified,
            written,
        } = model.engine().replay(&changed, &Cancel::new()).unwrap()
        else {
            panic!("{token} may be what it is not")
        };
        assert_eq!((at, step), (token, whole.step_of(token)));
        assert_eq!(certified, Some(changed.tokens[token]));
        assert_eq!(written, Some(whole.tokens[token]));
    }
    type Change = fn(&mut Certificate);
    let changes: [(Change, &str); 7] = [
        (
            |c| c.terms.params.seed += 1,
            "the terms of the certificate were changed",
        ),
        (
            |c| c.terms.prompt[3] += 1,
            "the terms of the certificate were changed",
        ),
        (
            |c| c.terms.format = 9,
            "format 9; this version knows format 1",
        ),
        (|c| c.stop = StopReason::Length, "after its last step"),
        (|c| c.steps[1].end = 0, "step 1 ends at token 0, expected"),
        (
            |c| c.terms.given = 99_999,
            "99999 tokens kept of an earlier reply",
        ),
        (
            |c| c.tokens.truncate(c.tokens.len() - 1),
            "after its last step",
        ),
    ];
    for (change, expected) in changes {
        let mut changed = whole.clone();
        change(&mut changed);
        let error = changed.check().unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
        let error = model
            .engine()
            .replay(&changed, &Cancel::new())
            .unwrap_err()
            .to_string();
        assert!(error.contains(expected), "{error}");
    }
    // An end that was not there.
    let mut shorter = whole.clone();
    shorter.tokens.pop();
    reseal(&mut shorter);
    let Replay::Departs {
        token, certified, ..
    } = model.engine().replay(&shorter, &Cancel::new()).unwrap()
    else {
        panic!("a token is missing")
    };
    assert_eq!((token, certified), (whole.tokens.len() - 1, None));
}

#[test]
fn another_model_and_another_cache_are_refused() {
    let model = tiny().open_tiny().unwrap();
    let reply = model.session().ask(QUESTION).greedy().run().unwrap();
    let certificate = written(&model, &reply);
    let refused = |options: ModelOptions| {
        let model = options.open_tiny().unwrap();
        let error = model
            .engine()
            .replay(&certificate, &Cancel::new())
            .unwrap_err();
        error.to_string()
    };
    assert!(refused(tiny().kv_type(KvType::F32)).contains("computed by ["));
    assert!(refused(tiny().context(64)).contains("the context 64"));
    assert!(refused(tiny().certify(false)).contains("without the hash of its weights"));
    let other = options().certify(true).open(fixture("qwen2-tied.gguf"));
    let error = other
        .unwrap()
        .engine()
        .replay(&certificate, &Cancel::new())
        .unwrap_err();
    assert!(
        error.to_string().contains("the certificate is of weights "),
        "{error}"
    );

    let mut hostile = certificate.clone();
    hostile.terms.prompt[0] = u32::MAX;
    reseal(&mut hostile);
    let error = model.engine().replay(&hostile, &Cancel::new()).unwrap_err();
    assert!(
        matches!(error, EngineError::TokenId { index: 0, .. }),
        "{error}"
    );
    hostile = certificate.clone();
    hostile.terms.given = 2;
    hostile.tokens[1] = u32::MAX;
    reseal(&mut hostile);
    let error = model.engine().replay(&hostile, &Cancel::new()).unwrap_err();
    assert!(
        matches!(error, EngineError::TokenId { index: 1, .. }),
        "{error}"
    );
    hostile = certificate.clone();
    hostile.terms.params.temperature = -1.0;
    reseal(&mut hostile);
    assert!(model.engine().replay(&hostile, &Cancel::new()).is_err());
}
