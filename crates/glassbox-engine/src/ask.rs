use crate::certificate::tokenizer_hash;
use crate::guess::Guess;
use crate::reply::{Origin, Rules};
use crate::session::Lent;
use crate::writing::Start;
use crate::{Budget, Cancel, Constraint, Engine, EngineError, OnLoop, Reply, Stream};
use glassbox_sampling::{Chain, Sampled, Sampler, SamplingParams};
use glassbox_text::{Message, PromptOptions, Special, TextError, Thinking};
use glassbox_trace::Start as Opening;

/// A question, with everything that decides its reply.
///
/// Without further ado it follows the R1 usage notes: temperature 0.6, top-p 0.95, thinking on.
#[must_use = "a question does nothing until it is run or streamed"]
pub struct Ask<'s> {
    session: Lent<'s>,
    prompt: Prompt,
    params: SamplingParams,
    chain: Option<Chain>,
    thinking: Thinking,
    budget: Budget,
    constraint: Option<Constraint>,
    on_loop: OnLoop,
    guess: Guess,
    max_tokens: Option<usize>,
    cancel: Cancel,
}

/// Checks the limits of a reply before there is a model to ask, as [`Ask::stream`] does.
///
/// # Errors
/// [`EngineError::Option`] for a limit that is 0 or above 2²⁴.
pub fn check_limits(max_tokens: Option<usize>, budget: &Budget) -> Result<(), EngineError> {
    const MAX: usize = 1 << 24;
    let limits = [
        ("max_tokens", max_tokens.unwrap_or(MAX)),
        ("max_thinking", budget.max_thinking),
        ("max_answer", budget.max_answer),
        ("min_thinking", budget.min_thinking.max(1)),
    ];
    for (option, got) in limits {
        let expected = match (got, option) {
            (1..=MAX, _) => continue,
            (0, "max_thinking") => "at least 1; thinking is switched off by Thinking::Off",
            _ => "1 to 16,777,216",
        };
        return Err(EngineError::Option {
            option,
            got,
            expected,
        });
    }
    if budget.min_thinking > budget.max_thinking {
        return Err(EngineError::Option {
            option: "min_thinking",
            got: budget.min_thinking,
            expected: "at most max_thinking",
        });
    }
    Ok(())
}

enum Prompt {
    Turn(Message),
    Raw(String),
    /// A prompt that was, and what is kept of its reply.
    Again(Origin, Vec<Sampled>),
}

impl<'s> Ask<'s> {
    fn new(session: Lent<'s>, prompt: Prompt) -> Self {
        Ask {
            session,
            prompt,
            params: SamplingParams::default(),
            chain: None,
            thinking: Thinking::On,
            budget: Budget::default(),
            constraint: None,
            on_loop: OnLoop::default(),
            guess: Guess::Nothing,
            max_tokens: None,
            cancel: Cancel::new(),
        }
    }

    pub(crate) fn turn(session: Lent<'s>, message: Message) -> Self {
        Ask::new(session, Prompt::Turn(message))
    }

    pub(crate) fn raw(session: Lent<'s>, text: String) -> Self {
        Ask::new(session, Prompt::Raw(text))
    }

    pub(crate) fn again(session: Lent<'s>, origin: Origin, kept: Vec<Sampled>) -> Self {
        Ask::new(session, Prompt::Again(origin, kept))
    }

    /// Replaces all sampling parameters.
    pub fn sampling(mut self, params: SamplingParams) -> Self {
        self.params = params;
        self
    }

    /// Changes sampling parameters one by one.
    pub fn with(mut self, change: impl FnOnce(&mut SamplingParams)) -> Self {
        change(&mut self.params);
        self
    }

    /// Always takes the most likely token.
    pub fn greedy(self) -> Self {
        self.with(|p| (p.temperature, p.top_p) = (0.0, 1.0))
    }

    /// Divides the logits; 0 is greedy.
    pub fn temperature(self, temperature: f64) -> Self {
        self.with(|p| p.temperature = temperature)
    }

    /// Samples from the fewest best tokens whose probabilities reach this sum.
    pub fn top_p(self, top_p: f64) -> Self {
        self.with(|p| p.top_p = top_p)
    }

    /// The seed: the same seed gives the same reply.
    pub fn seed(self, seed: u64) -> Self {
        self.with(|p| p.seed = seed)
    }

    /// Reports the log-probability of each token, and of this many of the most likely ones.
    pub fn logprobs(self, top: u32) -> Self {
        self.with(|p| p.logprobs = Some(top))
    }

    /// Samples through a chain of the program's own instead of the default one.
    pub fn chain(mut self, chain: Chain) -> Self {
        self.chain = Some(chain);
        self
    }

    /// Whether the model reasons before it answers.
    pub fn thinking(mut self, thinking: Thinking) -> Self {
        self.thinking = thinking;
        self
    }

    /// Replaces the whole budget.
    pub fn budget(mut self, budget: Budget) -> Self {
        self.budget = budget;
        self
    }

