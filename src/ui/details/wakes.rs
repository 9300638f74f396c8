//! Who woke a goroutine, and whom it woke: links in both directions.

use egui::Ui;

use super::Page;
use super::parts::goroutine_ui;
use crate::analysis::{Partner, Wakes};
use crate::base::Goroutine;
use crate::ui::ctx::{count, moment, thousands};
use crate::ui::keys::{self, Action};
use crate::ui::state::What;
use crate::ui::widgets::{caption, link_ui, noted_section_ui, weak};

/// Width of the moments of wakes, in points.
const MOMENT: f32 = 78.0;
/// Height of a line, in points.
const LINE: f32 = 18.0;

/// Which way a wake goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// The other one woke this goroutine.
    In,
    /// This goroutine woke the other one.
    Out,
}

/// Both lists, as far as there is something in them.
pub(super) fn both_ui(ui: &mut Ui, page: &Page<'_>, goroutine: Goroutine) {
    let Some(explanation) = page.explanation() else { return };
    list_ui(ui, page, goroutine, Way::In, &explanation.woken);
    list_ui(ui, page, goroutine, Way::Out, &explanation.woke);
}

fn list_ui(ui: &mut Ui, page: &Page<'_>, goroutine: Goroutine, way: Way, wakes: &Wakes) {
    if wakes.n == 0 {
        return;
    }
    let theme = page.ctx.theme;
    let times = count(wakes.n, "time");
    let (title, action) = match way {
        Way::In => (format!("Woken {times}"), Action::WhoWoke),
        Way::Out => (format!("Woke others {times}"), Action::WhomWoke),
    };
    let key = keys::key_text(ui.ctx(), action);
    noted_section_ui(ui, theme, &title, &format!("{key} follows"));
    for partner in &wakes.partners {
        let wakee = if way == Way::In { Some(goroutine) } else { partner.other };
        partner_ui(ui, page, way, wakee, partner);
    }
    if wakes.n_partners > wakes.partners.len() {
        let rest = count(wakes.n_partners - wakes.partners.len(), "other goroutine");
        ui.label(caption(theme, format!("and {rest}")));
    }
}

/// One line: a moment, the other goroutine, how often.
fn partner_ui(ui: &mut Ui, page: &Page<'_>, way: Way, wakee: Option<Goroutine>, partner: &Partner) {
    let theme = page.ctx.theme;
    ui.horizontal(|ui| {
        ui.set_height(LINE);
        let layout = egui::Layout::left_to_right(egui::Align::Center);
        ui.allocate_ui_with_layout(egui::vec2(MOMENT, LINE), layout, |ui| {
            ui.set_min_width(MOMENT);
            let tip = match way {
                Way::In => "Show this goroutine when the other woke it",
                Way::Out => "Show the other goroutine when this one woke it",
            };
            let when = link_ui(ui, theme, moment(page.sheet, partner.at));
            if let (true, Some(wakee)) = (when.on_hover_text(tip).clicked(), wakee) {
                page.jump(What::Span(wakee, partner.at));
            }
        });
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            if partner.n > 1 {
                ui.label(caption(theme, format!("{}×", thousands(partner.n as u64))));
            }
            let layout = egui::Layout::left_to_right(egui::Align::Center);
            ui.with_layout(layout, |ui| {
                ui.style_mut().wrap_mode = Some(egui::TextWrapMode::Truncate);
                match partner.other {
                    Some(other) => goroutine_ui(ui, page, other),
                    None => drop(ui.label(weak(theme, "the runtime: a timer or the network"))),
                }
            });
        });
    });
}
