//! Runs the built program.

#![allow(dead_code, reason = "each file of tests uses a part of this")]

use serde_json::Value;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What a run left behind.
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Run {
    /// The output of a run that must have gone well.
    #[track_caller]
    pub(crate) fn ok(&self) -> &str {
        assert_eq!(self.code, Some(0), "{}", self.err);
        &self.out
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(self.ok()).unwrap_or_else(|e| panic!("{e}: {}", self.out))
    }

    /// Asserts a failure: the code, and an `error: …` that holds `part`.
    #[track_caller]
    pub(crate) fn fails(&self, code: i32, part: &str) {
        assert_eq!(self.code, Some(code), "{}{}", self.out, self.err);
        assert!(self.err.starts_with("error: "), "{}", self.err);
        assert!(self.err.contains(part), "{:?} is not in {}", part, self.err);
        if code == 1 {
            assert_eq!(self.err.lines().count(), 1, "{}", self.err);
        }
    }
}

/// The program, without what a user's environment could change.
pub(crate) fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_glassbox"));
    command.args(args);
    for variable in ["GLASSBOX_MODEL", "GLASSBOX_ISA", "NO_COLOR"] {
        command.env_remove(variable);
    }
    command
}

pub(crate) fn run(args: &[&str]) -> Run {
    run_with(args, "")
}

/// With `input` on standard input.
pub(crate) fn run_with(args: &[&str], input: impl AsRef<[u8]>) -> Run {
    let mut child = command(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that does not read its input may be gone by now.
    let _ = child.stdin.take().unwrap().write_all(input.as_ref());
    let output = child.wait_with_output().unwrap();
    Run {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A small model of the workspace.
pub(crate) fn fixture(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../glassbox-models/tests/fixtures");
    folder.join(name).to_str().unwrap().to_owned()
}

/// A model directory with a tokenizer and a template that opens the reasoning, as R1's does. What
/// it says is as random as its weights.
pub(crate) fn reasoner(folder: &Path) -> PathBuf {
    let folder = folder.join("reasoner");
    fs::create_dir(&folder).unwrap();
    for name in ["config.json", "model.safetensors"] {
        let from = Path::new(&fixture("qwen2-tied")).join(name);
        fs::copy(from, folder.join(name)).unwrap();
    }
    // Room for a reply that lasts until somebody stops it.
    let config = fs::read_to_string(folder.join("config.json")).unwrap();
    let config = config.replace(
        "\"max_position_embeddings\": 256",
        "\"max_position_embeddings\": 65536",
    );
    fs::write(folder.join("config.json"), config).unwrap();
    let special = ["<s>", "</s>", "<think>", "</think>"];
    let letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,?!+=ĠĊ";
    let letters = letters.chars().map(String::from);
    let all = special.map(String::from).into_iter().chain(letters);
    let vocab: serde_json::Map<String, Value> = all.zip((0..).map(Value::from)).collect();
    let added = special.iter().enumerate().map(|(id, content)| {
        serde_json::json!({
            "id": id, "content": content, "special": id < 2, "single_word": false,
            "lstrip": false, "rstrip": false, "normalized": false,
        })
    });
    let byte_level = serde_json::json!({
        "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true,
    });
    let tokenizer = serde_json::json!({
        "version": "1.0", "truncation": null, "padding": null, "normalizer": null,
        "added_tokens": added.collect::<Vec<_>>(),
        "pre_tokenizer": byte_level, "post_processor": null, "decoder": byte_level,
        "model": {"type": "BPE", "vocab": vocab, "merges": []},
    });
    let template = "{% for m in messages %}{{ m.content }}{% endfor %}{{ '<think>\\n' }}";
    let config = serde_json::json!({
        "bos_token": "<s>", "eos_token": "</s>", "chat_template": template,
    });
    fs::write(folder.join("tokenizer.json"), tokenizer.to_string()).unwrap();
    fs::write(folder.join("tokenizer_config.json"), config.to_string()).unwrap();
    folder
}
