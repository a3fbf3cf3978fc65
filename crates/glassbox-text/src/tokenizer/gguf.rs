//! Tokenizers rebuilt from the metadata of a GGUF file.

use super::roles::{Named, Roles};
use super::split::{DEEPSEEK_LLM, DEFAULT_FIRST, DEFAULT_LAST, GPT2, LLAMA3, QWEN2, Step};
use super::vocabulary::{Kind, Rules, Token, Vocabulary, parse_merge};
use super::{Tokenizer, alphabet, limits};
use crate::error::{TextError, excerpt};

const PRE_TOKENIZERS: &str = "qwen2, deepseek-r1-qwen, llama-bpe, smollm, deepseek-llm, default";

/// The `tokenizer.ggml.*` metadata of a GGUF file as plain data: whoever parses the file fills it in.
#[derive(Debug, Clone, Default)]
pub struct GgufVocab {
    /// `tokenizer.ggml.model`: only `gpt2` (byte-level BPE) is supported.
    pub model: String,
    /// `tokenizer.ggml.pre`; a file without it gets `default`, as in llama.cpp.
    pub pre: Option<String>,
    /// `tokenizer.ggml.tokens`: the text of each id.
    pub tokens: Vec<String>,
    /// `tokenizer.ggml.token_type`: 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 byte; empty: all normal.
    pub token_types: Vec<i32>,
    /// `tokenizer.ggml.merges`, best first.
    pub merges: Vec<String>,
    /// `tokenizer.ggml.bos_token_id`.
    pub bos: Option<u32>,
    /// `tokenizer.ggml.eos_token_id`.
    pub eos: Option<u32>,
    /// `tokenizer.ggml.eot_token_id`: ends a turn.
    pub eot: Option<u32>,
    /// `tokenizer.ggml.eom_token_id`: ends a message.
    pub eom: Option<u32>,
    /// `tokenizer.ggml.unknown_token_id`.
    pub unk: Option<u32>,
    /// `tokenizer.ggml.padding_token_id`.
    pub pad: Option<u32>,
    /// `tokenizer.ggml.add_bos_token`; when absent, true for `llama-bpe` only.
    pub add_bos: Option<bool>,
    /// `tokenizer.ggml.add_eos_token`; when absent, false.
    pub add_eos: Option<bool>,
    /// `tokenizer.ggml.add_space_prefix`; `true` is refused, byte-level families never set it.
    pub add_space_prefix: Option<bool>,
}

impl Tokenizer {
    /// Builds the tokenizer that the metadata describes.
    ///
    /// GGUF carries no normalizer, so none is applied, as in llama.cpp.
    ///
    /// # Errors
    /// Any other `model` or `pre`, contradictory lists, damaged merges or byte tokens.
    pub fn from_gguf(vocab: GgufVocab) -> Result<Self, TextError> {
        if vocab.model != "gpt2" {
            return Err(TextError::Unsupported {
                component: "tokenizer.ggml.model",
                found: excerpt(&vocab.model),
                supported: "gpt2",
            });
        }
        if vocab.add_space_prefix == Some(true) {
            return Err(TextError::Unsupported {
                component: "tokenizer.ggml.add_space_prefix",
                found: "true".to_owned(),
                supported: "false",
            });
        }
        let pre = vocab.pre.as_deref().unwrap_or("default");
        let steps = steps(pre)?;
        let is_llama = pre == "llama-bpe";
        let bytes = vocab
            .tokens
            .iter()
            .chain(&vocab.merges)
            .map(|s| s.len() + 1)
            .sum();
        limits::check("tokenizer.ggml", bytes)?;

        let entries = tokens(vocab.tokens, &vocab.token_types)?;
        let merges = vocab
            .merges
            .into_iter()
            .enumerate()
            .map(|(i, text)| parse_merge(i, text))
            .collect::<Result<_, _>>()?;
        let vocabulary = Vocabulary::new(
            entries,
            merges,
            Rules {
                ignore_merges: is_llama,
                ..Rules::default()
            },
        )?;
        let named = Named {
            bos: vocab.bos,
            eos: vocab.eos,
            stops: vocab.eot.into_iter().chain(vocab.eom).collect(),
            unk: vocab.unk,
            pad: vocab.pad,
        };
        let roles = Roles::new(named, &vocabulary)?;
        let affix = |wanted: bool, role: &'static str, id: Option<u32>| match (wanted, id) {
            (true, Some(id)) => Ok(vec![id]),
            (true, None) => Err(TextError::SpecialMissing {
                role,
                found: "absent".to_owned(),
                tokens: vocabulary.tokens.len(),
            }),
            (false, _) => Ok(Vec::new()),
        };
        let add_bos = vocab.add_bos.unwrap_or(is_llama && roles.bos.is_some());
        let prefix = affix(add_bos, "tokenizer.ggml.bos_token_id", roles.bos)?;
        let suffix = affix(
            vocab.add_eos == Some(true),
            "tokenizer.ggml.eos_token_id",
            roles.eos,
        )?;
        Self::build(vocabulary, false, steps, roles, prefix, suffix)
    }
}

fn tokens(texts: Vec<String>, types: &[i32]) -> Result<Vec<(u32, Token)>, TextError> {
    if !types.is_empty() && types.len() != texts.len() {
        return Err(TextError::LengthMismatch {
            component: "tokenizer.ggml.token_type",
            got: types.len(),
            tokens: texts.len(),
        });
    }
    let mut out = Vec::with_capacity(texts.len());
    for (i, text) in texts.into_iter().enumerate() {
        let id = i as u32;
        let kind = match types.get(i).copied().unwrap_or(1) {
            1 => Kind::Normal,
            2 | 3 => Kind::Special,
            4 => Kind::UserDefined,
            5 => Kind::Unused,
            6 => match alphabet::byte_token(&text) {
                Some(byte) => Kind::Byte(byte),
                None => {
                    return Err(TextError::ByteToken {
                        id,
                        token: excerpt(&text),
                    });
                }
            },
            kind => {
                return Err(TextError::TokenType {
                    id,
                    token: excerpt(&text),
                    kind,
                });
            }
        };
        out.push((
            id,
            Token {
                text,
                kind,
                normalized: false,
            },
        ));
    }
    Ok(out)
}

fn steps(pre: &str) -> Result<Vec<Step>, TextError> {
    match pre {
        "qwen2" | "deepseek-r1-qwen" => Ok(vec![Step::regex(QWEN2)?]),
        "llama-bpe" => Ok(vec![Step::regex(LLAMA3)?]),
        "smollm" => Ok(vec![Step::Digits(true), Step::regex(GPT2)?]),
        "deepseek-llm" => {
            let mut steps = DEEPSEEK_LLM
                .iter()
                .map(|p| Step::regex(p))
                .collect::<Result<Vec<_>, _>>()?;
            steps.push(Step::Digits(true));
            Ok(steps)
        }
        "default" => {
            let mut steps = vec![Step::regex(DEFAULT_FIRST)?, Step::regex(GPT2)?];
            for pattern in DEFAULT_LAST {
                steps.push(Step::regex(pattern)?);
            }
            Ok(steps)
        }
        _ => Err(TextError::Unsupported {
            component: "tokenizer.ggml.pre",
            found: excerpt(pre),
            supported: PRE_TOKENIZERS,
        }),
    }
}
