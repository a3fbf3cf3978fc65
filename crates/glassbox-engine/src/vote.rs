use crate::{Ask, Cancel, Constraint, EngineError, Group, OnLoop, Reply, Session};
use glassbox_sampling::SamplingParams;
use glassbox_text::Thinking;
use glassbox_trace::equal_answers;

/// The same question to several branches, which vote on the answer.
///
/// The prompt is computed once. Branch `i` is sampled with the seed `seed + i`, so that each can be
/// had again alone.
#[must_use = "a vote does nothing until it is run"]
pub struct Vote<'s> {
    session: &'s mut Session,
    text: String,
    n: usize,
    at_once: usize,
    params: SamplingParams,
    budget: crate::Budget,
    thinking: Thinking,
    max_tokens: Option<usize>,
    constraint: Option<Constraint>,
    on_loop: OnLoop,
    weight: Weight,
    error: Option<f64>,
    cancel: Cancel,
}

/// What a vote counts for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Weight {
    /// Each the same.
    #[default]
    Equal,
    /// The geometric mean of the probabilities of a reply's tokens.
    Confidence,
}

/// The result of a vote.
#[derive(Debug)]
#[non_exhaustive]
pub struct Poll {
    /// All replies that were begun, in the order of their seeds. Those that were stopped because
    /// the lead was safe are cancelled ones.
    pub replies: Vec<Reply>,
    /// The answers, each with those that are [equal](equal_answers) to it, the one with the most weight first; where two have the same, the one that was
    /// given first.
    pub choices: Vec<Choice>,
    /// Branches that were asked for.
    pub n: usize,
    /// Whether the lead was safe before all had answered.
    pub stopped_early: bool,
    /// Tokens that were written.
    pub tokens: usize,
    /// Tokens that were saved by stopping early, as far as that can be told: the mean of the
    /// finished replies, for each that was not finished, less what was written of it.
    pub tokens_saved: usize,
}

/// One answer and who gave it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Choice {
    /// The answer, as the first of them wrote it.
    pub answer: String,
    /// The sum of the weights.
    pub weight: f64,
    /// Indices of the replies.
    pub replies: Vec<usize>,
}

impl Poll {
    /// The answer that won; `None` when there was none at all.
    pub fn answer(&self) -> Option<&str> {
        self.choices.first().map(|choice| &*choice.answer)
    }

    /// The first reply with the answer that won.
    pub fn reply(&self) -> Option<&Reply> {
        self.replies.get(*self.choices.first()?.replies.first()?)
    }
}

impl Session {
    /// Prepares a question to `n` branches. Without further ado they are sampled at temperature
    /// 0.6, all are heard, and the majority wins.
    pub fn ask_many(&mut self, text: impl Into<String>, n: usize) -> Vote<'_> {
        Vote {
            session: self,
            text: text.into(),
            n,
            at_once: 8,
            params: SamplingParams::default(),
            budget: crate::Budget::default(),
            thinking: Thinking::On,
            max_tokens: None,
            constraint: None,
            on_loop: OnLoop::default(),
            weight: Weight::default(),
            error: None,
            cancel: Cancel::new(),
        }
    }
}

