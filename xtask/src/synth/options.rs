use crate::usage;
use anyhow::Result;
use glassbox_weights::Target;
use glassbox_weights::config::{DISTILLS, Distill};
use std::path::PathBuf;

/// What `synth` is asked for.
#[derive(Debug, PartialEq)]
pub(crate) struct Options {
    pub(crate) model: Distill,
    pub(crate) target: Target,
    pub(crate) seed: u64,
    pub(crate) out: PathBuf,
}

impl Options {
    /// Reads `MODEL --to TYPE [--seed N] OUT`, the options anywhere.
    pub(crate) fn parse(args: &[&str]) -> Result<Self> {
        let (mut target, mut seed, mut rest) = (None, 1, Vec::new());
        let mut args = args.iter().copied();
        while let Some(arg) = args.next() {
            let mut value = || {
                args.next()
                    .ok_or_else(|| usage::error(format!("`{arg}` of what?")))
            };
            match arg {
                "--to" => target = Some(target_named(value()?)?),
                "--seed" => {
                    let value = value()?;
                    let wrong = || usage::error(format!("`--seed` takes a number, got `{value}`"));
                    seed = value.parse().map_err(|_| wrong())?;
                }
                option if option.starts_with('-') => {
                    return Err(usage::error(format!("`synth` has no option `{option}`")));
                }
                plain => rest.push(plain),
            }
        }
        let [model, out] = rest[..] else {
            return Err(usage::error("`synth` takes a model and the file to write"));
        };
        Ok(Options {
            model: model_named(model)?,
            target: target.ok_or_else(|| usage::error("`synth` needs `--to TYPE`"))?,
            seed,
            out: out.into(),
        })
    }
}

fn model_named(name: &str) -> Result<Distill> {
    let known = DISTILLS.map(|d| d.name).join(", ");
    let distill = DISTILLS.into_iter().find(|d| d.name == name);
    distill.ok_or_else(|| usage::error(format!("there is no geometry `{name}`; there are {known}")))
}

fn target_named(name: &str) -> Result<Target> {
    let known = Target::ALL.map(Target::name).join(", ");
    Target::from_name(name)
        .ok_or_else(|| usage::error(format!("there is no type `{name}`; there are {known}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_may_stand_anywhere() {
        let parsed = Options::parse(&["--to", "Q4_K_M", "llama-8b", "--seed", "7", "out"]).unwrap();
        assert_eq!(parsed.model.name, "llama-8b");
        assert_eq!((parsed.target, parsed.seed), (Target::Q4_K_M, 7));
        assert_eq!(parsed.out, PathBuf::from("out"));
    }

    #[test]
    fn what_is_wrong_is_named_with_what_there_is() {
        for (args, expected) in [
            (
                &["qwen3", "--to", "q8_0", "out"][..],
                "`qwen3`; there are qwen2-1.5b, qwen2-7b",
            ),
            (
                &["qwen2-7b", "--to", "q9", "out"],
                "`q9`; there are f32, f16",
            ),
            (&["qwen2-7b", "out"], "needs `--to TYPE`"),
            (&["qwen2-7b", "--to", "q8_0"], "takes a model and the file"),
            (&["qwen2-7b", "--to"], "`--to` of what?"),
            (&["qwen2-7b", "--seed", "x"], "takes a number, got `x`"),
            (&["--fast"], "no option `--fast`"),
        ] {
            let error = Options::parse(args).unwrap_err();
            assert!(error.is::<usage::UsageError>(), "{args:?}");
            let message = error.to_string();
            assert!(message.contains(expected), "{args:?}: {message}");
        }
    }
}
