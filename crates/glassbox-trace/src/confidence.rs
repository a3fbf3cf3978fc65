//! How sure the model was, from the log-probabilities of its tokens.

use crate::{Span, Trace};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// What the model thought of a token that it wrote.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TokenScore {
    /// The natural logarithm of the token's probability: 0 when it was certain, lower otherwise.
    pub logprob: f32,
    /// The entropy of the distribution that the token was drawn from, in nats: 0 when there was one
    /// choice; absent when nobody computed it.
    pub entropy: Option<f32>,
}

/// The confidence of a trace.
///
/// The mean log-probability of a sliding group of tokens follows Deep Think with Confidence
/// (arXiv 2508.15260, section 3.1), with one difference: it averages the log-probability of the
/// token that was written, where the paper averages those of the k likeliest. Its measures of a
/// whole trace are here too: the lowest group, the mean of the lowest tenth of the groups, and the
/// tail.
///
/// Sums are exact: each value is rounded to 2^-20 nats, so that the order of adding does not
/// matter. A log-probability is taken as between -100 and 0 and an entropy as between 0 and 100; a
/// NaN counts as the less sure end.
///
/// A token that was put in, such as a sentence that a person wrote into the reasoning, was not
/// chosen by the model: it has no score and counts in nothing.
///
/// ```
/// use glassbox_trace::{Confidence, ParserOptions, StopReason, TokenScore, TraceParser};
///
/// let mut parser = TraceParser::new(ParserOptions::primed());
/// for piece in ["So", " 4", ".\n\n", "Hmm", ", 5"] {
///     parser.push_token(piece, None);
/// }
/// let trace = parser.finish(StopReason::Stopped).trace;
/// let scores = [-0.5, -0.25, 0.0, -2.0, -1.0]
///     .map(|logprob| Some(TokenScore { logprob, entropy: None }));
/// let confidence = Confidence::new(&trace, &scores, 2);
/// assert_eq!(confidence.steps[1].as_ref().unwrap().mean_logprob, -1.5);
/// assert_eq!(confidence.lowest_group, -1.5);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Confidence {
    /// For each step of the trace, in its order: nothing where its tokens or their scores are not
    /// known.
    pub steps: Vec<Option<StepConfidence>>,
    /// The mean log-probability of all tokens that have a score.
    pub mean_logprob: f64,
    /// How many tokens a group has; the groups at the start have fewer.
    pub window: usize,
    /// For each token, the mean log-probability of the group that ends with it; a token without a
    /// score leaves the group as it was.
    pub groups: Vec<f64>,
    /// That of the least sure full group, or of all tokens when there is none.
    pub lowest_group: f64,
    /// The mean over the least sure tenth of the full groups, at least one.
    pub bottom_tenth: f64,
    /// That of the last group.
    pub tail: f64,
}

/// The confidence of a step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StepConfidence {
    /// Its tokens.
    pub tokens: Span,
    /// Their mean log-probability.
    pub mean_logprob: f64,
    /// The lowest one.
    pub min_logprob: f64,
    /// The token that has it, counted as in [`Step::tokens`](crate::Step::tokens).
    pub min_at: usize,
    /// The mean of those entropies that are known.
    pub mean_entropy: Option<f64>,
    /// The highest one.
    pub max_entropy: Option<f64>,
}

impl StepConfidence {
    /// The geometric mean of the probabilities of the step's tokens, from 0 to 1.
    pub fn probability(&self) -> f64 {
        self.mean_logprob.exp()
    }
}

impl Confidence {
    /// Tokens of a group, as the paper has it for reasoning of tens of thousands of tokens.
    pub const WINDOW: usize = 2048;