impl Vote<'_> {
    /// Replaces all sampling parameters.
    pub fn sampling(mut self, params: SamplingParams) -> Self {
        self.params = params;
        self
    }

    /// Replaces the budget of each branch.
    pub fn budget(mut self, budget: crate::Budget) -> Self {
        self.budget = budget;
        self
    }

    /// Whether the branches reason before they answer.
    pub fn thinking(mut self, thinking: Thinking) -> Self {
        self.thinking = thinking;
        self
    }

    /// Ends each branch after this many tokens, thinking included.
    pub fn max_tokens(mut self, tokens: usize) -> Self {
        self.max_tokens = Some(tokens);
        self
    }

    /// Binds the answers, which begin after the reasoning.
    pub fn constrain(mut self, constraint: impl Into<Option<Constraint>>) -> Self {
        self.constraint = constraint.into();
        self
    }

    /// What is done about a reasoning that says the same again and again.
    pub fn on_loop(mut self, policy: OnLoop) -> Self {
        self.on_loop = policy;
        self
    }

    /// Branches that are written at once, 8 where nothing is said.
    pub fn at_once(mut self, branches: usize) -> Self {
        self.at_once = branches;
        self
    }

    /// What each vote counts for.
    pub fn weight(mut self, weight: Weight) -> Self {
        self.weight = weight;
        self
    }

    /// Stops when the answer that leads would win among ever more branches, but for a chance of
    /// `error`, such as 0.05. (Adaptive consistency, arXiv 2305.11860: the chance that the second
    /// is in truth as frequent as the first, by the votes of the two and a flat prior. Each vote
    /// counts as one, whatever its weight.)
    pub fn stop_early(mut self, error: f64) -> Self {
        self.error = Some(error);
        self
    }

    /// A switch that stops all branches from outside.
    pub fn cancel(mut self, cancel: &Cancel) -> Self {
        self.cancel = cancel.clone();
        self
    }

    /// Asks them. The conversation goes on with the first reply that gave the answer that won.
    ///
    /// # Errors
    /// Those of a single question, an error bound outside 0 to 0.5, and no branches at all.
    pub fn run(mut self) -> Result<Poll, EngineError> {
        let limits = [("n", self.n), ("at_once", self.at_once)];
        for (option, got) in limits {
            if !(1..=1 << 16).contains(&got) {
                return Err(EngineError::Option {
                    option,
                    got,
                    expected: "1 to 65,536",
                });
            }
        }
        if let Some(got) = self.error.filter(|e| !(*e > 0.0 && *e < 0.5)) {
            return Err(EngineError::ErrorBound { got });
        }
        if self.weight == Weight::Confidence {
            self.params.logprobs = self.params.logprobs.or(Some(0));
        }
        // The branches find the prompt in the session that they are forks of.
        self.branch(self.session.fork(), 0)
            .stream()?
            .read_prompt(self.session)?;
        let mut group = Group::new(self.session.engine());
        let mut begun = 0;
        let mut replies: Vec<Option<Reply>> = (0..self.n).map(|_| None).collect();
        let mut tally = Tally::default();
        let mut writing = Vec::new();
        let stopped_early = loop {
            while begun < self.n && writing.len() < self.at_once {
                let ask = self.branch(self.session.fork(), begun);
                group.push(ask.stream()?);
                writing.push(begun);
                begun += 1;
            }
            let Some((index, event)) = group.next() else {
                break false;
            };
            if !matches!(event?, crate::Event::Done(_)) {
                continue;
            }
            writing.retain(|&i| i != index);
            let Some(stream) = group.remove(index) else {
                continue;
            };
            let reply = stream.finish()?;
            // A bound answer is one as a whole.
            let answer = match self.constraint {
                Some(_) => reply.trace.content.as_deref(),
                None => reply.answer(),
            };
            tally.count(index, answer, &reply, self.weight);
            replies[index] = Some(reply);
            let heard = replies.iter().flatten().count();
            if heard < self.n && self.error.is_some_and(|error| tally.is_safe(error)) {
                break true;
            }
        };
        let finished: Vec<usize> = replies.iter().flatten().map(|r| r.tokens.len()).collect();
        for index in writing {
            if let Some(stream) = group.remove(index) {
                replies[index] = Some(stream.finish()?);
            }
        }
        let replies: Vec<Reply> = replies.into_iter().flatten().collect();
        let tokens = replies.iter().map(|reply| reply.tokens.len()).sum();
        let all = finished.iter().sum::<usize>() * self.n / finished.len().max(1);
        let poll = Poll {
            replies,
            choices: tally.choices(),
            n: self.n,
            stopped_early,
            tokens,
            tokens_saved: if stopped_early {
                all.saturating_sub(tokens)
            } else {
                0
            },
        };
        if let Some(reply) = poll.reply() {
            self.session.remember(reply);
        }
        Ok(poll)
    }

    fn branch(&self, session: Session, index: usize) -> Ask<'static> {
        let mut params = self.params.clone();
        params.seed = params.seed.wrapping_add(index as u64);
        let mut ask = session
            .into_ask(self.text.clone())
            .sampling(params)
            .budget(self.budget.clone())
            .constrain(self.constraint.clone())
            .on_loop(self.on_loop)
            .thinking(self.thinking)
            .cancel(&self.cancel);
        if let Some(tokens) = self.max_tokens {
            ask = ask.max_tokens(tokens);
        }
        ask
    }
}

