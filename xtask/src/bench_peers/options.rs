use super::{ENGINES, Engine};
use crate::usage;
use anyhow::Result;
use std::path::PathBuf;

/// The longest prompt and depth, and the most of anything else.
const MOST: usize = 1 << 20;

/// What `bench-peers` is asked for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Options {
    pub(crate) models: Vec<PathBuf>,
    pub(crate) threads: usize,
    /// Tokens of each prompt.
    pub(crate) prompts: Vec<usize>,
    /// Tokens to generate.
    pub(crate) tokens: usize,
    /// Tokens before those that are generated in the test of a deep cache; 0 leaves it out.
    pub(crate) depth: usize,
    /// Sequences at once, in each test of batches.
    pub(crate) batches: Vec<usize>,
    pub(crate) rounds: usize,
    pub(crate) engines: Vec<Engine>,
    pub(crate) json: bool,
}

impl Options {
    /// Reads the arguments: options anywhere, and models.
    pub(crate) fn parse(args: &[&str]) -> Result<Self> {
        let mut options = Options {
            models: Vec::new(),
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            prompts: vec![512],
            tokens: 64,
            depth: 4096,
            batches: vec![8, 16],
            rounds: 5,
            engines: ENGINES.to_vec(),
            json: false,
        };
        let mut args = args.iter().copied();
        while let Some(arg) = args.next() {
            let mut value = || {
                args.next()
                    .ok_or_else(|| usage::error(format!("`{arg}` of what?")))
            };
            match arg {
                "--threads" => options.threads = number(arg, value()?, 1)?,
                "--tokens" => options.tokens = number(arg, value()?, 1)?,
                "--depth" => options.depth = number(arg, value()?, 0)?,
                "--rounds" => options.rounds = number(arg, value()?, 1)?,
                "--prompts" => options.prompts = numbers(arg, value()?)?,
                "--batches" => options.batches = numbers(arg, value()?)?,
                "--engines" => options.engines = engines(value()?)?,
                "--json" => options.json = true,
                option if option.starts_with('-') => {
                    let message = format!("`bench-peers` has no option `{option}`");
                    return Err(usage::error(message));
                }
                model => options.models.push(model.into()),
            }
        }
        if options.models.is_empty() {
            return Err(usage::error(
                "`bench-peers` takes the GGUF files to measure",
            ));
        }
        Ok(options)
    }

    /// Tokens to generate in a deep cache: few, because some engines take seconds for one.
    pub(crate) fn deep_tokens(&self) -> usize {
        self.tokens.div_ceil(4)
    }
}

fn number(option: &str, text: &str, least: usize) -> Result<usize> {
    match text.parse() {
        Ok(n) if (least..=MOST).contains(&n) => Ok(n),
        _ => {
            let message = format!("`{option}` takes a number from {least} to {MOST}, got `{text}`");
            Err(usage::error(message))
        }
    }
}

/// Numbers with commas between them; none of an empty text.
fn numbers(option: &str, text: &str) -> Result<Vec<usize>> {
    let all = text.split(',').filter(|part| !part.is_empty());
    all.map(|part| number(option, part, 1)).collect()
}

/// The engines of these names, in the order of their turns; ours is always there.
fn engines(text: &str) -> Result<Vec<Engine>> {
    let asked: Vec<&str> = text.split(',').collect();
    let names = ENGINES.map(|engine| engine.name);
    if let Some(unknown) = asked.iter().find(|name| !names.contains(name)) {
        let known = names.join(", ");
        let message = format!("there is no engine `{unknown}`; there are {known}");
        return Err(usage::error(message));
    }
    let wanted = |(i, engine): &(usize, Engine)| *i == 0 || asked.contains(&engine.name);
    let all = ENGINES.into_iter().enumerate().filter(wanted);
    Ok(all.map(|(_, engine)| engine).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read() {
        let args = "--prompts 512,4096 a.gguf --batches , --engines candle --json b.gguf";
        let args: Vec<&str> = args.split(' ').collect();
        let options = Options::parse(&args).unwrap();
        assert_eq!(options.prompts, [512, 4096]);
        assert_eq!(options.batches, [0; 0]);
        let names: Vec<&str> = options.engines.iter().map(|engine| engine.name).collect();
        assert_eq!(names, ["glassbox", "candle"]);
        assert_eq!(options.models.len(), 2);
        assert!(options.json);
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (args, expected) in [
            (&[][..], "takes the GGUF files"),
            (&["m", "--threads", "0"], "from 1 to"),
            (&["m", "--prompts", "5,x"], "got `x`"),
            (
                &["m", "--engines", "vllm"],
                "`vllm`; there are glassbox, llama.cpp, candle",
            ),
            (&["m", "--fast"], "no option `--fast`"),
            (&["m", "--depth"], "`--depth` of what?"),
        ] {
            let error = Options::parse(args).unwrap_err();
            assert!(error.is::<usage::UsageError>());
            assert!(error.to_string().contains(expected), "{error}");
        }
    }
}
