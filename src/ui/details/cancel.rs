//! The page of a cancel: why, where, and whom it reached.

use egui::Ui;

use super::Page;
use super::parts::{fact_ui, goroutine_ui, headline_ui, moment_text};
use super::stack::stack_ui;
use super::tree;
use crate::analysis::{Cancel, Cause};
use crate::ui::command::Command;
use crate::ui::ctx::{count, short_file, short_function};
use crate::ui::state::{View, What};
use crate::ui::widgets::{badge_ui, caption, link_ui, section_ui, weak};

/// The whole page.
pub(super) fn page_ui(ui: &mut Ui, page: &Page<'_>, cancel: &Cancel) {
    headline_ui(ui, &title(page, cancel), page.ctx.theme.text);
    facts_ui(ui, page, cancel);
    ui.add_space(4.0);
    if ui.button("Show as time zero").on_hover_text("The lanes that it reached, and those of other cancels of the same site, each from its cancel on (C)").clicked() {
        page.ctx.send(Command::CancelSite(Some(cancel.id)));
        page.ctx.send(Command::Show(View::Cancel));
    }
    match page.explanation().and_then(|explanation| explanation.tree.as_ref()) {
        Some(tree) => tree::tree_ui(ui, page, cancel, tree),
        None => drop(ui.label(caption(page.ctx.theme, "Working it out…"))),
    }
    stack_ui(ui, page, "Who cancelled", cancel.stack);
}

/// The cancel in a few words: `deadline at 104 ms`.
pub(super) fn title(page: &Page<'_>, cancel: &Cancel) -> String {
    format!("{} at {}", cause_text(cancel.cause), moment_text(page, cancel.at))
}

/// A cause as the beginning of a sentence.
pub(crate) fn cause_text(cause: Cause) -> &'static str {
    match cause {
        Cause::Deadline => "Deadline",
        Cause::Explicit => "Explicit cancel",
        Cause::ClientGone => "Client gone",
        Cause::HandlerDone => "Handler done",
        Cause::ServerShutdown => "Server shutdown",
        Cause::Signal => "Signal",
        Cause::Errgroup => "Errgroup cancel",
        Cause::Parent => "Foreign parent's cancel",
        Cause::Logged => "Logged cancel",
        Cause::Unknown => "Cancel",
    }
}

fn facts_ui(ui: &mut Ui, page: &Page<'_>, cancel: &Cancel) {
    let theme = page.ctx.theme;
    fact_ui(ui, theme, "Cause", |ui| {
        badge_ui(ui, theme, cancel.cause.name(), theme.cause(cancel.cause));
        if !cancel.detail.is_empty() {
            ui.label(weak(theme, cancel.detail));
        }
    });
    if let Some(site) = cancel.site {
        let trace = page.sheet.trace();
        let (function, file) = (trace.string(site.function), trace.string(site.file));
        fact_ui(ui, theme, "Site", |ui| {
            ui.label(short_function(function)).on_hover_text(function);
            let place = format!("{}:{}", short_file(file), site.line);
            ui.label(weak(theme, place)).on_hover_text(file);
        });
    }
    if let Some(by) = cancel.by {
        fact_ui(ui, theme, "By", |ui| goroutine_ui(ui, page, by));
    }
    if cancel.depth > 1 {
        fact_ui(ui, theme, "Depth", |ui| {
            ui.label(format!("went down {} contexts", cancel.depth));
        });
    }
    fact_ui(ui, theme, "Reached", |ui| {
        ui.label(count(cancel.n_heard(), "goroutine"));
        if cancel.n_deaf() > 0 {
            badge_ui(ui, theme, &format!("{} deaf", cancel.n_deaf()), theme.warn);
        }
    });
}

/// The cancel of an overstay, as part of its page.
pub(super) fn summary_ui(ui: &mut Ui, page: &Page<'_>, cancel: &Cancel) {
    let theme = page.ctx.theme;
    section_ui(ui, theme, "The cancel");
    if link_ui(ui, theme, title(page, cancel)).clicked() {
        page.jump(What::Cancel(cancel.id));
    }
    facts_ui(ui, page, cancel);
}
