use crate::exit::Reported;
use crate::input::argument_or_stdin;
use crate::json::{self, Params, ReplyJson, Setting};
use crate::model_args::ModelArgs;
use crate::model_source::ModelSource;
use crate::record_args::{self, Record, RecordArgs};
use crate::reply::{self, Print};
use crate::sampling_args::SamplingArgs;
use crate::session_args::{Guesser, SessionArgs};
use crate::votes::{self, PollJson, VoteArgs};
use crate::{interrupt, missing, new_file, output, page};
use glassbox::text::Tokenizer;
use glassbox::{Model, Role, Session, StopReason};
use std::path::{Path, PathBuf};

/// Ask one question: the thinking (dimmed) and the answer, as they are written.
///
/// Where standard output is no terminal, the thinking stands between <think> and </think>.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    model: ModelArgs,
    #[command(flatten)]
    sampling: SamplingArgs,
    #[command(flatten)]
    session: SessionArgs,
    #[command(flatten)]
    record: RecordArgs,
    #[command(flatten)]
    votes: VoteArgs,
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
    /// Write a page to this file, which must be new: steps, confidence, checks, answer
    #[arg(long, value_name = "FILE.html", value_parser = html_file)]
    report: Option<PathBuf>,
    /// Write a certificate to this file, which must be new: all that it takes to compute the reply
    /// again; `glassbox replay` does so
    #[arg(long, value_name = "FILE", conflicts_with = "votes")]
    certificate: Option<PathBuf>,
    /// The question, or - for standard input
    #[arg(allow_hyphen_values = false)]
    prompt: String,
}

fn html_file(name: &str) -> Result<PathBuf, &'static str> {
    let file = PathBuf::from(name);
    match file
        .extension()
        .is_some_and(|extension| extension == "html")
    {
        true => Ok(file),
        false => Err("the name must end in .html"),
    }
}

/// A question that is about to be asked.
struct Asking {
    args: Args,
    source: ModelSource,
    params: Params,
    prompt: String,
    model: Model,
    guesser: Guesser,
}

pub(crate) fn run(args: Args) -> anyhow::Result<()> {
    let source = args.model.path.get()?;
    // A page shows how sure the model was.
    let logprobs = args.logprobs.or(args.report.as_ref().map(|_| 0));
    let params = args.sampling.params(logprobs)?;
    for file in args.report.iter().chain(&args.certificate) {
        new_file::check(file)?;
    }
    let prompt = argument_or_stdin(&args.prompt)?;
    let certify = args.certificate.is_some() || args.record.is_on();
    let mut record = args.record.open()?;
    let model = args.session.open(&args.model, certify)?;
    let guesser = args.session.guesser(&args.model)?;
    interrupt::install()?;
    if let Ok(tokenizer) = model.engine().tokenizer() {
        missing::warn(tokenizer, &prompt);
    }
    let mut session = model.session();
    if let Some(system) = &args.system {
        session.push(Role::System, system.as_str());
    }
    let asking = Asking {
        args,
        source,
        params,
        prompt,
        model,
        guesser,
    };
    let cancelled = match asking.args.votes.votes {
        Some(_) => asking.vote(&mut session, &mut record)?,
        None => asking.ask(&mut session, &mut record)?,
    };
    match cancelled {
        true => Err(Reported.into()),
        false => Ok(()),
    }
}

impl Asking {
    /// One reply. Returns whether it was cancelled.
    fn ask(&self, session: &mut Session, record: &mut Record) -> anyhow::Result<bool> {
        let (args, params, prompt) = (&self.args, &self.params, self.prompt.as_str());
        let ask = match args.raw {
            true => session.complete(prompt),
            false => session.ask(prompt),
        };
        let ask = self.guesser.help(ask);
        let print = match args.json {
            true => Print::Nothing,
            false => Print::After(""),
        };
        let reply = reply::write(ask, params, print).map_err(|error| self.source.named(error))?;
        record.keep(&reply, self.model.engine())?;
        if let Some(file) = &args.certificate {
            record_args::certify(file, &reply, self.model.engine())?;
        }
        if args.json {
            let tokenizer = self.tokenizer()?;
            output::json(&ReplyJson {
                model: Some(self.source.to_string().into()),
                prompt,
                trace: &reply.trace,
                text: &reply.text,
                stop: reply.stop(),
                usage: (&reply.usage).into(),
                params,
                setting: Some(self.setting()),
                tokens: tokenizer.map(|tokenizer| json::tokens(&reply, tokenizer)),
            })?;
        } else {
            output::aside(&reply::summary(&reply, params));
        }
        self.report(|| page::page(prompt, &reply, &[]))?;
        Ok(reply.stop() == StopReason::Cancelled)
    }

    /// Several replies, which vote. Returns whether they were cancelled.
    fn vote(&self, session: &mut Session, record: &mut Record) -> anyhow::Result<bool> {
        let (params, prompt) = (&self.params, self.prompt.as_str());
        let run = self.args.votes.run(session, prompt, params);
        let (poll, cancelled) = run.map_err(|error| self.source.named(error))?;
        for reply in &poll.replies {
            record.keep(reply, self.model.engine())?;
        }
        if self.args.json {
            let (model, setting) = (self.source.to_string(), self.setting());
            let tokenizer = self.tokenizer()?;
            let json = PollJson::of(model, prompt, &poll, params, setting, tokenizer);
            output::json(&json)?;
        } else {
            let mut text = votes::listing(&poll, params);
            if let Some(winner) = poll.reply() {
                text.push_str("\n\n");
                text.push_str(winner.content());
            }
            output::show(&text)?;
            let mut summary = votes::summary(&poll, params);
            if cancelled {
                summary.push_str(" · cancelled");
            }
            output::aside(&summary);
        }
        // Where nobody answered, the first reply may show why.
        if let Some(shown) = poll.reply().or(poll.replies.first()) {
            self.report(|| page::page(prompt, shown, &votes::for_page(&poll, params)))?;
        }
        Ok(cancelled)
    }

    /// The tokenizer, where the tokens are asked for.
    fn tokenizer(&self) -> anyhow::Result<Option<&Tokenizer>> {
        match self.args.logprobs {
            Some(_) => Ok(Some(self.model.engine().tokenizer()?)),
            None => Ok(None),
        }
    }

    fn setting(&self) -> Setting {
        Setting {
            kv: self.args.model.kv.name(),
            context: self.model.engine().context(),
            raw: self.args.raw,
            system: self.args.system.clone(),
        }
    }

    fn report(&self, page: impl FnOnce() -> String) -> anyhow::Result<()> {
        match self.args.report.as_deref() {
            Some(file) => write_report(file, &page()),
            None => Ok(()),
        }
    }
}

fn write_report(file: &Path, page: &str) -> anyhow::Result<()> {
    new_file::write(file, page)?;
    output::aside(&format!("report in {}", file.display()));
    Ok(())
}
