//! The `glassbox` command: ask a reasoning model at a terminal, and look into it.
//!
//! Exit codes: 0 done, 1 failed or cancelled, 2 wrong usage. A failure is one line on standard
//! error, `error: …`, with its causes. A reader that goes away (`glassbox … | head`) is no failure.

#![forbid(unsafe_code)]

mod bench;
mod chat;
mod cli;
mod commands;
mod constraint_args;
mod distills;
mod eval;
mod exit;
mod input;
mod inspection;
mod interrupt;
mod json;
mod missing;
mod model_args;
mod model_source;
mod new_file;
mod output;
mod page;
mod progress;
mod record_args;
mod reply;
mod sampling_args;
mod self_test;
mod session_args;
mod stream_printer;
mod system;
mod votes;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    exit::code(cli::Cli::parse().run())
}
