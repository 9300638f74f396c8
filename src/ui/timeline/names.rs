//! The column of names left of the canvas: headings that fold, lanes that select.

use std::fmt::Write as _;

use egui::{Align2, Galley, Rect, Response, Sense, Ui, WidgetInfo, vec2};

use super::flags::short_count;
use super::{Frame, Kind, TimelinePanel, hover, menu};
use crate::analysis::{Hearing, Stuck};
use crate::base::{Clock, Goroutine, StrId};
use crate::model::Edge;
use crate::scene::{BarRecord, FuseRecord, Grouping, Row, RowRecord, Section, StateClass};
use crate::ui::command::Command;
use crate::ui::ctx::{bytes, called, count, goroutine_id, short_function, thousands};
use crate::ui::elide;
use crate::ui::keys::{Action, key_text};
use crate::ui::state::{Selected, What};
use crate::ui::stuck::{n_stuck_text, stuck_text};
use crate::ui::theme::{self, size};
use crate::ui::widgets::{self, text_at};

/// From the column's edges to its texts, in points.
const PAD: f32 = 8.0;
/// How many of a goroutine's hearings are looked at for the worst late one.
const MAX_LOOKED_AT: usize = 64;
/// Width of a lane's id of up to five digits, in points.
const ID: f32 = 52.0;
/// How much wider it is for each digit more, in points.
const DIGIT: f32 = 7.0;

impl TimelinePanel {
    /// The whole column.
    pub(super) fn names_ui(&self, ui: &mut Ui, frame: &Frame<'_>) {
        let theme = frame.ctx.theme;
        let painter = ui.painter_at(frame.names);
        painter.rect_filled(frame.names, 0.0, theme.panel);
        let (head, rows) = frame.names.split_top_bottom_at_y(frame.names.top() + size::AXIS);
        let mut child = ui.new_child(egui::UiBuilder::new().max_rect(rows).id_salt("names"));
        child.shrink_clip_rect(rows);
        let id_width = id_width(frame, &self.scene.rows);
        for (number, row) in (0..).zip(&self.scene.rows) {
            // Fuses are listed row by row.
            let fuses = &self.scene.fuses;
            let first = fuses.partition_point(|fuse| fuse.row < number);
            let fuse = fuses.get(first).filter(|fuse| fuse.row == number);
            let plot = self.scene.plots.iter().find(|plot| plot.row == number);
            let bars = &self.scene.bars;
            let first = bars.partition_point(|bar| bar.row < number);
            let bars = bars.iter().skip(first).take_while(|bar| bar.row == number);
            let beside = Beside {
                hearing: fuse.and_then(FuseRecord::hearing),
                top: plot.map(|plot| plot.max),
                tasks: tasks_of(row.row, bars),
                id_width,
            };
            row_ui(&mut child, frame, row, beside);
        }
        if let Some(row) = &self.scene.sticky {
            row_ui(
                &mut child,
                frame,
                row,
                Beside { hearing: None, top: None, tasks: None, id_width },
            );
        }
        painter.rect_filled(head, 0.0, theme.panel);
        let room = hidden_ui(ui, frame, head);
        head_ui(frame, &painter, room);
        let edge = egui::Stroke::new(1.0, theme.line);
        painter.vline(frame.names.right() - 0.5, frame.names.y_range(), edge);
        painter.hline(head.x_range(), head.bottom(), edge);
    }
}

/// What there is to know of a row besides its record.
#[derive(Clone, Copy)]
struct Beside {
    /// The hearing of its first fuse.
    hearing: Option<u32>,
    /// What the top of its plot stands for.
    top: Option<f64>,
    /// The name of its first task in view, and whether there are others.
    tasks: Option<(StrId, bool)>,
    /// Width of the column of ids, in points.
    id_width: f32,
}

