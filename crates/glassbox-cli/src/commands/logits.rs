use crate::model_args::ModelArgs;
use crate::output;
use serde::Serialize;
use std::io::{self, Write};

/// The logits of the token that follows some ids; needs no tokenizer.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    model: ModelArgs,
    /// The ids of all tokens before it
    #[arg(long, value_name = "1,2,3", value_delimiter = ',', required = true)]
    ids: Vec<u32>,
    /// How many of the largest logits are shown
    #[arg(long, value_name = "K", default_value_t = 10)]
    top: usize,
    /// The whole vector too, as "logits" (JSON)
    #[arg(long, requires = "json")]
    all: bool,
    /// {"argmax": id, "top": [[id, logit], …]}; what is not a finite number is null
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Logits<'a> {
    argmax: Option<u32>,
    top: &'a [(u32, f32)],
    #[serde(skip_serializing_if = "Option::is_none")]
    logits: Option<&'a [f32]>,
}

pub(crate) fn run(args: Args) -> anyhow::Result<()> {
    let source = args.model.path.get()?;
    let model = args.model.open(Some(args.ids.len()))?;
    let logits = model
        .logits(&args.ids)
        .map_err(|error| source.named(error))?;
    let top = largest(&logits, args.top.max(1));
    let shown = &top[..top.len().min(args.top)];
    if args.json {
        return output::json(&Logits {
            argmax: top.first().map(|best| best.0),
            top: shown,
            logits: args.all.then_some(&logits),
        });
    }
    let tokenizer = model.engine().tokenizer().ok();
    let mut out = io::stdout().lock();
    for (id, logit) in shown {
        match tokenizer {
            Some(tokenizer) => {
                writeln!(out, "{id:>8} {logit:>12.5}  {:?}", tokenizer.text_of(*id))?
            }
            None => writeln!(out, "{id:>8} {logit:>12.5}")?,
        }
    }
    Ok(())
}

/// The `k` largest, NaN left out; of equal ones the lower id first.
fn largest(logits: &[f32], k: usize) -> Vec<(u32, f32)> {
    let mut all: Vec<(u32, f32)> = (0..).zip(logits.iter().copied()).collect();
    all.retain(|(_, logit)| !logit.is_nan());
    let order = |a: &(u32, f32), b: &(u32, f32)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
    if k < all.len() {
        all.select_nth_unstable_by(k, order);
        all.truncate(k);
    }
    all.sort_unstable_by(order);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_come_first_and_nan_never() {
        let logits = [1.0, f32::NAN, 3.0, f32::NEG_INFINITY, 3.0];
        assert_eq!(largest(&logits, 2), [(2, 3.0), (4, 3.0)]);
        assert_eq!(largest(&logits, 9).len(), 4);
        assert!(largest(&[f32::NAN], 1).is_empty());
    }
}
