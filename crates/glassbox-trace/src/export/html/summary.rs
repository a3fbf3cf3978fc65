//! The head of the page: question, answer, and what there is to know at a glance.

use super::HtmlReport;
use super::text::{class, escape};
use crate::{CheckReport, Severity};

impl HtmlReport<'_> {
    pub(super) fn summary(&self, dst: &mut String, title: &str) {
        dst.push_str(&format!("<h1>{title}</h1>\n"));
        if let Some(question) = self.question {
            let question = escape(question);
            dst.push_str(&format!(
                "<p class=\"text question\" dir=\"auto\">{question}</p>\n"
            ));
        }
        let answer = match &self.trace.answer {
            Some(answer) => format!("<code dir=\"auto\">{}</code>", escape(answer)),
            None => "<span class=\"quiet\">none</span>".to_owned(),
        };
        dst.push_str(&format!(
            "<dl>\n<div class=\"answer\"><dt>Answer</dt><dd>{answer}</dd></div>\n"
        ));
        let thinking = match (&self.trace.reasoning, self.trace.closed) {
            (None, _) => "none".to_owned(),
            (Some(_), true) => self.trace.steps.len().to_string(),
            (Some(_), false) => format!("{}, unfinished", self.trace.steps.len()),
        };
        fact(dst, "Steps", &thinking);
        if let Some(tokens) = self.trace.steps.iter().filter_map(|s| s.tokens).next_back() {
            fact(dst, "Thinking tokens", &tokens.end.to_string());
        }
        if let Some(confidence) = self.confidence {
            let percent = |logprob: f64| format!("{:.0}%", 100.0 * logprob.exp());
            fact(dst, "Confidence", &percent(confidence.mean_logprob));
            let name = format!("Lowest {} tokens", confidence.window);
            fact(dst, &name, &percent(confidence.lowest_group));
        }
        dst.push_str("</dl>\n");
        self.checks_table(dst);
    }

    fn checks_table(&self, dst: &mut String) {
        if self.checks.is_empty() {
            return;
        }
        dst.push_str("<table>\n<tr><th>Check</th><th>looked at</th><th>found</th></tr>\n");
        for report in self.checks {
            let checker = escape(&report.checker);
            let (found, n_checked) = (found(report), report.n_checked);
            dst.push_str(&format!(
                "<tr><td>{checker}</td><td>{n_checked}</td><td>{found}</td></tr>\n"
            ));
        }
        dst.push_str("</table>\n");
    }
}

fn fact(dst: &mut String, name: &str, value: &str) {
    dst.push_str(&format!("<div><dt>{name}</dt><dd>{value}</dd></div>\n"));
}

/// Links to the steps with findings.
fn found(report: &CheckReport) -> String {
    /// More are only counted.
    const LINKS: usize = 12;
    if report.findings.is_empty() {
        return "<span class=\"quiet\">nothing</span>".to_owned();
    }
    let links = report.findings.iter().take(LINKS).map(|finding| {
        let (class, title) = (class(finding.severity), escape(&finding.message));
        let step = finding.place.step;
        let (to, name) = match step {
            Some(step) => (format!("s{}", step + 1), format!("step {}", step + 1)),
            None => ("content".to_owned(), "content".to_owned()),
        };
        format!("<a class=\"{class}\" href=\"#{to}\" title=\"{title}\">{name}</a>")
    });
    let mut links = links.collect::<Vec<_>>().join(" ");
    if let Some(more @ 1..) = report.findings.len().checked_sub(LINKS) {
        links.push_str(&format!(" and {more} more"));
    }
    let errors = |finding: &&crate::Finding| finding.severity == Severity::Error;
    match report.findings.iter().filter(errors).count() {
        0 => links,
        1 => format!("1 error: {links}"),
        n => format!("{n} errors: {links}"),
    }
}
