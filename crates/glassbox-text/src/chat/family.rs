//! The families' own templates, for files that carry none.

use crate::Tokenizer;
use crate::error::TextError;

/// The markers by which a family is known, as an error names them.
const KNOWN: &str = "<｜User｜>, <|im_start|>, <|start_header_id|>";

/// DeepSeek-R1: the last system message after BOS, past thoughts cut, the model's turn opened with its thoughts.
const R1: &str = "\
{%- set ns = namespace(system='') -%}
{%- for message in messages -%}
  {%- if message.role == 'system' -%}{%- set ns.system = message.content -%}{%- endif -%}
{%- endfor -%}
{{- bos_token ~ ns.system -}}
{%- for message in messages -%}
  {%- if message.role == 'user' -%}
    {{- '<｜User｜>' ~ message.content -}}
  {%- elif message.role == 'assistant' -%}
    {{- '<｜Assistant｜>' ~ message.content.split('</think>')[-1] ~ '<｜end▁of▁sentence｜>' -}}
  {%- elif message.role != 'system' -%}
    {{- raise_exception('this template has no role ' ~ message.role) -}}
  {%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}{{- '<｜Assistant｜><think>\\n' -}}{%- endif -%}
";

/// ChatML: Qwen, SmolLM and many others.
const CHATML: &str = "\
{%- for message in messages -%}
  {{- '<|im_start|>' ~ message.role ~ '\\n' ~ message.content ~ '<|im_end|>\\n' -}}
{%- endfor -%}
{%- if add_generation_prompt -%}{{- '<|im_start|>assistant\\n' -}}{%- endif -%}
";

/// Llama 3.
const LLAMA3: &str = "\
{{- bos_token -}}
{%- for message in messages -%}
  {{- '<|start_header_id|>' ~ message.role ~ '<|end_header_id|>\\n\\n' ~ message.content | trim ~ '<|eot_id|>' -}}
{%- endfor -%}
{%- if add_generation_prompt -%}{{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' -}}{%- endif -%}
";

/// The template of the family that the vocabulary belongs to.
pub(crate) fn template(tokenizer: &Tokenizer) -> Result<&'static str, TextError> {
    let has = |token: &str| tokenizer.markup_id(token).is_some();
    // R1 first: the distills keep markers of the model they were made from.
    if has("<｜User｜>") && has("<｜Assistant｜>") {
        Ok(R1)
    } else if has("<|im_start|>") && has("<|im_end|>") {
        Ok(CHATML)
    } else if has("<|start_header_id|>") && has("<|eot_id|>") {
        Ok(LLAMA3)
    } else {
        Err(TextError::NoTemplate { known: KNOWN })
    }
}
