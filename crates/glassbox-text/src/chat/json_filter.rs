//! The filter `tojson` with the meaning that Hugging Face gives it: Python's `json.dumps(…, ensure_ascii=False)`,
//! without the HTML escapes of Jinja2's own.

use minijinja::value::{Kwargs, ValueKind};
use minijinja::{Error, ErrorKind, State, Value};

const MAX_DEPTH: usize = 64;

struct Writer {
    out: String,
    ensure_ascii: bool,
    indent: Option<usize>,
}

pub(crate) fn tojson(
    state: &State,
    value: Value,
    indent: Option<usize>,
    kwargs: Kwargs,
) -> Result<String, Error> {
    let indent = match indent {
        Some(indent) => Some(indent),
        None => kwargs.get::<Option<usize>>("indent")?,
    };
    let ensure_ascii = kwargs.get::<Option<bool>>("ensure_ascii")?.unwrap_or(false);
    // Maps are kept sorted by the engine, so there is no other order to ask for.
    let _ = kwargs.get::<Option<bool>>("sort_keys")?;
    kwargs.assert_all_used()?;
    if indent.is_some_and(|n| n > 16) {
        return Err(Error::new(
            ErrorKind::InvalidOperation,
            "tojson: indent above 16",
        ));
    }
    let mut writer = Writer {
        out: String::new(),
        ensure_ascii,
        indent,
    };
    writer.value(state, &value, 0)?;
    Ok(writer.out)
}

impl Writer {
    fn value(&mut self, state: &State, value: &Value, depth: usize) -> Result<(), Error> {
        if depth > MAX_DEPTH {
            return Err(Error::new(
                ErrorKind::InvalidOperation,
                "tojson: nested deeper than 64 levels",
            ));
        }
        state.consume_fuel(1 + (value.as_str().map_or(0, str::len) / 64) as u64)?;
        match value.kind() {
            ValueKind::None => self.out.push_str("null"),
            ValueKind::Bool => self
                .out
                .push_str(if value.is_true() { "true" } else { "false" }),
            ValueKind::Number => self.out.push_str(&value.to_string()),
            ValueKind::String => self.string(value.as_str().unwrap_or_default()),
            ValueKind::Seq | ValueKind::Iterable => {
                let items: Vec<Value> = value.try_iter()?.collect();
                self.list(
                    state,
                    '[',
                    ']',
                    items.iter().map(|item| (None, item.clone())),
                    depth,
                )?;
            }
            ValueKind::Map => {
                let mut pairs = Vec::new();
                for key in value.try_iter()? {
                    let item = value.get_item(&key)?;
                    pairs.push((Some(key), item));
                }
                self.list(state, '{', '}', pairs.into_iter(), depth)?;
            }
            _ => {
                return Err(Error::new(
                    ErrorKind::InvalidOperation,
                    "tojson: the value is not JSON",
                ));
            }
        }
        Ok(())
    }

    fn list(
        &mut self,
        state: &State,
        open: char,
        close: char,
        items: impl Iterator<Item = (Option<Value>, Value)>,
        depth: usize,
    ) -> Result<(), Error> {
        self.out.push(open);
        let mut count = 0;
        for (key, item) in items {
            if count > 0 {
                self.out
                    .push_str(if self.indent.is_some() { "," } else { ", " });
            }
            count += 1;
            self.line(depth + 1);
            if let Some(key) = key {
                self.string(&key.to_string());
                self.out.push_str(": ");
            }
            self.value(state, &item, depth + 1)?;
        }
        if count > 0 {
            self.line(depth);
        }
        self.out.push(close);
        Ok(())
    }

    fn line(&mut self, depth: usize) {
        if let Some(indent) = self.indent {
            self.out.push('\n');
            self.out.extend(std::iter::repeat_n(' ', indent * depth));
        }
    }

    fn string(&mut self, text: &str) {
        self.out.push('"');
        for c in text.chars() {
            match c {
                '"' => self.out.push_str("\\\""),
                '\\' => self.out.push_str("\\\\"),
                '\n' => self.out.push_str("\\n"),
                '\r' => self.out.push_str("\\r"),
                '\t' => self.out.push_str("\\t"),
                '\u{8}' => self.out.push_str("\\b"),
                '\u{c}' => self.out.push_str("\\f"),
                c if c < ' ' || (self.ensure_ascii && !c.is_ascii()) => {
                    let mut units = [0u16; 2];
                    for unit in c.encode_utf16(&mut units) {
                        self.out.push_str(&format!("\\u{unit:04x}"));
                    }
                }
                c => self.out.push(c),
            }
        }
        self.out.push('"');
    }
}
