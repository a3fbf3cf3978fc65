use crate::commands::{
    ask, bench, chat, doctor, eval, inspect, logits, models, prepare, quantize, replay, tokens,
    trace,
};
use clap::{Parser, Subcommand};

/// Ask a reasoning model, and see how it came to its answer.
#[derive(Parser)]
#[command(
    name = "glassbox",
    version,
    after_help = "Exit codes: 0 done, 1 failed or cancelled, 2 wrong usage.\n\
        Environment: GLASSBOX_MODEL is the model where none is named, GLASSBOX_ISA forces a \
        kernel table, NO_COLOR switches colours off."
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Ask(ask::Args),
    Chat(chat::Args),
    Trace(trace::Args),
    Replay(replay::Args),
    Logits(logits::Args),
    Tokens(tokens::Args),
    Inspect(inspect::Args),
    Quantize(quantize::Args),
    Prepare(prepare::Args),
    Bench(bench::Args),
    #[command(mut_arg("temperature", |arg| arg.default_value("0")))]
    Eval(eval::Args),
    Models(models::Args),
    Doctor(doctor::Args),
}

impl Cli {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        match self.command {
            Command::Ask(args) => ask::run(args),
            Command::Chat(args) => chat::run(args),
            Command::Trace(args) => trace::run(args),
            Command::Replay(args) => replay::run(args),
            Command::Logits(args) => logits::run(args),
            Command::Tokens(args) => tokens::run(args),
            Command::Inspect(args) => inspect::run(args),
            Command::Quantize(args) => quantize::run(args),
            Command::Prepare(args) => prepare::run(args),
            Command::Bench(args) => bench::run(args),
            Command::Eval(args) => eval::run(args),
            Command::Models(args) => models::run(args),
            Command::Doctor(args) => doctor::run(args),
        }
    }
}
