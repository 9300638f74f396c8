//! See the room map in the crate docs.

pub mod dump;
