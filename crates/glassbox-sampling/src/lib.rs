//! From logits to a token: filters, penalties and seeded sampling.