    /// The confidence of a trace that was read token by token, from a score for each
    /// [`push_token`](crate::TraceParser::push_token), or `None` for a token that was put in; what
    /// is missing at the end of `scores` is left out. A `window` of 0 counts as 1.
    pub fn new(trace: &Trace, scores: &[Option<TokenScore>], window: usize) -> Self {
        let steps = trace.steps.iter().map(|step| {
            let range = step.tokens?.range();
            let known = range.start..range.end.min(scores.len());
            step_confidence(known.clone(), scores.get(known)?)
        });
        let mut group = GroupConfidence::new(window);
        let window = group.window;
        let (mut groups, mut full) = (Vec::with_capacity(scores.len()), Vec::new());
        let mut tail = 0.0;
        for score in scores {
            if let Some(score) = score {
                tail = group.push(score.logprob);
                full.extend(group.is_full().then_some(tail));
            }
            groups.push(tail);
        }
        let known = || scores.iter().flatten();
        let total = known().map(|score| fixed_logprob(score.logprob)).sum();
        if full.is_empty() {
            // Without one full group, the last one holds all tokens.
            full.push(tail);
        }
        full.sort_unstable_by(f64::total_cmp);
        let tenth = &full[..full.len().div_ceil(10)];
        Self {
            steps: steps.collect(),
            mean_logprob: mean(total, known().count()),
            window,
            lowest_group: full[0],
            bottom_tenth: tenth.iter().sum::<f64>() / tenth.len() as f64,
            tail,
            groups,
        }
    }
}

fn step_confidence(
    tokens: std::ops::Range<usize>,
    scores: &[Option<TokenScore>],
) -> Option<StepConfidence> {
    let known = || {
        scores
            .iter()
            .enumerate()
            .filter_map(|(at, s)| Some((at, s.as_ref()?)))
    };
    let logprobs = || known().map(|(at, score)| (at, fixed_logprob(score.logprob)));
    let entropies: Vec<i64> = known()
        .filter_map(|(_, score)| score.entropy.map(fixed_entropy))
        .collect();
    let (min_at, min) = logprobs().min_by_key(|&(_, logprob)| logprob)?;
    let total = logprobs().map(|(_, logprob)| logprob).sum();
    let highest = entropies.iter().max().copied();
    Some(StepConfidence {
        mean_logprob: mean(total, known().count()),
        min_logprob: float(min),
        min_at: tokens.start + min_at,
        mean_entropy: highest.map(|_| mean(entropies.iter().sum(), entropies.len())),
        max_entropy: highest.map(float),
        tokens: Span::from(tokens),
    })
}

/// The mean log-probability of the last tokens, while a model writes.
///
/// An engine that follows DeepConf stops a branch when this falls below a threshold that earlier
/// branches have set.
#[derive(Clone, Debug)]
pub struct GroupConfidence {
    window: usize,
    last: VecDeque<i64>,
    sum: i64,
}

impl GroupConfidence {
    /// Of groups of `window` tokens; 0 counts as 1.
    pub fn new(window: usize) -> Self {
        Self {
            window: window.max(1),
            last: VecDeque::new(),
            sum: 0,
        }
    }

    /// The mean of the group that ends with this token.
    pub fn push(&mut self, logprob: f32) -> f64 {
        if self.last.len() == self.window {
            self.sum -= self.last.pop_front().unwrap_or(0);
        }
        let logprob = fixed_logprob(logprob);
        self.last.push_back(logprob);
        self.sum += logprob;
        mean(self.sum, self.last.len())
    }

    /// Whether the group has as many tokens as it can have.
    pub fn is_full(&self) -> bool {
        self.last.len() == self.window
    }
}

/// A nat in fixed point.
const NAT: f64 = (1u64 << 20) as f64;
/// A larger value counts as this one.
const MOST: f32 = 100.0;

fn fixed_logprob(logprob: f32) -> i64 {
    -fixed_entropy(-logprob)
}

fn fixed_entropy(entropy: f32) -> i64 {
    let entropy = if entropy.is_nan() { MOST } else { entropy };
    (f64::from(entropy.clamp(0.0, MOST)) * NAT).round() as i64
}

fn float(fixed: i64) -> f64 {
    fixed as f64 / NAT
}

