//! Where keys and values are kept, and what of them is known again.
//!
//! The model reserves pages of 64 positions. A [`Page`] is the right to one of them; it goes back
//! to the [`Pool`] when the last that holds it lets go. A [`PageTable`] is what one sequence holds.
//! [`Prefixes`] holds full pages on behalf of sequences to come, by the ids that lead to them, and
//! [`Disk`] on behalf of processes to come.

mod disk;
mod key;
mod pool;
mod prefixes;
mod table;

pub(crate) use disk::Disk;
pub(crate) use key::PageKey;
pub(crate) use pool::{Page, Pool};
pub(crate) use prefixes::Prefixes;
pub(crate) use table::PageTable;
