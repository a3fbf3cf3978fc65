//! What reads a finished trace: checkers, the page, differences.

use glassbox_trace::{HtmlReport, ParserOptions, Trace};

/// A model's output. Whatever is found lies in it, each step is equal to itself, and all of it can
/// be shown.
pub fn checks(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let trace = Trace::parse(&text, ParserOptions::primed());
    let reports = trace.check_all();
    for finding in reports.iter().flat_map(|report| &report.findings) {
        assert!(!finding.place.text(&trace).is_empty(), "{finding:?}");
    }
    let page = HtmlReport::new(&trace).with_checks(&reports).page();
    assert!(!page.contains("<script"));
    assert_eq!(trace.diff(&trace).n_common(), trace.steps.len());
}
