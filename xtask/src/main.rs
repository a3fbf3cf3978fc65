//! Chores of the repository, run as `cargo xtask <chore>`.
//!
//! Exit codes: 0 done, 1 a chore failed, 2 wrong usage.

#![forbid(unsafe_code)]

mod arm;
mod bench_peers;
mod ci;
mod fetch_models;
mod fixtures;
mod fuzz;
mod process;
mod python;
mod root;
mod synth;
mod test;
mod tidy;
mod usage;

use std::process::ExitCode;

const USAGE: &str = "\
Usage: cargo xtask <chore>

  test                                all tests; fetches the model that they need
  arm                                 the kernels' tests on an ARM machine, which QEMU plays
  ci                                  everything that CI checks, with the time of each step
  tidy                                the rules of the repository that no compiler knows
  fetch-models                        SmolLM2-135M-Instruct into models/
  fixtures [--r1 FILE]                makes every fixture again; FILE is a GGUF file of a
                                      DeepSeek-R1-Distill-Qwen, for the fixtures made from one
  fuzz [--seconds N] [--address-sanitizer] [TARGET...]
                                      fuzzes each target, or those named, for N seconds (60)
  fuzz --replay FILE TARGET           runs one input, such as a crash that fuzzing kept
  synth MODEL --to TYPE [--seed N] OUT.gguf
                                      a model of random weights in the geometry of an R1 distill,
                                      such as `synth qwen2-1.5b --to q4_k_m`, for benchmarks
  bench-peers [OPTION...] MODEL.gguf...
                                      glassbox beside llama.cpp and candle, in turns; options:
                                      --threads N, --prompts 512,4096, --tokens 64, --depth 4096,
                                      --batches 8,16, --rounds 5, --engines llama.cpp, --json
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args_os()
        .skip(1)
        .map(|arg| arg.to_string_lossy().into_owned())
        .collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match dispatch(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.is::<usage::UsageError>() => {
            eprintln!("xtask: {error}\n\n{USAGE}");
            ExitCode::from(2)
        }
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(args: &[&str]) -> anyhow::Result<()> {
    let Some((&chore, rest)) = args.split_first() else {
        return Err(usage::error("which chore?"));
    };
    if matches!(chore, "help" | "--help" | "-h") {
        print!("{USAGE}");
        return Ok(());
    }
    match chore {
        "fuzz" => return fuzz::run(&root::find()?, &fuzz::Options::parse(rest)?),
        "bench-peers" => {
            return bench_peers::run(&root::find()?, &bench_peers::Options::parse(rest)?);
        }
        "synth" => return synth::run(&synth::Options::parse(rest)?),
        "fixtures" => return fixtures::run(&root::find()?, fixtures::parse(rest)?),
        _ => {}
    }
    let run = match chore {
        "test" => test::run,
        "arm" => arm::run,
        "ci" => ci::run,
        "tidy" => tidy::run,
        "fetch-models" => fetch_models::run,
        _ => return Err(usage::error(format!("there is no chore `{chore}`"))),
    };
    if let Some(extra) = rest.first() {
        return Err(usage::error(format!(
            "`{chore}` takes no argument, got `{extra}`"
        )));
    }
    run(&root::find()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_usage_is_told_from_failure() {
        for args in [
            &[][..],
            &["tity"],
            &["tidy", "now"],
            &["fuzz", "--seconds"],
            &["fuzz", "--seconds", "soon"],
            &["fuzz", "--replay", "file"],
            &["synth", "qwen2-1.5b", "out.gguf"],
            &["bench-peers"],
        ] {
            let error = dispatch(args).unwrap_err();
            assert!(error.is::<usage::UsageError>(), "{args:?}: {error:#}");
        }
        assert!(dispatch(&["--help"]).is_ok());
    }
}