/// The name of the first task of a row, and whether there are tasks of other names.
fn tasks_of<'b>(row: Row, bars: impl Iterator<Item = &'b BarRecord>) -> Option<(StrId, bool)> {
    let mut named = bars.map(|bar| bar.name).filter(|&name| name != StrId::EMPTY);
    let first = named.next().filter(|_| matches!(row, Row::Tasks(_)))?;
    Some((first, named.any(|name| name != first)))
}

/// The width of the ids in view: it changes only with the number of their digits.
fn id_width(frame: &Frame<'_>, rows: &[RowRecord]) -> f32 {
    let id = |row: &RowRecord| match row.row {
        Row::Lane { goroutine, .. } => frame.sheet.trace().life(goroutine).id.0,
        _ => 0,
    };
    let largest = rows.iter().map(id).max().unwrap_or(0);
    let digits = largest.checked_ilog10().map_or(1, |log| log + 1);
    #[expect(clippy::cast_precision_loss, reason = "at most twenty digits")]
    let more = digits.saturating_sub(5) as f32;
    ID + more * DIGIT
}

/// Left of the axis: which trace, or what zero is.
fn head_ui(frame: &Frame<'_>, painter: &egui::Painter, head: Rect) {
    let ctx = frame.ctx;
    let theme = ctx.theme;
    let (text, color) = match frame.kind {
        Kind::Cancels if ctx.comparing() => {
            let text = format!("{}: from the cancel to the end", frame.slot.name());
            (text, theme.side[frame.slot as usize])
        }
        Kind::Cancels => ("from the cancel to the end".to_owned(), theme.weak),
        Kind::All if ctx.comparing() => {
            let hidden = if ctx.state.prefs.overlays.cancels { "" } else { " – cancels hidden" };
            let name = frame.sheet.origin.long_name();
            let text = format!("{}: {name}{hidden}", frame.slot.name());
            (text, theme.side[frame.slot as usize])
        }
        // The status bar has the number of goroutines too.
        Kind::All if frame.sheet.trace().clock() == Clock::Ticks => {
            ("Times are ticks of unknown length".to_owned(), theme.warn)
        }
        // Nothing else would say why there are none.
        Kind::All if !ctx.state.prefs.overlays.cancels => {
            let key = key_text(painter.ctx(), Action::Cancels);
            (format!("Cancels are hidden ({key} shows them)"), theme.warn)
        }
        Kind::All => {
            let (n, all) = (frame.rows.n_lanes(), frame.sheet.trace().n_goroutines() as usize);
            if n < all {
                let within = if ctx.state.rows.within.is_some() { " in the stretch" } else { "" };
                let all =
                    if within.is_empty() { count(all, "goroutine") } else { thousands(all as u64) };
                (format!("{} of {all}{within}", thousands(n as u64)), theme.text)
            } else {
                (count(n, "goroutine"), theme.weak)
            }
        }
    };
    let at = head.left_center() + vec2(PAD, 0.0);
    let font = widgets::small_font();
    text_at(painter, at, &text, font, color, head.width() - 2.0 * PAD);
}

/// How many groups are left out, at the right of the head; a click shows them again. Gives the room
/// that is left.
fn hidden_ui(ui: &Ui, frame: &Frame<'_>, head: Rect) -> Rect {
    let n = frame.rows.n_hidden();
    if n == 0 || frame.kind != Kind::All {
        return head;
    }
    let theme = frame.ctx.theme;
    let text = format!("{} hidden – show", thousands(n as u64));
    let galley = ui.painter().layout_no_wrap(text, widgets::small_font(), theme.accent);
    let right = egui::pos2(head.right() - PAD, head.center().y);
    let place = Align2::RIGHT_CENTER.anchor_size(right, galley.size());
    let id = ui.scope_id().with(("hidden", frame.slot));
    let response = ui.interact(place.expand(3.0), id, Sense::click());
    let spoken = format!("Show {} again", count(n, "hidden group"));
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Link, true, &spoken));
    if response.hovered() || response.has_focus() {
        let line = egui::Stroke::new(1.0, theme.accent);
        ui.painter().hline(place.x_range(), place.bottom(), line);
    }
    ui.painter().galley(place.min, galley, theme.accent);
    let keys = key_text(ui.ctx(), Action::ShowHidden);
    let response = response.on_hover_cursor(egui::CursorIcon::PointingHand);
    if response.on_hover_text(format!("{spoken} ({keys})")).clicked() {
        frame.ctx.send(Command::ShowHidden);
    }
    head.with_max_x(place.left() - PAD)
}

