//! Every color and size of the window. Nothing else in the crate names one.
//!
//! States share one lightness and one chroma, and so do causes; only the hue tells them apart,
//! so that no state is louder than another. Lateness alone has high chroma. Waiting, which
//! fills most lanes, is the same hues sunk toward the background.

mod oklch;
pub(crate) mod size;
mod style;

use std::sync::OnceLock;

use egui::Color32;
use oklch::oklch;

use crate::analysis::Cause;
use crate::scene::StateClass;

pub(crate) use style::{install, strong_family};

/// The colors of one of the two themes.
#[derive(Clone, Debug)]
pub(crate) struct Theme {
    /// Whether text is light on dark.
    pub(crate) dark: bool,
    /// Behind everything.
    pub(crate) window: Color32,
    /// Side and top panels.
    pub(crate) panel: Color32,
    /// Behind the lanes.
    pub(crate) canvas: Color32,
    /// A band on the canvas: group headings, every other row of a table.
    pub(crate) band: Color32,
    /// Raised things: buttons, cards, popups.
    pub(crate) raised: Color32,
    /// Raised and under the pointer.
    pub(crate) raised_hover: Color32,
    /// Text fields and other hollows.
    pub(crate) sunken: Color32,
    /// Between panels.
    pub(crate) line: Color32,
    /// Ticks of the time axis, drawn through the lanes.
    pub(crate) grid: Color32,
    /// What one reads.
    pub(crate) text: Color32,
    /// What one reads second: units, file names, captions.
    pub(crate) weak: Color32,
    /// What one hardly needs: disabled things, hints.
    pub(crate) faint: Color32,
    /// What is selected or focused; links.
    pub(crate) accent: Color32,
    /// Behind selected text and rows.
    pub(crate) accent_soft: Color32,
    /// Text on [`Theme::accent`] and [`Theme::late`].
    pub(crate) on_loud: Color32,
    /// An overstay beyond the budget: the loudest color there is.
    pub(crate) late: Color32,
    /// The same as text on a panel.
    pub(crate) late_text: Color32,
    /// The same as a background behind text.
    pub(crate) late_soft: Color32,
    /// An overstay within the budget.
    pub(crate) prompt: Color32,
    /// A warning: damage, loss.
    pub(crate) warn: Color32,
    /// Behind a warning.
    pub(crate) warn_soft: Color32,
    /// Better than before.
    pub(crate) better: Color32,
    /// Text on the active states and on patches.
    pub(crate) on_patch: Color32,
    /// Text on the states that wait.
    pub(crate) on_wait: Color32,
    /// What lies outside the life of a goroutine or of the trace.
    pub(crate) void: Color32,
    /// Under popups.
    pub(crate) shadow: Color32,
    /// Before (A) and after (B) in a comparison.
    pub(crate) side: [Color32; 2],
    /// The states, by number of their class.
    states: [Color32; N_STATES],
    /// The same where a goroutine is late.
    late_states: [Color32; N_STATES],
    /// The same where all are alike in lightness.
    patches: [Color32; N_STATES],
    /// The causes of a cancel, at one lightness and chroma, in their order.
    causes: [Color32; N_CAUSES],
}

const N_STATES: usize = StateClass::ALL.len();
const N_CAUSES: usize = Cause::ALL.len();

/// Hue in degrees of a class of states, and whether something happens in it. Those without a
/// hue have nothing to tell.
fn hue(class: StateClass) -> (Option<f32>, bool) {
    match class {
        StateClass::Running => (Some(150.0), true),
        StateClass::Runnable => (Some(100.0), true),
        StateClass::Syscall => (Some(245.0), true),
        StateClass::Sleep => (Some(262.0), false),
        StateClass::Channel => (Some(295.0), false),
        StateClass::Sync => (Some(335.0), false),
        StateClass::Network => (Some(205.0), false),
        StateClass::Gc => (Some(125.0), false),
        StateClass::Blocked | StateClass::Unknown => (None, false),
    }
}

/// Hue in degrees of the causes, in their order; 15° to 60° is left to lateness.
const CAUSE_HUES: [f32; N_CAUSES] =
    [85.0, 235.0, 345.0, 190.0, 310.0, 140.0, 275.0, 165.0, 115.0, 255.0];

/// Lightness and chroma shared by the active states and by the causes.
#[derive(Clone, Copy)]
struct Levels {
    active: (f32, f32),
    wait: (f32, f32),
    late_wait: (f32, f32),
    cause: (f32, f32),
}

