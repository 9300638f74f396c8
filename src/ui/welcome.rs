//! The page with nothing open: open, drop, recent files, and the examples as one-click tours.

use std::path::{Path, PathBuf};

use egui::{
    Align, CornerRadius, CursorIcon, FontId, Layout, Pos2, Rect, RichText, Role, Sense, Stroke,
    StrokeKind, Ui, UiBuilder, Vec2, WidgetInfo, pos2, vec2,
};

use super::command::{Command, Effect, Origin};
use super::ctx::{Ctx, short_file};
use super::examples::{TOURS, Tour};
use super::keys::{self, Action};
use super::state::{Role as FileRole, ThemeChoice};
use super::theme::{self, Theme, size};
use super::widgets::{self, caption, cut_galley, strong, text_at, weak};

/// Width of the page's content in points, and with a list of recent files.
const WIDTH: f32 = 860.0;
const WITH_RECENT: f32 = 1080.0;
/// Height of a card in points.
const CARD: f32 = 58.0;

/// The whole page.
pub(crate) fn page_ui(ui: &mut Ui, ctx: &Ctx<'_>) {
    let frame = egui::Frame::new().fill(ctx.theme.window);
    egui::CentralPanel::default().frame(frame).show(ui, |ui| {
        corner_ui(ui, ctx);
        egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            let full = ui.available_width();
            let has_recent = !ctx.state.prefs.recent.is_empty();
            let width = if has_recent { WITH_RECENT } else { WIDTH }.min(full - 48.0);
            let top = ((ui.available_height() - 640.0) / 2.0).max(28.0);
            ui.add_space(top);
            ui.horizontal(|ui| {
                ui.add_space(((full - width) / 2.0).max(0.0));
                ui.vertical(|ui| {
                    ui.set_width(width);
                    head_ui(ui, ctx);
                    ui.add_space(26.0);
                    lists_ui(ui, ctx, width);
                });
            });
            ui.add_space(24.0);
        });
    });
}

/// Dark or light, in the corner.
fn corner_ui(ui: &mut Ui, ctx: &Ctx<'_>) {
    let corner = ui.max_rect().right_top();
    let rect = Rect::from_min_size(corner + vec2(-44.0, 12.0), vec2(32.0, 24.0));
    ui.scope_builder(UiBuilder::new().max_rect(rect), |ui| {
        theme_button_ui(ui, ctx);
    });
}

/// The button that shows the theme that is not in use: a sun, or a moon.
pub(crate) fn theme_button_ui(ui: &mut Ui, ctx: &Ctx<'_>) {
    let (icon, name, to) = if ctx.theme.dark {
        ("☀", "Light theme", ThemeChoice::Light)
    } else {
        ("    ", "Dark theme", ThemeChoice::Dark)
    };
    let button = widgets::icon_button_ui(ui, icon, name, "");
    if !ctx.theme.dark {
        // The fonts have no moon.
        let look = ui.style().interact(&button);
        let (color, ground) = (look.fg_stroke.color, look.weak_bg_fill);
        let center = button.rect.center();
        ui.painter().circle_filled(center, 5.0, color);
        ui.painter().circle_filled(center + vec2(2.6, -1.8), 4.3, ground);
    }
    if button.clicked() {
        ctx.send(Command::Theme(to));
    }
}

fn head_ui(ui: &mut Ui, ctx: &Ctx<'_>) {
    let theme = ctx.theme;
    ui.horizontal(|ui| {
        logo_ui(ui, theme, 44.0);
        ui.add_space(6.0);
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            ui.label(
                RichText::new("Overstay").family(theme::strong_family()).size(size::TEXT_TITLE),
            );
            ui.label(
                RichText::new("Which goroutines overstay their context, and what holds them.")
                    .size(14.0)
                    .color(theme.weak),
            );
        });
    });
    ui.add_space(18.0);
    ui.horizontal(|ui| {
        let open = egui::Button::new(strong("Open a trace…").color(theme.on_loud).size(13.5))
            .fill(theme.accent)
            .min_size(vec2(140.0, 32.0));
        if ui.add(open).on_hover_text(keys::key_text(ui.ctx(), Action::Open)).clicked() {
            ctx.send(Effect::AskFile(FileRole::Replace));
        }
        ui.add_space(8.0);
        ui.label(weak(
            theme,
            "or drop a trace on this window; drop two to compare them, before and after.",
        ));
    });
    ui.add_space(6.0);
    ui.label(caption(
        theme,
        "Execution traces of Go 1.11 and later: from runtime/trace, go test -trace, \
         /debug/pprof/trace or the flight recorder; also as .gz or .zst.",
    ));
}

