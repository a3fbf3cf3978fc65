//! How sure the model was, token by token, over the steps.

use super::HtmlReport;
use crate::TokenScore;

/// Width of the picture; heights of the curve and of the row of steps below it.
const WIDTH: f64 = 1000.0;
const CURVE: f64 = 90.0;
const ROW: f64 = 14.0;

/// The class of a probability, which the style sheet gives a colour.
pub(super) fn shade(probability: f64) -> &'static str {
    match probability {
        p if p >= 0.95 => "sure4",
        p if p >= 0.85 => "sure3",
        p if p >= 0.7 => "sure2",
        p if p >= 0.5 => "sure1",
        _ => "sure0",
    }
}

impl HtmlReport<'_> {
    pub(super) fn timeline(&self, dst: &mut String) {
        let spans = self.trace.steps.iter().filter_map(|step| step.tokens);
        let end = spans.map(|tokens| tokens.end).max().unwrap_or(0);
        let n_tokens = self.scores.len().max(end);
        if n_tokens == 0 {
            return;
        }
        let x = |token: usize| WIDTH * token as f64 / n_tokens as f64;
        let curve = if self.scores.is_empty() { 0.0 } else { CURVE };
        dst.push_str(&format!(
            "<section>\n<h2>Tokens</h2>\n<figure>\n<svg viewBox=\"0 0 {WIDTH} {}\" \
             preserveAspectRatio=\"none\" role=\"img\" aria-label=\"Probability of the tokens over {n_tokens} tokens\">\n",
            curve + ROW
        ));
        for (start, scores) in columns(self.scores) {
            let Some(p) = probability(scores) else {
                continue;
            };
            let (left, width) = (x(start), x(scores.len()));
            let (top, class) = (CURVE * (1.0 - p), shade(p));
            let height = (CURVE - top).max(1.0);
            let end = start + scores.len() - 1;
            dst.push_str(&format!(
                "<rect class=\"{class}\" x=\"{left:.2}\" y=\"{:.2}\" width=\"{width:.2}\" height=\"{height:.2}\">\
                 <title>tokens {start} to {end}: {:.0}%</title></rect>\n",
                CURVE - height,
                100.0 * p
            ));
        }
        for (at, step) in self.trace.steps.iter().enumerate() {
            let Some(tokens) = step.tokens.filter(|tokens| tokens.start < tokens.end) else {
                continue;
            };
            let kind = step.kind.name();
            let (left, width) = (x(tokens.start), x(tokens.end - tokens.start));
            let number = at + 1;
            dst.push_str(&format!(
                "<a href=\"#s{number}\"><rect class=\"{kind}\" x=\"{left:.2}\" y=\"{curve}\" \
                 width=\"{width:.2}\" height=\"{ROW}\"><title>step {number}: {kind}</title></rect></a>\n"
            ));
        }
        let what = match self.scores.is_empty() {
            true => "The steps, as wide as they have tokens.",
            false => {
                "Above, the probability of each token, from 0 to 100%, with a gap where one was put \
                 in; below, the steps."
            }
        };
        dst.push_str(&format!(
            "</svg>\n<figcaption>{what} {n_tokens} tokens.</figcaption>\n</figure>\n</section>\n"
        ));
    }
}

/// The scores in at most as many columns as the picture has, with the first token of each.
fn columns(scores: &[Option<TokenScore>]) -> impl Iterator<Item = (usize, &[Option<TokenScore>])> {
    let size = scores.len().div_ceil(HtmlReport::COLUMNS).max(1);
    let chunks = scores.chunks(size).enumerate();
    chunks.map(move |(at, chunk)| (at * size, chunk))
}

/// The geometric mean of the probabilities of those tokens that have one.
fn probability(scores: &[Option<TokenScore>]) -> Option<f64> {
    let known = || scores.iter().flatten();
    let total: f64 = known().map(|score| f64::from(score.logprob)).sum();
    let p = match known().count() {
        0 => return None,
        n => (total / n as f64).exp(),
    };
    Some(match p.is_finite() {
        true => p.clamp(0.0, 1.0),
        false => 0.0,
    })
}
