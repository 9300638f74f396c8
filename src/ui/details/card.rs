//! A finding's card: what to act on, who it is about, and how it is mended.

use std::fmt::Write as _;
use std::ptr;

use egui::{
    CornerRadius, Frame, Label, Margin, Response, RichText, Sense, Stroke, Ui, UiBuilder,
    WidgetInfo, vec2,
};

use super::parts::lit_ui;
use crate::analysis::{Finding, Outcome, Rule, Severity};
use crate::base::Goroutine;
use crate::ui::command::Command;
use crate::ui::ctx::{
    Ctx, called, goroutine_id, short_file, short_function, short_names, thousands,
};
use crate::ui::elide;
use crate::ui::sheet::Sheet;
use crate::ui::slot::Slot;
use crate::ui::state::{FindingAt, Selected, What};
use crate::ui::theme::Theme;
use crate::ui::widgets::{badge_ui, caption, icon_button_ui, small_font, strong};

/// A finding, and what else was found in the same place; a click selects the worst of what the first
/// is about.
pub(super) fn card_ui(
    ui: &mut Ui,
    ctx: &Ctx<'_>,
    (slot, sheet): (Slot, &Sheet),
    finding: &Finding,
    others: &[&Finding],
) -> Response {
    let theme = ctx.theme;
    let message = short_names(&finding.message);
    let at = looked_at(ctx, slot, sheet, finding);
    let edge = if at.is_some() { theme.accent } else { theme.line };
    let frame = Frame::new()
        .fill(theme.band)
        .corner_radius(CornerRadius::same(6))
        .stroke(Stroke::new(1.0, edge))
        .inner_margin(Margin::symmetric(10, 8));
    let id = ("finding", slot, finding.rule, finding.function, finding.site);
    // The card is behind what it holds: links in it are clicked for themselves.
    let builder = UiBuilder::new().id_salt(id).sense(Sense::click());
    let scope = ui.scope_builder(builder, |ui| {
        frame.show(ui, |ui| {
            ui.set_width(ui.available_width());
            title_ui(ui, theme, sheet, finding);
            ui.add(Label::new(RichText::new(&message).color(theme.text)).wrap());
            if let Some((place, whole)) = site_text(sheet, finding) {
                elide::label_ui_of(ui, &place, &whole, &small_font(), theme.weak);
            }
            ui.add(Label::new(caption(theme, &finding.fix)).wrap());
            steps_ui(ui, ctx, (slot, sheet), finding, at);
            for other in others {
                also_ui(ui, ctx, (slot, sheet), other);
            }
        });
    });
    let response = scope.response;
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, &message));
    lit_ui(ui, theme, &response, response.rect);
    if response.gained_focus() {
        response.scroll_to_me(None);
    }
    let response = response.on_hover_cursor(egui::CursorIcon::PointingHand);
    if response.clicked()
        && let Some(what) = worst_of(sheet, finding)
    {
        ctx.send(Command::Jump(Selected { slot, what }));
    }
    response
}

/// Which rule, how bad, and how often.
fn title_ui(ui: &mut Ui, theme: &Theme, sheet: &Sheet, finding: &Finding) {
    let color = severity_color(theme, finding.severity);
    ui.horizontal(|ui| {
        badge_ui(ui, theme, rule_title(finding.rule), color);
        if let Some(worst) = worst_text(sheet, finding) {
            ui.label(strong(worst).color(color));
        }
        if finding.count > 1 {
            ui.label(caption(theme, format!("{}×", thousands(u64::from(finding.count)))));
        }
    });
}

/// The worst of what was found, if that is a time. Of the GC's cycles the number beside it says how
/// many there were, not how many were as long.
fn worst_text(sheet: &Sheet, finding: &Finding) -> Option<String> {
    let worst = (finding.worst_ns > 0).then(|| sheet.duration(finding.worst_ns))?;
    Some(if finding.rule == Rule::GcPressure { format!("longest cycle {worst}") } else { worst })
}

