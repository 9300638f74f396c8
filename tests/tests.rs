//! All tests that need no window, in one binary: linking dominates test time.
//!
//! `rooms` and `tidy` hold the walls that ARCHITECTURE.md describes; `conformance` compares event
//! streams with those of Go's own reader; the others run the program as people and CI do.

mod headless {
    mod check;
    mod conformance;
    mod contract;
    mod errors;
    mod export;
    mod golden;
    mod measured;
    mod model;
    mod record;
    mod rooms;
    mod tidy;
}
mod support;