/// The mark: a cancel, a fuse, and an end too late.
pub(crate) fn logo_ui(ui: &mut Ui, theme: &Theme, side: f32) {
    let (rect, _) = ui.allocate_exact_size(Vec2::splat(side), Sense::hover());
    let painter = ui.painter();
    let at = |x: f32, y: f32| rect.min + vec2(x, y) * side;
    let lane =
        |y: f32, from: f32, to: f32| Rect::from_min_max(at(from, y - 0.05), at(to, y + 0.05));
    painter.rect_filled(rect, CornerRadius::same(8), theme.raised);
    let quiet = theme.state(crate::scene::StateClass::Running);
    painter.rect_filled(lane(0.26, 0.12, 0.40), 2.0, quiet);
    painter.rect_filled(lane(0.50, 0.12, 0.40), 2.0, quiet);
    painter.rect_filled(lane(0.74, 0.12, 0.40), 2.0, quiet);
    painter.rect_filled(lane(0.50, 0.44, 0.86), 2.0, theme.late);
    painter.rect_filled(lane(0.74, 0.44, 0.62), 2.0, theme.late);
    let line = Rect::from_min_max(at(0.40, 0.10), at(0.44, 0.90));
    painter.rect_filled(line, 0.0, theme.text);
}

fn lists_ui(ui: &mut Ui, ctx: &Ctx<'_>, width: f32) {
    /// Between the two lists, in points.
    const GAP: f32 = 28.0;
    let has_recent = !ctx.state.prefs.recent.is_empty();
    let left = if has_recent { (width - GAP) * 0.32 } else { 0.0 };
    let right = if has_recent { width - left - GAP } else { width };
    ui.horizontal_top(|ui| {
        if has_recent {
            ui.vertical(|ui| recents_ui(ui, ctx, left));
            ui.add_space(GAP - ui.spacing().item_spacing.x * 2.0);
        }
        ui.vertical(|ui| {
            ui.set_width(right);
            // As high as the other heading, which has a link beside it.
            ui.horizontal(|ui| ui.label(strong("Examples").size(13.5)));
            ui.add_space(4.0);
            tours_ui(ui, ctx, right);
        });
    });
}

fn recents_ui(ui: &mut Ui, ctx: &Ctx<'_>, width: f32) {
    ui.set_width(width);
    ui.horizontal(|ui| {
        ui.label(strong("Recent").size(13.5));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if widgets::link_ui(ui, ctx.theme, "Clear list").clicked() {
                ctx.send(Command::ForgetRecent);
            }
        });
    });
    ui.add_space(4.0);
    for paths in &ctx.state.prefs.recent {
        recent_ui(ui, ctx, paths, width);
    }
}

fn recent_ui(ui: &mut Ui, ctx: &Ctx<'_>, paths: &[PathBuf], width: f32) {
    let theme = ctx.theme;
    let names: Vec<String> = paths.iter().map(|path| file_label(path)).collect();
    let label = names.join("  →  ");
    let folder = paths.first().and_then(|path| path.parent()).map_or(String::new(), tilde);
    let (rect, response) = ui.allocate_exact_size(vec2(width, 40.0), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("Open {label}")));
    if response.hovered() || response.has_focus() {
        ui.painter().rect_filled(rect, CornerRadius::same(size::RADIUS), theme.raised);
    }
    let inner = width - 16.0;
    let at = rect.left_center() + vec2(8.0, 0.0);
    text_at(ui.painter(), at - vec2(0.0, 8.0), &label, widgets::body_font(), theme.text, inner);
    text_at(ui.painter(), at + vec2(0.0, 8.5), &folder, widgets::small_font(), theme.weak, inner);
    let whole: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    let response = response.on_hover_cursor(CursorIcon::PointingHand);
    if response.on_hover_text(whole.join("\n")).clicked() {
        let origins = paths.iter().cloned().map(Origin::File).collect();
        ctx.send(Effect::Open(origins, FileRole::Replace));
    }
}

