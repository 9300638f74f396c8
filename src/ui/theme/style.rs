//! The theme as egui's own style, and the fonts.

use std::collections::BTreeMap;
use std::sync::Arc;

use egui::{
    Color32, CornerRadius, FontData, FontDefinitions, FontFamily, FontId, Margin, Shadow, Stroke,
    Style, TextStyle, Vec2, Visuals, style::WidgetVisuals,
};

use super::{Theme, size};

/// Inter in two weights, cut down to Latin, Greek, Cyrillic and symbols, with tabular digits.
const REGULAR: &[u8] = include_bytes!("../../../assets/fonts/Inter-Regular-subset.otf");
const SEMIBOLD: &[u8] = include_bytes!("../../../assets/fonts/Inter-SemiBold-subset.otf");

/// The family of headings and of numbers that matter.
pub(crate) fn strong_family() -> FontFamily {
    FontFamily::Name("strong".into())
}

/// Sets fonts and both themes' styles.
pub(crate) fn install(ctx: &egui::Context) {
    ctx.set_fonts(fonts());
    for dark in [true, false] {
        let egui_theme = if dark { egui::Theme::Dark } else { egui::Theme::Light };
        ctx.set_style_of(egui_theme, style(Theme::get(dark)));
    }
}

fn fonts() -> FontDefinitions {
    let mut fonts = FontDefinitions::default();
    fonts.font_data.insert("inter".to_owned(), Arc::new(FontData::from_static(REGULAR)));
    fonts.font_data.insert("inter-strong".to_owned(), Arc::new(FontData::from_static(SEMIBOLD)));
    let fallbacks = fonts.families.get(&FontFamily::Proportional).cloned().unwrap_or_default();
    let with = |first: &str| {
        std::iter::once(first.to_owned()).chain(fallbacks.iter().cloned()).collect::<Vec<_>>()
    };
    fonts.families.insert(FontFamily::Proportional, with("inter"));
    fonts.families.insert(strong_family(), with("inter-strong"));
    // Symbols that Hack lacks come from Inter.
    if let Some(mono) = fonts.families.get_mut(&FontFamily::Monospace) {
        mono.push("inter".to_owned());
    }
    fonts
}

fn style(theme: &Theme) -> Style {
    let mut style = Style { visuals: visuals(theme), ..Style::default() };
    style.text_styles = BTreeMap::from([
        (TextStyle::Small, FontId::new(size::TEXT_SMALL, FontFamily::Proportional)),
        (TextStyle::Body, FontId::new(size::TEXT, FontFamily::Proportional)),
        (TextStyle::Button, FontId::new(size::TEXT, FontFamily::Proportional)),
        (TextStyle::Monospace, FontId::new(size::TEXT_CODE, FontFamily::Monospace)),
        (TextStyle::Heading, FontId::new(size::TEXT_HEADING, strong_family())),
    ]);
    let spacing = &mut style.spacing;
    spacing.item_spacing = Vec2::new(6.0, 4.0);
    spacing.button_padding = Vec2::new(8.0, 3.0);
    spacing.interact_size = Vec2::new(28.0, 22.0);
    spacing.window_margin = Margin::same(12);
    spacing.menu_margin = Margin::same(6);
    spacing.indent = 14.0;
    spacing.icon_width = 12.0;
    spacing.icon_width_inner = 7.0;
    spacing.tooltip_width = 420.0;
    spacing.scroll = egui::style::ScrollStyle::thin();
    style.interaction.tooltip_delay = 0.25;
    style.interaction.selectable_labels = false;
    style.animation_time = 0.08;
    style
}

fn visuals(theme: &Theme) -> Visuals {
    let mut visuals = if theme.dark { Visuals::dark() } else { Visuals::light() };
    let radius = CornerRadius::same(size::RADIUS);
    visuals.panel_fill = theme.panel;
    visuals.window_fill = theme.panel;
    visuals.window_stroke = Stroke::new(1.0, theme.line);
    visuals.window_corner_radius = CornerRadius::same(8);
    visuals.menu_corner_radius = CornerRadius::same(6);
    visuals.extreme_bg_color = theme.sunken;
    visuals.text_edit_bg_color = Some(theme.sunken);
    visuals.code_bg_color = theme.band;
    visuals.faint_bg_color = theme.band;
    visuals.weak_text_color = Some(theme.weak);
    visuals.hyperlink_color = theme.accent;
    visuals.warn_fg_color = theme.warn;
    visuals.error_fg_color = theme.late_text;
    visuals.selection.bg_fill = theme.accent_soft;
    visuals.selection.stroke = Stroke::new(1.0, theme.text);
    let shadow = |blur, y| Shadow { offset: [0, y], blur, spread: 0, color: theme.shadow };
    visuals.window_shadow = shadow(24, 8);
    visuals.popup_shadow = shadow(12, 4);
    let widget = |fill: Color32, edge: Color32, text: Color32| WidgetVisuals {
        bg_fill: fill,
        weak_bg_fill: fill,
        bg_stroke: Stroke::new(1.0, edge),
        fg_stroke: Stroke::new(1.0, text),
        corner_radius: radius,
        expansion: 0.0,
    };
    let widgets = &mut visuals.widgets;
    widgets.noninteractive = widget(theme.panel, theme.line, theme.text);
    widgets.inactive = widget(theme.raised, Color32::TRANSPARENT, theme.text);
    // Boxes to check, knobs: seen against a panel without an edge.
    widgets.inactive.bg_fill = super::mix(theme.raised, theme.faint, 0.45);
    widgets.hovered = widget(theme.raised_hover, theme.line, theme.text);
    // What has the focus, or is pressed: its edge tells it from what is selected, which is filled.
    widgets.active = widget(theme.raised_hover, theme.accent, theme.text);
    widgets.active.bg_stroke.width = 1.5;
    widgets.open = widget(theme.raised_hover, theme.line, theme.text);
    visuals
}