/// Where the code is that should change, in short and whole.
fn site_text(sheet: &Sheet, finding: &Finding) -> Option<(String, String)> {
    let site = finding.site?;
    let trace = sheet.trace();
    let (function, file) = (trace.string(site.function), trace.string(site.file));
    let short = format!("{} ({}:{})", short_function(function), short_file(file), site.line);
    Some((short, format!("{function}\n{file}:{}", site.line)))
}

/// Whether one looks at this finding, and at whom of those it is about.
fn looked_at(ctx: &Ctx<'_>, slot: Slot, sheet: &Sheet, finding: &Finding) -> Option<FindingAt> {
    let at = ctx.state.finding.filter(|at| at.slot == slot)?;
    let of = sheet.document.analysis().findings().get(at.row)?;
    ptr::eq(of, finding).then_some(at)
}

/// A finding's row, by which it can be asked for.
fn row_of(sheet: &Sheet, finding: &Finding) -> Option<usize> {
    sheet.document.analysis().findings().iter().position(|it| ptr::eq(it, finding))
}

/// From one to the next of those that a finding is about: `‹ 3 of 68 ›`. Each is shown on the
/// timeline, and the card stays; a click on its name shows its page.
fn steps_ui(
    ui: &mut Ui,
    ctx: &Ctx<'_>,
    (slot, sheet): (Slot, &Sheet),
    finding: &Finding,
    at: Option<FindingAt>,
) {
    let n = finding.goroutines.len();
    if n < 2 {
        return;
    }
    let theme = ctx.theme;
    let place = at.and_then(|at| at.place).filter(|place| *place < n);
    let to = |place: usize| {
        let of = finding.goroutines.get(place).copied();
        let what = of.map(|of| what_of(sheet, finding, of));
        if let (Some(row), Some(what)) = (row_of(sheet, finding), what) {
            let at = FindingAt { slot, row, place: Some(place) };
            ctx.send(Command::Finding(at, Some(Selected { slot, what })));
        }
    };
    ui.horizontal(|ui| {
        let all = thousands(n as u64);
        let title = rule_title(finding.rule).to_lowercase();
        let before = place.map_or(n - 1, |place| (place + n - 1) % n);
        let after = place.map_or(0, |place| (place + 1) % n);
        if icon_button_ui(ui, "‹", &format!("Previous of {all}: {title}"), "").clicked() {
            to(before);
        }
        let [some, of_all] = [format!("{all} goroutines"), format!("{all} of {all}")];
        let text = match place {
            Some(place) => format!("{} of {all}", thousands(place as u64 + 1)),
            None => some.clone(),
        };
        // Whatever is between them, the buttons stay under the pointer.
        let wide_px = |text: String| {
            let galley = ui.painter().layout_no_wrap(text, small_font(), theme.weak);
            galley.size().x
        };
        let room = vec2(wide_px(some).max(wide_px(of_all)), 18.0);
        ui.add_sized(room, Label::new(caption(theme, text)));
        if icon_button_ui(ui, "›", &format!("Next of {all}: {title}"), "").clicked() {
            to(after);
        }
        if let Some(&of) = place.and_then(|place| finding.goroutines.get(place)) {
            let name = format!("{} {}", goroutine_id(sheet, of), short_function(called(sheet, of)));
            let tip = "Its page";
            if elide::link_ui(ui, &name, &small_font(), theme.accent, tip).clicked() {
                ctx.send(Command::Jump(Selected { slot, what: what_of(sheet, finding, of) }));
            }
        }
    });
}

/// What else was found there, in one line, all of it beside the pointer; a click tells it in place of
/// the first.
fn also_ui(ui: &mut Ui, ctx: &Ctx<'_>, (slot, sheet): (Slot, &Sheet), finding: &Finding) {
    let mut text = format!("also {}", rule_title(finding.rule).to_lowercase());
    if let Some(worst) = worst_text(sheet, finding) {
        let _ = write!(text, ", {worst}");
    }
    if finding.count > 1 {
        let _ = write!(text, ", {}×", thousands(u64::from(finding.count)));
    }
    let all = format!("{}\n\n{}", short_names(&finding.message), finding.fix);
    if elide::link_ui(ui, &text, &small_font(), ctx.theme.accent, &all).clicked()
        && let Some(row) = row_of(sheet, finding)
    {
        ctx.send(Command::Finding(FindingAt { slot, row, place: None }, None));
    }
}