impl Theme {
    /// The colors for text that is light on dark, or the other way round.
    pub(crate) fn get(dark: bool) -> &'static Self {
        static DARK: OnceLock<Theme> = OnceLock::new();
        static LIGHT: OnceLock<Theme> = OnceLock::new();
        if dark { DARK.get_or_init(Self::dark) } else { LIGHT.get_or_init(Self::light) }
    }

    /// The colors in use in a panel.
    pub(crate) fn of(ui: &egui::Ui) -> &'static Self {
        Self::get(ui.visuals().dark_mode)
    }

    /// The color of a state.
    pub(crate) fn state(&self, class: StateClass) -> Color32 {
        self.states[class as usize]
    }

    /// The color of a state in the late stretch of a lane: what held the goroutine is told by it, and
    /// it stands among red. That it is late tells the fuse.
    pub(crate) fn late_state(&self, class: StateClass) -> Color32 {
        self.late_states[class as usize]
    }

    /// The color of a state where it is a small patch among others, such as a piece of a bar:
    /// waiting is not sunk there.
    pub(crate) fn patch(&self, class: StateClass) -> Color32 {
        self.patches[class as usize]
    }

    /// Text on a state's color, where a goroutine is late too.
    pub(crate) fn on_state(&self, class: StateClass) -> Color32 {
        if hue(class).1 { self.on_patch } else { self.on_wait }
    }

    /// The color of a text that is about something else than what is selected: it can still be read,
    /// for which dark letters on a light ground take more of their color.
    pub(crate) fn dimmed(&self, color: Color32) -> Color32 {
        fade(color, self.dimmed_text())
    }

    fn dimmed_text(&self) -> f32 {
        if self.dark { 0.62 } else { 0.77 }
    }

    /// The color of a cause.
    pub(crate) fn cause(&self, cause: Cause) -> Color32 {
        self.causes[cause as usize]
    }

    fn dark() -> Self {
        let gray = |l| oklch(l, 0.012, 265.0);
        let levels = Levels {
            active: (0.72, 0.105),
            wait: (0.37, 0.045),
            late_wait: (0.40, 0.085),
            cause: (0.78, 0.095),
        };
        Self {
            dark: true,
            window: gray(0.175),
            panel: gray(0.205),
            canvas: gray(0.165),
            band: gray(0.225),
            raised: gray(0.28),
            raised_hover: gray(0.335),
            sunken: gray(0.15),
            line: gray(0.285),
            grid: gray(0.215),
            text: gray(0.91),
            weak: gray(0.70),
            faint: gray(0.53),
            accent: oklch(0.76, 0.11, 240.0),
            accent_soft: oklch(0.34, 0.06, 250.0),
            on_loud: gray(0.14),
            late: oklch(0.66, 0.235, 29.0),
            late_text: oklch(0.73, 0.18, 32.0),
            late_soft: oklch(0.27, 0.075, 27.0),
            prompt: gray(0.66),
            on_patch: gray(0.10),
            on_wait: gray(0.97),
            warn: oklch(0.83, 0.14, 85.0),
            warn_soft: oklch(0.28, 0.045, 85.0),
            better: oklch(0.80, 0.13, 160.0),
            void: gray(0.145),
            shadow: gray(0.0).gamma_multiply(0.45),
            side: [oklch(0.78, 0.10, 300.0), oklch(0.78, 0.10, 195.0)],
            states: states(&levels),
            late_states: states(&Levels { wait: levels.late_wait, ..levels }),
            patches: states(&Levels { wait: levels.active, ..levels }),
            causes: causes(&levels),
        }
    }

    fn light() -> Self {
        let gray = |l| oklch(l, 0.006, 265.0);
        let levels = Levels {
            active: (0.74, 0.100),
            wait: (0.87, 0.035),
            late_wait: (0.84, 0.070),
            cause: (0.52, 0.115),
        };
        Self {
            dark: false,
            window: gray(0.945),
            panel: gray(0.965),
            canvas: gray(0.992),
            band: gray(0.955),
            raised: gray(0.915),
            raised_hover: gray(0.875),
            sunken: gray(1.0),
            line: gray(0.875),
            grid: gray(0.945),
            text: gray(0.25),
            weak: gray(0.45),
            faint: gray(0.60),
            accent: oklch(0.50, 0.15, 255.0),
            accent_soft: oklch(0.89, 0.05, 250.0),
            on_loud: gray(1.0),
            late: oklch(0.60, 0.235, 27.0),
            late_text: oklch(0.53, 0.21, 27.0),
            late_soft: oklch(0.935, 0.035, 27.0),
            prompt: gray(0.55),
            on_patch: gray(0.10),
            on_wait: gray(0.20),
            warn: oklch(0.52, 0.12, 75.0),
            warn_soft: oklch(0.95, 0.05, 90.0),
            better: oklch(0.50, 0.13, 155.0),
            void: gray(0.965),
            shadow: gray(0.0).gamma_multiply(0.16),
            side: [oklch(0.50, 0.13, 300.0), oklch(0.52, 0.10, 205.0)],
            states: states(&levels),
            late_states: states(&Levels { wait: levels.late_wait, ..levels }),
            patches: states(&Levels { wait: levels.active, ..levels }),
            causes: causes(&levels),
        }
    }
}

fn states(levels: &Levels) -> [Color32; N_STATES] {
    StateClass::ALL.map(|class| match hue(class) {
        (Some(hue), true) => oklch(levels.active.0, levels.active.1, hue),
        (Some(hue), false) => oklch(levels.wait.0, levels.wait.1, hue),
        (None, _) => oklch(levels.wait.0, 0.008, 265.0),
    })
}

