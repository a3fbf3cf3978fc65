use super::{Bench, Dice, equations, percent};
use anyhow::Result;
use glassbox::trace::{Arithmetic, Checker as _, Finding, ParserOptions, Trace};

const TRACES: usize = 500;

/// What the arithmetic checker finds of errors that were put into replies.
pub(super) fn table(bench: &Bench) -> Result<String> {
    let mut dice = Dice::new(5);
    let (mut traces, mut found, mut elsewhere, mut before) = (0, 0, 0, 0);
    let mut round = 0;
    while traces < TRACES && round < TRACES {
        for reply in &bench.replies {
            let Some(reasoning) = reply.reasoning() else {
                continue;
            };
            let all = equations::written(reasoning);
            if all.is_empty() || traces == TRACES {
                continue;
            }
            let place = all[dice.below(all.len())].result.clone();
            let wrong = dice.wrong(&reasoning[place.clone()]);
            let changed = format!(
                "{}{wrong}{}</think>{}",
                &reasoning[..place.start],
                &reasoning[place.end..],
                reply.content()
            );
            let planted = Trace::parse(&changed, ParserOptions::primed());
            let findings = Arithmetic.check(&planted).findings;
            let original = Arithmetic.check(&reply.trace).findings;
            let is_it = |finding: &&Finding| {
                let bytes = &finding.place.bytes;
                finding.place.step.is_some()
                    && bytes.start <= place.start
                    && place.start < bytes.end
            };
            let is_old = |finding: &&Finding| original.iter().any(|old| old.place == finding.place);
            traces += 1;
            before += original.len();
            found += usize::from(findings.iter().any(|finding| is_it(&finding)));
            elsewhere += findings.iter().filter(|f| !is_it(f) && !is_old(f)).count();
        }
        round += 1;
    }
    Ok(format!(
        "| arithmetic checker | |\n|---|---|\n\
         | traces with one planted error | {traces} |\n\
         | found (recall) | {:.1} % |\n\
         | of what is newly reported, the planted one (precision) | {:.1} % |\n\
         | reported in the same traces before | {before} |\n",
        percent(found, traces),
        percent(found, found + elsewhere),
    ))
}
