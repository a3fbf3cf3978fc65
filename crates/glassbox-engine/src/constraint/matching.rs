use super::Constraint;
use glassbox_text::Tokenizer;
use llguidance::api::TopLevelGrammar;
use llguidance::toktrie::{ApproximateTokEnv, SimpleVob, TokEnv, TokRxInfo, TokTrie};
use llguidance::{Matcher, ParserFactory};
use serde_json::{Value, json};
use std::sync::Arc;

/// The tokens of a model, as grammars need them: made once, for all replies.
pub(crate) struct Vocabulary(ParserFactory);

impl Vocabulary {
    pub(crate) fn new(tokenizer: &Tokenizer) -> Result<Self, String> {
        let word = |id: u32| {
            let bytes = tokenizer.bytes_of(id);
            match tokenizer.is_markup(id) {
                true => [&[TokTrie::SPECIAL_TOKEN_MARKER], bytes].concat(),
                false => bytes.to_vec(),
            }
        };
        let words: Vec<Vec<u8>> = (0..tokenizer.len() as u32).map(word).collect();
        let stops = &tokenizer.roles().stops;
        let stop = stops
            .first()
            .ok_or("the vocabulary has no token that ends a text")?;
        let info = TokRxInfo::new(words.len() as u32, *stop);
        let trie = TokTrie::from(&info, &words).with_eos_tokens(stops);
        let tokens: TokEnv = Arc::new(ApproximateTokEnv::new(trie));
        let mut factory = ParserFactory::new_simple(&tokens).map_err(said)?;
        factory.quiet();
        Ok(Vocabulary(factory))
    }

    pub(super) fn matching(&self, constraint: &Constraint) -> Result<Matching, String> {
        let grammar = match constraint {
            Constraint::JsonSchema(schema) => TopLevelGrammar::from_json_schema(compact(schema)),
            Constraint::Regex(regex) => TopLevelGrammar::from_regex(regex),
            Constraint::Choices(choices) if choices.is_empty() => {
                return Err("no choices".to_owned());
            }
            Constraint::Choices(choices) => {
                let choices: Vec<String> = choices.iter().map(|text| escaped(text)).collect();
                TopLevelGrammar::from_regex(&format!("({})", choices.join("|")))
            }
        };
        let parser = self.0.create_parser(grammar).map_err(said)?;
        Ok(Matching {
            matcher: Matcher::new(Ok(parser)),
            mask: SimpleVob::new(),
        })
    }
}

/// A grammar at some place in a text.
pub(super) struct Matching {
    matcher: Matcher,
    mask: SimpleVob,
}

impl Matching {
    pub(super) fn allowed(&mut self) -> Result<impl Fn(u32) -> bool + '_, String> {
        let mask = self.matcher.compute_mask_or_eos();
        self.mask = mask.map_err(said)?;
        Ok(|id| self.mask.is_allowed(id))
    }

    pub(super) fn accept(&mut self, id: u32, ends: bool) -> Result<(), String> {
        if ends {
            // A grammar that can't go on has stopped by itself.
            let whole = self.matcher.is_stopped() || self.matcher.is_accepting().map_err(said)?;
            return match whole {
                true => Ok(()),
                false => Err("the answer ends too early".to_owned()),
            };
        }
        self.matcher.consume_token(id).map_err(said)
    }
}

/// What went wrong, without the state of the parser that is reported with it.
fn said(error: impl ToString) -> String {
    let text = error.to_string();
    text.split("\n<state>")
        .next()
        .unwrap_or_default()
        .to_owned()
}

/// The schema, with the word that the JSON is without spaces, in which a model can lose itself.
fn compact(schema: &Value) -> Value {
    let mut schema = schema.clone();
    if let Some(object) = schema.as_object_mut() {
        let options = json!({"whitespace_flexible": false});
        object.entry("x-guidance").or_insert(options);
    }
    schema
}

/// A regular expression that matches `text` alone.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if c.is_ascii_punctuation() {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
