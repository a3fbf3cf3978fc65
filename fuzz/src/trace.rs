//! The parser of model output.

use glassbox_trace::{Event, Format, ParserOptions, Start, StopReason, Trace, TraceParser};

/// The options in the first byte, then a model's output. Read in pieces it is what it is read
/// whole, and its JSON says the same.
pub fn trace(data: &[u8]) {
    let (&choice, data) = data.split_first().unwrap_or((&0, data));
    let format = [Format::Auto, Format::R1, Format::R1Zero, Format::Plain][usize::from(choice) % 4];
    let start = [Start::Outside, Start::Primed, Start::AfterReasoning][usize::from(choice / 4) % 3];
    let options = ParserOptions::new().with_format(format).with_start(start);
    let text = String::from_utf8_lossy(data);

    let whole = TraceParser::new(options);
    let pieces = TraceParser::new(options);
    let whole = read(whole, std::iter::once(&*text));
    // Pieces of one to four characters, as tokens are.
    let mut rest = &*text;
    let mut size = usize::from(choice / 16);
    let pieces = read(
        pieces,
        std::iter::from_fn(|| {
            size = size % 4 + 1;
            let at = rest.char_indices().nth(size).map_or(rest.len(), |(i, _)| i);
            let (piece, after) = rest.split_at(at);
            rest = after;
            (!piece.is_empty()).then_some(piece)
        }),
    );
    assert_eq!(whole, pieces);
    let again = Trace::from_json(&whole.0.to_json());
    assert_eq!(again.as_ref().ok(), Some(&whole.0), "{again:?}");
}

/// The trace, and the texts that the events told, put together.
fn read<'a>(
    mut parser: TraceParser,
    pieces: impl Iterator<Item = &'a str>,
) -> (Trace, String, String) {
    let mut events = Vec::new();
    for piece in pieces {
        events.extend(parser.push(piece));
    }
    let mut finished = parser.finish(StopReason::Stopped);
    events.append(&mut finished.events);
    let (mut thinking, mut answer) = (String::new(), String::new());
    for event in &events {
        match event {
            Event::Thinking(text) => thinking += text,
            Event::Answer(text) => answer += text,
            _ => {}
        }
    }
    (finished.trace, thinking, answer)
}
