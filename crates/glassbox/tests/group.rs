//! Several replies in one batch: law 2 (each is what it would be alone), fairness, a full cache.

mod support;

use glassbox::{Cancel, EngineError, Event, Group, Model, Reply, Session, StopReason};
use support::{PROMPT, bits, endless, fixture, options};

/// The `i`-th of some questions that differ in all that they can.
fn ask(session: &mut Session, i: usize) -> glassbox::Ask<'_> {
    let prompt = PROMPT.chars().cycle().skip(5 * i).take(11 + 37 * i);
    let ask = session.complete(prompt.collect::<String>());
    let ask = ask.temperature(0.9).seed(i as u64).logprobs(0);
    ask.max_tokens(20 + 7 * i).with(endless)
}

fn alone(i: usize) -> Reply {
    ask(&mut support::model().session(), i).run().unwrap()
}

fn together(model: &Model, n: usize) -> Vec<Result<Reply, EngineError>> {
    let mut sessions: Vec<Session> = (0..n).map(|_| model.session()).collect();
    let mut group = Group::new(model.engine());
    for (i, session) in sessions.iter_mut().enumerate() {
        assert_eq!(group.push(ask(session, i).stream().unwrap()), i);
    }
    group.run()
}

#[test]
fn each_is_what_it_would_be_alone() {
    let expected: Vec<_> = (0..8).map(|i| bits(&alone(i))).collect();
    for (batch, threads, n) in [(512, 1, 8), (1, 1, 3), (5, 2, 8), (64, 4, 8), (100, 3, 5)] {
        for table in glassbox::Kernels::available() {
            let options = options().batch(batch).threads(threads).isa(table.name());
            let model = options
                .cache(4096)
                .open(fixture("qwen2-tied.gguf"))
                .unwrap();
            for (i, reply) in together(&model, n).into_iter().enumerate() {
                let reply = reply.unwrap();
                assert_eq!(bits(&reply), expected[i], "{i} of {n}, {batch}, {threads}");
            }
            assert_eq!(model.engine().free_pages(), 64);
        }
    }
}

#[test]
fn those_that_end_together_are_all_told_of() {
    let model = support::model();
    let mut sessions: Vec<Session> = (0..3).map(|_| model.session()).collect();
    let mut group = Group::new(model.engine());
    for session in &mut sessions {
        let ask = session.complete(PROMPT).greedy().with(endless);
        group.push(ask.max_tokens(5).stream().unwrap());
    }
    let told = group.by_ref().map(|(i, event)| (i, event.unwrap()));
    let done = told.filter(|(_, event)| matches!(event, Event::Done(_)));
    let mut ended: Vec<usize> = done.map(|(i, _)| i).collect();
    ended.sort_unstable();
    assert_eq!(ended, [0, 1, 2]);
}

#[test]
fn they_take_turns() {
    let model = options()
        .cache(4096)
        .batch(32)
        .open(fixture("qwen2-tied.gguf"))
        .unwrap();
    let mut sessions: Vec<Session> = (0..4).map(|_| model.session()).collect();
    let mut group = Group::new(model.engine());
    for session in &mut sessions {
        let ask = session
            .complete(PROMPT)
            .greedy()
            .with(endless)
            .max_tokens(40);
        group.push(ask.stream().unwrap());
    }
    let mut written = [0usize; 4];
    for (i, event) in &mut group {
        if let Event::Answer(text) = event.unwrap() {
            written[i] += text.len();
        }
        let all = written.iter();
        let (least, most) = (all.clone().min().unwrap(), all.max().unwrap());
        // A character is a token here, and whitespace is held back.
        assert!(most - least <= 8, "{written:?}");
    }
    assert!(written.iter().all(|&n| n > 30), "{written:?}");
}

#[test]
fn where_the_cache_is_full_they_wait() {
    // Room for the longest alone, and a little: eight replies need 41 pages.
    for pages in [6, 7, 9, 13, 20] {
        let options = options().context(384).cache(64 * pages).batch(48);
        let model = options.open(fixture("qwen2-tied.gguf")).unwrap();
        for (i, reply) in together(&model, 8).into_iter().enumerate() {
            assert_eq!(bits(&reply.unwrap()), bits(&alone(i)), "{i}, {pages} pages");
        }
        assert_eq!(model.engine().free_pages(), pages);
    }
}

#[test]
fn what_cannot_fit_fails_and_the_others_go_on() {
    let model = options()
        .cache(256)
        .open(fixture("qwen2-tied.gguf"))
        .unwrap();
    let replies = together(&model, 8);
    for (i, reply) in replies.into_iter().enumerate() {
        let needed = (11 + 37 * i + 20 + 7 * i - 1).div_ceil(64);
        match reply {
            Ok(reply) => assert_eq!(bits(&reply), bits(&alone(i)), "{i}"),
            Err(EngineError::CacheFull { total: 4, .. }) => assert!(needed > 4, "{i}"),
            Err(other) => panic!("{other}"),
        }
        assert!(needed <= 4 || i > 4, "{i}");
    }
    assert_eq!(model.engine().free_pages(), 4);
}

#[test]
fn one_can_be_cancelled_dropped_and_added() {
    let model = options()
        .cache(4096)
        .open(fixture("qwen2-tied.gguf"))
        .unwrap();
    let mut sessions: Vec<Session> = (0..4).map(|_| model.session()).collect();
    let (cancel, mut group) = (Cancel::new(), Group::new(model.engine()));
    let mut sessions = sessions.iter_mut();
    for i in 0..3 {
        let ask = ask(sessions.next().unwrap(), i).cancel(&cancel);
        let ask = if i == 1 {
            ask
        } else {
            ask.cancel(&Cancel::new())
        };
        group.push(ask.stream().unwrap());
    }
    let mut events = 0;
    for (i, event) in &mut group {
        event.unwrap();
        events += usize::from(i == 1);
        if events == 3 {
            break;
        }
    }
    cancel.cancel();
    drop(group.remove(0).unwrap());
    assert!(group.remove(0).is_none());
    let late = group.push(ask(sessions.next().unwrap(), 3).stream().unwrap());
    assert_eq!(late, 3);
    let replies: Vec<Reply> = group.run().into_iter().map(Result::unwrap).collect();
    assert_eq!(replies.len(), 3);
    assert_eq!(replies[0].stop(), StopReason::Cancelled);
    let whole = alone(1);
    assert!(replies[0].tokens.len() < whole.tokens.len());
    assert!(whole.text.starts_with(&replies[0].text));
    assert_eq!(bits(&replies[1]), bits(&alone(2)));
    assert_eq!(bits(&replies[2]), bits(&alone(3)));
}
