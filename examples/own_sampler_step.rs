//! Samples through a step of one's own: here, one that keeps the model to short tokens.
//!
//! `cargo run --release -p glassbox-examples --example own_sampler_step -- MODEL "Tell me a story."`

use anyhow::{Context as _, Result};
use glassbox::sampling::{Candidates, Chain, Context, Step};
use glassbox::text::Tokenizer;
use glassbox::{Model, SamplingParams};
use std::error::Error;

/// Drops tokens longer than this many bytes, unless that would leave none.
struct ShortTokens {
    tokenizer: Tokenizer,
    longest: usize,
}

impl Step for ShortTokens {
    fn name(&self) -> &str {
        "short_tokens"
    }

    fn apply(
        &self,
        candidates: &mut Candidates,
        _: &Context<'_>,
    ) -> Result<(), Box<dyn Error + Send + Sync>> {
        // Markup such as the end of a turn is allowed at any length.
        let short = |id: u32| {
            self.tokenizer.is_markup(id) || self.tokenizer.bytes_of(id).len() <= self.longest
        };
        if candidates.as_slice().iter().any(|c| short(c.id)) {
            candidates.retain(|c| short(c.id));
        }
        Ok(())
    }
}

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let usage = "usage: own_sampler_step MODEL QUESTION";
    let model = Model::open(args.next().context(usage)?)?;
    let question = args.next().context(usage)?;

    let mut chain = Chain::from_params(&SamplingParams::default());
    let step = ShortTokens {
        tokenizer: model.engine().tokenizer()?.clone(),
        longest: 4,
    };
    chain.insert_before("temperature", step)?;

    let mut session = model.session();
    let reply = session.ask(question).chain(chain).max_tokens(200).run()?;
    println!("{}", reply.text);
    Ok(())
}
