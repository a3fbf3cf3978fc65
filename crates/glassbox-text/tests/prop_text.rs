//! Laws that hold for any input: nothing panics, and any split into pieces gives the same text.

mod common;

use common::{small_corpus, tiny, tokenizer};
use glassbox_text::{
    Chat, ChatTemplate, Detokenizer, GgufVocab, HfSide, Message, PromptOptions, RenderOptions,
    Role, Show, Special, Tokenizer, chat_template_of, messages_from_json,
};
use proptest::prelude::*;
use std::sync::LazyLock;

static R1: LazyLock<Tokenizer> = LazyLock::new(|| tokenizer("deepseek-r1-qwen"));
static CHAT: LazyLock<Chat> = LazyLock::new(|| Chat::new(R1.clone(), None).unwrap());

/// Text that is rich in what matters here: markup, halves of it, private-use characters, blanks.
fn nasty() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("<think>"),
        Just("</think>"),
        Just("<｜Assistant｜>"),
        Just("<｜end▁of▁sentence｜>"),
        Just("<"),
        Just(">"),
        Just("<th"),
        Just("ink>"),
        Just("｜"),
        Just(" "),
        Just("\n"),
        Just("\u{f0000}"),
        Just("\u{10fffd}"),
        Just("a"),
        Just("{{ x }}"),
        Just("e\u{301}"),
        Just("👩‍👧"),
    ];
    prop_oneof![
        proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat()),
        any::<String>(),
    ]
}

proptest! {
    #[test]
    fn pieces_put_together_are_the_whole(ids in proptest::collection::vec(0u32..2600, 0..60), everything: bool) {
        let show = if everything { Show::Everything } else { Show::Text };
        let whole = R1.decode(&ids, show);
        let mut stream = Detokenizer::new(R1.clone(), show);
        let mut text = String::new();
        for id in &ids {
            text += stream.push(*id);
            prop_assert!(stream.pending().len() < 4);
            prop_assert!(whole.starts_with(&text), "a piece was taken back");
        }
        text += stream.finish();
        prop_assert_eq!(text, whole);
    }

    #[test]
    fn single_bytes_decode_like_the_whole(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
        let tokenizer = Tokenizer::from_gguf(tiny()).unwrap();
        let mut stream = Detokenizer::new(tokenizer.clone(), Show::Text);
        let mut text: String = bytes.iter().map(|b| stream.push(u32::from(*b)).to_owned()).collect();
        text += stream.finish();
        prop_assert_eq!(text, String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_text_survives_the_round_trip(text in nasty()) {
        for special in [Special::AsText, Special::Parse] {
            let ids = R1.encode(&text, special).unwrap();
            prop_assert_eq!(R1.decode(&ids, Show::Everything), text.as_str());
            prop_assert!(special == Special::Parse || ids.iter().all(|id| !R1.is_markup(*id)));
        }
    }

    #[test]
    fn nobody_can_type_markup(typed in nasty(), system in nasty(), said in nasty()) {
        let answer = said.replace("think>", "");
        let talk = |system: &str, typed: &str, answer: &str| [
            Message::new(Role::System, system),
            Message::user(typed),
            Message::new(Role::Assistant, answer),
            Message::user(typed),
        ];
        let markup = |messages: &[Message]| {
            let prompt = CHAT.prompt(messages, &PromptOptions::default()).unwrap();
            assert_eq!(R1.decode(&prompt.ids, Show::Everything), prompt.text);
            prompt.ids.into_iter().filter(|id| R1.is_markup(*id)).collect::<Vec<_>>()
        };
        prop_assert_eq!(markup(&talk(&system, &typed, &answer)), markup(&talk("s", "u", "a")));
    }

    #[test]
    fn any_bytes_as_files_are_refused_or_read(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let side = HfSide { tokenizer_config: Some(&bytes), generation_config: Some(&bytes), config: Some(&bytes) };
        let _ = Tokenizer::from_json(&bytes, side);
        let _ = messages_from_json(&bytes);
        let _ = chat_template_of(&bytes);
    }

    #[test]
    fn a_damaged_tokenizer_json_is_refused_or_works(
        at in any::<proptest::sample::Index>(),
        patch in prop_oneof![
            Just("null"), Just("-1"), Just("[]"), Just("{}"), Just("\""), Just(""), Just("{\"type\":\"NFC\"}"),
            Just("1e999"), Just("\\ud800"), Just("a"),
        ],
        cut in 0usize..12,
    ) {
        let file = small_corpus();
        let mut start = at.index(file.len());
        while !file.is_char_boundary(start) { start -= 1; }
        let mut end = (start + cut).min(file.len());
        while !file.is_char_boundary(end) { end -= 1; }
        let end = end.max(start);
        let damaged = format!("{}{patch}{}", &file[..start], &file[end..]);
        if let Ok(tokenizer) = Tokenizer::from_json(damaged.as_bytes(), HfSide::default()) {
            let ids = tokenizer.encode("hello <s> wörld  12", Special::Parse).unwrap();
            tokenizer.decode(&ids, Show::Everything);
        }
    }

    #[test]
    fn any_vocabulary_is_refused_or_works(
        tokens in proptest::collection::vec("[aĠhe<>|]{0,4}", 0..12),
        token_types in proptest::collection::vec(0i32..8, 0..12),
        merges in proptest::collection::vec("[ahe]{0,2} {0,2}[ahe]{0,2}", 0..4),
        pre in proptest::option::of("qwen2|default|llama-bpe|x"),
        bos in proptest::option::of(0u32..14),
    ) {
        let vocab = GgufVocab { model: "gpt2".to_owned(), pre, tokens, token_types, merges, bos, ..GgufVocab::default() };
        if let Ok(tokenizer) = Tokenizer::from_gguf(vocab) {
            let ids = tokenizer.encode("he <a> ahe", Special::Parse).unwrap();
            prop_assert!(ids.iter().all(|id| *id <= tokenizer.max_id()));
            tokenizer.decode(&ids, Show::Text);
            let _ = tokenizer.check_rows(3);
        }
    }

    #[test]
    fn any_template_is_refused_or_renders(
        source in prop_oneof![
            any::<String>(),
            proptest::collection::vec(prop_oneof![
                Just("{% for m in messages %}"), Just("{% endfor %}"), Just("{{ m.content"), Just(" }}"), Just("{{"),
                Just("| trim"), Just("| tojson"), Just("{% if "), Just("{% endif %}"), Just("%}"), Just("messages[0]"),
                Just(".split('<')[-1]"), Just("{%- set x = "), Just("1 + "), Just("~"), Just("(("), Just("'"),
            ], 0..14).prop_map(|p| p.concat()),
        ],
        text in nasty(),
    ) {
        if let Ok(template) = ChatTemplate::new(source) {
            let _ = template.render(&[Message::user(text.as_str())], &RenderOptions::default());
            let chat = Chat::new(R1.clone(), Some(template.source())).unwrap();
            let _ = chat.prompt(&[Message::user(text)], &PromptOptions::default());
        }
    }
}
