use blake3::{Hash, Hasher};
use glassbox_models::Fingerprint;
use glassbox_text::Tokenizer;

/// Which model this is, as far as it decides a reply.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    pub(crate) weights: Fingerprint,
    pub(crate) tokenizer: Hash,
    pub(crate) template: Option<Hash>,
    pub(crate) computed_by: String,
    pub(crate) kv: &'static str,
}

/// The hash of a tokenizer: of the bytes of its pieces, and of the ids with a role.
pub(crate) fn tokenizer_hash(tokenizer: &Tokenizer) -> Hash {
    let mut hasher = Hasher::new_derive_key("glassbox tokenizer 1");
    for id in 0..=tokenizer.max_id() {
        let piece = tokenizer.bytes_of(id);
        hasher.update(&(piece.len() as u64).to_le_bytes());
        hasher.update(piece);
        hasher.update(&[u8::from(tokenizer.is_markup(id))]);
    }
    let roles = tokenizer.roles();
    let ids = [roles.bos, roles.think_open, roles.think_close];
    hasher.update(format!("{ids:?} {:?}", roles.stops).as_bytes());
    hasher.finalize()
}
