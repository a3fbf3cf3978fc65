//! Chat templates: Jinja2 as `transformers` sets it up, run by minijinja under fuel.
//!
//! A template is a program from a file that nobody checked. It gets no loader (so `include` and `import` find nothing),
//! no clock (a prompt must be the same tomorrow, so `strftime_now` is not defined; templates that ask fall back to a
//! fixed date, and a caller may pass `date_string`), no objects to walk, and fuel that bounds both its steps and the
//! text that it makes.

use super::audit::audit;
use super::json_filter::tojson;
use super::message::Message;
use crate::error::{TextError, excerpt};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::ValueKind;
use minijinja::{Environment, Error, ErrorKind, Value};
use minijinja_contrib::pycompat;
use std::collections::BTreeMap;

/// The largest template accepted; published ones are below 32 KiB.
const MAX_SOURCE: usize = 256 << 10;
/// Steps for the template itself; one step is an instruction or 64 bytes of text made.
const BASE_FUEL: u64 = 200_000;
/// Steps for each message: the longest published templates need a few hundred.
const FUEL_PER_MESSAGE: u64 = 2_000;

/// What a template is given beside the messages.
#[derive(Debug, Clone, Default)]
pub struct RenderOptions<'a> {
    /// Whether the prompt ends where the model's turn begins.
    pub add_generation_prompt: bool,
    /// The text of the BOS token; not defined in the template when `None`.
    pub bos_token: Option<&'a str>,
    /// The text of the EOS token.
    pub eos_token: Option<&'a str>,
    /// Further variables, such as `enable_thinking` or `date_string`.
    pub extra: BTreeMap<String, serde_json::Value>,
}

/// A compiled chat template.
#[derive(Debug, Clone)]
pub struct ChatTemplate {
    source: String,
}

impl ChatTemplate {
    /// Checks that the template compiles, and that it can exhaust neither the stack nor the memory.
    ///
    /// # Errors
    /// A template larger than 256 KiB, or one with a syntax error, with its line.
    pub fn new(source: impl Into<String>) -> Result<Self, TextError> {
        let source = source.into();
        if source.len() > MAX_SOURCE {
            return Err(TextError::TooLarge {
                what: "chat template",
                bytes: source.len(),
                limit: MAX_SOURCE,
            });
        }
        // First: to parse a chain of a hundred thousand operators already overflows the stack.
        audit(&source)?;
        environment(BASE_FUEL)
            .template_from_str(&source)
            .map_err(|error| failure(&error, BASE_FUEL))?;
        Ok(Self { source })
    }

    /// The template's text.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Renders a conversation as `transformers` does (`trim_blocks`, `lstrip_blocks`).
    ///
    /// The text mixes markup and what people wrote; [`Chat::prompt`](crate::Chat::prompt) keeps them apart.
    ///
    /// # Errors
    /// No messages, what the template refuses, and what it fails at, with the line.
    pub fn render(
        &self,
        messages: &[Message],
        options: &RenderOptions<'_>,
    ) -> Result<String, TextError> {
        if messages.is_empty() {
            return Err(TextError::NoMessages);
        }
        let text: usize = messages.iter().map(|m| m.content.len()).sum();
        // A template may copy each message many times over; 64 copies of everything are paid for.
        let fuel = BASE_FUEL + FUEL_PER_MESSAGE * messages.len() as u64 + text as u64;
        let list: Vec<Value> = messages
            .iter()
            .map(|m| {
                [
                    ("role", Value::from(m.role.name())),
                    ("content", Value::from(m.content.as_str())),
                ]
            })
            .map(|pairs| Value::from(BTreeMap::from(pairs)))
            .collect();
        let mut context: BTreeMap<String, Value> = BTreeMap::new();
        for (key, value) in &options.extra {
            context.insert(key.clone(), scalar(key, value)?);
        }
        context.insert("messages".to_owned(), Value::from(list));
        context.insert(
            "add_generation_prompt".to_owned(),
            Value::from(options.add_generation_prompt),
        );
        context.insert("tools".to_owned(), Value::from(()));
        context.insert("documents".to_owned(), Value::from(()));
        for (key, token) in [
            ("bos_token", options.bos_token),
            ("eos_token", options.eos_token),
        ] {
            if let Some(token) = token {
                context.insert(key.to_owned(), Value::from(token));
            }
        }
        environment(fuel)
            .render_str(&self.source, Value::from(context))
            .map_err(|error| failure(&error, fuel))
    }
}

