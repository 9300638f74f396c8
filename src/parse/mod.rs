//! Bytes → ordered events.
//!
//! This room may borrow bytes and fill tables. It may not do IO, panic on any input, or
//! allocate from a length that the remaining bytes cannot justify.

pub mod error;
pub mod event;
pub mod sink;
pub mod sniff;
pub mod spec;
pub mod tables;
pub mod text;
pub mod v1;
