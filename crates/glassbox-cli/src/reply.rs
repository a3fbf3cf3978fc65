//! One reply, from the question to its last line.

use crate::interrupt;
use crate::json::Params;
use crate::stream_printer::StreamPrinter;
use glassbox::{Ask, Event, Reply, StopReason, Usage};

/// What stands where a loop was taken back: what was printed of it can't be.
const CHOPPED: &str = "\n[the steps that repeat are taken back]\n";

/// What is printed of a reply while it comes.
#[derive(Clone, Copy)]
pub(crate) enum Print<'a> {
    Nothing,
    /// What the model writes, after this text, which somebody put into its reasoning.
    After(&'a str),
}

/// Writes a reply while it comes. Ctrl-C ends it early.
pub(crate) fn write(ask: Ask<'_>, params: &Params, print: Print<'_>) -> anyhow::Result<Reply> {
    let interrupt = interrupt::guard();
    let mut stream = params.apply(ask).cancel(&interrupt.cancel).stream()?;
    let mut printer = match print {
        Print::Nothing => None,
        Print::After(given) => {
            let mut printer = StreamPrinter::new();
            if !given.is_empty() {
                printer.thinking(given)?;
            }
            Some(printer)
        }
    };
    for event in &mut stream {
        let event = event?;
        let Some(printer) = &mut printer else {
            continue;
        };
        match event {
            Event::Thinking(text) => printer.thinking(&text)?,
            Event::Answer(text) => printer.answer(&text)?,
            Event::Chopped { .. } => printer.thinking(CHOPPED)?,
            _ => {}
        }
    }
    let reply = stream.finish()?;
    if let Some(printer) = &mut printer {
        printer.finish(reply.trace.closed)?;
    }
    Ok(reply)
}

/// The last line: tokens in (cached / computed), thinking, answer, tokens a second, seed.
pub(crate) fn summary(reply: &Reply, params: &Params) -> String {
    let usage = &reply.usage;
    let mut line = usage_line(usage);
    if params.sampling.temperature > 0.0 {
        line.push_str(&format!(" · seed {}", params.sampling.seed));
    }
    for remark in remarks(reply) {
        line.push_str(" · ");
        line.push_str(remark);
    }
    line
}

/// Why a reply is not whole, if it is not.
pub(crate) fn cut(reply: &Reply) -> Option<&'static str> {
    match reply.stop() {
        StopReason::Length if reply.usage.context_left == 0 => Some("cut: the context is full"),
        StopReason::Length => Some("cut by the limit on tokens"),
        StopReason::Cancelled => Some("cancelled"),
        _ => None,
    }
}

/// What a reader should know of a reply besides its text, each thing once.
pub(crate) fn remarks(reply: &Reply) -> Vec<&'static str> {
    let mut remarks: Vec<&str> = cut(reply).into_iter().collect();
    for note in &reply.trace.notes {
        let remark = note.kind.describe();
        if !remarks.contains(&remark) {
            remarks.push(remark);
        }
    }
    remarks
}

/// What a reply took, on one line.
pub(crate) fn usage_line(usage: &Usage) -> String {
    let (cached, computed) = (
        usage.cached_tokens,
        usage.prompt_tokens - usage.cached_tokens,
    );
    let mut line = format!(
        "{} tokens in ({cached} cached / {computed} computed, {:.1} tok/s) · {} thinking · \
         {} answer · {:.1} tok/s",
        usage.prompt_tokens,
        usage.prompt_rate(),
        usage.thinking_tokens,
        usage.answer_tokens,
        usage.decode_rate(),
    );
    if usage.drafted_tokens > 0 {
        line.push_str(&format!(
            " · {} of {} guesses right",
            usage.accepted_tokens, usage.drafted_tokens
        ));
    }
    line
}
