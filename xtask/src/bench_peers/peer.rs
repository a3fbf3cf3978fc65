use super::Engine;
use anyhow::{Context as _, Result, bail};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;

/// A running engine with a model. It ends when this is dropped.
pub(super) struct Peer {
    name: &'static str,
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    /// Seconds from its start to its first token.
    pub(super) load_s: f64,
}

/// What an engine is started with.
#[derive(Clone, Copy)]
pub(super) struct Setup<'a> {
    pub(super) model: &'a Path,
    pub(super) threads: usize,
    pub(super) positions: usize,
    pub(super) sequences: usize,
}

impl Peer {
    /// Starts the program and waits for its first token.
    pub(super) fn start(engine: Engine, program: &Path, setup: Setup<'_>) -> Result<Self> {
        let name = engine.name;
        let began = Instant::now();
        let mut child = Command::new(program)
            .arg(setup.model)
            .args([setup.threads, setup.positions, setup.sequences].map(|n| n.to_string()))
            // candle and OpenMP ask the environment.
            .env("RAYON_NUM_THREADS", setup.threads.to_string())
            .env("OMP_NUM_THREADS", setup.threads.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("{name} cannot be started"))?;
        let (Some(to), Some(from)) = (child.stdin.take(), child.stdout.take()) else {
            bail!("{name} has no standard input or output");
        };
        let mut peer = Peer {
            name,
            child,
            to,
            from: BufReader::new(from),
            load_s: 0.0,
        };
        match peer.line()?.as_str() {
            "ready" => {}
            other => bail!("{name} said `{other}` in place of `ready`"),
        }
        peer.load_s = began.elapsed().as_secs_f64();
        Ok(peer)
    }

    /// The numbers that answer a line.
    pub(super) fn ask(&mut self, line: &str) -> Result<Vec<f64>> {
        let name = self.name;
        writeln!(self.to, "{line}").with_context(|| format!("{name} does not listen"))?;
        let answer = self.line()?;
        if let Some(error) = answer.strip_prefix("error ") {
            bail!("{name}: {line}: {error}");
        }
        let numbers: Result<Vec<f64>, _> = answer.split(' ').map(str::parse).collect();
        numbers.with_context(|| format!("{name}: {line}: `{answer}` is not numbers"))
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        if self.from.read_line(&mut line)? == 0 {
            let status = self.child.wait()?;
            bail!("{} ended: {status}", self.name);
        }
        Ok(line.trim_end().to_owned())
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It has nothing to save, and has perhaps ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::fs;

    /// A peer that is a script of the shell, whose `$1` to `$3` are the numbers.
    fn started(script: &str) -> Result<Peer> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("script");
        fs::write(&path, script)?;
        let setup = Setup {
            model: &path,
            threads: 1,
            positions: 2,
            sequences: 3,
        };
        Peer::start(super::super::ENGINES[0], Path::new("/bin/sh"), setup)
    }

    #[test]
    fn answers_are_numbers_or_say_why_not() {
        let script = "echo ready; read a; echo $1 $2 $3.5; read a; echo error too long: $a; read a";
        let mut peer = started(script).unwrap();
        assert!(peer.load_s > 0.0);
        assert_eq!(peer.ask("prompt 5").unwrap(), [1.0, 2.0, 3.5]);
        let error = peer.ask("prompt 9").unwrap_err().to_string();
        assert_eq!(error, "glassbox: prompt 9: too long: prompt 9");
        let error = peer.ask("prompt 9").unwrap_err().to_string();
        assert!(error.contains("glassbox ended"), "{error}");
    }

    #[test]
    fn one_that_does_not_load_is_an_error() {
        let error = |script| started(script).err().unwrap().to_string();
        assert!(error("exit 3").contains("ended: exit status: 3"));
        assert!(error("echo hello").contains("`hello` in place of `ready`"));
    }
}
