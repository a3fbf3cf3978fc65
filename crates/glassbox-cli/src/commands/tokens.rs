use crate::input::read_text;
use crate::model_args::ModelPath;
use crate::{missing, output};
use glassbox::text::{PromptOptions, Tokenizer};
use glassbox::{EngineError, Message, Special, TextSide, Thinking};
use std::io::{self, Write};

/// The token ids of a text, as a JSON array; reads no weights.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    model: ModelPath,
    /// The text as one user turn, through the chat template
    #[arg(long)]
    chat: bool,
    /// With --chat: close the reasoning, as `ask --think off` does
    #[arg(long, requires = "chat")]
    no_think: bool,
    /// Show the prompt with --chat, or else each token, instead of the ids
    #[arg(long, conflicts_with = "json")]
    show: bool,
    /// The ids are JSON already
    #[arg(long, hide = true)]
    json: bool,
    /// The text, or - for standard input to its last byte
    text: String,
}

pub(crate) fn run(args: Args) -> anyhow::Result<()> {
    let source = args.model.get()?;
    let text = match args.text.as_str() {
        "-" => read_text("-")?,
        _ => args.text,
    };
    let side = source.text_side()?;
    let (tokenizer, chat): (&Tokenizer, _) = match &side {
        TextSide::Chat(chat) => (chat.tokenizer(), Some(chat)),
        TextSide::Tokenizer(tokenizer) => (tokenizer, None),
        TextSide::None => return Err(source.named(EngineError::NoTokenizer)),
    };
    missing::warn(tokenizer, &text);
    let (ids, prompt) = match (args.chat, chat) {
        (false, _) => (tokenizer.encode_document(&text, Special::AsText)?, None),
        (true, None) => return Err(source.named(EngineError::NoTemplate)),
        (true, Some(chat)) => {
            let mut options = PromptOptions::default();
            if args.no_think {
                options.thinking = Thinking::Off;
            }
            let prompt = chat.prompt(&[Message::user(text)], &options);
            let prompt = prompt.map_err(|error| source.named(error))?;
            (prompt.ids, Some(prompt.text))
        }
    };
    if !args.show {
        return output::json(&ids);
    }
    let mut out = io::stdout().lock();
    match prompt {
        Some(prompt) => writeln!(out, "{prompt}")?,
        None => {
            for id in ids {
                writeln!(out, "{id:>8}  {:?}", tokenizer.text_of(id))?;
            }
        }
    }
    Ok(())
}
