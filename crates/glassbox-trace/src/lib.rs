//! From model output to a reasoning trace: events, steps, answers, export.
