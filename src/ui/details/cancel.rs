//! The page of a cancel: why, where, and whom it reached.

use egui::Ui;

use super::Page;
use super::parts::{fact_ui, goroutine_ui, headline_ui};
use super::stack::stack_ui;
use super::tree;
use crate::analysis::{Cancel, Cause, ContextName};
use crate::ui::command::Command;
use crate::ui::ctx::{count, moment, short_file, short_function};
use crate::ui::sheet::Sheet;
use crate::ui::state::{View, What};
use crate::ui::widgets::{badge_ui, caption, link_ui, section_ui, weak};

/// The whole page.
pub(super) fn page_ui(ui: &mut Ui, page: &Page<'_>, cancel: &Cancel) {
    headline_ui(ui, &cancel_title(page.sheet, cancel), page.ctx.theme.text);
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

/// The cancel in a few words: `Deadline at 104 ms`, `Explicit cancel of query#7 at 104 ms`.
pub(crate) fn cancel_title(sheet: &Sheet, cancel: &Cancel) -> String {
    format!("{} at {}", cancel_name(sheet, cancel), moment(sheet, cancel.at))
}

/// The same without its time: the cause, and the context's name if the program logged it.
fn cancel_name(sheet: &Sheet, cancel: &Cancel) -> String {
    name_text(cancel.cause, sheet.document.context_of(cancel).map(|context| context.name))
}

/// The same for all cancels of its site: `Explicit cancel of query`.
pub(crate) fn cancel_kind(sheet: &Sheet, cancel: &Cancel) -> String {
    let context = sheet.document.context_of(cancel);
    name_text(cancel.cause, context.as_ref().map(ContextName::kind))
}

fn name_text(cause: Cause, context: Option<&str>) -> String {
    let text = cause_text(cause);
    match (context, cause) {
        (None, _) => text.to_owned(),
        // Words that `of` does not go with.
        (
            Some(name),
            Cause::ClientGone | Cause::HandlerDone | Cause::ServerShutdown | Cause::Signal,
        ) => format!("{text}: {name}"),
        (Some(name), _) => format!("{text} of {name}"),
    }
}

/// A cause as the beginning of a sentence.
fn cause_text(cause: Cause) -> &'static str {
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
    if let Some(context) = page.sheet.document.context_of(cancel) {
        fact_ui(ui, theme, "Context", |ui| {
            ui.label(context.name).on_hover_text("Its name, as the program logged it");
            if !context.parent.is_empty() {
                ui.label(weak(theme, format!("under {}", context.parent)))
                    .on_hover_text("The context that it was made of");
            }
        });
    }
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
    if link_ui(ui, theme, cancel_title(page.sheet, cancel)).clicked() {
        page.jump(What::Cancel(cancel.id));
    }
    facts_ui(ui, page, cancel);
}
