use super::{Certificate, CertificateError};
use crate::reply::Origin;
use crate::session::Lent;
use crate::{Ask, Cancel, Engine, EngineError, OnLoop, Reply};
use glassbox_models::ModelError;
use glassbox_sampling::Sampled;
use glassbox_trace::StopReason;

/// What a replay showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replay {
    /// Every token is the same, and the end.
    Identical,
    /// The two depart from each other.
    Departs {
        /// At this token, counted from 0.
        token: usize,
        /// In this step of the certificate, counted from 0; `None` after the last.
        step: Option<usize>,
        /// What the certificate has there; `None` where it ended.
        certified: Option<u32>,
        /// What was written now; `None` where it ended.
        written: Option<u32>,
    },
}

impl Certificate {
    /// Prepares to write the reply again, after all checks that need no computing.
    ///
    /// # Errors
    /// A document that was changed, or that is of another model than the engine's.
    pub fn ask(&self, engine: &Engine) -> Result<Ask<'static>, EngineError> {
        self.check()?;
        let terms = &self.terms;
        let here = engine.identity()?;
        if here.weights != terms.weights {
            return Err(CertificateError::Weights {
                certified: terms.weights,
                model: here.weights,
            }
            .into());
        }
        if here.tokenizer != terms.tokenizer {
            return Err(CertificateError::Tokenizer {
                certified: terms.tokenizer,
                model: here.tokenizer,
            }
            .into());
        }
        if here.computed_by != terms.computed_by {
            return Err(CertificateError::ComputedBy {
                certified: terms.computed_by.clone(),
                model: here.computed_by,
            }
            .into());
        }
        let (tokens, context) = (terms.prompt.len() + self.tokens.len(), engine.context());
        if tokens > context {
            return Err(CertificateError::Context { tokens, context }.into());
        }
        engine.check_ids(&terms.prompt)?;
        let given = &self.tokens[..terms.given];
        if !given.is_empty() {
            engine.check_ids(given)?;
        }
        let origin = Origin {
            ids: terms.prompt.clone(),
            opening: terms.opening,
            turn: None,
        };
        let given = given.iter().copied().map(Sampled::given).collect();
        let session = Lent::Own(Box::new(engine.session()));
        // What somebody stopped would have gone on.
        let most = match self.stop {
            StopReason::Cancelled | StopReason::Failed => self.tokens.len().max(1),
            _ => terms.max_tokens,
        };
        Ok(Ask::again(session, origin, given)
            .sampling(terms.params.clone())
            .budget(terms.budget.clone())
            .constrain(terms.constraint.clone())
            .on_loop(terms.on_loop)
            .max_tokens(most))
    }

    /// Compares with what was written now.
    pub fn compare(&self, reply: &Reply) -> Replay {
        let cut = matches!(self.stop, StopReason::Cancelled | StopReason::Failed);
        let certified = |token: usize| self.tokens.get(token).copied();
        let written = |token: usize| reply.tokens.get(token).map(|t| t.id);
        let most = match cut {
            true => self.tokens.len(),
            false => self.tokens.len().max(reply.tokens.len()),
        };
        let differs = (0..most).find(|&token| certified(token) != written(token));
        // The same tokens with another end are an end of their own.
        let ends = (!cut && self.stop != reply.stop()).then_some(self.tokens.len());
        match differs.or(ends) {
            None => Replay::Identical,
            Some(token) => Replay::Departs {
                token,
                step: self.step_of(token),
                certified: certified(token),
                written: written(token),
            },
        }
    }
}

impl Engine {
    /// Writes the reply of a certificate again, up to where the two depart from each other.
    ///
    /// # Errors
    /// As [`Certificate::ask`], whatever can go wrong in writing, and [`ModelError::Cancelled`].
    pub fn replay(
        &self,
        certificate: &Certificate,
        cancel: &Cancel,
    ) -> Result<Replay, EngineError> {
        let mut stream = certificate.ask(self)?.cancel(cancel).stream()?;
        // What is taken back later need not be the same.
        let may_chop = matches!(certificate.terms.on_loop, OnLoop::Chop(_));
        let mut same = 0;
        while let Some(event) = stream.next() {
            event?;
            let written = stream.tokens().get(same..).unwrap_or_default();
            let certified = certificate.tokens.get(same..).unwrap_or_default();
            if !may_chop && written.iter().zip(certified).any(|(a, b)| a.id != *b) {
                break;
            }
            same += written.len();
        }
        if cancel.is_cancelled() {
            return Err(ModelError::Cancelled.into());
        }
        Ok(certificate.compare(&stream.finish()?))
    }
}
