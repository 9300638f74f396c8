//! Pictures of the window with no display, GPU or driver: the same app, painted on the CPU.

mod raster;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use egui::{Pos2, RawInput, Rect, Vec2};

pub use raster::{Picture, Raster};

use super::app::{App, Settings};
use super::sheet::Sheet;
use super::state::ThemeChoice;
use super::theme::Theme;
use crate::base::Warning;

/// How long the work behind a picture may take before it is given up.
const PATIENCE: Duration = Duration::from_mins(10);
/// How many frames it takes at most for a layout to settle once all work is done.
const SETTLING: usize = 12;

/// Why there is no picture.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PictureError {
    /// A trace did not open, or has not what was to be selected; the text names it.
    #[error("{0}")]
    Refused(String),
    /// The work did not end.
    #[error("the view was not finished after {} s", PATIENCE.as_secs())]
    TooSlow,
}

/// What is wrong with a trace that opened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Damage {
    /// The file; as it was named.
    pub path: PathBuf,
    /// What is wrong with the file, then with the trace in it.
    pub warnings: Vec<Warning>,
    /// Whether nothing is missing all the same.
    pub complete: bool,
}

impl Damage {
    /// Of an open trace; none if nothing is wrong with it.
    pub(super) fn of(sheet: &Sheet) -> Option<Self> {
        let (of_file, trace) = (&sheet.file_warnings, sheet.trace());
        let complete = trace.info().complete && of_file.is_empty();
        let warnings = [of_file, trace.warnings()].concat();
        let path = sheet.path().cloned().unwrap_or_default();
        (!complete || !warnings.is_empty()).then_some(Self { path, warnings, complete })
    }
}

/// A picture of the window, and what is wrong with the traces in it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Drawing {
    /// What the window shows.
    pub picture: Picture,
    /// The traces that opened in part, or with a warning.
    pub damage: Vec<Damage>,
}

/// Draws what the window shows of one trace, or of two compared, on `size` pixels.
///
/// # Errors
/// If a trace does not open, or has not what was to be selected.
pub fn picture(
    traces: &[PathBuf],
    size: [usize; 2],
    settings: Settings,
) -> Result<Drawing, PictureError> {
    let ctx = egui::Context::default();
    let dark = settings.theme != Some(ThemeChoice::Light);
    let mut app = App::new(&ctx, traces, settings);
    app.beginning = None;
    ctx.all_styles_mut(|style| style.animation_time = 0.0);
    let mut stage = Stage { ctx, raster: Raster::default(), size, time: 0.0 };
    let begun = Instant::now();
    let mut settled = 0;
    let mut shapes = stage.frame(&mut app);
    while settled < SETTLING {
        if begun.elapsed() > PATIENCE {
            return Err(PictureError::TooSlow);
        }
        if app.is_settled() {
            settled += 1;
        } else {
            settled = 0;
            std::thread::sleep(Duration::from_millis(2));
        }
        shapes = stage.frame(&mut app);
    }
    let errors = app.errors();
    if !errors.is_empty() {
        return Err(PictureError::Refused(errors.join("; ")));
    }
    let primitives = stage.ctx.tessellate(shapes, 1.0);
    let picture = stage.raster.paint(size, 1.0, &primitives, Theme::get(dark).window);
    Ok(Drawing { picture, damage: app.damage() })
}

/// What a frame needs.
struct Stage {
    ctx: egui::Context,
    raster: Raster,
    size: [usize; 2],
    time: f64,
}

impl Stage {
    /// Runs the app once, and gives what it painted.
    fn frame(&mut self, app: &mut App) -> Vec<egui::epaint::ClippedShape> {
        #[expect(clippy::cast_precision_loss, reason = "a picture's size")]
        let size = Vec2::new(self.size[0] as f32, self.size[1] as f32);
        self.time += 1.0 / 60.0;
        let input = RawInput {
            screen_rect: Some(Rect::from_min_size(Pos2::ZERO, size)),
            time: Some(self.time),
            ..RawInput::default()
        };
        app.update(&self.ctx);
        let mut output = self.ctx.run_ui(input, |ui| app.show_ui(ui));
        self.raster.apply(&mut output.textures_delta);
        std::mem::take(&mut output.shapes)
    }
}
