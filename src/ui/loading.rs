//! Progress of opening, with the means to stop it.

use egui::{Align, Layout, RichText, Ui, vec2};

use super::command::Command;
use super::ctx::Ctx;
use super::jobs::{JobView, Lane};
use super::slot::Slot;
use super::theme;
use super::widgets::{badge_ui, weak};

/// Width of the progress bar in points.
const WIDTH: f32 = 420.0;

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
                let title = RichText::new(&job.title).family(theme::strong_family()).size(15.0);
                ui.label(title);
                ui.add_space(4.0);
                bar_ui(ui, &job, WIDTH);
                ui.label(weak(ctx.theme, job.progress_text()));
                ui.add_space(10.0);
            }
            if ui.add(egui::Button::new("Cancel").min_size(vec2(90.0, 26.0))).clicked() {
                ctx.send(Command::StopOpening);
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
            ui.label(&job.title);
            bar_ui(ui, job, 160.0);
            ui.label(weak(ctx.theme, job.progress_text()));
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if !running.is_empty() && ui.button("Stop").on_hover_text("Stop reading").clicked() {
                ctx.send(Command::StopOpening);
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
        ctx.send(Command::ReadOn(slot));
    }
    ui.add_space(6.0);
}

fn bar_ui(ui: &mut Ui, job: &JobView, width: f32) {
    let bar = egui::ProgressBar::new(job.progress.fraction())
        .desired_width(width)
        .desired_height(8.0)
        .corner_radius(4.0);
    ui.add(bar);
}

/// The worker does not wake the window for each percent: look again after a while.
fn keep_moving(ui: &Ui) {
    ui.ctx().request_repaint_after(std::time::Duration::from_millis(60));
}

impl JobView {
    /// How far it is, in words: `reading, 42 %, 3 s`.
    fn progress_text(&self) -> String {
        let seconds = self.since.elapsed().as_secs();
        let percent = (self.progress.fraction() * 100.0).round();
        let what = if percent < 100.0 {
            format!("reading, {percent} %")
        } else {
            "finding cancels and who heard them".to_owned()
        };
        if seconds < 1 { what } else { format!("{what}, {seconds} s") }
    }
}