fn row_ui(ui: &mut Ui, frame: &Frame<'_>, row: &RowRecord, beside: Beside) {
    let top = frame.canvas.top();
    let rect = Rect::from_x_y_ranges(frame.names.x_range(), top + row.y0..=top + row.y1);
    match row.row {
        Row::Header(number) => {
            if let Some(section) = frame.rows.sections().get(number as usize) {
                header_ui(ui, frame, row, section, rect);
            }
        }
        Row::Lane { goroutine, cancel, .. } => {
            let hearing = beside.hearing.filter(|_| cancel.is_some());
            lane_ui(ui, frame, row, goroutine, Beside { hearing, ..beside }, rect);
        }
        special => special_ui(ui, frame, special, beside, rect),
    }
}

/// The font of a lane's name: a smaller one where lanes are low.
fn lane_font(rect: Rect) -> egui::FontId {
    if rect.height() < 14.0 {
        egui::FontId::proportional(size::TEXT_SMALL - 2.0)
    } else {
        widgets::small_font()
    }
}

/// A lane that is no goroutine's; of a plot with what its top stands for.
fn special_ui(ui: &Ui, frame: &Frame<'_>, row: Row, beside: Beside, rect: Rect) {
    let theme = frame.ctx.theme;
    let at = rect.left_center() + vec2(PAD + 14.0, 0.0);
    let name = match (row, beside.tasks) {
        (Row::Tasks(_), Some((name, others))) => {
            let more = if others { ", …" } else { "" };
            format!("{}{more}", frame.sheet.trace().string(name))
        }
        _ => special_name(frame, row),
    };
    if let Row::Tasks(number) = row {
        let id = ui.scope_id().with(("tasks", frame.slot, number));
        let response = ui.interact(rect, id, Sense::hover());
        response.widget_info(|| {
            WidgetInfo::labeled(egui::Role::Label, true, format!("Tasks of {name}"))
        });
    }
    let font = lane_font(rect);
    let mut text = elide::text_at(ui.painter(), at, &name, &font, theme.weak, rect.width() - 30.0);
    if row == Row::HeapPlot {
        // The words are the legend of the lines.
        let at = egui::pos2(text.left(), text.center().y);
        let heap = theme.patch(StateClass::Network);
        text = text_at(ui.painter(), at, "heap", font.clone(), heap, rect.width() - 30.0);
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
    let top = beside.top.map(|top| match row {
        Row::HeapPlot => bytes(top as u64),
        _ => thousands(top.round() as u64),
    });
    let Some(top) = top else { return };
    let top = format!("up to {top}");
    let galley = ui.painter().layout_no_wrap(top, font, theme.faint);
    let right = egui::pos2(rect.right() - PAD, text.center().y);
    let place = Align2::RIGHT_CENTER.anchor_size(right, galley.size());
    if place.left() > text.right() {
        ui.painter().galley(place.min, galley, theme.faint);
    }
}

/// What a lane that is no goroutine's shows.
fn special_name(frame: &Frame<'_>, row: Row) -> String {
    match row {
        Row::HeapPlot => "heap, goal".to_owned(),
        Row::GoroutinesPlot => "goroutines by state".to_owned(),
        Row::Gc => "marking".to_owned(),
        Row::StopTheWorld => "stop-the-world".to_owned(),
        Row::Proc(at) => {
            let procs = frame.sheet.trace().world().procs();
            procs.get(at as usize).map_or_else(String::new, |(id, _)| format!("P{id}"))
        }
        Row::Thread(lane) => {
            let thread = frame.sheet.index.thread(lane);
            thread.map_or_else(String::new, |thread| format!("thread {thread}"))
        }
        Row::Tasks(_) | Row::Header(_) | Row::Lane { .. } => String::new(),
    }
}

fn header_ui(ui: &mut Ui, frame: &Frame<'_>, row: &RowRecord, section: &Section, rect: Rect) {
    let theme = frame.ctx.theme;
    let id = ui.scope_id().with(("section", frame.slot, section.key));
    let response = ui.interact(rect, id, Sense::click());
    let name = hover::section_name(frame.sheet, section.key);
    let mut spoken = format!(
        "{} {name}, {} lanes, {} late",
        if section.collapsed { "Open" } else { "Collapse" },
        section.count,
        section.late - section.stuck
    );
    if section.stuck > 0 {
        let _ = write!(spoken, ", {}", n_stuck_text(section.stuck.into()));
    }
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, &spoken));
    let lit = response.hovered() || response.has_focus();
    let painter = ui.painter();
    painter.rect_filled(rect, 0.0, if lit { theme.raised } else { theme.band });
    triangle(painter, theme, rect.left_center() + vec2(PAD + 4.0, 0.0), section.collapsed);
    let mut right = rect.right() - PAD;
    // Who is stuck was not late after a cancel: alone they are called what they are.
    let loud = match (section.late, section.stuck) {
        (0, _) => None,
        (late, stuck) if late == stuck => Some(format!("{} stuck", late_count(stuck))),
        (late, _) => Some(format!("{} late", late_count(late))),
    };
    if let Some(text) = loud {
        let galley = painter.layout_no_wrap(text, widgets::small_strong_font(), theme.late_text);
        let place =
            Align2::RIGHT_CENTER.anchor_size(egui::pos2(right, rect.center().y), galley.size());
        right -= galley.size().x + 8.0;
        painter.galley(place.min, galley, theme.late_text);
    }
    let left = rect.left_center() + vec2(PAD + 14.0, 0.0);
    let font = egui::FontId::new(size::TEXT, theme::strong_family());
    let number = |text| painter.layout_no_wrap(text, widgets::small_font(), theme.weak);
    let mut galley = number(thousands(u64::from(section.count)));
    let room_beside = |galley: &Galley| right - left.x - galley.size().x - 8.0;
    let whole = painter.layout_no_wrap(name.clone(), font.clone(), theme.text).size().x;
    // The name tells more than the last digits of how many there are.
    if whole > room_beside(&galley) && section.count >= 10_000 {
        galley = number(short_count(section.count));
    }
    let room = room_beside(&galley);
    let color = if row.late { theme.text } else { theme::mix(theme.text, theme.weak, 0.35) };
    let text = elide::text_at(painter, left, &name, &font, color, room.max(20.0));
    let response = whole_on_hover(response, &name, font, room.max(20.0));
    if section.count > 0 {
        let at = egui::pos2(text.right() + 6.0, rect.center().y - galley.size().y / 2.0);
        painter.galley(at, galley, theme.weak);
    }
    response.context_menu(|ui| menu::menu_ui(ui, frame, menu::About::Section(section.key)));
    if response.clicked() {
        frame.ctx.send(Command::Fold(frame.slot, section.key, !section.collapsed));
    }
}

