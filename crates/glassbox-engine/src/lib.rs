//! Sessions over a model: the generation loop of glassbox.
