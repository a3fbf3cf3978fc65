use anyhow::{Result, bail};
use glassbox_weights::ModelConfig;

/// Token types, from llama.cpp's `llama_token_type`.
const NORMAL: i32 = 1;
const CONTROL: i32 = 3;
const USER_DEFINED: i32 = 4;
const UNUSED: i32 = 5;

/// R1's template for plain turns.
pub(super) const TEMPLATE: &str = "{{bos_token}}{% for message in messages %}\
    {% if message['role'] == 'user' %}{{'<｜User｜>' + message['content']}}\
    {% elif message['role'] == 'assistant' %}\
    {{'<｜Assistant｜>' + message['content'].split('</think>')[-1] + '<｜end▁of▁sentence｜>'}}\
    {% else %}{{message['content']}}{% endif %}{% endfor %}\
    {% if add_generation_prompt %}{{'<｜Assistant｜><think>\\n'}}{% endif %}";

/// A tokenizer of byte-level BPE, as large as a model's own: the bytes, then words of letters, each
/// merged from the word without its last letter and that letter, then the added tokens.
pub(super) struct Vocabulary {
    /// llama.cpp's name for the way in which text is cut.
    pub(super) pre: &'static str,
    pub(super) tokens: Vec<String>,
    pub(super) types: Vec<i32>,
    pub(super) merges: Vec<String>,
    pub(super) bos: u32,
    pub(super) eos: u32,
}

impl Vocabulary {
    /// The vocabulary for a model; its added tokens start at the lower of BOS and EOS.
    pub(super) fn new(config: &ModelConfig) -> Result<Self> {
        let (size, bos, eos, pre) = match config {
            ModelConfig::Qwen2(c) => (
                c.vocab_size,
                c.bos_token_id,
                &c.eos_token_id,
                "deepseek-r1-qwen",
            ),
            ModelConfig::Llama(c) => (c.vocab_size, c.bos_token_id, &c.eos_token_id, "llama-bpe"),
            other => bail!("no tokenizer is known for {}", other.model_type()),
        };
        let (Some(bos), Some(&eos)) = (bos, eos.first()) else {
            bail!("the config names no BOS or no EOS");
        };
        let base = bos.min(eos);
        let (mut tokens, merges) = words(base as usize);
        let mut types = vec![NORMAL; tokens.len()];
        let mut more = [
            ("<｜User｜>", CONTROL),
            ("<｜Assistant｜>", CONTROL),
            ("<think>", USER_DEFINED),
            ("</think>", USER_DEFINED),
        ]
        .into_iter();
        for id in tokens.len() as u64..size {
            let (token, kind) = if id == u64::from(bos) {
                ("<｜begin▁of▁sentence｜>".to_owned(), CONTROL)
            } else if id == u64::from(eos) {
                ("<｜end▁of▁sentence｜>".to_owned(), CONTROL)
            } else if let Some((token, kind)) = more.next() {
                (token.to_owned(), kind)
            } else {
                (format!("[PAD{id}]"), UNUSED)
            };
            tokens.push(token);
            types.push(kind);
        }
        Ok(Vocabulary {
            pre,
            tokens,
            types,
            merges,
            bos,
            eos,
        })
    }
}

/// `n` tokens, of which the first 256 are the bytes, and the merges that make the others, short
/// words first.
fn words(n: usize) -> (Vec<String>, Vec<String>) {
    let mut tokens: Vec<String> = bytes().map(String::from).collect();
    let mut merges = Vec::new();
    // `Ġ` is a space.
    let mut grown: Vec<String> = std::iter::once('Ġ')
        .chain('a'..='z')
        .map(String::from)
        .collect();
    let mut next = 0;
    while tokens.len() < n {
        for letter in ('a'..='z').take(n - tokens.len()) {
            let word = &grown[next];
            merges.push(format!("{word} {letter}"));
            let longer = format!("{word}{letter}");
            tokens.push(longer.clone());
            grown.push(longer);
        }
        next += 1;
    }
    (tokens, merges)
}

/// The characters that stand for the 256 bytes, as GPT-2 orders them: bytes that print stand for
/// themselves, the others follow from U+0100 on.
fn bytes() -> impl Iterator<Item = char> {
    let prints = |b: &u8| matches!(b, b'!'..=b'~' | 0xA1..=0xAC | 0xAE..=0xFF);
    let others = (0..=255u8).filter(|b| !prints(b)).count() as u8;
    let themselves = (0..=255u8).filter(prints).map(char::from);
    themselves.chain((0..others).filter_map(|i| char::from_u32(0x100 + u32::from(i))))
}