/// The votes so far.
#[derive(Debug, Default)]
struct Tally(Vec<Choice>);

impl Tally {
    /// A reply without an answer has no vote.
    fn count(&mut self, index: usize, answer: Option<&str>, reply: &Reply, weight: Weight) {
        if let Some(answer) = answer {
            let weight = match weight {
                Weight::Equal => 1.0,
                Weight::Confidence => confidence(reply),
            };
            self.add(index, answer, weight);
        }
    }

    fn add(&mut self, index: usize, answer: &str, weight: f64) {
        match self.0.iter_mut().find(|c| equal_answers(&c.answer, answer)) {
            Some(choice) => {
                choice.weight += weight;
                choice.replies.push(index);
                choice.replies.sort_unstable();
            }
            None => self.0.push(Choice {
                answer: answer.to_owned(),
                weight,
                replies: vec![index],
            }),
        }
    }

    fn is_safe(&self, error: f64) -> bool {
        let mut votes: Vec<usize> = self.0.iter().map(|choice| choice.replies.len()).collect();
        votes.sort_unstable_by(|a, b| b.cmp(a));
        let first = votes.first().copied().unwrap_or(0);
        let second = votes.get(1).copied().unwrap_or(0);
        overtaken(first, second) <= error
    }

    fn choices(mut self) -> Vec<Choice> {
        self.0.sort_by(|a, b| {
            let weights = b.weight.total_cmp(&a.weight);
            weights.then(a.replies.cmp(&b.replies))
        });
        self.0
    }
}

/// The chance that an answer with `first` votes is less frequent than one with `second`, of the
/// two: the mass of Beta(first + 1, second + 1) below one half, which is that of a binomial.
fn overtaken(first: usize, second: usize) -> f64 {
    let n = first + second + 1;
    // C(n, k) / 2^n, from k = 0 on; it underflows only where the sum has long been 0 or 1.
    let mut term = 0.5f64.powi(n as i32);
    let mut above = 0.0;
    for k in 0..=n {
        if k > first {
            above += term;
        }
        term *= (n - k) as f64 / (k + 1) as f64;
    }
    above
}

/// The geometric mean of the probabilities of what was sampled.
fn confidence(reply: &Reply) -> f64 {
    let logprobs: Vec<f64> = reply
        .tokens
        .iter()
        .filter_map(|token| token.logprob)
        .map(f64::from)
        .collect();
    (logprobs.iter().sum::<f64>() / logprobs.len().max(1) as f64).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lead_is_safe_by_the_beta_posterior() {
        // Beta(a + 1, b + 1) below 1/2, from exact sums of binomial coefficients.
        for (first, second, chance) in [
            (0, 0, 0.5),
            (1, 0, 0.25),
            (4, 0, 0.03125),
            (3, 1, 0.1875),
            (5, 2, 0.14453125),
            (9, 3, 0.046142578125),
            (200, 100, 2.986775354002092e-09),
        ] {
            let ours = overtaken(first, second);
            assert!(
                (ours - chance).abs() <= 1e-12 * chance,
                "{first} {second}: {ours}"
            );
        }
        let mut tally = Tally::default();
        for (i, answer) in ["42", "$42$", "7", "84/2"].iter().enumerate() {
            tally.add(i, answer, 1.0);
        }
        assert!(!tally.is_safe(0.05) && tally.is_safe(0.2));
        let choices = tally.choices();
        assert_eq!(
            (&*choices[0].answer, &*choices[0].replies),
            ("42", &[0, 1, 3][..])
        );
        assert_eq!(choices.len(), 2);
    }

    #[test]
    fn weight_decides_before_number() {
        let mut tally = Tally::default();
        for (i, (answer, weight)) in [("1", 0.3), ("1", 0.3), ("2", 0.7)].into_iter().enumerate() {
            tally.add(i, answer, weight);
        }
        assert_eq!(tally.choices()[0].answer, "2");
    }
}
