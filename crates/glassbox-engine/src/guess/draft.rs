use crate::reply::{Origin, Rules};
use crate::sequence::Sequence;
use crate::{Cancel, Engine, EngineError};
use glassbox_sampling::{Candidates, Sampler, SamplingParams};

/// A smaller model of the same tokenizer, which writes ahead.
///
/// It draws with the parameters, the seed and the positions of the reply, so that the two models
/// choose the same where they nearly agree.
pub(super) struct Draft {
    engine: Engine,
    sequence: Sequence,
    sampler: Sampler,
    candidates: Candidates,
}

impl Draft {
    pub(super) fn new(
        engine: &Engine,
        origin: &Origin,
        rules: &Rules,
    ) -> Result<Self, EngineError> {
        let params = SamplingParams {
            logprobs: None,
            ..match rules.own_chain {
                true => SamplingParams::greedy(),
                false => rules.params.clone(),
            }
        };
        let mut sampler = Sampler::new(&params, engine.vocab())?;
        sampler.accept_prompt(&origin.ids)?;
        let mut sequence = Sequence::new(engine.clone(), "");
        sequence.start(&origin.ids);
        Ok(Draft {
            engine: engine.clone(),
            sequence,
            sampler,
            candidates: Candidates::default(),
        })
    }

    pub(super) fn draft(&mut self, ids: &[u32], most: usize) -> Result<Vec<u32>, EngineError> {
        let room = self.engine.context().saturating_sub(ids.len());
        let mut ids = ids.to_vec();
        let written = ids.len();
        self.read(&ids)?;
        while ids.len() < written + most.min(room) {
            let pending = &ids[self.sequence.ids().len()..];
            let (vocab, pos) = (self.engine.vocab(), ids.len() as u64);
            let (sampler, candidates) = (&self.sampler, &mut self.candidates);
            let mut next = None;
            self.sequence
                .extend(pending, pending.len() - 1, &Cancel::new(), |_, logits| {
                    next = Some(sampler.sample(&logits[..vocab], pos, candidates));
                })?;
            let Some(next) = next else { break };
            let id = next?.id;
            self.sampler.accept(id)?;
            ids.push(id);
            if self.engine.tokenizer()?.roles().is_stop(id) {
                break;
            }
        }
        Ok(ids.split_off(written))
    }

    /// Goes back to where it was wrong, and reads what was written instead.
    fn read(&mut self, ids: &[u32]) -> Result<(), EngineError> {
        self.sequence.keep_common(ids);
        let known = self.sampler.history().tokens();
        let common = known.iter().zip(ids).take_while(|(a, b)| a == b).count();
        self.sampler.truncate(common)?;
        for &id in &ids[common..] {
            self.sampler.accept(id)?;
        }
        Ok(())
    }
}