/// A finding that names a goroutine, on that one's page: its title and its place lead to its card. The
/// sentence and the cure are left out if they are `told` there already.
pub(super) fn named_ui(
    ui: &mut Ui,
    ctx: &Ctx<'_>,
    (slot, sheet): (Slot, &Sheet),
    finding: &Finding,
    (goroutine, told): (Goroutine, bool),
) {
    let theme = ctx.theme;
    let mut clicked = false;
    ui.horizontal_wrapped(|ui| {
        let color = severity_color(theme, finding.severity);
        let badge = badge_ui(ui, theme, rule_title(finding.rule), color);
        let id = ui.scope_id().with(("named", finding.rule, finding.function, finding.site));
        let link = ui.interact(badge.rect, id, Sense::click());
        let spoken = format!("Show the finding: {}", short_names(&finding.message));
        link.widget_info(|| WidgetInfo::labeled(egui::Role::Link, true, &spoken));
        lit_ui(ui, theme, &link, badge.rect);
        let link = link.on_hover_cursor(egui::CursorIcon::PointingHand);
        clicked |= link.on_hover_text("Show it among the findings").clicked();
        if let Some((place, whole)) = site_text(sheet, finding) {
            clicked |= elide::link_ui(ui, &place, &small_font(), theme.accent, &whole).clicked();
        }
    });
    if !told {
        ui.add(Label::new(short_names(&finding.message)).wrap());
        ui.add(Label::new(caption(theme, &finding.fix)).wrap());
    }
    ui.add_space(4.0);
    if clicked && let Some(row) = row_of(sheet, finding) {
        let place = finding.goroutines.iter().position(|of| *of == goroutine);
        let at = FindingAt { slot, row, place };
        ctx.send(Command::Finding(at, ctx.state.selected));
    }
}

/// The worst of what a finding is about.
pub(crate) fn worst_of(sheet: &Sheet, finding: &Finding) -> Option<What> {
    match finding.goroutines.first() {
        Some(&worst) => Some(what_of(sheet, finding, worst)),
        None => finding.cancels.first().map(|&row| What::Cancel(row)),
    }
}

/// What a finding says of one of those it is about: the worst overstay, if that is what it is about.
fn what_of(sheet: &Sheet, finding: &Finding, goroutine: Goroutine) -> What {
    let overstay = matches!(finding.rule, Rule::LateExit | Rule::StillAlive | Rule::Deaf);
    let analysis = sheet.document.analysis();
    // Who was not meant to end is in a finding for something else than its overstay.
    let counts = |worst: &&u32| {
        sheet.hearing(**worst).is_some_and(|it| overstay && it.outcome != Outcome::LivesOn)
    };
    let worst = analysis.by_goroutine.of(goroutine).first().filter(counts);
    worst.map_or(What::Goroutine(goroutine), |&row| What::Hearing(row))
}

/// The color of how much a finding matters.
pub(crate) fn severity_color(theme: &Theme, severity: Severity) -> egui::Color32 {
    match severity {
        Severity::High => theme.late_text,
        Severity::Medium => theme.warn,
        Severity::Low => theme.weak,
    }
}

/// A rule's name for people.
pub(crate) fn rule_title(rule: Rule) -> &'static str {
    match rule {
        Rule::LateExit => "Late exit",
        Rule::StillAlive => "Still alive",
        Rule::Deaf => "Deaf",
        Rule::Orphan => "Orphan",
        Rule::LongSleep => "Long sleep",
        Rule::PileUp => "Pile-up",
        Rule::LateScheduling => "Late by scheduling",
        Rule::DeadlineCutShort => "Deadline cut short",
        Rule::GcPressure => "GC pressure",
        Rule::LateRequest => "Late request",
    }
}
