use crate::exit::Reported;
use crate::input::argument_or_stdin;
use crate::json::{self, ReplyJson, Setting};
use crate::model_args::{self, ModelArgs};
use crate::sampling_args::SamplingArgs;
use crate::{interrupt, missing, output, reply};
use glassbox::{Role, StopReason};

/// Ask one question: the thinking (dimmed) and the answer, as they are written.
///
/// Where standard output is no terminal, the thinking stands between <think> and </think>.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    model: ModelArgs,
    #[command(flatten)]
    sampling: SamplingArgs,
    /// Positions for prompt and reply; the model's own, at most 32,768, where left out
    #[arg(long, value_name = "N", value_parser = model_args::positions)]
    context: Option<usize>,
    /// A system prompt (R1 is best without)
    #[arg(long, value_name = "TEXT", conflicts_with = "raw")]
    system: Option<String>,
    /// Continue the text as it is, without the chat template
    #[arg(long)]
    raw: bool,
    /// With --json: the log-probability of each token, and of this many of the most likely ones
    #[arg(
        long,
        value_name = "N",
        requires = "json",
        allow_negative_numbers = true
    )]
    logprobs: Option<u32>,
    /// One JSON object: trace, text, usage, parameters with the seed
    #[arg(long)]
    json: bool,
    /// The question, or - for standard input
    #[arg(allow_hyphen_values = false)]
    prompt: String,
}

pub(crate) fn run(args: Args) -> anyhow::Result<()> {
    let source = args.model.path.get()?;
    let params = args.sampling.params(args.logprobs)?;
    let prompt = argument_or_stdin(&args.prompt)?;
    let model = args.model.open(args.context)?;
    interrupt::install()?;
    if let Ok(tokenizer) = model.engine().tokenizer() {
        missing::warn(tokenizer, &prompt);
    }
    let mut session = model.session();
    if let Some(system) = &args.system {
        session.push(Role::System, system.as_str());
    }
    let ask = match args.raw {
        true => session.complete(prompt.as_str()),
        false => session.ask(prompt.as_str()),
    };
    let reply = reply::write(ask, &params, args.json).map_err(|error| source.named(error))?;
    if args.json {
        let tokens = match args.logprobs {
            Some(_) => Some(json::tokens(&reply, model.engine().tokenizer()?)),
            None => None,
        };
        output::json(&ReplyJson {
            model: Some(source.to_string().into()),
            prompt: &prompt,
            trace: &reply.trace,
            text: &reply.text,
            stop: reply.stop(),
            usage: (&reply.usage).into(),
            params: &params,
            setting: Some(Setting {
                kv: args.model.kv.name(),
                context: model.engine().context(),
                raw: args.raw,
                system: args.system,
            }),
            tokens,
        })?;
    } else {
        output::aside(&reply::summary(&reply, &params));
    }
    match reply.stop() {
        StopReason::Cancelled => Err(Reported.into()),
        _ => Ok(()),
    }
}
