//! Examples of glassbox.
