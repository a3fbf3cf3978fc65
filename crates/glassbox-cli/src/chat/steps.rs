//! The steps of a reply, with what the checkers say next to each.

use crate::output::{columns, one_line, short};
use crate::page::Sureness;
use anyhow::{Result, bail};
use glassbox::Reply;
use glassbox::trace::{Finding, Section, Step};

/// Characters of a step's first line.
const LINE: usize = 100;

#[derive(Clone, Copy)]
pub(super) enum Which {
    FirstLines,
    All,
    One(usize),
}

/// The index of a step that is named by its number, from 1.
pub(super) fn index(reply: &Reply, number: usize) -> Result<usize> {
    match (number.checked_sub(1), reply.trace.steps.len()) {
        (Some(index), n) if index < n => Ok(index),
        (_, 0) => bail!("no step {number}: the reply has none"),
        (_, n) => bail!("no step {number}: the reply has {n}, counted from 1"),
    }
}

/// Number, kind, confidence and text of the steps, their findings, and the answer.
pub(super) fn list(reply: &Reply, which: Which) -> Result<String> {
    let trace = &reply.trace;
    let reports = trace.check_all();
    let findings: Vec<&Finding> = reports.iter().flat_map(|r| &r.findings).collect();
    let sureness = Sureness::of(reply);
    let steps = match which {
        Which::One(number) => std::slice::from_ref(&trace.steps[index(reply, number)?]),
        _ => &trace.steps,
    };
    let mut rows = Vec::new();
    for step in steps {
        let sure = sureness.as_ref().and_then(|s| s.percent(step.index));
        let mut head = [
            (step.index + 1).to_string(),
            step.kind.name().to_owned(),
            sure.map_or_else(String::new, |percent| format!("{percent:.0}%")),
        ];
        for text in lines(step, which) {
            let [number, kind, sure] = std::mem::take(&mut head);
            rows.push([number, kind, sure, text]);
        }
        let here = findings.iter().filter(|f| f.place.step == Some(step.index));
        rows.extend(all_said(here).map(beside));
    }
    if rows.is_empty() {
        rows.push(beside("no steps: the reply has no reasoning".to_owned()));
    }
    if !matches!(which, Which::One(_)) {
        let answer = reply.answer().map_or("none".to_owned(), |a| short(a, LINE));
        let [_, _, sure, _] = beside(String::new());
        rows.push([String::new(), "answer".to_owned(), sure, answer]);
        let in_content = |f: &&&Finding| f.place.section == Section::Content;
        rows.extend(all_said(findings.iter().filter(in_content)).map(beside));
    }
    Ok(columns(&rows))
}

/// What checkers found in one place: the same thing, said twice there, is said once here.
fn all_said<'a>(findings: impl Iterator<Item = &'a &'a Finding>) -> impl Iterator<Item = String> {
    let mut lines: Vec<String> = Vec::new();
    for line in findings.map(|finding| said(finding)) {
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines.into_iter()
}

/// What a checker found, marked so that it is not taken for words of the model.
pub(super) fn said(finding: &Finding) -> String {
    let (severity, checker) = (finding.severity.name(), &finding.checker);
    format!("! {severity}, {checker}: {}", one_line(&finding.message))
}

fn beside(text: String) -> [String; 4] {
    [String::new(), String::new(), String::new(), text]
}

fn lines(step: &Step, which: Which) -> Vec<String> {
    match which {
        Which::FirstLines => vec![first_line(step)],
        Which::All | Which::One(_) => step.text.lines().map(str::to_owned).collect(),
    }
}

/// With `…` where it is not all.
pub(super) fn first_line(step: &Step) -> String {
    let first = step.text.lines().next().unwrap_or_default();
    let mut line = short(first, LINE);
    if first.len() < step.text.len() && !line.ends_with('…') {
        line.push_str(" …");
    }
    line
}