/// Blocks take their line with them, as `transformers` asks of Jinja2.
pub(crate) fn syntax() -> SyntaxConfig {
    // Only custom delimiters can fail to build, and there are none.
    SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .build()
        .unwrap_or_default()
}

/// Jinja2's environment as `transformers` configures it.
fn environment(fuel: u64) -> Environment<'static> {
    let mut env = Environment::new();
    env.set_fuel(Some(fuel));
    env.set_recursion_limit(100);
    env.set_syntax(syntax());
    env.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    env.set_unknown_method_callback(|state, value, method, args| match method {
        // A width in a format string is memory that no fuel pays for.
        "format" => Err(Error::from(ErrorKind::UnknownMethod)),
        _ => pycompat::unknown_method_callback(state, value, method, args),
    });
    // What shows the context, or builds lists out of lists; see `audit`.
    for name in ["debug", "dict", "cycler", "joiner", "lipsum"] {
        env.remove_global(name);
    }
    for name in [
        "batch", "slice", "zip", "chain", "groupby", "format", "pprint",
    ] {
        env.remove_filter(name);
    }
    env.add_filter("tojson", tojson);
    env.add_function(
        "raise_exception",
        |message: String| -> Result<Value, Error> {
            Err(Error::new(ErrorKind::InvalidOperation, "raise_exception")
                .with_source(Raised(message)))
        },
    );
    // Python writes None, True and False with a capital.
    env.set_formatter(|out, state, value| match value.kind() {
        ValueKind::None => Ok(out.write_str("None")?),
        ValueKind::Bool => Ok(out.write_str(if value.is_true() { "True" } else { "False" })?),
        _ => minijinja::escape_formatter(out, state, value),
    });
    env
}

/// Marks an error as the template's own.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Raised(String);

fn failure(error: &Error, limit: u64) -> TextError {
    let line = error.line().unwrap_or(0);
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(cause) = source {
        if let Some(Raised(message)) = cause.downcast_ref::<Raised>() {
            return TextError::TemplateRaised {
                line,
                message: excerpt(message),
            };
        }
        source = cause.source();
    }
    match error.kind() {
        ErrorKind::OutOfFuel => TextError::TemplateLimit { line, limit },
        kind => {
            let reason = match error.detail() {
                Some(detail) => format!("{kind}: {}", excerpt(detail)),
                None => kind.to_string(),
            };
            TextError::Template { line, reason }
        }
    }
}

/// An extra variable as a template value: the audit of a template relies on `messages` being the only list in it.
fn scalar(key: &str, json: &serde_json::Value) -> Result<Value, TextError> {
    Ok(match json {
        serde_json::Value::Null => Value::from(()),
        serde_json::Value::Bool(b) => Value::from(*b),
        serde_json::Value::Number(n) => match (n.as_i64(), n.as_u64()) {
            (Some(n), _) => Value::from(n),
            (None, Some(n)) => Value::from(n),
            (None, None) => Value::from(n.as_f64().unwrap_or(f64::NAN)),
        },
        serde_json::Value::String(s) => Value::from(s.as_str()),
        serde_json::Value::Array(_) | serde_json::Value::Object(_) => {
            return Err(TextError::Message {
                path: format!("extra.{}", excerpt(key)),
                found: excerpt(&json.to_string()),
                expected: "a string, a number, true, false or null",
            });
        }
    })
}
