use super::measure::{Report, Row};
use super::statistics::{median, ratio};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// A Markdown table: tokens a second and per cent of the limit, then our speed over each peer's.
pub(super) fn table(report: &Report) -> String {
    let mut out = String::new();
    let o = &report.options;
    let [int8, bf16, f32] = report.limits.rates.map(|rate| rate / 1e9);
    let _ = writeln!(
        out,
        "{} ({:.2} GB), {}, medians of {}.\nThis machine reads {:.1} GB/s and does \
         {int8:.0} G multiply-adds/s in int8, {bf16:.0} in bf16, {f32:.0} in f32.\n",
        report.model,
        report.file_bytes as f64 / 1e9,
        counted(o.threads, "thread"),
        counted(o.rounds, "round"),
        report.limits.read_bytes / 1e9,
    );
    let names = report.work.iter().map(|work| work.name());
    let head: Vec<String> = std::iter::once("tok/s (of the limit)".to_owned())
        .chain(names)
        .chain(["load, s", "resident, MB", "logits alike"].map(str::to_owned))
        .collect();
    line(&mut out, &head);
    line(&mut out, &vec!["---".to_owned(); head.len()]);
    for row in &report.rows {
        line(&mut out, &speeds(row));
    }
    if let Some((ours, peers)) = report.rows.split_first() {
        for peer in peers {
            line(&mut out, &ratios(ours, peer));
        }
    }
    out
}

fn counted(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

fn speeds(row: &Row) -> Vec<String> {
    let mut cells = vec![row.engine.name.to_owned()];
    for cell in &row.cells {
        cells.push(shown(cell.as_ref().map(|cell| {
            format!("{:.1} ({:.0} %)", cell.tok_s, 100.0 * cell.of_limit)
        })));
    }
    cells.push(shown(median(row.loads.clone()).map(|s| format!("{s:.2}"))));
    cells.push(shown(
        row.resident.map(|bytes| format!("{:.0}", bytes / 1e6)),
    ));
    cells.push(shown(row.alike.map(|r| format!("{r:.4}"))));
    cells
}

/// How many times faster, and smaller, we are.
fn ratios(ours: &Row, peer: &Row) -> Vec<String> {
    let times = |x: Option<f64>| shown(x.map(|x| format!("{x:.2} ×")));
    let mut cells = vec![format!("glassbox over {}", peer.engine.name)];
    for cell in &peer.cells {
        cells.push(times(cell.as_ref().and_then(|cell| cell.ratio)));
    }
    cells.push(times(ratio(&peer.loads, &ours.loads)));
    cells.push(times(
        peer.resident
            .zip(ours.resident)
            .map(|(theirs, ours)| theirs / ours),
    ));
    cells.push(String::new());
    cells
}

fn shown(text: Option<String>) -> String {
    text.unwrap_or_else(|| "–".to_owned())
}

fn line(out: &mut String, cells: &[String]) {
    let _ = writeln!(out, "| {} |", cells.join(" | "));
}

/// All reports, with the seconds of each round.
pub(super) fn json(reports: &[Report]) -> Value {
    Value::Array(reports.iter().map(one).collect())
}

fn one(report: &Report) -> Value {
    let engine = |row: &Row| {
        let results = report.work.iter().zip(&row.cells).zip(&row.seconds);
        let results: serde_json::Map<String, Value> = results
            .map(|((work, cell), seconds)| {
                let result = cell.as_ref().map(|cell| {
                    json!({
                        "tok_s": cell.tok_s,
                        "of_limit": cell.of_limit,
                        "glassbox_over_this": cell.ratio,
                        "seconds": seconds,
                    })
                });
                (work.name(), result.into())
            })
            .collect();
        json!({
            "engine": row.engine.name,
            "results": results,
            "load_s": row.loads,
            "resident_bytes": row.resident,
            "logits_correlation": row.alike,
        })
    };
    let [int8, bf16, f32] = report.limits.rates;
    json!({
        "model": report.model,
        "file_bytes": report.file_bytes,
        "threads": report.options.threads,
        "rounds": report.options.rounds,
        "limits": {
            "read_bytes_s": report.limits.read_bytes,
            "int8_mac_s": int8,
            "bf16_mac_s": bf16,
            "f32_fma_s": f32,
        },
        "engines": report.rows.iter().map(engine).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::costs::{Limits, Work};
    use super::super::measure::Cell;
    use super::super::{ENGINES, Options};
    use super::*;

    fn report() -> Report {
        let row = |engine: usize, tok_s: f64, ratio| Row {
            engine: ENGINES[engine],
            seconds: vec![vec![512.0 / tok_s], vec![]],
            cells: vec![
                Some(Cell {
                    tok_s,
                    of_limit: 0.5,
                    ratio: Some(ratio),
                }),
                None,
            ],
            alike: Some(1.0),
            loads: vec![0.5 * ratio],
            resident: Some(2e9 * ratio),
        };
        let decode = Work::Decode {
            tokens: 64,
            depth: 0,
            sequences: 8,
        };
        Report {
            model: "m.gguf".into(),
            file_bytes: 1_500_000_000,
            options: Options::parse(&["m.gguf", "--threads", "2"]).unwrap(),
            limits: Limits {
                read_bytes: 4e10,
                rates: [4e11, 2e11, 1e11],
            },
            work: vec![Work::Prompt(512), decode],
            rows: vec![row(0, 200.0, 1.0), row(1, 100.0, 2.0)],
        }
    }

    #[test]
    fn the_table_has_a_row_for_each_engine_and_each_ratio() {
        let table = table(&report());
        let rows: Vec<&str> = table.lines().skip(3).collect();
        assert_eq!(
            rows,
            [
                "| tok/s (of the limit) | prompt 512 | decode of 8 | load, s | resident, MB \
                 | logits alike |",
                "| --- | --- | --- | --- | --- | --- |",
                "| glassbox | 200.0 (50 %) | – | 0.50 | 2000 | 1.0000 |",
                "| llama.cpp | 100.0 (50 %) | – | 1.00 | 4000 | 1.0000 |",
                "| glassbox over llama.cpp | 2.00 × | – | 2.00 × | 2.00 × |  |",
            ]
        );
    }

    #[test]
    fn json_has_what_the_table_has() {
        let json = json(&[report()]);
        let engine = &json[0]["engines"][1];
        assert_eq!(engine["results"]["prompt 512"]["tok_s"], 100.0);
        assert!(engine["results"]["decode of 8"].is_null());
        assert_eq!(json[0]["limits"]["int8_mac_s"], 4e11);
    }
}
