//! Sessions and streams over a small random model: laws 1 (replay) and 6 (cancel), limits, pages.

mod support;

use glassbox::{Cancel, Engine, EngineError, Event, KvType, Model, Reply, StopReason};
use support::{PROMPT, bits, endless, fixture, model, options};

fn reply(model: &Model, prompt: &str, tokens: usize) -> Reply {
    let mut session = model.session();
    let ask = session
        .complete(prompt)
        .temperature(0.9)
        .seed(7)
        .logprobs(0)
        .max_tokens(tokens);
    ask.with(endless).run().unwrap()
}

#[test]
fn replies_do_not_depend_on_threads_batches_tables_or_maps() {
    for file in ["qwen2-tied.gguf", "llama-untied.gguf"] {
        for kv in KvType::ALL {
            let plain = options().kv_type(kv);
            let expected = bits(&reply(&plain.open(fixture(file)).unwrap(), PROMPT, 90));
            assert_eq!(expected.1.len(), 90);
            let mut others = vec![plain.clone().mmap(false)];
            others.extend((2..=4).map(|n| plain.clone().threads(n)));
            others.extend([1, 7, 63, 64, 65].map(|n| plain.clone().batch(n)));
            others.extend(
                glassbox::Kernels::available()
                    .iter()
                    .map(|t| plain.clone().isa(t.name())),
            );
            for other in others {
                let ours = bits(&reply(&other.open(fixture(file)).unwrap(), PROMPT, 90));
                assert_eq!(ours, expected, "{file}, {kv:?}: {other:?}");
            }
        }
    }
}

#[test]
fn what_is_cached_changes_nothing() {
    let model = model();
    let mut session = model.session();
    let first = session
        .complete(PROMPT)
        .greedy()
        .logprobs(0)
        .max_tokens(70)
        .run()
        .unwrap();
    assert_eq!(first.usage.cached_tokens, 0);
    // The same prompt again: all but its last token are known.
    let again = session
        .complete(PROMPT)
        .greedy()
        .logprobs(0)
        .max_tokens(70)
        .run()
        .unwrap();
    assert_eq!(again.usage.cached_tokens, again.usage.prompt_tokens - 1);
    assert_eq!(bits(&again), bits(&first));
    // A prompt that shares only its beginning.
    let other = format!("{}then something else.", &PROMPT[..30]);
    let shared = session
        .complete(&*other)
        .greedy()
        .logprobs(0)
        .max_tokens(70)
        .run()
        .unwrap();
    assert!(
        (1..30).contains(&shared.usage.cached_tokens),
        "{:?}",
        shared.usage
    );
    let alone = model
        .session()
        .complete(&*other)
        .greedy()
        .logprobs(0)
        .max_tokens(70)
        .run()
        .unwrap();
    assert_eq!(bits(&shared), bits(&alone));
}

#[test]
fn events_put_together_are_the_reply() {
    let model = model();
    let mut session = model.session();
    let mut stream = session
        .complete(PROMPT)
        .greedy()
        .max_tokens(40)
        .stream()
        .unwrap();
    let (mut answer, mut done) = (String::new(), None);
    for event in &mut stream {
        match event.unwrap() {
            Event::Answer(text) => answer += &text,
            Event::Done(stop) => done = Some(stop),
            other => panic!("{other:?}"),
        }
    }
    assert!(stream.next().is_none());
    let reply = stream.finish().unwrap();
    assert_eq!(done, Some(reply.stop()));
    assert_eq!(answer, reply.content());
    assert_eq!(reply.text.trim(), answer);
    assert_eq!(reply.usage.answer_tokens, reply.tokens.len());
    assert_eq!(reply.usage.thinking_tokens, 0);
}

#[test]
fn a_cancelled_reply_is_what_was_written_and_gives_its_pages_back() {
    let model = model();
    let engine: &Engine = model.engine();
    let all = engine.free_pages();
    let cancel = Cancel::new();
    let mut session = model.session();
    let mut stream = session
        .complete(PROMPT)
        .greedy()
        .cancel(&cancel)
        .stream()
        .unwrap();
    let mut events = 0;
    for event in &mut stream {
        event.unwrap();
        events += 1;
        if events == 5 {
            cancel.cancel();
        }
    }
    let reply = stream.finish().unwrap();
    assert_eq!(reply.stop(), StopReason::Cancelled);
    assert!(reply.tokens.len() >= 5);
    let whole = self::model()
        .session()
        .complete(PROMPT)
        .greedy()
        .max_tokens(50)
        .run()
        .unwrap();
    assert!(
        whole.text.starts_with(&reply.text),
        "{:?} of {:?}",
        reply.text,
        whole.text
    );

    // Cancelled before it began, and dropped in the middle.
    let none = session.complete("and").cancel(&cancel).run().unwrap();
    assert_eq!((none.stop(), none.tokens.len()), (StopReason::Cancelled, 0));
    let mut dropped = session.complete("the").greedy().stream().unwrap();
    dropped.next().unwrap().unwrap();
    drop(dropped);
    assert!(engine.free_pages() < all);
    drop(session);
    assert_eq!(engine.free_pages(), all);
}

