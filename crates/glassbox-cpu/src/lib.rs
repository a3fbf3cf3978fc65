//! The CPU backend of glassbox.
