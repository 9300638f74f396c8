//! The scene's records on small models made by hand, under random views, and on real traces.

mod busy;
mod fixtures;
mod flags;
mod pictures;
mod promises;
mod story;
mod stretches;
