use crate::{Engine, Setup, status};
use anyhow::{Context as _, Result, bail};
use std::io::{BufRead as _, Write as _};
use std::time::Instant;

/// One in so many logits is compared.
const LOGITS_STEP: usize = 499;

/// Opens the engine that the arguments describe, and does what standard input says until it ends.
pub fn serve<E: Engine>(open: impl FnOnce(&Setup) -> Result<E>) -> Result<()> {
    let setup = setup(std::env::args().skip(1).collect())?;
    let mut server = Server {
        engine: open(&setup)?,
        depth: None,
    };
    server.engine.forward(1, 0, 1)?;
    let mut out = std::io::stdout();
    writeln!(out, "ready")?;
    out.flush()?;
    for line in std::io::stdin().lock().lines() {
        let answer = match server.answer(&line?) {
            Ok(numbers) => numbers
                .iter()
                .map(|x| x.to_string())
                .collect::<Vec<_>>()
                .join(" "),
            Err(error) => format!("error {error:#}").replace('\n', " "),
        };
        writeln!(out, "{answer}")?;
        out.flush()?;
    }
    Ok(())
}

fn setup(args: Vec<String>) -> Result<Setup> {
    let [model, threads, positions, sequences] = &args[..] else {
        bail!("usage: MODEL THREADS POSITIONS SEQUENCES");
    };
    let number = |text: &String| -> Result<usize> {
        let n: usize = text
            .parse()
            .with_context(|| format!("`{text}` is no number"))?;
        if n == 0 {
            bail!("0 threads, positions or sequences are too few");
        }
        Ok(n)
    };
    Ok(Setup {
        model: model.into(),
        threads: number(threads)?,
        positions: number(positions)?,
        sequences: number(sequences)?,
    })
}

struct Server<E> {
    engine: E,
    /// The sequences that are filled to a depth, the depth, and the positions there are.
    depth: Option<(usize, usize, usize)>,
}

impl<E: Engine> Server<E> {
    fn answer(&mut self, line: &str) -> Result<Vec<f64>> {
        let mut words = line.split_whitespace();
        let verb = words.next().unwrap_or_default();
        let numbers: Result<Vec<usize>, _> = words.map(str::parse).collect();
        match (verb, &numbers.context("not a number")?[..]) {
            ("prompt", &[n]) => {
                self.clear()?;
                let began = Instant::now();
                self.engine.forward(1, 0, n)?;
                Ok(vec![began.elapsed().as_secs_f64()])
            }
            ("decode", &[n, depth, sequences]) => self.decode(n, depth, sequences),
            ("logits", &[n]) => {
                self.clear()?;
                self.engine.forward(1, 0, n)?;
                let logits = self.engine.logits()?;
                Ok(logits
                    .iter()
                    .step_by(LOGITS_STEP)
                    .map(|&x| x.into())
                    .collect())
            }
            ("memory", []) => Ok(status::memory().map(|bytes| bytes as f64).into()),
            ("limits", []) => self.engine.limits().context("not measured here"),
            _ => bail!("unknown command: {line}"),
        }
    }

    fn clear(&mut self) -> Result<()> {
        self.depth = None;
        self.engine.rewind(0)?;
        Ok(())
    }

    fn decode(&mut self, n: usize, depth: usize, sequences: usize) -> Result<Vec<f64>> {
        let mut start = depth;
        match self.depth {
            // Filling the cache again would take far longer than the measurement.
            Some((s, d, len)) if (s, d) == (sequences, depth) => {
                if !self.engine.rewind(depth)? {
                    start = len;
                }
            }
            _ => {
                self.clear()?;
                if depth > 0 {
                    self.engine.forward(sequences, 0, depth)?;
                }
            }
        }
        self.depth = None;
        let began = Instant::now();
        for position in start..start + n {
            self.engine.forward(sequences, position, 1)?;
        }
        let seconds = began.elapsed().as_secs_f64();
        self.depth = Some((sequences, depth, start + n));
        Ok(vec![seconds])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Remembers how long its only sequence is.
    struct Counter(usize, bool);

    impl Engine for Counter {
        fn forward(&mut self, sequences: usize, start: usize, n: usize) -> Result<()> {
            assert_eq!((sequences, start), (1, self.0));
            self.0 += n;
            Ok(())
        }
        fn rewind(&mut self, len: usize) -> Result<bool> {
            if len == 0 || self.1 {
                self.0 = len;
            }
            Ok(len == 0 || self.1)
        }
        fn logits(&mut self) -> Result<Vec<f32>> {
            Ok(vec![self.0 as f32; 1000])
        }
    }

    #[test]
    fn every_measurement_begins_where_it_says() {
        for (rewinds, after) in [(true, 104), (false, 108)] {
            let mut server = Server {
                engine: Counter(1, rewinds),
                depth: None,
            };
            let mut ask = |line: &str| server.answer(line).unwrap();
            assert_eq!(ask("prompt 7").len(), 1);
            ask("decode 4 100 1");
            ask("decode 4 100 1");
            assert_eq!(server.engine.0, after);
            let logits = server.answer("logits 5").unwrap();
            assert_eq!(logits, [5.0, 5.0, 5.0]);
        }
    }

    #[test]
    fn what_is_not_understood_is_an_error() {
        let mut server = Server {
            engine: Counter(0, true),
            depth: None,
        };
        for line in ["", "prompt", "prompt x", "limits", "stop 1"] {
            assert!(server.answer(line).is_err(), "{line}");
        }
        assert!(setup(vec!["m".into(), "0".into(), "1".into(), "1".into()]).is_err());
        assert!(setup(vec!["m".into()]).is_err());
    }
}
