//! Data types, quantised block formats, batches and the backend boundary of glassbox.
