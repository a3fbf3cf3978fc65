//! Loads a model with a progress line, and gives up when it takes longer than one wants to wait.
//!
//! `cargo run --release -p glassbox-examples --example load_with_progress -- MODEL [SECONDS]`

use anyhow::{Context, Result};
use glassbox::{Error, Model, ModelError};
use std::time::{Duration, Instant};

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let path = args
        .next()
        .context("usage: load_with_progress MODEL [SECONDS]")?;
    let patience: f64 = args.next().map_or(Ok(60.0), |seconds| seconds.parse())?;
    let patience = Duration::try_from_secs_f64(patience)?;

    let began = Instant::now();
    let loaded = Model::options().threads(2).open_with(path, |now| {
        eprint!("\r{} of {} MB", now.done / 1_000_000, now.total / 1_000_000);
        began.elapsed() < patience // false cancels
    });
    eprintln!();
    match loaded {
        Ok(model) => println!("{:?} in {:?}", model.spec(), began.elapsed()),
        Err(Error::Model(ModelError::Cancelled)) => println!("given up after {patience:?}"),
        Err(error) => return Err(error.into()),
    }
    Ok(())
}
