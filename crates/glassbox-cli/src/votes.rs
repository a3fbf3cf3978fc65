//! One question to several branches, which vote.

use crate::interrupt;
use crate::json::{self, Params, Setting, TokenJson, UsageJson};
use crate::output::{columns, short};
use crate::reply;
use clap::Args;
use glassbox::text::Tokenizer;
use glassbox::trace::Branch;
use glassbox::{Choice, Poll, Reply, Session, StopReason, Thinking, Trace};
use serde::Serialize;

#[derive(Args)]
pub(crate) struct VoteArgs {
    /// Ask N times, with the seeds from S on, and take the answer that comes most often
    #[arg(
        long,
        value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..=1 << 16),
        conflicts_with_all = ["raw", "speculate", "draft"]
    )]
    pub(crate) votes: Option<u32>,
    /// With --votes: stop when the answer that leads would win among ever more, but for this chance
    #[arg(long, value_name = "P", requires = "votes", value_parser = chance)]
    stop_early: Option<f64>,
}

fn chance(text: &str) -> Result<f64, &'static str> {
    match text.parse() {
        Ok(p) if p > 0.0 && p < 0.5 => Ok(p),
        _ => Err("expected more than 0 and less than 0.5"),
    }
}

impl VoteArgs {
    /// Asks them all. Ctrl-C ends it early: whoever has not answered has no vote. Returns whether
    /// it came, too.
    pub(crate) fn run(
        &self,
        session: &mut Session,
        prompt: &str,
        params: &Params,
    ) -> anyhow::Result<(Poll, bool)> {
        let interrupt = interrupt::guard();
        let n = self.votes.unwrap_or(1) as usize;
        let mut vote = session
            .ask_many(prompt, n)
            .sampling(params.sampling.clone())
            .budget(params.budget())
            .constrain(params.constraint.clone())
            .on_loop(params.on_loop)
            .thinking(match params.thinking {
                true => Thinking::On,
                false => Thinking::Off,
            })
            .cancel(&interrupt.cancel);
        if let Some(tokens) = params.max_tokens {
            vote = vote.max_tokens(tokens);
        }
        if let Some(error) = self.stop_early {
            vote = vote.stop_early(error);
        }
        let poll = vote.run()?;
        Ok((poll, interrupt.cancel.is_cancelled()))
    }
}

/// The seed of a branch.
fn seed(params: &Params, branch: usize) -> u64 {
    params.sampling.seed.wrapping_add(branch as u64)
}

/// What each branch answered, and how many gave each answer.
pub(crate) fn listing(poll: &Poll, params: &Params) -> String {
    let branch = |(i, branch): (usize, &Reply)| {
        [
            format!("seed {}", seed(params, i)),
            match (branch.stop(), branch.answer()) {
                (StopReason::Cancelled, _) => "no vote".to_owned(),
                (_, Some(answer)) => short(answer, 40),
                (_, None) => "no answer".to_owned(),
            },
            format!("{} tokens", branch.tokens.len()),
            stopped(poll, branch).unwrap_or_default().to_owned(),
        ]
    };
    let branches: Vec<_> = poll.replies.iter().enumerate().map(branch).collect();
    let votes = |choice: &Choice| choice.replies.len();
    let all: usize = poll.choices.iter().map(votes).sum();
    let choice = |choice: &Choice| {
        let votes = votes(choice);
        [short(&choice.answer, 40), format!("{votes} of {all} votes")]
    };
    let choices: Vec<_> = poll.choices.iter().map(choice).collect();
    let choices = match choices.is_empty() {
        true => "no branch gave an answer".to_owned(),
        false => columns(&choices),
    };
    format!("{}\n\n{choices}", columns(&branches))
}

fn stopped(poll: &Poll, branch: &Reply) -> Option<&'static str> {
    match branch.stop() {
        StopReason::Cancelled if poll.stopped_early => Some("stopped, since the lead was safe"),
        _ => reply::cut(branch),
    }
}

/// The last line: branches, tokens, what stopping early saved, the first seed.
pub(crate) fn summary(poll: &Poll, params: &Params) -> String {
    let (begun, n) = (poll.replies.len(), poll.n);
    let saved = match poll.stopped_early {
        true => format!(" · stopped early, about {} tokens saved", poll.tokens_saved),
        false => String::new(),
    };
    let (tokens, seed) = (poll.tokens, params.sampling.seed);
    format!("{begun} of {n} branches · {tokens} tokens{saved} · seed {seed}")
}

/// The branches as a page lists them, the winner as the one that it shows.
pub(crate) fn for_page(poll: &Poll, params: &Params) -> Vec<Branch> {
    let winner = winner(poll);
    let branch = |(i, reply): (usize, &Reply)| Branch {
        label: format!("seed {}", seed(params, i)),
        answer: reply.answer().map(str::to_owned),
        shown: Some(i) == winner,
        ..Branch::default()
    };
    poll.replies.iter().enumerate().map(branch).collect()
}

fn winner(poll: &Poll) -> Option<usize> {
    poll.choices.first()?.replies.first().copied()
}

/// `--json` of a vote.
#[derive(Serialize)]
pub(crate) struct PollJson<'a> {
    model: String,
    prompt: &'a str,
    answer: Option<&'a str>,
    /// The index of the first reply that gave it.
    winner: Option<usize>,
    votes: usize,
    stopped_early: bool,
    tokens: usize,
    tokens_saved: usize,
    choices: Vec<ChoiceJson<'a>>,
    replies: Vec<BranchJson<'a>>,
    /// Those of the first branch; the seed of each of the others is one more.
    params: &'a Params,
    setting: Setting,
}

#[derive(Serialize)]
struct ChoiceJson<'a> {
    answer: &'a str,
    weight: f64,
    replies: &'a [usize],
}

#[derive(Serialize)]
struct BranchJson<'a> {
    seed: u64,
    trace: &'a Trace,
    text: &'a str,
    stop: StopReason,
    usage: UsageJson,
    #[serde(skip_serializing_if = "Option::is_none")]
    tokens: Option<Vec<TokenJson<'a>>>,
}

impl<'a> PollJson<'a> {
    /// With the tokens of each reply where there is a tokenizer.
    pub(crate) fn of(
        model: String,
        prompt: &'a str,
        poll: &'a Poll,
        params: &'a Params,
        setting: Setting,
        tokenizer: Option<&'a Tokenizer>,
    ) -> Self {
        let choice = |choice: &'a Choice| ChoiceJson {
            answer: &choice.answer,
            weight: choice.weight,
            replies: &choice.replies,
        };
        let branch = |(i, reply): (usize, &'a Reply)| BranchJson {
            seed: seed(params, i),
            trace: &reply.trace,
            text: &reply.text,
            stop: reply.stop(),
            usage: (&reply.usage).into(),
            tokens: tokenizer.map(|tokenizer| json::tokens(reply, tokenizer)),
        };
        PollJson {
            model,
            prompt,
            answer: poll.answer(),
            winner: winner(poll),
            votes: poll.n,
            stopped_early: poll.stopped_early,
            tokens: poll.tokens,
            tokens_saved: poll.tokens_saved,
            choices: poll.choices.iter().map(choice).collect(),
            replies: poll.replies.iter().enumerate().map(branch).collect(),
            params,
            setting,
        }
    }
}
