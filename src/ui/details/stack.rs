//! Call stacks.

use egui::{FontFamily, FontId, Sense, Ui, WidgetInfo, vec2};

use super::Page;
use crate::base::StackId;
use crate::ui::command::Command;
use crate::ui::ctx::{short_file, short_function};
use crate::ui::elide;
use crate::ui::theme::size;
use crate::ui::widgets::{caption, section_ui};

/// How many frames are shown before the rest is asked for.
const MAX_SHOWN: usize = 12;
/// Height of a frame in points.
const FRAME: f32 = 17.0;

/// A stack under a heading, innermost frame first; nothing if it is empty. A click copies it.
pub(super) fn stack_ui(ui: &mut Ui, page: &Page<'_>, title: &str, stack: StackId) {
    let trace = page.sheet.trace();
    let n_frames = trace.frames(stack).count();
    if n_frames == 0 {
        return;
    }
    let theme = page.ctx.theme;
    section_ui(ui, theme, title);
    let id = ui.scope_id().with(("all_frames", title, stack));
    let all = ui.data(|data| data.get_temp::<bool>(id)).unwrap_or(false);
    let n_shown = if all { n_frames } else { n_frames.min(MAX_SHOWN) };
    for frame in trace.frames(stack).take(n_shown) {
        let (function, file) = (trace.string(frame.function), trace.string(frame.file));
        frame_ui(ui, page, function, file, frame.line);
    }
    if n_shown < n_frames {
        let text = format!("{} more frames", n_frames - n_shown);
        if crate::ui::widgets::link_ui(ui, theme, text).clicked() {
            ui.data_mut(|data| data.insert_temp(id, true));
        }
    }
    let copy = crate::ui::widgets::link_ui(ui, theme, "Copy stack");
    if copy.clicked() {
        let lines = trace.frames(stack).map(|frame| {
            let (function, file) = (trace.string(frame.function), trace.string(frame.file));
            format!("{function}\n\t{file}:{}\n", frame.line)
        });
        page.ctx.send(Command::Copy(lines.collect()));
    }
}

/// One frame: the function, and at the right the file and line.
fn frame_ui(ui: &mut Ui, page: &Page<'_>, function: &str, file: &str, line: u32) {
    let theme = page.ctx.theme;
    let width = ui.available_width();
    let (rect, response) = ui.allocate_exact_size(vec2(width, FRAME), Sense::hover());
    let place = format!("{}:{line}", short_file(file));
    let font = FontId::new(size::TEXT_CODE, FontFamily::Monospace);
    let color = if is_library(function) { theme.weak } else { theme.text };
    let small = FontId::new(size::TEXT_SMALL, FontFamily::Proportional);
    let place_galley = ui.painter().layout_no_wrap(place.clone(), small, theme.weak);
    let room = (width - place_galley.size().x - 10.0).max(60.0);
    let name = short_function(function);
    elide::text_at(ui.painter(), rect.left_center(), &name, &font, color, room);
    let at = rect.right_center() - vec2(place_galley.size().x, place_galley.size().y / 2.0);
    ui.painter().galley(at, place_galley, theme.weak);
    response.widget_info(|| {
        WidgetInfo::labeled(egui::Role::Label, true, format!("{function} {place}"))
    });
    response.on_hover_ui(|ui| {
        ui.label(crate::ui::widgets::code(function));
        ui.label(caption(theme, format!("{file}:{line}")));
    });
}

/// Whether a function is not the user's: of the standard library or the runtime, whose import
/// paths have no dot before their first slash.
pub(crate) fn is_library(function: &str) -> bool {
    if function.starts_with("main.") {
        return false;
    }
    let path_end = function.find(['[', '(']).unwrap_or(function.len());
    let path = function.get(..path_end).unwrap_or(function);
    match path.split_once('/') {
        Some((host, _)) => !host.contains('.'),
        None => true,
    }
}

#[cfg(test)]
mod tests {
    use super::is_library;

    #[test]
    fn the_users_code_is_told_from_the_library() {
        assert!(is_library("runtime.gopark"));
        assert!(is_library("net/http.(*conn).serve"));
        assert!(!is_library("main.main.func1"));
        assert!(!is_library("github.com/user/thing.(*Worker).run"));
        assert!(!is_library("example.com/a.F[go/token.Pos]"));
    }
}
