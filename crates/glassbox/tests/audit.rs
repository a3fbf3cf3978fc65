//! The audit log: what was acknowledged is never lost, and what was changed is found.

use glassbox::{AuditError, AuditLog, AuditReader, Cancel, Model, Replay, Reply};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

fn tiny() -> Model {
    let options = Model::options().threads(1).context(512).certify(true);
    options.open_tiny().unwrap()
}

fn reply(model: &Model, question: &str) -> Reply {
    let mut session = model.session();
    let ask = session.ask(question).greedy().max_tokens(40);
    ask.run().unwrap()
}

#[test]
fn what_is_written_down_is_read_and_replayed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    let model = tiny();
    let questions = ["What is 2 + 3?", "What is 12 + 30?", "And \u{85}\"x\\ü\0?"];
    for question in questions {
        // Each time by another that opens it.
        let mut log = AuditLog::open(&path).unwrap();
        let before = log.hash();
        log.append(&reply(&model, question), model.engine())
            .unwrap();
        assert!(log.hash() != before && log.torn().is_none());
    }
    let entries: Vec<_> = AuditReader::open(&path)
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(entries.len(), 3);
    for (entry, question) in entries.iter().zip(questions) {
        assert_eq!(entry.messages.last().unwrap().content, question);
        assert_eq!(entry.text, reply(&model, question).text);
        let replay = model
            .engine()
            .replay(&entry.certificate, &Cancel::new())
            .unwrap();
        assert_eq!(replay, Replay::Identical);
    }
    let log = AuditLog::open(&path).unwrap();
    assert_eq!(log.lines(), 3);
    let second = AuditLog::open(&path).unwrap_err();
    assert!(matches!(second, AuditError::InUse { .. }), "{second}");
}

/// A log of three lines, and where each ends.
fn log_of_three(path: &Path) -> (Vec<u8>, Vec<usize>) {
    let model = tiny();
    let mut log = AuditLog::open(path).unwrap();
    for question in ["What is 2 + 3?", "What is 4 + 3?", "What is 12 + 30?"] {
        log.append(&reply(&model, question), model.engine())
            .unwrap();
    }
    let bytes = fs::read(path).unwrap();
    let ends = (0..bytes.len()).filter(|&i| bytes[i] == b'\n');
    let ends = ends.map(|i| i + 1).collect();
    (bytes, ends)
}

#[test]
fn a_torn_line_is_set_aside_and_nothing_else_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    let (whole, ends) = log_of_three(&path);
    assert_eq!(ends.len(), 3);
    let model = tiny();
    let another = reply(&model, "What is 1 + 1?");
    for len in (0..whole.len()).step_by(97).chain(ends.iter().copied()) {
        fs::write(&path, &whole[..len]).unwrap();
        let kept = ends.iter().filter(|&&end| end <= len).count();
        let torn = len - ends[..kept].last().unwrap_or(&0);
        let wrong = AuditReader::open(&path).unwrap().find_map(Result::err);
        match wrong {
            Some(AuditError::Torn { line, bytes, .. }) => {
                assert_eq!((line, bytes), (kept as u64 + 1, torn as u64));
            }
            other => assert!(torn == 0 && other.is_none(), "{len}: {other:?}"),
        }
        let mut log = AuditLog::open(&path).unwrap();
        let aside = log.torn().map(|path| fs::read(path).unwrap());
        assert_eq!(aside.unwrap_or_default(), whole[len - torn..len]);
        log.append(&another, model.engine()).unwrap();
        let read: Result<Vec<_>, _> = AuditReader::open(&path).unwrap().collect();
        assert_eq!(read.unwrap().len(), kept + 1, "{len}");
    }
}

#[test]
fn a_line_that_was_changed_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    let (whole, ends) = log_of_three(&path);
    let lines: Vec<&[u8]> = whole.split_inclusive(|b| *b == b'\n').collect();
    let mut cases: Vec<(Vec<u8>, u64)> = vec![
        ([lines[1], lines[2]].concat(), 1),
        ([lines[0], lines[2]].concat(), 2),
        ([lines[0], lines[2], lines[1]].concat(), 2),
        ([lines[0], lines[1], lines[1], lines[2]].concat(), 3),
        ([lines[0], b"\n", lines[1]].concat(), 2),
        ([lines[0], b"{\"hash\":3}\n"].concat(), 2),
    ];
    for at in (0..whole.len()).step_by(61) {
        let mut bytes = whole.clone();
        bytes[at] ^= 2;
        let line = ends.iter().filter(|&&end| end <= at).count() as u64 + 1;
        cases.push((bytes, line));
    }
    for (bytes, expected) in cases {
        fs::write(&path, &bytes).unwrap();
        let error = AuditReader::open(&path).unwrap().find_map(Result::err);
        let error = error.expect("a change").to_string();
        let named = format!("audit.jsonl, line {expected}: ");
        assert!(error.contains(&named), "{error}, expected {named}");
        assert!(AuditLog::open(&path).is_err());
        assert_eq!(fs::read(&path).unwrap(), bytes, "left as it is");
    }
}

#[test]
fn a_killed_writer_loses_nothing_that_it_acknowledged() {
    const KILLS: u64 = 100;
    if let Some(path) = std::env::var_os("GLASSBOX_TEST_AUDIT") {
        let model = tiny();
        let reply = reply(&model, "What is 2 + 3?");
        let mut log = AuditLog::open(path).unwrap();
        loop {
            log.append(&reply, model.engine()).unwrap();
            println!("written {}", log.lines());
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    let mut acknowledged = 0;
    for kill in 0..KILLS {
        let mut writer = Command::new(std::env::current_exe().unwrap())
            .args([
                "a_killed_writer_loses_nothing_that_it_acknowledged",
                "--exact",
                "--nocapture",
            ])
            .env("GLASSBOX_TEST_AUDIT", &path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(writer.stdout.take().unwrap()).lines();
        let written =
            |line: std::io::Result<String>| line.unwrap().strip_prefix("written ")?.parse().ok();
        let first: u64 = lines.by_ref().find_map(written).unwrap();
        // The moment moves through the writing of a line.
        std::thread::sleep(Duration::from_micros(kill * 17));
        writer.kill().unwrap();
        writer.wait().unwrap();
        assert!(first > acknowledged);
        acknowledged = lines.filter_map(written).last().unwrap_or(first);
        let mut whole = 0;
        for entry in AuditReader::open(&path).unwrap() {
            match entry {
                Ok(_) => whole += 1,
                Err(AuditError::Torn { .. }) => {}
                Err(other) => panic!("{other}"),
            }
        }
        // The last may be whole, and not yet acknowledged.
        assert!(
            (acknowledged..=acknowledged + 1).contains(&whole),
            "{whole}"
        );
    }
}
