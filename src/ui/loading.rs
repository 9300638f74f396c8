//! Progress of opening, with the means to stop it.

use egui::{Align, Layout, RichText, Ui, WidgetInfo, vec2};

use super::command::Effect;
use super::ctx::Ctx;
use super::jobs::{JobView, Lane};
use super::slot::Slot;
use super::theme;
use super::widgets::{badge_ui, weak};

/// From which share on all has been read.
const READ: f32 = 0.995;
/// Width of the progress bar in points, and its height.
const WIDTH: f32 = 420.0;
const HEIGHT: f32 = 8.0;

fn running(ctx: &Ctx<'_>) -> Vec<JobView> {
    Slot::BOTH.into_iter().filter_map(|slot| ctx.jobs.view(Lane::Open(slot))).collect()
}

/// The whole page, while nothing else is open.
pub(crate) fn page_ui(ui: &mut Ui, ctx: &Ctx<'_>) {
    let frame = egui::Frame::new().fill(ctx.theme.window);
    egui::CentralPanel::default().frame(frame).show(ui, |ui| {
        ui.add_space((ui.available_height() * 0.38).max(20.0));
        ui.vertical_centered(|ui| {
            ui.set_max_width(WIDTH);
            for job in running(ctx) {
                let title =
                    RichText::new(job.phase_title()).family(theme::strong_family()).size(15.0);
                ui.label(title);
                ui.add_space(4.0);
                bar_ui(ui, ctx, &job, WIDTH);
                ui.label(weak(ctx.theme, job.progress_text()));
                ui.add_space(10.0);
            }
            if ui.add(egui::Button::new("Cancel").min_size(vec2(90.0, 26.0))).clicked() {
                ctx.send(Effect::StopOpening);
            }
        });
    });
    keep_moving(ui);
}

/// A strip under the top bar: what is being read while something is shown, and what is shown
/// in part only.
pub(crate) fn strip_ui(ui: &mut Ui, ctx: &Ctx<'_>) {
    let running = running(ctx);
    ui.horizontal(|ui| {
        ui.set_height(30.0);
        for slot in Slot::BOTH {
            preview_ui(ui, ctx, slot);
        }
        for job in &running {
            ui.label(job.phase_title());
            bar_ui(ui, ctx, job, 160.0);
            ui.label(weak(ctx.theme, job.progress_text()));
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if !running.is_empty() && ui.button("Stop").on_hover_text("Stop reading").clicked() {
                ctx.send(Effect::StopOpening);
            }
        });
    });
    if !running.is_empty() {
        keep_moving(ui);
    }
}

/// How much of a trace is shown, if only its beginning is; and the means to get the rest.
fn preview_ui(ui: &mut Ui, ctx: &Ctx<'_>, slot: Slot) {
    let Some(sheet) = ctx.sheet(slot).filter(|sheet| sheet.is_preview) else { return };
    badge_ui(ui, ctx.theme, "preview", ctx.theme.warn);
    let first = sheet.duration(sheet.interval().ns());
    if ctx.jobs.is_busy(Lane::Open(slot)) {
        ui.label(format!("The first {first}"));
        ui.add_space(6.0);
        return;
    }
    let name = sheet.origin.name();
    ui.label(format!("Only the first {first} of {name}: the rest was not read"));
    if ui.button("Read the rest").clicked() {
        ctx.send(Effect::ReadOn(slot));
    }
    ui.add_space(6.0);
}

fn bar_ui(ui: &mut Ui, ctx: &Ctx<'_>, job: &JobView, width: f32) {
    if job.is_read() {
        passing_ui(ui, ctx, width);
        return;
    }
    let bar = egui::ProgressBar::new(job.progress.fraction())
        .desired_width(width)
        .desired_height(HEIGHT)
        .corner_radius(HEIGHT / 2.0);
    ui.add(bar);
}

/// A bar for work of which nobody knows how long it takes: a piece that goes to and fro. A full bar
/// would say that it is done.
fn passing_ui(ui: &mut Ui, ctx: &Ctx<'_>, width: f32) {
    /// How long a way there and back takes, in seconds.
    const ROUND_SECS: f64 = 2.4;
    let (rect, response) = ui.allocate_exact_size(vec2(width, HEIGHT), egui::Sense::hover());
    response.widget_info(|| {
        WidgetInfo::labeled(egui::Role::ProgressIndicator, true, "Working: no end known")
    });
    let theme = ctx.theme;
    ui.painter().rect_filled(rect, HEIGHT / 2.0, theme.sunken);
    let phase = ui.input(|input| input.time / ROUND_SECS).fract();
    #[expect(clippy::cast_possible_truncation, reason = "0 to 1")]
    let there = (1.0 - (phase * 2.0 - 1.0).abs()) as f32;
    let piece = vec2(width / 4.0, HEIGHT);
    let left = rect.left() + there * (width - piece.x);
    let piece = egui::Rect::from_min_size(egui::pos2(left, rect.top()), piece);
    ui.painter().rect_filled(piece, HEIGHT / 2.0, theme.accent);
}

/// The worker does not wake the window for each percent: look again after a while.
fn keep_moving(ui: &Ui) {
    ui.ctx().request_repaint_after(std::time::Duration::from_millis(60));
}

impl JobView {
    /// Whether all has been read, and what is left takes nobody knows how long.
    fn is_read(&self) -> bool {
        // Not every byte is counted: what is all but done is done.
        self.progress.fraction() >= READ
    }

    /// What it does, with the name of what it is done to.
    fn phase_title(&self) -> String {
        let name = self.title.split_once(' ').map_or("", |(_, name)| name);
        if self.is_read() { format!("Analyzing {name}") } else { self.title.clone() }
    }

    /// How far it is, in words: `42 %, 3 s so far`.
    fn progress_text(&self) -> String {
        let seconds = self.since.elapsed().as_secs();
        let percent = (self.progress.fraction() * 100.0).floor();
        let what = if self.is_read() {
            "finding cancels and who heard them".to_owned()
        } else {
            format!("{percent} %")
        };
        if seconds < 1 { what } else { format!("{what}, {seconds} s so far") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Progress;

    #[test]
    fn what_follows_after_reading_has_a_name_and_no_percentage() {
        let progress = Progress::default();
        progress.set_total(1_000);
        let since = std::time::Instant::now();
        let job = JobView { title: "Reading big.trace".to_owned(), progress, since };
        job.progress.advance(500);
        assert_eq!(job.phase_title(), "Reading big.trace");
        assert_eq!(job.progress_text(), "50 %");
        job.progress.advance(497);
        assert_eq!(job.phase_title(), "Analyzing big.trace");
        assert_eq!(job.progress_text(), "finding cancels and who heard them");
    }
}
