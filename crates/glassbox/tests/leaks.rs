//! Whatever is asked, cut, cancelled, forked and dropped: all pages come back.

use glassbox::{At, Budget, Cancel, EngineError, Group, Model, Reply, Session, Stream};

const SESSIONS: usize = 1000;
const PAGES: usize = 96;
const QUESTIONS: [&str; 4] = [
    "What is 12 + 30?",
    "What is 47 * 36?",
    "Tom has 3 apples and buys 4. How many apples are there?",
    "Is 91 a prime?",
];

/// Numbers that look random and are the same in each run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(1);
        (self.0 >> 33) as usize % n
    }
}

/// Sessions and replies that are there for a while.
#[derive(Default)]
struct Kept {
    sessions: Vec<Session>,
    replies: Vec<Reply>,
    cancelled: usize,
    dropped: usize,
    full: usize,
    branches: usize,
}

impl Kept {
    /// Starts a reply of some kind.
    fn begin(&mut self, mut session: Session, dice: &mut Dice, cancel: &Cancel) -> Stream<'static> {
        let question = QUESTIONS[dice.below(4)];
        let mut budget = Budget::default();
        budget.max_thinking = 1 + dice.below(20);
        budget.min_thinking = dice.below(budget.max_thinking);
        budget.closing = ["", "Time is up."][dice.below(2)].to_owned();
        let reply = match self.replies.is_empty() {
            true => None,
            false => Some(self.replies[dice.below(self.replies.len())].clone()),
        };
        if let (Some(reply), 0..2) = (reply, dice.below(4)) {
            // A branch of any reply, in any session. It is read first, and written by a fork.
            let at = At::Token(dice.below(reply.tokens.len() + 1));
            let branch = session.fork_at(&reply, at).unwrap();
            let read = branch
                .max_tokens(reply.tokens.len() + 2)
                .budget(budget)
                .run();
            self.branches += 1;
            self.keep(read);
            self.sessions.push(session.fork());
        }
        if dice.below(5) == 0 {
            session.set_tenant(["a", "b"][dice.below(2)]);
        }
        let ask = session.into_ask(question).cancel(cancel);
        let ask = ask.temperature(0.9).seed(dice.below(100) as u64);
        let ask = ask
            .max_tokens(1 + dice.below(24))
            .speculate(dice.below(2) == 0);
        ask.stream().unwrap()
    }

    fn keep(&mut self, reply: Result<Reply, EngineError>) {
        match reply {
            Ok(reply) => self.replies.push(reply),
            Err(EngineError::CacheFull { .. }) => self.full += 1,
            Err(other) => panic!("{other}"),
        }
    }

    /// Writes some of it, and ends it in one of all the ways.
    fn write(&mut self, mut stream: Stream<'_>, dice: &mut Dice, cancel: &Cancel) {
        for _ in 0..dice.below(12) {
            match stream.next() {
                Some(Ok(_)) => {}
                Some(Err(EngineError::CacheFull { .. })) => self.full += 1,
                Some(Err(other)) => panic!("{other}"),
                None => break,
            }
        }
        match dice.below(4) {
            0 => {
                self.dropped += 1;
                drop(stream);
            }
            1 => {
                cancel.cancel();
                self.cancelled += 1;
                for event in stream.by_ref() {
                    event.unwrap();
                }
                self.keep(stream.finish());
            }
            _ => self.keep(stream.finish()),
        }
    }
}

#[test]
fn a_thousand_sessions_leave_no_page_behind() {
    let options = Model::options().threads(2).batch(32).context(512);
    let model = options.cache(64 * PAGES).open_tiny().unwrap();
    let engine = model.engine();
    assert_eq!(engine.free_pages(), PAGES);
    let (mut dice, mut kept) = (Dice(7), Kept::default());
    let mut begun = 0;
    while begun < SESSIONS {
        let n = [1, 1, 1, 1 + dice.below(6)][dice.below(4)];
        begun += n;
        let (mut group, mut cancels) = (Group::new(engine), Vec::new());
        for i in 0..n {
            let session = match kept.sessions.is_empty() || dice.below(3) == 0 {
                true => model.session(),
                false => kept.sessions[dice.below(kept.sessions.len())].fork(),
            };
            let cancel = Cancel::new();
            let stream = kept.begin(session, &mut dice, &cancel);
            match n {
                1 => kept.write(stream, &mut dice, &cancel),
                _ => assert_eq!(group.push(stream), i),
            }
            cancels.push(cancel);
        }
        let stop = dice.below(60);
        for (events, (i, event)) in (&mut group).enumerate() {
            if !matches!(event, Ok(_) | Err(EngineError::CacheFull { .. })) {
                panic!("{event:?}");
            }
            if dice.below(9) == 0 {
                cancels[i].cancel();
            }
            if dice.below(9) == 0 || events > stop {
                break;
            }
        }
        for (i, cancel) in cancels.iter().enumerate() {
            if let Some(stream) = group.remove(i) {
                kept.write(stream, &mut dice, cancel);
            }
        }
        drop(group);
        // Old ones go, so that others have room.
        while kept.sessions.len() > 12 {
            let gone = dice.below(kept.sessions.len());
            kept.sessions.swap_remove(gone);
        }
        kept.replies.drain(..kept.replies.len().saturating_sub(20));
    }
    let counts = [kept.cancelled, kept.dropped, kept.branches];
    assert!(counts.iter().all(|&count| count > 50), "{counts:?}");
    let used = PAGES - engine.free_pages();
    assert!(used > 0, "sessions hold pages");
    drop(kept);
    assert_eq!(engine.free_pages(), PAGES);
    engine.forget_prefixes();
    assert_eq!(engine.free_pages(), PAGES);
}
