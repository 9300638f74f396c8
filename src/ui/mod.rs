//! The window: records → egui.
//!
//! This room shows what the others have worked out. It may not loop over spans or events, or
//! compute findings; colors are named in `theme` only. The UI thread never waits: long work is
//! a job (`jobs`), and whatever a user asks for is a command (`command`), done in one place (`apply`).

mod act;
mod answer;
mod app;
mod apply;
mod charts;
mod chips;
mod command;
mod compare;
mod ctx;
mod details;
mod dialog;
mod drop;
mod elide;
mod examples;
mod explain;
mod help;
mod history;
mod icon;
mod jobs;
mod judged;
mod kept;
mod keys;
mod late;
mod loading;
mod look;
mod nothing;
mod notices;
mod open;
mod palette;
mod preview;
mod reload;
mod render;
mod saving;
mod sheet;
mod side;
mod sites;
mod slot;
mod start;
mod state;
mod status;
mod step;
mod stretch;
mod stuck;
mod table;
mod theme;
mod timeline;
mod top;
mod welcome;
mod widgets;
mod widths;
mod work;

pub use app::{App, Settings};
pub use render::{Damage, Drawing, Picture, PictureError, Raster, picture};
pub use start::{StartError, run};
pub use state::{ThemeChoice, View};

/// The name that the window's settings are saved under.
const PREFS_KEY: &str = "prefs";