/// 0 of no values.
fn mean(sum: i64, n: usize) -> f64 {
    float(sum) / n.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ParserOptions, StopReason, TraceParser};

    fn scores(logprobs: &[f32]) -> Vec<Option<TokenScore>> {
        let score = |&logprob: &f32| {
            Some(TokenScore {
                logprob,
                entropy: Some(-2.0 * logprob),
            })
        };
        logprobs.iter().map(score).collect()
    }

    fn trace(pieces: &[&str]) -> Trace {
        let mut parser = TraceParser::new(ParserOptions::primed());
        for piece in pieces {
            parser.push_token(piece, None);
        }
        parser.finish(StopReason::Stopped).trace
    }

    #[test]
    fn steps_have_the_scores_of_their_tokens() {
        let trace = trace(&["So", " 4", "\n\n", "Hmm", "!"]);
        let scores = scores(&[-1.0, -0.5, -7.0, -0.25, -0.75]);
        let confidence = Confidence::new(&trace, &scores, 100);
        let [Some(first), Some(second)] = &confidence.steps[..] else {
            panic!("{confidence:?}");
        };
        assert_eq!(first.tokens, Span::from(0..2));
        assert_eq!(
            (first.mean_logprob, first.min_logprob, first.min_at),
            (-0.75, -1.0, 0)
        );
        assert_eq!(first.mean_entropy, Some(1.5));
        assert_eq!(first.max_entropy, Some(2.0));
        assert_eq!((second.mean_logprob, second.min_at), (-0.5, 4));
        assert_eq!(confidence.mean_logprob, -1.9);
        assert_eq!((confidence.lowest_group, confidence.tail), (-1.9, -1.9));
    }

    #[test]
    fn groups_slide() {
        let scores = scores(&[-4.0, 0.0, -2.0, -2.0, -1.0, 0.0]);
        let confidence = Confidence::new(&Trace::default(), &scores, 2);
        assert_eq!(confidence.groups, [-4.0, -2.0, -1.0, -2.0, -1.5, -0.5]);
        assert_eq!((confidence.lowest_group, confidence.tail), (-2.0, -0.5));
        assert_eq!(confidence.bottom_tenth, -2.0);
    }

    #[test]
    fn odd_scores_count_as_unsure() {
        let odd = [f32::NAN, f32::NEG_INFINITY, f32::INFINITY, 3.0];
        let mut group = GroupConfidence::new(0);
        assert_eq!(
            odd.map(|logprob| group.push(logprob)),
            [-100.0, -100.0, 0.0, 0.0]
        );
        let none = Confidence::new(&trace(&["a", "b"]), &[], 0);
        assert_eq!((none.steps.len(), &none.steps[0]), (1, &None));
        assert_eq!((none.lowest_group, none.mean_logprob), (0.0, 0.0));
    }

    #[test]
    fn what_was_put_in_counts_in_nothing() {
        let trace = trace(&["Given", ".", "\n\n", "So", " 4", "."]);
        let mut scores = scores(&[-9.0, -9.0, -9.0, -1.0, -9.0, -0.5]);
        for at in [0, 1, 2, 4] {
            scores[at] = None;
        }
        scores[5] = scores[5].map(|score| TokenScore {
            entropy: None,
            ..score
        });
        let confidence = Confidence::new(&trace, &scores, 2);
        assert_eq!(confidence.steps[0], None);
        let second = confidence.steps[1].as_ref().unwrap();
        assert_eq!((second.mean_logprob, second.min_at), (-0.75, 3));
        assert_eq!(second.mean_entropy, Some(2.0));
        assert_eq!(confidence.mean_logprob, -0.75);
        assert_eq!(confidence.groups, [0.0, 0.0, 0.0, -1.0, -1.0, -0.75]);
        assert_eq!((confidence.lowest_group, confidence.tail), (-0.75, -0.75));
    }

    #[test]
    fn missing_scores_are_left_out() {
        let confidence = Confidence::new(&trace(&["a", "b"]), &scores(&[-1.0]), 3);
        assert_eq!(
            confidence.steps[0].as_ref().unwrap().tokens,
            Span::from(0..1)
        );
    }
}
