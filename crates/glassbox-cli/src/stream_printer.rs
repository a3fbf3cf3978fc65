use crate::output::{Style, harmless};
use std::borrow::Cow;
use std::io::{self, IsTerminal, Write};

/// Writes a reply to standard output while it comes.
///
/// Where escapes are allowed, the reasoning is dimmed. Elsewhere it stands between its tags, so
/// that it can be told from the answer, by `glassbox trace` too.
pub(crate) struct StreamPrinter {
    out: io::Stdout,
    style: Style,
    terminal: bool,
    state: State,
}

#[derive(PartialEq)]
enum State {
    Nothing,
    Thinking,
    Answering,
}

impl StreamPrinter {
    pub(crate) fn new() -> Self {
        let out = io::stdout();
        StreamPrinter {
            style: Style::of(&out),
            terminal: out.is_terminal(),
            out,
            state: State::Nothing,
        }
    }

    pub(crate) fn thinking(&mut self, text: &str) -> io::Result<()> {
        if self.state != State::Thinking {
            match self.style.is_on() {
                true => write!(self.out, "{}", self.style.dim())?,
                false => writeln!(self.out, "<think>")?,
            }
            self.state = State::Thinking;
        }
        self.text(text)
    }

    pub(crate) fn answer(&mut self, text: &str) -> io::Result<()> {
        if self.state == State::Thinking {
            self.close_thinking()?;
            writeln!(self.out)?;
        }
        self.state = State::Answering;
        self.text(text)
    }

    /// Ends the last line. `closed` says whether the model came to the end of its reasoning.
    pub(crate) fn finish(&mut self, closed: bool) -> io::Result<()> {
        match self.state {
            State::Nothing => {}
            State::Thinking if closed || self.style.is_on() => self.close_thinking()?,
            State::Thinking | State::Answering => writeln!(self.out)?,
        }
        self.state = State::Nothing;
        self.out.flush()
    }

    fn close_thinking(&mut self) -> io::Result<()> {
        match self.style.is_on() {
            true => writeln!(self.out, "{}", self.style.reset()),
            false => writeln!(self.out, "\n</think>"),
        }
    }

    fn text(&mut self, text: &str) -> io::Result<()> {
        let text = match self.terminal {
            true => harmless(text),
            false => Cow::Borrowed(text),
        };
        self.out.write_all(text.as_bytes())?;
        self.out.flush()
    }
}

/// A reply that breaks off leaves the terminal as it found it.
impl Drop for StreamPrinter {
    fn drop(&mut self) {
        if self.state == State::Thinking {
            let _ = write!(self.out, "{}", self.style.reset());
        }
    }
}
