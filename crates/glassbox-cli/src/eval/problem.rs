use anyhow::{Context as _, Result, anyhow, bail, ensure};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// A question and what the right reply to it is.
#[derive(Debug, PartialEq)]
pub(crate) struct Problem {
    /// Its line in the file, from 1.
    pub(crate) line: usize,
    pub(crate) kind: Option<String>,
    pub(crate) question: String,
    /// `None` where the right reply has content and no answer.
    pub(crate) answer: Option<String>,
}

/// What is read of a line; other keys are passed over.
#[derive(Deserialize)]
struct Line {
    question: Option<String>,
    problem: Option<String>,
    /// `None` where it is missing, which null is not.
    #[serde(default, deserialize_with = "present")]
    answer: Option<Value>,
    kind: Option<String>,
}

fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// The problems of a file of JSON objects, one a line; blank lines are passed over.
///
/// # Errors
/// Naming the line, for one that is not a problem; and when there is none at all.
pub(crate) fn parse(text: &str) -> Result<Vec<Problem>> {
    let mut problems = Vec::new();
    for (line, text) in (1..).zip(text.lines()) {
        if !text.trim().is_empty() {
            problems.push(problem(line, text).with_context(|| format!("line {line}"))?);
        }
    }
    ensure!(!problems.is_empty(), "no problems in it");
    Ok(problems)
}

fn problem(line: usize, text: &str) -> Result<Problem> {
    ensure!(text.trim_start().starts_with('{'), "not a JSON object");
    // The line's number in the file is said already; here it is always the first.
    let shorter = |e: serde_json::Error| e.to_string().replacen("line 1 column", "column", 1);
    let read: Line = serde_json::from_str(text).map_err(|e| anyhow!(shorter(e)))?;
    let question = read.question.or(read.problem).unwrap_or_default();
    ensure!(
        !question.trim().is_empty(),
        "no text under \"question\" or \"problem\""
    );
    let answer = match read.answer {
        Some(Value::String(text)) if !text.trim().is_empty() => Some(text),
        // Another number would not be kept as it is written.
        Some(Value::Number(n)) if n.is_i64() || n.is_u64() => Some(n.to_string()),
        Some(Value::Null) => None,
        None => bail!("no \"answer\"; it is null where the right reply has none"),
        Some(other) => {
            bail!("\"answer\" is {other}, expected text, a whole number or null")
        }
    };
    Ok(Problem {
        line,
        kind: read.kind,
        question,
        answer,
    })
}

/// The first `limit` problems of each kind.
pub(crate) fn first_of_each(problems: Vec<Problem>, limit: usize) -> Vec<Problem> {
    let mut taken = std::collections::BTreeMap::new();
    let mut is_early = |problem: &Problem| {
        let n = taken.entry(problem.kind.clone()).or_insert(0);
        *n += 1;
        *n <= limit
    };
    problems.into_iter().filter(|p| is_early(p)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_problems() {
        let text = r#"
{"kind": "mul", "question": "What is 2 * 3?", "answer": "6"}

{"id": 1, "problem": "What?", "answer": 204, "question": "What is it?", "level": [5]}
{"problem": "Why?", "answer": null, "kind": "outside"}"#;
        let problem = |line, kind: Option<&str>, question: &str, answer: Option<&str>| Problem {
            line,
            kind: kind.map(str::to_owned),
            question: question.to_owned(),
            answer: answer.map(str::to_owned),
        };
        let expected = [
            problem(2, Some("mul"), "What is 2 * 3?", Some("6")),
            problem(4, None, "What is it?", Some("204")),
            problem(5, Some("outside"), "Why?", None),
        ];
        assert_eq!(parse(text).unwrap(), expected);
    }

    #[test]
    fn a_bad_line_is_named() {
        let good = "{\"question\":\"a\",\"answer\":\"1\"}\n";
        for (bad, part) in [
            ("not json", "not a JSON object"),
            ("[\"q\", \"p\", \"1\", \"k\"]", "not a JSON object"),
            ("{\"question\": 1}", "expected a string at column 14"),
            ("{}", "\"question\""),
            ("{\"question\":\" \",\"answer\":\"1\"}", "\"question\""),
            ("{\"question\":\"a\"}", "no \"answer\""),
            ("{\"question\":\"a\",\"answer\":1.5}", "1.5"),
            ("{\"question\":\"a\",\"answer\":[]}", "[]"),
            ("{\"question\":\"a\",\"answer\":\"\"}", "\"\""),
            ("{\"question\":\"a\",\"answer\":null,\"kind\":3}", "3"),
            (
                "{\"question\":\"a\",\"question\":\"b\",\"answer\":null}",
                "duplicate",
            ),
        ] {
            let error = format!("{:#}", parse(&(good.to_owned() + bad)).unwrap_err());
            assert!(error.starts_with("line 2: "), "{error}");
            assert!(error.contains(part), "{error}");
        }
        assert!(parse("\n \n").is_err());
    }

    #[test]
    fn the_limit_counts_within_a_kind() {
        let line =
            |kind: &str| format!("{{\"kind\":{kind},\"question\":\"q\",\"answer\":\"1\"}}\n");
        let text = ["\"a\"", "\"a\"", "null", "\"b\"", "\"a\"", "null"]
            .map(line)
            .concat();
        let kept = first_of_each(parse(&text).unwrap(), 1);
        assert_eq!(kept.iter().map(|p| p.line).collect::<Vec<_>>(), [1, 3, 4]);
    }
}