fn causes(levels: &Levels) -> [Color32; N_CAUSES] {
    CAUSE_HUES.map(|hue| oklch(levels.cause.0, levels.cause.1, hue))
}

/// `from` mixed with `to`; 0 is `from`, 1 is `to`.
pub(crate) fn mix(from: Color32, to: Color32, share: f32) -> Color32 {
    from.lerp_to_gamma(to, share.clamp(0.0, 1.0))
}

/// A color at a share of its opacity, 0 to 1.
pub(crate) fn fade(color: Color32, opacity: f32) -> Color32 {
    color.gamma_multiply(opacity)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// WCAG relative luminance.
    fn luminance(color: Color32) -> f32 {
        let linear = |v: u8| {
            let v = f32::from(v) / 255.0;
            if v <= 0.040_45 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(color.r()) + 0.7152 * linear(color.g()) + 0.0722 * linear(color.b())
    }

    fn contrast(a: Color32, b: Color32) -> f32 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    fn spread(color: Color32) -> u8 {
        let [r, g, b, _] = color.to_array();
        r.max(g).max(b) - r.min(g).min(b)
    }

    #[test]
    fn text_can_be_read_on_every_surface() {
        for theme in [Theme::get(true), Theme::get(false)] {
            for surface in [theme.panel, theme.canvas, theme.band, theme.window] {
                assert!(contrast(theme.text, surface) > 10.0);
                assert!(contrast(theme.weak, surface) > 4.5);
                assert!(contrast(theme.late_text, surface) > 4.5);
                assert!(contrast(theme.accent, surface) > 4.5);
                assert!(contrast(theme.faint, surface) > 3.0);
            }
            assert!(contrast(theme.text, theme.raised) > 7.0);
            assert!(contrast(theme.on_loud, theme.late) > 4.0);
            assert!(contrast(theme.late_text, theme.late_soft) > 4.5);
            assert!(contrast(theme.warn, theme.warn_soft) > 4.5);
        }
    }

    #[test]
    fn dimmed_text_can_be_read_and_is_dimmed() {
        for theme in [Theme::get(true), Theme::get(false)] {
            for ground in [theme.panel, theme.canvas] {
                let some = [theme.text, theme.weak, theme.late_text];
                for color in some.into_iter().chain(theme.causes) {
                    let dimmed = contrast(mix(ground, color, theme.dimmed_text()), ground);
                    assert!(dimmed >= 3.0, "{}: {dimmed}", theme.dark);
                    assert!(dimmed < 0.8 * contrast(color, ground));
                }
                let red = mix(ground, theme.late_text, theme.dimmed_text());
                assert!(spread(red) > 80, "{}", spread(red));
            }
        }
    }

    #[test]
    fn what_is_written_on_a_state_can_be_read_late_or_not() {
        for theme in [Theme::get(true), Theme::get(false)] {
            for class in StateClass::ALL {
                let (ground, text) = (theme.state(class), theme.on_state(class));
                for ground in [ground, theme.late_state(class)] {
                    let contrast = contrast(text, ground);
                    assert!(contrast >= 7.0, "{} {class:?}: {contrast}", theme.dark);
                }
            }
        }
    }

    /// What held a goroutine is seen where it is late: states are farther apart there, and none is
    /// taken for another.
    #[test]
    fn states_can_be_told_apart_where_they_are_late() {
        let apart = |a: Color32, b: Color32| -> u32 {
            a.to_array()
                .iter()
                .zip(b.to_array())
                .map(|(a, b)| u32::from(a.abs_diff(b)).pow(2))
                .sum()
        };
        for theme in [Theme::get(true), Theme::get(false)] {
            let waits =
                StateClass::ALL.into_iter().filter(|&class| matches!(hue(class), (_, false)));
            let waits: Vec<StateClass> = waits.filter(|it| *it != StateClass::Unknown).collect();
            for (at, &a) in waits.iter().enumerate() {
                for &b in &waits[at + 1..] {
                    let [late, early] = [Theme::late_state, Theme::state]
                        .map(|of| apart(of(theme, a), of(theme, b)));
                    assert!(late > early + early / 2, "{} {a:?} {b:?}: {late}", theme.dark);
                }
                assert!(spread(theme.late_state(a)) * 2 < spread(theme.late), "{a:?} is no alarm");
            }
        }
    }

    #[test]
    fn only_lateness_is_loud() {
        for theme in [Theme::get(true), Theme::get(false)] {
            let loudest = theme.states.iter().map(|&c| spread(c)).max().unwrap_or(0);
            assert!(f32::from(spread(theme.late)) > 1.6 * f32::from(loudest));
            let lightness: Vec<f32> =
                [StateClass::Running, StateClass::Runnable, StateClass::Syscall]
                    .map(|class| luminance(theme.state(class)))
                    .to_vec();
            let (low, high) = lightness
                .iter()
                .fold((1.0_f32, 0.0_f32), |(low, high), &v| (low.min(v), high.max(v)));
            assert!(high - low < 0.09, "states differ in lightness: {lightness:?}");
        }
    }
}
