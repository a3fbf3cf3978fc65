use crate::inspection::{Inspection, Tensors};
use crate::model_args;
use crate::model_source::ModelSource;
use crate::output;
use crate::output::{count, harmless, size};
use std::io::{self, Write};
use std::path::PathBuf;

/// What a model's files say: architecture, tensors, tokenizer, template, memory needed.
///
/// A model that glassbox cannot run is shown too, with the reason.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// A GGUF file, whose tensor data may be cut off, or a Hugging Face directory; where left out
    /// the model that `ask` would take
    #[arg(value_name = "M")]
    model: Option<PathBuf>,
    /// Positions to reckon the cache for; the model's own, at most 32,768, where left out
    #[arg(long, value_name = "N", value_parser = model_args::positions)]
    context: Option<usize>,
    /// List all tensors
    #[arg(long)]
    tensors: bool,
    /// Read all weights and count what is not a finite number
    #[arg(long)]
    verify: bool,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: Args) -> anyhow::Result<()> {
    let source = ModelSource::of(args.model.as_deref())?;
    let mut inspection = Inspection::of(&source, args.context)?;
    if args.verify {
        inspection.verify(&source)?;
    }
    if !args.tensors {
        inspection.tensor_list.clear();
    }
    if args.json {
        return output::json(&inspection);
    }
    let mut out = io::BufWriter::new(io::stdout().lock());
    print(&mut out, &inspection)?;
    out.flush()?;
    Ok(())
}

fn print(out: &mut impl Write, i: &Inspection) -> io::Result<()> {
    let mut row = |name: &str, value: &str| match value {
        "" => Ok(()),
        // A line break in a name from the file would forge a row.
        _ => writeln!(
            out,
            "{name:<13} {}",
            harmless(value).replace('\n', "\u{fffd}")
        ),
    };
    let cut = match i.data_cut_off {
        true => ", tensor data cut off",
        false => "",
    };
    row("model", &i.model)?;
    row("name", i.name.as_deref().unwrap_or(""))?;
    row(
        "format",
        &format!("{}, {}{cut}", i.format, size(i.file_bytes)),
    )?;
    row(
        "architecture",
        i.architecture.as_deref().unwrap_or("not said"),
    )?;
    if let Some(s) = &i.spec {
        let head = if s.tie_embeddings { "tied" } else { "untied" };
        let bias = if s.qkv_bias {
            ", biases on q, k, v"
        } else {
            ""
        };
        row(
            "parameters",
            &format!("{} ({})", count(s.parameters), s.parameters),
        )?;
        row(
            "shape",
            &format!(
                "{} layers, hidden {}, ffn {}, {} heads of {}, {} kv heads, vocab {}, {head} \
                 embeddings{bias}",
                s.n_layers, s.hidden, s.ffn, s.n_heads, s.head_dim, s.n_kv_heads, s.vocab
            ),
        )?;
        row("context", &s.context.to_string())?;
        let rope = format!(
            "theta {}, scaling {}, pairs {}",
            s.rope_theta, s.rope_scaling, s.rope_pairs
        );
        row("rope", &rope)?;
    }
    let Tensors {
        count: n,
        bytes,
        types,
    } = &i.tensors;
    if *n > 0 {
        row("tensors", &format!("{n}, {}", size(*bytes)))?;
        for t in types {
            row(
                "",
                &format!("{:<6} {:>4}  {}", t.dtype, t.count, size(t.bytes)),
            )?;
        }
    }
    if let Some(t) = &i.tokenizer {
        let id = |name: &str, id: Option<u32>| id.map(|id| format!(", {name} {id}"));
        let ids = [
            id("bos", t.bos),
            id("eos", t.eos),
            id("<think>", t.think_open),
            id("</think>", t.think_close),
        ];
        let ids: String = ids.into_iter().flatten().collect();
        let pre = t
            .pre
            .as_ref()
            .map(|pre| format!("/{pre}"))
            .unwrap_or_default();
        row(
            "tokenizer",
            &format!(
                "{}{pre}, {} tokens{ids}, stops {:?}",
                t.model, t.vocab, t.stops
            ),
        )?;
    }
    row("template", i.template)?;
    if let Some(m) = &i.memory {
        row(
            "memory",
            &format!(
                "{} weights; {} keys and values in 16 bits, {} in 8, or {} in f32, at {} positions",
                size(m.weights),
                size(m.kv_half),
                size(m.kv_q8),
                size(m.kv_f32),
                m.context
            ),
        )?;
    }
    row("prepared", i.prepared.as_deref().unwrap_or(""))?;
    for (key, value) in &i.says {
        row("says", &format!("{key} = {value}"))?;
    }
    for problem in &i.problems {
        row("problem", problem)?;
    }
    row("runs", if i.runs { "yes" } else { "no" })?;
    for t in &i.tensor_list {
        row("", &format!("{:<44} {:<6} {:?}", t.name, t.dtype, t.shape))?;
    }
    if let Some(found) = &i.non_finite {
        if found.is_empty() {
            row("verified", "all weights are finite")?;
        }
        for f in found {
            let (name, nan, infinite) = (&f.tensor, f.nan, f.infinite);
            row(
                "not finite",
                &format!("{name}: {nan} NaN, {infinite} infinite"),
            )?;
        }
    }
    Ok(())
}
