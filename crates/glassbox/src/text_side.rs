use crate::Error;
use glassbox_engine::TextSide;
use glassbox_text::{Chat, GgufVocab, HfSide, TextError, Tokenizer, chat_template_of};
use glassbox_weights::gguf::Metadata;
use glassbox_weights::{Checkpoint, OpenOptions, WeightsError};
use std::path::Path;

/// The tokenizer and template that came with a checkpoint.
pub fn text_side(checkpoint: &Checkpoint) -> Result<TextSide, Error> {
    if let Some(metadata) = checkpoint.gguf() {
        return gguf_text_side(metadata);
    }
    let Some(json) = checkpoint.directory_file("tokenizer.json")? else {
        return Ok(TextSide::None);
    };
    let config = checkpoint.directory_file("tokenizer_config.json")?;
    let generation = checkpoint.directory_file("generation_config.json")?;
    let model = checkpoint.directory_file("config.json")?;
    let side = HfSide {
        tokenizer_config: config.as_deref(),
        generation_config: generation.as_deref(),
        config: model.as_deref(),
    };
    let tokenizer = Tokenizer::from_json(&json, side)?;
    let template = match checkpoint.directory_file("chat_template.jinja")? {
        Some(bytes) => Some(String::from_utf8(bytes).map_err(|e| Error::TemplateUtf8 {
            offset: e.utf8_error().valid_up_to(),
        })?),
        None => config
            .as_deref()
            .map(chat_template_of)
            .transpose()?
            .flatten(),
    };
    with_template(tokenizer, template.as_deref())
}

/// The tokenizer and template of a GGUF file, whose tensor data may be cut off, or of a Hugging
/// Face directory. No weights are read.
pub fn open_text_side(path: impl AsRef<Path>) -> Result<TextSide, Error> {
    let path = path.as_ref();
    let is_gguf = path
        .extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("gguf"));
    match is_gguf && path.is_file() {
        true => gguf_text_side(Checkpoint::open_header(path)?.metadata()),
        false => text_side(&Checkpoint::open(path, &OpenOptions::default())?),
    }
}

/// The tokenizer and template in a GGUF file's metadata.
pub fn gguf_text_side(metadata: &Metadata) -> Result<TextSide, Error> {
    let Some(vocab) = gguf_vocab(metadata)? else {
        return Ok(TextSide::None);
    };
    let template = metadata.str("tokenizer.chat_template")?;
    with_template(Tokenizer::from_gguf(vocab)?, template)
}

fn with_template(tokenizer: Tokenizer, template: Option<&str>) -> Result<TextSide, Error> {
    match Chat::new(tokenizer.clone(), template) {
        Ok(chat) => Ok(TextSide::Chat(chat)),
        Err(TextError::NoTemplate { .. }) => Ok(TextSide::Tokenizer(tokenizer)),
        Err(error) => Err(error.into()),
    }
}

/// The `tokenizer.ggml.*` metadata as plain data; `None` when the file has no tokenizer.
pub fn gguf_vocab(metadata: &Metadata) -> Result<Option<GgufVocab>, WeightsError> {
    let Some(model) = metadata.str("tokenizer.ggml.model")? else {
        return Ok(None);
    };
    let strings = |key: &str| -> Result<Vec<String>, WeightsError> {
        let all = metadata.strings(key)?;
        Ok(all.into_iter().flatten().map(str::to_owned).collect())
    };
    let id = |key: &str| metadata.u32(&format!("tokenizer.ggml.{key}_token_id"));
    let flag = |key: &str| metadata.bool(&format!("tokenizer.ggml.{key}"));
    Ok(Some(GgufVocab {
        model: model.to_owned(),
        pre: metadata.str("tokenizer.ggml.pre")?.map(str::to_owned),
        tokens: strings("tokenizer.ggml.tokens")?,
        token_types: metadata
            .i32s("tokenizer.ggml.token_type")?
            .unwrap_or_default(),
        merges: strings("tokenizer.ggml.merges")?,
        bos: id("bos")?,
        eos: id("eos")?,
        eot: id("eot")?,
        eom: id("eom")?,
        unk: id("unknown")?,
        pad: id("padding")?,
        add_bos: flag("add_bos_token")?,
        add_eos: flag("add_eos_token")?,
        add_space_prefix: flag("add_space_prefix")?,
    }))
}
