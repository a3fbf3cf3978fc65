//! glassbox beside other engines on the same files, in turns: the programs of `benches/peers`.

mod build;
mod costs;
mod measure;
mod options;
mod peer;
mod report;
mod statistics;

pub(crate) use options::Options;

use anyhow::Result;
use std::path::Path;

/// An engine, and the program of `benches/peers` that runs it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Engine {
    /// As people call it.
    name: &'static str,
    /// Its feature; the program is `peer-` and this.
    feature: &'static str,
    /// Whether it chooses its instructions when it is compiled, so that it must be compiled for
    /// this machine.
    native: bool,
}

/// The order in which engines take turns; the first is ours.
const ENGINES: [Engine; 3] = [
    Engine {
        name: "glassbox",
        feature: "glassbox",
        native: false,
    },
    Engine {
        name: "llama.cpp",
        feature: "llama-cpp",
        native: true,
    },
    Engine {
        name: "candle",
        feature: "candle",
        native: true,
    },
];

/// Builds the engines, measures each model, and prints what came out.
pub(crate) fn run(root: &Path, options: &Options) -> Result<()> {
    // A model that cannot be read is said before anything is built.
    let costs: Vec<costs::Costs> = options
        .models
        .iter()
        .map(|model| costs::Costs::of(model))
        .collect::<Result<_>>()?;
    let programs = build::all(root, &options.engines)?;
    let mut reports = Vec::new();
    for (model, costs) in options.models.iter().zip(costs) {
        let report = measure::model(&programs, model, &costs, options)?;
        if !options.json {
            println!("{}", report::table(&report));
        }
        reports.push(report);
    }
    if options.json {
        println!("{:#}", report::json(&reports));
    }
    Ok(())
}
