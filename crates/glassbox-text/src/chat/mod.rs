//! Conversations to prompts.

mod audit;
mod family;
mod guard;
mod json_filter;
mod message;
mod template;
mod walk;

pub use message::{Message, Role, messages_from_json};
pub use template::{ChatTemplate, RenderOptions};

use crate::Tokenizer;
use crate::error::TextError;
use guard::Guard;
use std::collections::BTreeMap;

const THINK: [&str; 2] = ["<think>", "</think>"];
/// The marker after which R1 must be made to think.
const R1_TURN: &str = "<｜Assistant｜>";

/// Whether the model is made to reason before it answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Thinking {
    /// The prompt opens the reasoning, where the family does that (R1: `<think>\n`).
    #[default]
    On,
    /// The prompt holds reasoning that is empty and closed: `<think>\n\n</think>\n\n`.
    Off,
}

/// How a conversation becomes a prompt.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PromptOptions {
    /// Whether the model reasons. Without effect on models that have no `<think>` token.
    pub thinking: Thinking,
    /// Whether the prompt ends where the model's turn begins.
    pub add_generation_prompt: bool,
    /// Further variables for the template: strings, in which markup is text, numbers, flags and null.
    pub extra: BTreeMap<String, serde_json::Value>,
}

impl Default for PromptOptions {
    fn default() -> Self {
        Self {
            thinking: Thinking::On,
            add_generation_prompt: true,
            extra: BTreeMap::new(),
        }
    }
}

/// A prompt, ready for the model.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct EncodedPrompt {
    /// The ids. BOS is there if the template prints it, as in `transformers`.
    pub ids: Vec<u32>,
    /// Whether the prompt ends inside the reasoning, so that the output begins with a thought.
    pub primed: bool,
    /// The prompt as text, for people. It does not say what is markup and what someone typed; the ids do.
    pub text: String,
}

impl EncodedPrompt {
    /// Checks that the prompt leaves room for at least one token.
    ///
    /// # Errors
    /// [`TextError::PromptTooLong`]; a prompt is never cut.
    pub fn check_context(&self, context: usize) -> Result<(), TextError> {
        let tokens = self.ids.len();
        if tokens < context {
            Ok(())
        } else {
            Err(TextError::PromptTooLong { tokens, context })
        }
    }
}

/// A tokenizer and the template that goes with it.
#[derive(Debug, Clone)]
pub struct Chat {
    tokenizer: Tokenizer,
    template: ChatTemplate,
    from_file: bool,
}

impl Chat {
    /// With the template in the file, else the family's own.
    ///
    /// # Errors
    /// A template that does not compile; no template, and a vocabulary of no known family.
    pub fn new(tokenizer: Tokenizer, template: Option<&str>) -> Result<Self, TextError> {
        let source = match template {
            Some(source) => source,
            None => family::template(&tokenizer)?,
        };
        let template_ = ChatTemplate::new(source)?;
        Ok(Self {
            tokenizer,
            template: template_,
            from_file: template.is_some(),
        })
    }

    /// The template in use.
    pub fn template(&self) -> &ChatTemplate {
        &self.template
    }

    /// Whether the template came with the model, rather than being the family's own.
    pub fn is_from_file(&self) -> bool {
        self.from_file
    }

    /// The tokenizer in use.
    pub fn tokenizer(&self) -> &Tokenizer {
        &self.tokenizer
    }

    /// Renders and encodes a conversation.
    ///
    /// Markup inside messages is text: `<｜Assistant｜>` typed by a user never becomes that token. One exception is made,
    /// because templates and models rely on it: `<think>` and `</think>` in a message of the assistant are markup.
    ///
    /// # Errors
    /// What [`ChatTemplate::render`] and [`Tokenizer::encode`] refuse.
    pub fn prompt(
        &self,
        messages: &[Message],
        options: &PromptOptions,
    ) -> Result<EncodedPrompt, TextError> {
        let mut extra = options.extra.clone();
        extra
            .entry("enable_thinking".to_owned())
            .or_insert((options.thinking == Thinking::On).into());
        let roles = self.tokenizer.roles();
        let name = |id: Option<u32>| id.map(|id| self.tokenizer.text_of(id).into_owned());
        let (bos, eos) = (name(roles.bos), name(roles.eos));

        let strings = extra.values().filter_map(serde_json::Value::as_str);
        let texts = messages
            .iter()
            .map(|m| m.content.as_str())
            .chain(strings)
            .chain([self.template.source()]);
        let guard = Guard::new(self.tokenizer.edges(), texts)?;
        let hidden: Vec<Message> = messages
            .iter()
            .map(|m| {
                let keep: &[&str] = if m.role == Role::Assistant {
                    &THINK
                } else {
                    &[]
                };
                Message::new(m.role, guard.hide(&m.content, keep))
            })
            .collect();
        for value in extra.values_mut() {
            if let serde_json::Value::String(text) = value {
                *text = guard.hide(text, &[]);
            }
        }

        let mut marked = self.template.render(
            &hidden,
            &RenderOptions {
                add_generation_prompt: options.add_generation_prompt,
                bos_token: bos.as_deref(),
                eos_token: eos.as_deref(),
                extra,
            },
        )?;
        if options.add_generation_prompt
            && roles.think_open.is_some()
            && roles.think_close.is_some()
        {
            marked.push_str(missing_thought(&marked, options.thinking));
        }

        let mut ids = Vec::new();
        let mut primed = false;
        for (stretch, id) in self.tokenizer.split_markup(&marked)? {
            match id {
                Some(id) => {
                    primed = Some(id) == roles.think_open;
                    ids.push(id);
                }
                None => {
                    let text = guard.reveal(&stretch);
                    primed &= text.trim().is_empty();
                    self.tokenizer.encode_plain(&text, &mut ids)?;
                }
            }
        }
        Ok(EncodedPrompt {
            ids,
            primed,
            text: guard.reveal(&marked),
        })
    }
}

/// What has to be added so that the prompt opens the reasoning, or closes it.
fn missing_thought(marked: &str, thinking: Thinking) -> &'static str {
    let tail = marked.trim_end();
    let (open, closed) = (tail.ends_with(THINK[0]), tail.ends_with(THINK[1]));
    match thinking {
        // Other families open the reasoning themselves; after R1's marker an unopened one may be skipped.
        Thinking::On if tail.ends_with(R1_TURN) => "<think>\n",
        Thinking::On => "",
        Thinking::Off if closed => "",
        Thinking::Off if open && marked.ends_with('\n') => "\n</think>\n\n",
        Thinking::Off if open => "\n\n</think>\n\n",
        Thinking::Off => "<think>\n\n</think>\n\n",
    }
}