/// How many are late, as there is room for beside a name.
fn late_count(n: u32) -> String {
    if n < 100_000 { thousands(u64::from(n)) } else { short_count(n) }
}

/// Points right when collapsed, down when open.
fn triangle(painter: &egui::Painter, theme: &theme::Theme, at: egui::Pos2, collapsed: bool) {
    let corners = if collapsed {
        [vec2(-2.0, -4.0), vec2(3.0, 0.0), vec2(-2.0, 4.0)]
    } else {
        [vec2(-4.0, -2.0), vec2(4.0, -2.0), vec2(0.0, 3.0)]
    };
    let points = corners.iter().map(|&corner| at + corner).collect();
    painter.add(egui::Shape::convex_polygon(points, theme.weak, egui::Stroke::NONE));
}

fn lane_ui(
    ui: &mut Ui,
    frame: &Frame<'_>,
    row: &RowRecord,
    goroutine: Goroutine,
    Beside { hearing, id_width, .. }: Beside,
    rect: Rect,
) {
    let ctx = frame.ctx;
    let theme = ctx.theme;
    let id = ui.scope_id().with(("lane", frame.slot, goroutine, hearing));
    let response = ui.interact(rect, id, Sense::click());
    let late = late_of(frame, goroutine, hearing);
    let name = short_function(called(frame.sheet, goroutine));
    let spoken = lane_text(frame, goroutine, &name, late);
    response.widget_info(|| WidgetInfo::selected(egui::Role::Button, true, row.selected, &spoken));
    let painter = ui.painter();
    if row.selected {
        painter.rect_filled(rect, 0.0, theme.accent_soft);
    } else if response.hovered() || response.has_focus() {
        painter.rect_filled(rect, 0.0, theme.raised);
    }
    let line = egui::pos2(rect.left(), rect.top() + rect.height().min(18.0) / 2.0);
    let dim = |color| if row.dimmed { theme.dimmed(color) } else { color };
    let mut right = rect.right() - PAD;
    if let Some(late) = late {
        let text = overstay_text(frame, late);
        let color = dim(theme.late_text);
        let font = egui::FontId::new(lane_font(rect).size, theme::strong_family());
        let galley = painter.layout_no_wrap(text, font, color);
        let place = Align2::RIGHT_CENTER.anchor_size(egui::pos2(right, line.y), galley.size());
        right -= galley.size().x + 6.0;
        painter.galley(place.min, galley, color);
        let bar = Rect::from_min_size(rect.left_top(), vec2(3.0, rect.height() - 1.0));
        painter.rect_filled(bar, 0.0, dim(theme.late));
    }
    let font = lane_font(rect);
    let id_text = goroutine_id(frame.sheet, goroutine);
    let left = line + vec2(PAD + 14.0, 0.0);
    text_at(painter, left, &id_text, font.clone(), dim(theme.weak), id_width - 6.0);
    let (text, color) = lane_label(frame, goroutine, &name, late, hearing);
    let color = dim(color);
    let room = right - left.x - id_width;
    elide::text_at(painter, left + vec2(id_width, 0.0), &text, &font, color, room);
    let response = whole_on_hover(response, &text, font, room);
    response.context_menu(|ui| menu::menu_ui(ui, frame, menu::About::Lane(goroutine, None)));
    if response.clicked() {
        ctx.send(Command::Select(Some(target(frame, goroutine, hearing))));
    }
    if response.double_clicked() {
        ctx.send(Command::Jump(target(frame, goroutine, hearing)));
    }
}

