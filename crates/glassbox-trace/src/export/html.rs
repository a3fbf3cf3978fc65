//! One HTML page for people: it needs no network, no script and no other file.

mod branches;
mod steps;
mod summary;
mod text;
mod timeline;

pub use branches::Branch;

use crate::{CheckReport, Confidence, Finding, Section, StopReason, TokenScore, Trace};
use text::{Text, escape};

/// A page about a trace: its steps with their kinds, and whatever else the program knows.
///
/// The page is one self-contained file: a content security policy in it forbids scripts and
/// loading anything, all text is escaped, and it is readable in light and in dark, on a narrow
/// screen, and without colours. Its size is proportional to the trace, and the token timeline has
/// at most [`COLUMNS`](Self::COLUMNS) columns.
///
/// ```
/// use glassbox_trace::{HtmlReport, ParserOptions, Trace};
///
/// let trace = Trace::parse("2 + 2 = 5.</think>\\boxed{5}", ParserOptions::primed());
/// let reports = trace.check_all();
/// let page = HtmlReport::new(&trace).with_question("What is 2 + 2?").with_checks(&reports).page();
/// assert!(page.contains("<mark class=\"error\" title=\"2 + 2 is 4, not 5\">2 + 2 = 5</mark>"));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct HtmlReport<'a> {
    trace: &'a Trace,
    title: &'a str,
    question: Option<&'a str>,
    checks: &'a [CheckReport],
    confidence: Option<&'a Confidence>,
    scores: &'a [Option<TokenScore>],
    branches: &'a [Branch],
}

impl<'a> HtmlReport<'a> {
    /// The most columns that the token timeline has; several tokens share one in a longer trace.
    pub const COLUMNS: usize = 400;

    /// A page with the steps, the content and the answer.
    pub fn new(trace: &'a Trace) -> Self {
        Self {
            trace,
            title: "Reasoning trace",
            question: None,
            checks: &[],
            confidence: None,
            scores: &[],
            branches: &[],
        }
    }

    /// Sets the title, which otherwise is "Reasoning trace".
    #[must_use]
    pub fn with_title(mut self, title: &'a str) -> Self {
        self.title = title;
        self
    }

    /// Adds what the model was asked.
    #[must_use]
    pub fn with_question(mut self, question: &'a str) -> Self {
        self.question = Some(question);
        self
    }

    /// Adds what checkers found, which is marked in the text.
    #[must_use]
    pub fn with_checks(mut self, checks: &'a [CheckReport]) -> Self {
        self.checks = checks;
        self
    }

    /// Adds how sure the model was: of each step, and of each token on a timeline. The scores are
    /// those that the confidence was computed from.
    #[must_use]
    pub fn with_confidence(
        mut self,
        confidence: &'a Confidence,
        scores: &'a [Option<TokenScore>],
    ) -> Self {
        self.confidence = Some(confidence);
        self.scores = scores;
        self
    }

    /// Adds the tree of branches that this trace is one of.
    #[must_use]
    pub fn with_branches(mut self, branches: &'a [Branch]) -> Self {
        self.branches = branches;
        self
    }

    /// The page.
    pub fn page(&self) -> String {
        let mut dst = String::new();
        let title = escape(self.title);
        dst.push_str("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
        dst.push_str(
            "<meta http-equiv=\"Content-Security-Policy\" \
             content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n",
        );
        dst.push_str(&format!("<title>{title}</title>\n<style>\n"));
        dst.push_str(include_str!("html/page.css"));
        dst.push_str("</style>\n</head>\n<body>\n<main>\n");
        self.summary(&mut dst, &title);
        self.branches(&mut dst);
        self.timeline(&mut dst);
        self.steps(&mut dst);
        self.content(&mut dst);
        self.notes(&mut dst);
        dst.push_str("</main>\n</body>\n</html>\n");
        dst
    }

    fn content(&self, dst: &mut String) {
        let Some(content) = &self.trace.content else {
            return;
        };
        dst.push_str("<section>\n<h2>Content</h2>\n<div class=\"step\" id=\"content\">\n");
        let findings: Vec<&Finding> = self.findings(Section::Content, None).collect();
        Text::new(content, 0).write(dst, &findings);
        steps::list_findings(dst, &findings);
        dst.push_str("</div>\n</section>\n");
    }

    fn notes(&self, dst: &mut String) {
        if self.trace.notes.is_empty() && self.trace.stop == StopReason::Stopped {
            return;
        }
        dst.push_str("<section>\n<h2>Notes</h2>\n<ul>\n");
        let stop = match self.trace.stop {
            StopReason::Stopped => None,
            StopReason::Length => Some("A limit on the number of tokens ended the output."),
            StopReason::Cancelled => Some("The output was cancelled."),
            StopReason::Failed => Some("An error ended the output."),
        };
        if let Some(line) = stop {
            dst.push_str(&format!("<li>{line}</li>\n"));
        }
        for note in &self.trace.notes {
            let what = escape(note.kind.describe());
            dst.push_str(&format!("<li>Byte {}: {what}</li>\n", note.at));
        }
        dst.push_str("</ul>\n</section>\n");
    }

    /// What was found in a step, or in the content.
    fn findings(&self, section: Section, step: Option<usize>) -> impl Iterator<Item = &'a Finding> {
        let findings = self.checks.iter().flat_map(|report| &report.findings);
        findings
            .filter(move |finding| finding.place.section == section && finding.place.step == step)
    }
}
