//! A conversation: messages with a role and a text.

use crate::error::{TextError, excerpt};
use crate::tokenizer::limits;
use serde::{Deserialize, Serialize};
use serde_json::Value;

const ROLES: &str = "one of system, user, assistant, tool";

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Instructions. R1 is used without.
    System,
    /// The person.
    User,
    /// The model.
    Assistant,
    /// The result of a tool.
    Tool,
}

impl Role {
    /// The name that templates know.
    pub fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::User => "user",
            Self::Assistant => "assistant",
            Self::Tool => "tool",
        }
    }

    /// The role with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::System, Self::User, Self::Assistant, Self::Tool]
            .into_iter()
            .find(|role| role.name() == name)
    }
}

/// One message. Any text is allowed in it, NUL and bidi marks included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What is said.
    pub content: String,
}

impl Message {
    /// A message.
    pub fn new(role: Role, content: impl Into<String>) -> Self {
        Self {
            role,
            content: content.into(),
        }
    }

    /// A message of the person.
    pub fn user(content: impl Into<String>) -> Self {
        Self::new(Role::User, content)
    }
}

/// Reads `[{"role": …, "content": …}, …]`.
///
/// # Errors
/// JSON that cannot be read (a lone surrogate, nesting beyond 128 levels), no messages, and, with its path, a role that
/// does not exist, a content that is not a string, or a key that would not be honoured.
pub fn messages_from_json(json: &[u8]) -> Result<Vec<Message>, TextError> {
    limits::at_most("messages", json.len(), limits::SIDE_BYTES)?;
    let value: Value = serde_json::from_slice(json).map_err(|source| TextError::Json {
        what: "messages",
        source,
    })?;
    let wrong = |path: String, found: &Value, expected| TextError::Message {
        path,
        found: excerpt(&found.to_string()),
        expected,
    };
    let Value::Array(list) = value else {
        return Err(wrong("messages".to_owned(), &value, "a list of messages"));
    };
    if list.is_empty() {
        return Err(TextError::NoMessages);
    }
    list.iter()
        .enumerate()
        .map(|(i, entry)| {
            let path = |key: &str| format!("messages[{i}]{key}");
            let Value::Object(object) = entry else {
                return Err(wrong(path(""), entry, "an object with role and content"));
            };
            if let Some((key, value)) = object
                .iter()
                .find(|(k, _)| !matches!(k.as_str(), "role" | "content"))
            {
                return Err(wrong(
                    path(&format!(".{}", excerpt(key))),
                    value,
                    "only role and content",
                ));
            }
            let role = object.get("role").unwrap_or(&Value::Null);
            let content = object.get("content").unwrap_or(&Value::Null);
            match (role.as_str().and_then(Role::from_name), content) {
                (None, _) => Err(wrong(path(".role"), role, ROLES)),
                (Some(role), Value::String(content)) => Ok(Message::new(role, content.as_str())),
                _ => Err(wrong(path(".content"), content, "a string")),
            }
        })
        .collect()
}
