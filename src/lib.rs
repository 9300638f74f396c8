//! Overstay shows which goroutines overstay their context.
//!
//! It reads Go execution traces natively, rebuilds every goroutine's life, finds
//! every context cancel that the trace gives evidence of, and lays the cancels
//! over the goroutines' ends.
//!
//! The rooms, each of which imports only from those to its left:
//!
//! ```text
//! parse → model → analysis → scene → ui            base is below all
//!                      └── cli      load alone reads traces
//! ```

pub mod analysis;
pub mod base;
pub mod cli;
pub mod load;
pub mod model;
pub mod parse;
pub mod scene;
#[cfg(feature = "gui")]
pub mod ui;
