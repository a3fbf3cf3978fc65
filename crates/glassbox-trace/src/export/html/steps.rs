//! The steps, each with its kind, its confidence and what was found in it.

use super::text::{Text, class, escape};
use super::{HtmlReport, timeline};
use crate::{Finding, Section, Step, StepConfidence};

impl HtmlReport<'_> {
    pub(super) fn steps(&self, dst: &mut String) {
        if self.trace.reasoning.is_none() {
            return;
        }
        dst.push_str("<section>\n<h2>Reasoning</h2>\n");
        if self.trace.steps.is_empty() {
            dst.push_str("<p class=\"quiet\">None.</p>\n");
        }
        let mut by_step: Vec<Vec<&Finding>> = vec![Vec::new(); self.trace.steps.len()];
        let findings = self.checks.iter().flat_map(|report| &report.findings);
        for finding in findings.filter(|f| f.place.section == Section::Reasoning) {
            let step = finding.place.step.and_then(|step| by_step.get_mut(step));
            step.into_iter().for_each(|list| list.push(finding));
        }
        for (at, (step, findings)) in self.trace.steps.iter().zip(&by_step).enumerate() {
            self.step(dst, at, step, findings);
        }
        dst.push_str("</section>\n");
    }

    fn step(&self, dst: &mut String, at: usize, step: &Step, findings: &[&Finding]) {
        let confidence = self.confidence.and_then(|c| c.steps.get(at)?.as_ref());
        let shade = confidence.map_or(String::new(), |confidence| {
            format!(" {}", timeline::shade(confidence.probability()))
        });
        let (number, kind) = (at + 1, step.kind.name());
        dst.push_str(&format!(
            "<article class=\"step{shade}\" id=\"s{number}\">\n<header><a href=\"#s{number}\">{number}</a> \
             <span class=\"kind {kind}\">{kind}</span>"
        ));
        if let Some(confidence) = confidence {
            dst.push_str(&sure(confidence));
        }
        if let Some(tokens) = step.tokens {
            let n = tokens.end.saturating_sub(tokens.start);
            dst.push_str(&format!(" <span class=\"quiet\">{n} tokens</span>"));
        }
        dst.push_str("</header>\n");
        Text::new(&step.text, step.bytes.start).write(dst, findings);
        list_findings(dst, findings);
        dst.push_str("</article>\n");
    }
}

fn sure(confidence: &StepConfidence) -> String {
    let percent = 100.0 * confidence.probability();
    let mut title = format!(
        "mean log-probability {:.3}, lowest {:.3}, at token {}",
        confidence.mean_logprob, confidence.min_logprob, confidence.min_at,
    );
    if let (Some(mean), Some(highest)) = (confidence.mean_entropy, confidence.max_entropy) {
        title.push_str(&format!(
            "; mean entropy {mean:.3} nats, highest {highest:.3}"
        ));
    }
    format!(" <span class=\"sure\" title=\"{title}\"><b></b>{percent:.0}% sure</span>")
}

pub(super) fn list_findings(dst: &mut String, findings: &[&Finding]) {
    if findings.is_empty() {
        return;
    }
    dst.push_str("<ul class=\"findings\">\n");
    for finding in findings {
        let (class, checker) = (class(finding.severity), escape(&finding.checker));
        let message = escape(&finding.message);
        dst.push_str(&format!(
            "<li class=\"{class}\"><b>{checker}</b> <i>{class}</i> <span>{message}</span></li>\n"
        ));
    }
    dst.push_str("</ul>\n");
}