    /// Closes the reasoning after this many tokens, so that an answer still follows.
    pub fn max_thinking(mut self, tokens: usize) -> Self {
        self.budget.max_thinking = tokens;
        self
    }

    /// Lets the reasoning go on with "Wait" where it would close after fewer tokens.
    pub fn min_thinking(mut self, tokens: usize) -> Self {
        self.budget.min_thinking = tokens;
        self
    }

    /// Ends the reply after this many tokens of answer.
    pub fn max_answer(mut self, tokens: usize) -> Self {
        self.budget.max_answer = tokens;
        self
    }

    /// Binds the answer, which begins after the reasoning.
    pub fn constrain(mut self, constraint: impl Into<Option<Constraint>>) -> Self {
        self.constraint = constraint.into();
        self
    }

    /// What is done about a reasoning that says the same again and again.
    pub fn on_loop(mut self, policy: OnLoop) -> Self {
        self.on_loop = policy;
        self
    }

    /// Ends the reply after this many tokens, thinking included; else the context's end does.
    pub fn max_tokens(mut self, tokens: usize) -> Self {
        self.max_tokens = Some(tokens);
        self
    }

    /// Guesses tokens from what was written before, and computes several in one batch. The reply is
    /// the same to the bit; it is written faster where it repeats itself or its prompt. Guessing
    /// pauses where it does not pay. A [`Group`](crate::Group) does not guess.
    pub fn speculate(mut self, speculate: bool) -> Self {
        self.guess = match speculate {
            true => Guess::Lookup,
            false => Guess::Nothing,
        };
        self
    }

    /// As [`speculate`](Self::speculate), but another model guesses: a smaller one of the same
    /// tokenizer, which also takes the prompt in.
    pub fn draft(mut self, model: &Engine) -> Self {
        self.guess = Guess::Draft(model.clone());
        self
    }

    /// A switch that stops the reply from outside.
    pub fn cancel(mut self, cancel: &Cancel) -> Self {
        self.cancel = cancel.clone();
        self
    }

    /// Writes the whole reply.
    pub fn run(self) -> Result<Reply, EngineError> {
        let mut stream = self.stream()?;
        for event in &mut stream {
            event?;
        }
        stream.finish()
    }

    /// Starts the reply: an iterator of events, which computes as it is read.
    ///
    /// # Errors
    /// Options out of range, a template that refuses the conversation, a prompt longer than the
    /// context. Nothing is computed yet.
    pub fn stream(self) -> Result<Stream<'s>, EngineError> {
        check_limits(self.max_tokens, &self.budget)?;
        let engine = self.session.engine.clone();
        let (origin, kept) = match self.prompt {
            Prompt::Turn(message) => {
                let before = self.session.messages.clone();
                let mut messages = before.clone();
                messages.push(message.clone());
                let mut options = PromptOptions::default();
                options.thinking = self.thinking;
                let prompt = engine.chat()?.prompt(&messages, &options)?;
                let closed = prompt.text.trim_end().ends_with("</think>");
                let opening = match (prompt.primed, closed) {
                    (true, _) => Opening::Primed,
                    (false, true) => Opening::AfterReasoning,
                    (false, false) => Opening::Outside,
                };
                let origin = Origin {
                    ids: prompt.ids,
                    opening,
                    turn: Some((before, message)),
                };
                (origin, Vec::new())
            }
            Prompt::Raw(text) => {
                let ids = engine
                    .tokenizer()?
                    .encode_document(&text, Special::AsText)?;
                let origin = Origin {
                    ids,
                    opening: Opening::Outside,
                    turn: None,
                };
                (origin, Vec::new())
            }
            Prompt::Again(origin, kept) => (origin, kept),
        };
        engine.check_ids(&origin.ids)?;
        if let Guess::Draft(draft) = &self.guess
            && tokenizer_hash(draft.tokenizer()?) != tokenizer_hash(engine.tokenizer()?)
        {
            return Err(EngineError::DraftTokenizer);
        }
        let (tokens, context) = (origin.ids.len() + kept.len(), engine.context());
        if tokens >= context {
            return Err(TextError::PromptTooLong { tokens, context }.into());
        }
        let rules = Rules {
            own_chain: self.chain.is_some(),
            params: self.params,
            budget: self.budget,
            constraint: self.constraint,
            on_loop: self.on_loop,
            max_tokens: self.max_tokens.unwrap_or(usize::MAX),
        };
        let mut sampler = match self.chain {
            Some(chain) => Sampler::with_chain(&rules.params, chain, engine.vocab())?,
            None => Sampler::new(&rules.params, engine.vocab())?,
        };
        sampler.accept_prompt(&origin.ids)?;
        let start = Start {
            origin,
            kept,
            sampler,
            rules,
            guess: self.guess,
            cancel: self.cancel,
        };
        Stream::new(self.session, start)
    }
}
