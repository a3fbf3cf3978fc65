use super::{Outcome, Problem};
use crate::json::Params;
use crate::output::one_line;
use glassbox::StopReason;
use serde::Serialize;
use std::io::{self, Write};

/// What `eval` did.
#[derive(Serialize)]
pub(crate) struct Run {
    pub(crate) model: String,
    pub(crate) suite: String,
    pub(crate) seconds: f64,
    pub(crate) jobs: usize,
    pub(crate) threads_per_job: usize,
    pub(crate) params: Params,
}

/// What `eval` found.
#[derive(Serialize)]
pub(crate) struct Report<'a> {
    #[serde(flatten)]
    run: Run,
    /// Problems that were to be asked; not all of them were where `partial` is true.
    problems: usize,
    pub(crate) partial: bool,
    #[serde(flatten)]
    all: Score,
    tokens: usize,
    /// Tokens written in a second, by all jobs together.
    tok_s: f64,
    /// Scores by kind, in the order of the file.
    kinds: Vec<Kind<'a>>,
    wrong: Vec<Wrong<'a>>,
}

#[derive(Clone, Copy, Default, Serialize)]
struct Score {
    /// Problems that were asked.
    done: usize,
    right: usize,
    /// `right / done`; null where nothing was done.
    accuracy: Option<f64>,
    /// Replies that a limit on tokens or the context cut.
    cut: usize,
    /// Tokens of a reasoning, on average.
    thinking_tokens: Option<f64>,
}

#[derive(Serialize)]
struct Kind<'a> {
    /// Null for problems without one.
    kind: Option<&'a str>,
    #[serde(flatten)]
    score: Score,
}

#[derive(Serialize)]
struct Wrong<'a> {
    line: usize,
    kind: Option<&'a str>,
    question: &'a str,
    expected: Option<&'a str>,
    answer: Option<&'a str>,
    stop: Option<StopReason>,
    text: Option<&'a str>,
}

impl Score {
    fn of<'a>(outcomes: impl Iterator<Item = &'a Outcome>) -> Score {
        let mut score = Score::default();
        let mut thinking = 0;
        for outcome in outcomes {
            score.done += 1;
            score.right += usize::from(outcome.right);
            score.cut += usize::from(outcome.stop == Some(StopReason::Length));
            thinking += outcome.thinking_tokens;
        }
        let mean = |sum: usize| (score.done > 0).then(|| sum as f64 / score.done as f64);
        (score.accuracy, score.thinking_tokens) = (mean(score.right), mean(thinking));
        score
    }
}

impl<'a> Report<'a> {
    /// Adds up what became of each problem.
    pub(crate) fn of(run: Run, problems: &'a [Problem], outcomes: &'a [Option<Outcome>]) -> Self {
        let done: Vec<(&Problem, &Outcome)> = problems
            .iter()
            .zip(outcomes)
            .filter_map(|(problem, outcome)| Some((problem, outcome.as_ref()?)))
            .collect();
        let mut kinds: Vec<Kind<'a>> = Vec::new();
        for problem in problems {
            let kind = problem.kind.as_deref();
            if kinds.iter().all(|known| known.kind != kind) {
                let of_kind = done.iter().filter(|(p, _)| p.kind.as_deref() == kind);
                let score = Score::of(of_kind.map(|(_, outcome)| *outcome));
                kinds.push(Kind { kind, score });
            }
        }
        let tokens = done.iter().map(|(_, outcome)| outcome.tokens).sum();
        let wrong = done.iter().filter(|(_, outcome)| !outcome.right);
        Report {
            problems: problems.len(),
            partial: done.len() < problems.len(),
            all: Score::of(done.iter().map(|(_, outcome)| *outcome)),
            tokens,
            tok_s: match run.seconds {
                0.0 => 0.0,
                seconds => tokens as f64 / seconds,
            },
            kinds,
            wrong: wrong.map(|(p, outcome)| Wrong::of(p, outcome)).collect(),
            run,
        }
    }

    pub(crate) fn print(&self, out: &mut impl Write, show_wrong: bool) -> io::Result<()> {
        if show_wrong {
            for wrong in &self.wrong {
                wrong.print(out)?;
            }
        }
        let names = self
            .kinds
            .iter()
            .map(|kind| shown(kind.kind).chars().count());
        let width = names.max().unwrap_or(0).max(4);
        writeln!(
            out,
            "{:<width$} {:>6} {:>6} {:>8} {:>6} {:>9}",
            "kind", "right", "of", "%", "cut", "thinking"
        )?;
        for kind in &self.kinds {
            kind.score.print(out, &shown(kind.kind), width)?;
        }
        self.all.print(out, "all", width)?;
        let (each, jobs) = (self.run.threads_per_job, self.run.jobs);
        writeln!(
            out,
            "{} in {:.1} s · {} tokens, {:.1} tok/s · {jobs} job{} of {each} thread{}",
            match self.partial {
                true => format!("partial: {} of {} problems", self.all.done, self.problems),
                false => format!("{} problems", self.problems),
            },
            self.run.seconds,
            self.tokens,
            self.tok_s,
            if jobs == 1 { "" } else { "s" },
            if each == 1 { "" } else { "s" },
        )
    }
}

impl Score {
    fn print(&self, out: &mut impl Write, name: &str, width: usize) -> io::Result<()> {
        let number = |x: Option<f64>| x.map_or_else(|| "-".to_owned(), |x| format!("{x:.1}"));
        writeln!(
            out,
            "{name:<width$} {:>6} {:>6} {:>8} {:>6} {:>9}",
            self.right,
            self.done,
            number(self.accuracy.map(|a| 100.0 * a)),
            self.cut,
            number(self.thinking_tokens),
        )
    }
}

impl<'a> Wrong<'a> {
    fn of(problem: &'a Problem, outcome: &'a Outcome) -> Self {
        Wrong {
            line: problem.line,
            kind: problem.kind.as_deref(),
            question: &problem.question,
            expected: problem.answer.as_deref(),
            answer: outcome.answer.as_deref(),
            stop: outcome.stop,
            text: outcome.text.as_deref(),
        }
    }

    fn print(&self, out: &mut impl Write) -> io::Result<()> {
        let or_none = |text: Option<&str>| text.map_or("no answer".into(), one_line);
        let why = match self.stop {
            None => ", the question is longer than the context",
            Some(StopReason::Length) => ", cut by the limit on tokens",
            Some(_) => "",
        };
        writeln!(
            out,
            "line {}, {}: {}: {}, expected {}{why}",
            self.line,
            shown(self.kind),
            one_line(self.question),
            or_none(self.answer),
            or_none(self.expected),
        )
    }
}

fn shown(kind: Option<&str>) -> String {
    kind.map_or("-".into(), one_line)
}