#[test]
fn a_reply_ends_at_its_limit_and_at_the_context() {
    let model = options()
        .context(128)
        .open(fixture("qwen2-tied.gguf"))
        .unwrap();
    let mut session = model.session();
    let short = session
        .complete(PROMPT)
        .greedy()
        .with(endless)
        .max_tokens(9)
        .run()
        .unwrap();
    assert_eq!((short.tokens.len(), short.stop()), (9, StopReason::Length));
    let long = session
        .complete(PROMPT)
        .greedy()
        .with(endless)
        .run()
        .unwrap();
    assert_eq!(long.stop(), StopReason::Length);
    assert_eq!(long.usage.prompt_tokens + long.tokens.len(), 128);
}

#[test]
fn what_does_not_fit_is_refused_by_name() {
    let model = options()
        .context(128)
        .open(fixture("qwen2-tied.gguf"))
        .unwrap();
    let mut session = model.session();
    let message = |e: EngineError| e.to_string();
    let long = session.complete("a".repeat(128)).run().unwrap_err();
    assert_eq!(message(long), "the prompt has 128 tokens, the context 128");
    let zero = session.complete("a").max_tokens(0).run().unwrap_err();
    assert!(message(zero).starts_with("max_tokens = 0, expected 1 to"));
    let hot = session
        .complete("a")
        .temperature(f64::NAN)
        .run()
        .unwrap_err();
    assert!(message(hot).contains("temperature"));
    assert!(matches!(
        session.complete("").run(),
        Err(EngineError::Empty)
    ));
    assert!(matches!(
        session.ask("a").run(),
        Err(EngineError::NoTemplate)
    ));
    let engine = model.engine();
    let id = engine.logits(&[1, 96], false, |_, _| {}).unwrap_err();
    assert_eq!(message(id), "token id 96 at index 1, the vocabulary has 96");
    let full = engine.logits(&[1; 129], false, |_, _| {}).unwrap_err();
    assert_eq!(message(full), "129 tokens do not fit a context of 128");

    // Another session holds one of the two pages.
    session.complete("a").greedy().max_tokens(1).run().unwrap();
    let other = model.session().complete("b".repeat(100)).run().unwrap_err();
    assert!(
        matches!(
            other,
            EngineError::CacheFull {
                needed: 2,
                free: 1,
                total: 2
            }
        ),
        "{other}"
    );
    for (bad, name) in [
        (options().batch(0), "batch"),
        (options().context(0), "context"),
    ] {
        let error = bad
            .open(fixture("qwen2-tied.gguf"))
            .unwrap_err()
            .to_string();
        assert!(error.starts_with(&format!("{name} = 0")), "{error}");
    }
    let threads = options()
        .threads(0)
        .open(fixture("qwen2-tied.gguf"))
        .unwrap_err()
        .to_string();
    assert_eq!(threads, "threads: 0, expected 1 to 1024");
    let isa = options()
        .isa("mmx")
        .open(fixture("qwen2-tied.gguf"))
        .unwrap_err()
        .to_string();
    assert!(isa.contains("mmx") && isa.contains("portable"), "{isa}");
}

#[test]
fn loading_reports_and_can_be_cancelled() {
    let mut seen = Vec::new();
    options()
        .open_with(fixture("qwen2-tied.gguf"), |p| {
            seen.push((p.done, p.total));
            true
        })
        .unwrap();
    assert!(seen.is_sorted());
    assert_eq!(seen.last().map(|(done, total)| done == total), Some(true));
    let mut calls = 0;
    let stopped = options().open_with(fixture("qwen2-tied.gguf"), |_| {
        calls += 1;
        calls < 3
    });
    assert_eq!(stopped.unwrap_err().to_string(), "cancelled");
    assert_eq!(calls, 3);
}

/// A model without a tokenizer still has logits.
#[test]
fn a_directory_without_a_tokenizer() {
    let model = options().open(fixture("llama-odd")).unwrap();
    assert_eq!(model.logits(&[1, 2, 3]).unwrap().len(), 131);
    assert!(matches!(
        model.session().complete("a").run(),
        Err(EngineError::NoTokenizer)
    ));
}