/// A tooltip with all of a text, if it was cut for want of room.
fn whole_on_hover(response: Response, text: &str, font: egui::FontId, room: f32) -> Response {
    if !response.hovered() {
        return response;
    }
    let painter = response.ctx.layer_painter(response.layer_id);
    let whole = painter.layout_no_wrap(text.to_owned(), font, egui::Color32::PLACEHOLDER);
    if whole.size().x <= room { response } else { response.on_hover_text(text) }
}

/// What is written beside a lane's id: its function, or where the heading above has said that,
/// what held the goroutine, or how long it lived.
fn lane_label(
    frame: &Frame<'_>,
    goroutine: Goroutine,
    name: &str,
    late: Option<Late<'_>>,
    hearing: Option<u32>,
) -> (String, egui::Color32) {
    let theme = frame.ctx.theme;
    let document = &frame.sheet.document;
    let by_function = frame.ctx.state.rows.grouping == Grouping::Function;
    let headed = frame.kind == Kind::All
        && by_function
        // The heading above tests says what runs them.
        && document.kind(goroutine) == document.called(goroutine)
        && !frame.rows.section_of(goroutine).is_none_or(|at| frame.rows.is_headless(at));
    if !headed {
        return (name.to_owned(), theme::mix(theme.text, theme.weak, 0.2));
    }
    let held = late.zip(hearing).and_then(|(_, row)| frame.ctx.sentence(frame.slot, row));
    match held {
        Some(held) => (held.to_owned(), theme.text),
        None => {
            let life = frame.sheet.trace().lifetime(goroutine);
            let from = frame.sheet.duration(frame.sheet.since_start(life.start));
            let text = match late {
                // The overstay stands beside it.
                Some(_) => format!("from {from}"),
                None => format!("from {from}, for {}", frame.sheet.duration(life.ns())),
            };
            (text, theme.weak)
        }
    }
}

