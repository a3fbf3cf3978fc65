use crate::chat::{Chat, Flow};
use crate::exit::{self, Reported};
use crate::model_args::ModelArgs;
use crate::record_args::RecordArgs;
use crate::sampling_args::SamplingArgs;
use crate::session_args::SessionArgs;
use crate::{interrupt, output};
use rustyline::DefaultEditor;
use rustyline::error::ReadlineError;
use std::io::{self, BufRead, IsTerminal};

/// Talk with a model: many turns, one cache. /help lists the commands.
///
/// A reply can be gone on from at any of its steps: corrected, challenged, or written anew. Lines
/// may also come from a pipe; standard output then has the replies and what commands show, and
/// standard error the rest.
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
    /// A system prompt (R1 is best without)
    #[arg(long, value_name = "TEXT")]
    system: Option<String>,
}

pub(crate) fn run(args: Args) -> anyhow::Result<()> {
    let source = args.model.path.get()?;
    args.sampling.params(None)?;
    let record = args.record.open()?;
    let model = args.session.open(&args.model, args.record.is_on())?;
    let guesser = args.session.guesser(&args.model)?;
    // Asking without a template fails at once rather than at the first line.
    let chat = model.engine().chat();
    chat.map_err(|error| source.named(error))?;
    interrupt::install()?;
    let mut chat = Chat::new(&model, args.sampling, guesser, record, args.system);
    if io::stdin().is_terminal() {
        output::aside(&format!(
            "{source}: /help lists the commands, Ctrl-C stops a reply, Ctrl-D ends"
        ));
        return talk(&mut chat);
    }
    let mut failed = false;
    for line in io::stdin().lock().lines() {
        match chat.line(&line?) {
            Ok(Flow::Go) => {}
            Ok(Flow::Quit) => break,
            Err(error) if is_fatal(&error) => return Err(error),
            Err(error) => {
                exit::report(&error);
                failed = true;
            }
        }
    }
    match failed {
        true => Err(Reported.into()),
        false => Ok(()),
    }
}

/// Reads lines from a terminal until its end.
fn talk(chat: &mut Chat) -> anyhow::Result<()> {
    let mut editor = DefaultEditor::new()?;
    loop {
        chat.work_ahead();
        let line = match editor.readline("> ") {
            Ok(line) => line,
            Err(ReadlineError::Interrupted) => {
                output::aside("Ctrl-D or /quit ends");
                continue;
            }
            Err(ReadlineError::Eof) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        editor.add_history_entry(line.as_str())?;
        match chat.line(&line) {
            Ok(Flow::Go) => {}
            Ok(Flow::Quit) => return Ok(()),
            Err(error) if is_fatal(&error) => return Err(error),
            Err(error) => exit::report(&error),
        }
    }
}

/// Whether nobody can read what comes next.
fn is_fatal(error: &anyhow::Error) -> bool {
    error.is::<io::Error>()
}