/// A file with the folder it is in: names such as `before.trace` say too little.
fn file_label(path: &Path) -> String {
    path.file_name()
        .map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

/// A folder with the home directory as `~`.
fn tilde(folder: &Path) -> String {
    let home = std::env::var_os("HOME").map(PathBuf::from);
    match home.and_then(|home| folder.strip_prefix(home).ok().map(Path::to_path_buf)) {
        Some(rest) if rest.as_os_str().is_empty() => "~".to_owned(),
        Some(rest) => format!("~/{}", rest.display()),
        None => folder.display().to_string(),
    }
}

fn tours_ui(ui: &mut Ui, ctx: &Ctx<'_>, width: f32) {
    let columns = if width > 560.0 { 2 } else { 1 };
    let gap = 10.0;
    #[expect(clippy::cast_precision_loss, reason = "1 or 2")]
    let card = (width - gap * (columns as f32 - 1.0)) / columns as f32;
    ui.spacing_mut().item_spacing = Vec2::splat(gap);
    for row in TOURS.chunks(columns) {
        ui.horizontal(|ui| {
            for tour in row {
                tour_ui(ui, ctx, tour, card);
            }
        });
    }
}

fn tour_ui(ui: &mut Ui, ctx: &Ctx<'_>, tour: &'static Tour, width: f32) {
    let theme = ctx.theme;
    let (rect, response) = ui.allocate_exact_size(vec2(width, CARD), Sense::click());
    let name = format!("Open example {}", tour.title);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
    let lit = response.hovered() || response.has_focus();
    let fill = if lit { theme.raised } else { theme.panel };
    let stroke = Stroke::new(1.0, if lit { theme.accent } else { theme.line });
    ui.painter().rect(rect, CornerRadius::same(6), fill, stroke, StrokeKind::Inside);
    let inner = rect.shrink2(vec2(12.0, 8.0));
    let title_font = FontId::new(13.0, theme::strong_family());
    let title = tour.title;
    text_at(
        ui.painter(),
        inner.left_top() + vec2(0.0, 8.0),
        title,
        title_font,
        theme.text,
        inner.width(),
    );
    about_ui(ui, theme, tour.about, inner);
    if let Some(after) = &tour.after {
        compare_link_ui(ui, ctx, tour, after, inner.right_top());
    }
    if response.on_hover_cursor(CursorIcon::PointingHand).clicked() {
        ctx.send(Effect::Open(vec![Origin::Example(&tour.before)], FileRole::Replace));
    }
}

/// What is to be seen, on up to two lines.
fn about_ui(ui: &Ui, theme: &Theme, about: &str, inner: Rect) {
    let font = widgets::small_font();
    let mut job = egui::text::LayoutJob::simple(about.to_owned(), font, theme.weak, inner.width());
    job.wrap.max_rows = 2;
    let galley = ui.painter().layout_job(job);
    ui.painter().galley(pos2(inner.left(), inner.top() + 17.0), galley, theme.weak);
}

fn compare_link_ui(
    ui: &mut Ui,
    ctx: &Ctx<'_>,
    tour: &'static Tour,
    after: &'static super::examples::Example,
    right_top: Pos2,
) {
    let theme = ctx.theme;
    let text = "before → after";
    let galley = cut_galley(ui.painter(), text, widgets::small_font(), theme.accent, 200.0);
    let rect = Rect::from_min_size(right_top - vec2(galley.size().x, 0.0), galley.size());
    let id = ui.scope_id().with(("compare", tour.title));
    let response = ui.interact(rect.expand(4.0), id, Sense::click());
    let name = format!("Compare example {}", tour.title);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
    let lit = response.hovered() || response.has_focus();
    ui.painter().galley(rect.min, galley, theme.accent);
    if lit {
        let underline = Stroke::new(1.0, theme.accent);
        ui.painter().hline(rect.x_range(), rect.bottom(), underline);
    }
    let tip = format!("Compare {} with {}", short_file(tour.before.name), short_file(after.name));
    let response = response.on_hover_cursor(CursorIcon::PointingHand).on_hover_text(tip);
    if response.clicked() {
        let origins = vec![Origin::Example(&tour.before), Origin::Example(after)];
        ctx.send(Effect::Open(origins, FileRole::Replace));
    }
}
