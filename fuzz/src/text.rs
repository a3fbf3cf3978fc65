//! Tokenizers, templates and detokenisation.

use glassbox_text::{
    ChatTemplate, Detokenizer, GgufVocab, HfSide, Message, RenderOptions, Show, Special, Tokenizer,
    messages_from_json,
};
use std::sync::LazyLock;

/// What every accepted tokenizer has to encode.
const SAMPLE: &str = "<think>\nLet x = 12.5,\u{a0}né 所以 🙂\r\n\n  </think> a\u{300}\0";

/// A `tokenizer.json`; what is accepted encodes the sample, and streams as it decodes.
pub fn tokenizer(data: &[u8]) {
    if let Ok(tokenizer) = Tokenizer::from_json(data, HfSide::default()) {
        use_tokenizer(&tokenizer);
    }
}

/// A vocabulary as a GGUF file has it: a line for the pre-tokenizer, then one a token, an empty
/// line, and one a merge. A tab and a number after a token is its type.
pub fn vocabulary(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut lines = text.split('\n');
    let mut vocab = GgufVocab {
        model: "gpt2".to_owned(),
        pre: lines.next().map(str::to_owned),
        ..GgufVocab::default()
    };
    for line in lines.by_ref().take_while(|line| !line.is_empty()) {
        let (token, kind) = line.rsplit_once('\t').unwrap_or((line, "1"));
        vocab.tokens.push(token.to_owned());
        vocab.token_types.push(kind.parse().unwrap_or(1));
    }
    vocab.merges = lines.map(str::to_owned).collect();
    vocab.eos = vocab.tokens.len().checked_sub(1).map(|id| id as u32);
    if let Ok(tokenizer) = Tokenizer::from_gguf(vocab) {
        use_tokenizer(&tokenizer);
    }
}

fn use_tokenizer(tokenizer: &Tokenizer) {
    if let Ok(ids) = tokenizer.encode(SAMPLE, Special::Parse) {
        assert!(ids.iter().all(|&id| id <= tokenizer.max_id()));
        streams_as_it_decodes(tokenizer, &ids);
    }
    let _ = tokenizer.encode(SAMPLE, Special::AsText);
}

/// A chat template, and after a NUL the messages: JSON, or else one text of a user. What it makes
/// is the same each time.
pub fn template(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (source, messages) = text.split_once('\0').unwrap_or((&text, "Hi"));
    let messages =
        messages_from_json(messages.as_bytes()).unwrap_or_else(|_| vec![Message::user(messages)]);
    let Ok(template) = ChatTemplate::new(source) else {
        return;
    };
    let options = RenderOptions {
        add_generation_prompt: true,
        bos_token: Some("<s>"),
        ..RenderOptions::default()
    };
    let once = template.render(&messages, &options).ok();
    assert_eq!(once, template.render(&messages, &options).ok());
}

/// Ids of a vocabulary of bytes, some of them unknown to it: streamed text is decoded text.
pub fn detokenizer(data: &[u8]) {
    static BYTES: LazyLock<Tokenizer> = LazyLock::new(byte_tokenizer);
    // Ids above 255 are special or unknown; a byte of 0xff is rare in text and never in UTF-8.
    let mut ids = Vec::with_capacity(data.len());
    let mut bytes = data.iter();
    while let Some(&byte) = bytes.next() {
        ids.push(match byte {
            0xff => 256 + bytes.next().map_or(0, |&next| u32::from(next) % 8),
            byte => u32::from(byte),
        });
    }
    streams_as_it_decodes(&BYTES, &ids);
}

fn streams_as_it_decodes(tokenizer: &Tokenizer, ids: &[u32]) {
    for show in [Show::Text, Show::Everything] {
        let mut stream = Detokenizer::new(tokenizer.clone(), show);
        let mut text = String::new();
        for &id in ids {
            text += stream.push(id);
            assert!(stream.pending().len() <= 3, "{:?}", stream.pending());
        }
        text += stream.finish();
        assert_eq!(text, tokenizer.decode(ids, show));
    }
}

/// A tokenizer whose id `b` is the byte `b`, with a special token, and tags.
fn byte_tokenizer() -> Tokenizer {
    // GPT-2 writes a byte that prints as itself, and the others in order from U+0100.
    let prints = |b: u8| matches!(b, b'!'..=b'~' | 0xa1..=0xac | 0xae..=0xff);
    let mut others = 0x100..;
    let mut tokens: Vec<String> = (0..=255u8)
        .map(|byte| match prints(byte) {
            true => char::from(byte),
            false => others.next().and_then(char::from_u32).unwrap_or('\0'),
        })
        .map(String::from)
        .collect();
    let mut token_types = vec![1; tokens.len()];
    for (token, kind) in [("<|end|>", 3), ("<think>", 4), ("</think>", 4)] {
        tokens.push(token.to_owned());
        token_types.push(kind);
    }
    Tokenizer::from_gguf(GgufVocab {
        model: "gpt2".to_owned(),
        tokens,
        token_types,
        eos: Some(256),
        ..GgufVocab::default()
    })
    .expect("all bytes and three markers are a vocabulary")
}
