//! A reply as one page for people.

use glassbox::Reply;
use glassbox::sampling::Sampled;
use glassbox::trace::{Branch, Confidence, HtmlReport, TokenScore};

/// How sure the model was of a reply.
pub(crate) struct Sureness {
    pub(crate) confidence: Confidence,
    scores: Vec<Option<TokenScore>>,
}

impl Sureness {
    /// Nothing where no log-probabilities were asked for.
    pub(crate) fn of(reply: &Reply) -> Option<Sureness> {
        /// Of a short reply an eighth is a group, but at least so many tokens.
        const LEAST: usize = 16;
        let score = |token: &Sampled| {
            Some(TokenScore {
                logprob: token.logprob?,
                entropy: token.entropy,
            })
        };
        let scores: Vec<_> = reply.tokens.iter().map(score).collect();
        scores.iter().any(Option::is_some).then(|| {
            let window = (scores.len() / 8).clamp(LEAST, Confidence::WINDOW);
            Sureness {
                confidence: Confidence::new(&reply.trace, &scores, window),
                scores,
            }
        })
    }

    /// The probability of a step, in percent: the geometric mean of those of its tokens that the
    /// model chose.
    pub(crate) fn percent(&self, step: usize) -> Option<f64> {
        let step = self.confidence.steps.get(step)?.as_ref()?;
        Some(100.0 * step.probability())
    }
}

/// The page: question, answer, checks, steps with their confidence, and the branches where there
/// is more than one.
pub(crate) fn page(question: &str, reply: &Reply, branches: &[Branch]) -> String {
    let checks = reply.trace.check_all();
    let sureness = Sureness::of(reply);
    let mut report = HtmlReport::new(&reply.trace)
        .with_question(question)
        .with_checks(&checks);
    if branches.len() > 1 {
        report = report.with_branches(branches);
    }
    if let Some(sureness) = &sureness {
        report = report.with_confidence(&sureness.confidence, &sureness.scores);
    }
    report.page()
}
