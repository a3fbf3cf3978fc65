use super::Problem;
use anyhow::Result;
use glassbox::{Ask, Group, Model, Reply};

/// Replies, in the order of their problems.
pub(super) type Replies = Vec<Reply>;

/// Replies that are written at once.
pub(super) const AT_ONCE: usize = 32;

/// Writes all of them, some at once.
pub(super) fn write<'s>(
    model: &Model,
    asks: impl IntoIterator<Item = Result<Ask<'s>>>,
) -> Result<Replies> {
    let mut asks = asks.into_iter();
    let mut replies = Vec::new();
    loop {
        let mut group = Group::new(model.engine());
        for ask in asks.by_ref().take(AT_ONCE) {
            group.push(ask?.max_tokens(1200).stream()?);
        }
        let before = replies.len();
        for reply in group.run() {
            replies.push(reply?);
        }
        if replies.len() == before {
            return Ok(replies);
        }
    }
}

/// The greedy reply to each problem, by a question that `change` may change.
pub(super) fn greedy(
    model: &Model,
    problems: &[Problem],
    change: impl Fn(Ask<'static>) -> Ask<'static>,
) -> Result<Replies> {
    let asks = problems.iter().map(|problem| {
        let ask = model.session().into_ask(problem.question.as_str());
        Ok(change(ask.greedy()))
    });
    write(model, asks)
}
