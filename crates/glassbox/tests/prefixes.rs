//! The prefix cache: laws 2 (what is cached is what would be computed) and 5 (pages come back).

mod support;

use glassbox::{KvType, Model, Reply, Session};
use support::{bits, endless, fixture, options};

fn prompt(n: usize, last: char) -> String {
    let text: String = ('0'..='9').cycle().take(n - 1).collect();
    format!("{text}{last}")
}

fn reply(session: &mut Session, prompt: &str, tokens: usize) -> Reply {
    let ask = session.complete(prompt).temperature(0.9).seed(3);
    let ask = ask.logprobs(0).max_tokens(tokens);
    ask.with(endless).run().unwrap()
}

#[test]
fn another_session_finds_what_one_left() {
    for (file, kv) in [
        ("qwen2-tied.gguf", KvType::Half),
        ("llama-untied.gguf", KvType::F32),
    ] {
        let open = || {
            options()
                .cache(2048)
                .kv_type(kv)
                .open(fixture(file))
                .unwrap()
        };
        let alone = |prompt: &str| reply(&mut open().session(), prompt, 80);
        let model = open();
        let all = model.engine().free_pages();
        let first = reply(&mut model.session(), &prompt(200, '1'), 80);
        assert_eq!(first.usage.cached_tokens, 0);
        assert_eq!(model.engine().free_pages(), all);
        // Three whole pages of it are the same, and the last token is always computed.
        for (n, last, cached) in [
            (200, '1', 192),
            (200, '2', 192),
            (191, '5', 128),
            (191, '0', 128),
            (193, '7', 192),
        ] {
            let again = reply(&mut model.session(), &prompt(n, last), 80);
            assert_eq!(again.usage.cached_tokens, cached, "{n} {last}");
            assert_eq!(
                again.usage.hit_and_missed(),
                (cached, again.usage.prompt_tokens - cached)
            );
            assert_eq!(bits(&again), bits(&alone(&prompt(n, last))), "{n} {last}");
        }
        // What a reply wrote is known too.
        let long = format!("{}{}", prompt(200, '1'), &first.text[..50]);
        let cached = reply(&mut model.session(), &long, 1).usage.cached_tokens;
        assert_eq!(cached, 192 + 64 * usize::from(cached > 192), "{cached}");
        model.engine().forget_prefixes();
        let none = reply(&mut model.session(), &prompt(200, '1'), 1);
        assert_eq!(none.usage.cached_tokens, 0);
    }
}

#[test]
fn a_page_that_others_have_is_copied_before_it_is_written() {
    let model = support::model();
    let mut one = model.session();
    let first = reply(&mut one, &prompt(100, 'x'), 90);
    // Both forks leave the shared sequence within its second page, each by its own way.
    let (mut left, mut right) = (one.fork(), one.fork());
    let by = |session: &mut Session, last: char| bits(&reply(session, &prompt(80, last), 90));
    let (a, b) = (by(&mut left, 'A'), by(&mut right, 'B'));
    let alone = |last: char| by(&mut support::model().session(), last);
    assert_eq!((a, b), (alone('A'), alone('B')));
    let again = reply(&mut one, &prompt(100, 'x'), 90);
    assert_eq!(again.usage.cached_tokens, 99);
    assert_eq!(bits(&again), bits(&first));
}

#[test]
fn tenants_share_nothing() {
    let options = options().cache(2048);
    let model = options.open(fixture("qwen2-tied.gguf")).unwrap();
    let cached = |tenant: &str| {
        let mut session = model.session();
        session.set_tenant(tenant);
        reply(&mut session, &prompt(200, '1'), 1)
            .usage
            .cached_tokens
    };
    let seen = ["a", "b", "", "a", "b", ""].map(cached);
    assert_eq!(seen, [0, 0, 0, 192, 192, 192]);
}

#[test]
fn pages_kept_for_later_give_way() {
    let model: Model = options()
        .context(256)
        .open(fixture("qwen2-tied.gguf"))
        .unwrap();
    let engine = model.engine();
    for last in 'a'..='j' {
        reply(&mut model.session(), &prompt(150, last), 60);
        assert_eq!(engine.free_pages(), 4);
    }
    // The prompt was never longest unused.
    let again = reply(&mut model.session(), &prompt(150, 'j'), 60);
    assert_eq!(again.usage.cached_tokens, 128);
}