/// A lane of the cancel view stands for its overstay, one of the timeline for its goroutine.
fn target(frame: &Frame<'_>, goroutine: Goroutine, hearing: Option<u32>) -> Selected {
    let what = hearing.map_or(What::Goroutine(goroutine), What::Hearing);
    Selected { slot: frame.slot, what }
}

/// Why a lane is loud.
#[derive(Clone, Copy)]
enum Late<'a> {
    /// It is late after a cancel.
    Heard(&'a Hearing),
    /// It is stuck, and no cancel tells so.
    Stuck(&'a Stuck),
}

impl Late<'_> {
    /// By how much, and whether it is still alive.
    fn overstay(self) -> (i64, bool) {
        match self {
            Self::Heard(hearing) => (hearing.overstay_ns, hearing.end == Edge::OUTSIDE),
            Self::Stuck(stuck) => (stuck.interval.ns(), !stuck.ended),
        }
    }
}

/// Why a lane is loud, if it is. In the cancel view it stands for a hearing.
fn late_of<'a>(frame: &Frame<'a>, goroutine: Goroutine, hearing: Option<u32>) -> Option<Late<'a>> {
    let analysis = frame.sheet.document.analysis();
    let budget_ns = frame.ctx.state.prefs.budget_ns;
    let late = match hearing {
        Some(row) => frame.sheet.hearing(row).filter(|hearing| hearing.is_late(budget_ns)),
        // A worker that serves thousands of contexts has thousands of hearings.
        None => {
            let mut worst = analysis.overstays_of(goroutine).take(MAX_LOOKED_AT);
            worst.find(|hearing| hearing.is_late(budget_ns))
        }
    };
    let stuck = || analysis.stuck(goroutine).filter(|it| it.interval.ns() > budget_ns);
    late.map(Late::Heard).or_else(|| {
        // The lanes of the cancel view are about their cancels.
        stuck().filter(|_| frame.kind == Kind::All).map(Late::Stuck)
    })
}

/// Whether a fuse's overstay stands beside its lane's name.
pub(super) fn says(frame: &Frame<'_>, row: &RowRecord, fuse: &FuseRecord) -> bool {
    let Row::Lane { goroutine, cancel, .. } = row.row else { return false };
    let late = late_of(frame, goroutine, fuse.hearing().filter(|_| cancel.is_some()));
    late.is_some_and(|late| late.overstay().0 == fuse.overstay_ns)
}

fn overstay_text(frame: &Frame<'_>, late: Late<'_>) -> String {
    let (ns, alive) = late.overstay();
    let sign = if alive { "≥ " } else { "" };
    format!("{sign}{}", frame.sheet.duration(ns))
}

/// A lane as a screen reader says it.
fn lane_text(
    frame: &Frame<'_>,
    goroutine: Goroutine,
    name: &str,
    late: Option<Late<'_>>,
) -> String {
    let id = goroutine_id(frame.sheet, goroutine);
    let Some(late) = late else { return format!("{id} {name}") };
    let (ns, alive) = late.overstay();
    let ns = frame.sheet.duration(ns);
    match late {
        Late::Heard(_) if alive => format!("{id} {name}, still alive {ns} after its cancel"),
        Late::Heard(_) => format!("{id} {name}, {ns} late"),
        Late::Stuck(stuck) => {
            format!("{id} {name}, {}", stuck_text(&frame.sheet.document, stuck))
        }
    }
}
