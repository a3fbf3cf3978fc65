use glassbox_core::PAGE;

/// What a full page holds, whole: the model is the cache's own, so it is the tenant, all the ids
/// before the page, and the ids in it. A BLAKE3 hash of these, chained page by page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct PageKey([u8; 32]);

impl PageKey {
    /// Of no page yet. Two tenants have no key in common.
    pub(crate) fn root(tenant: &str) -> Self {
        PageKey(blake3::derive_key(
            "glassbox prefix cache tenant",
            tenant.as_bytes(),
        ))
    }

    pub(crate) fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    pub(crate) fn to_hex(self) -> String {
        blake3::Hash::from(self.0).to_hex().to_string()
    }

    pub(crate) fn from_hex(text: &str) -> Option<Self> {
        Some(PageKey(*blake3::Hash::from_hex(text).ok()?.as_bytes()))
    }

    /// Of the page with `ids` that follows this one.
    pub(crate) fn then(&self, ids: &[u32]) -> Self {
        debug_assert_eq!(ids.len(), PAGE);
        let mut hasher = blake3::Hasher::new_keyed(&self.0);
        for id in ids {
            hasher.update(&id.to_le_bytes());
        }
        PageKey(*hasher.finalize().as_bytes())
    }

    /// Of each full page of `ids`, in order.
    pub(crate) fn chain(self, ids: &[u32]) -> impl Iterator<Item = PageKey> {
        ids.chunks_exact(PAGE).scan(self, |key, ids| {
            *key = key.then(ids);
            Some(*key)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_tells_tenant_and_past() {
        let ids: Vec<u32> = (0..200).collect();
        let keys: Vec<_> = PageKey::root("a").chain(&ids).collect();
        assert_eq!(keys.len(), 3);
        assert_eq!(
            keys[1],
            PageKey::root("a").then(&ids[..64]).then(&ids[64..128])
        );
        assert_ne!(keys[0], PageKey::root("b").then(&ids[..64]));
        // The same 64 ids after another past.
        assert_ne!(keys[0].then(&ids[..64]), keys[1].then(&ids[..64]));
    }
}
