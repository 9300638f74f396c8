//! Wheel, drags and held keys: moves of the viewport and of the scroll position.

use egui::{Id, Key, PointerButton, Pos2, Response, Sense, Ui, WidgetInfo};

use super::held::Held;
use super::{Frame, Kind, TimelinePanel};
use crate::base::{Interval, Time};
use crate::scene::Viewport;
use crate::ui::app::Gestures;
use crate::ui::command::{Command, Look};
use crate::ui::ctx::count;
use crate::ui::keys::is_typing;
use crate::ui::look::clipped;

/// How much the wheel zooms: e-fold per this many points.
const ZOOM_PX: f64 = 220.0;
/// Speed that a held key reaches: widths per second, and e-folds of zoom per second.
const PAN_SPEED: f64 = 1.6;
const ZOOM_SPEED: f64 = 4.5;
/// How fast that speed is reached and lost, in seconds.
const RAMP_SECS: f64 = 0.07;
/// Turns of the wheel closer than this are one gesture, in seconds.
const PAUSE_SECS: f64 = 0.5;

/// What a drag does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Drag {
    /// Moves the picture.
    Pan,
    /// Measures out a stretch, from a moment on.
    Measure(Time),
    /// The same, and zooms to it in the end.
    Zoom(Time),
}

/// What input has set in motion.
#[derive(Debug, Default)]
pub(super) struct Motion {
    drag: Option<Drag>,
    held: Held,
    pan_speed: f64,
    zoom_speed: f64,
    last_turn: f64,
}

impl TimelinePanel {
    /// Reads the frame's input over the canvas; moves `wanted` and the frame's scroll position
    /// at once, and sends commands that say so.
    pub(super) fn read_input(
        &mut self,
        ui: &Ui,
        frame: &mut Frame<'_>,
        wanted: &mut Viewport,
        gestures: &mut Gestures,
    ) -> Response {
        let id = Id::unique(("canvas", frame.slot, frame.kind == Kind::Cancels));
        let response = ui.interact(frame.canvas, id, Sense::click_and_drag());
        let spoken = canvas_text(frame);
        response.widget_info(|| WidgetInfo::labeled(egui::Role::Canvas, true, &spoken));
        let before = (*wanted, frame.scroll);
        // What is moved by hand is moved from where it is seen to be.
        if self.moves_by_hand(ui, &response)
            && let Some(shown) = self.shown
            && shown.bounds() == wanted.bounds()
        {
            *wanted = shown;
            wanted.set_width(f64::from(frame.canvas.width()));
        }
        self.wheel(ui, frame, &response, wanted, gestures);
        self.drags(ui, frame, &response, wanted, gestures);
        let held = self.held_keys(ui, frame, &response, wanted, gestures);
        frame.scroll = frame.scroll.clamp(0.0, self.max_scroll);
        if *wanted != before.0 {
            let look = Look { to: *wanted, glide: false, gesture: Some(gestures.current()) };
            frame.ctx.send(match frame.kind {
                Kind::All => Command::Look(look),
                Kind::Cancels => Command::LookCancel(look),
            });
            self.shown = Some(*wanted);
        }
        if (frame.scroll - before.1).abs() > f64::EPSILON {
            let id = frame.scroll_id();
            frame.ctx.send(Command::Scroll(id, frame.scroll, gestures.current()));
        }
        if held {
            ui.ctx().request_repaint();
        }
        response
    }

    fn moves_by_hand(&self, ui: &Ui, response: &Response) -> bool {
        let turned = ui.input(|input| {
            input.smooth_scroll_delta() != egui::Vec2::ZERO
                || (input.zoom_delta() - 1.0).abs() > 1e-4
        });
        (turned && response.contains_pointer())
            || response.dragged()
            || self.input.pan_speed != 0.0
            || self.input.zoom_speed != 0.0
    }

    fn wheel(
        &mut self,
        ui: &Ui,
        frame: &mut Frame<'_>,
        response: &Response,
        wanted: &mut Viewport,
        gestures: &mut Gestures,
    ) {
        let Some(at) = response.hover_pos() else { return };
        let (delta, zoom, modifiers, now) = ui.input(|input| {
            (
                input.smooth_scroll_delta(),
                f64::from(input.zoom_delta()),
                input.modifiers,
                input.time,
            )
        });
        let zooms = (zoom - 1.0).abs() > 1e-4;
        if delta == egui::Vec2::ZERO && !zooms {
            return;
        }
        if now - self.input.last_turn > PAUSE_SECS {
            gestures.next();
        }
        self.input.last_turn = now;
        let x = f64::from(at.x - frame.canvas.left());
        if zooms {
            wanted.zoom_at(x, zoom);
        } else if frame.ctx.state.prefs.wheel_zooms && !modifiers.shift {
            wanted.zoom_at(x, (f64::from(delta.y) / ZOOM_PX).exp());
            wanted.pan(-f64::from(delta.x));
        } else {
            wanted.pan(-f64::from(delta.x));
            frame.scroll -= f64::from(delta.y);
        }
    }

    fn drags(
        &mut self,
        ui: &Ui,
        frame: &mut Frame<'_>,
        response: &Response,
        wanted: &mut Viewport,
        gestures: &mut Gestures,
    ) {
        let pointer = response.interact_pointer_pos();
        if response.drag_started() {
            gestures.next();
            let origin = ui.input(|input| input.pointer.press_origin()).or(pointer);
            self.input.drag = origin.and_then(|at| self.begin_drag(ui, frame, response, at));
        }
        match (self.input.drag, pointer) {
            (Some(Drag::Pan), _) if response.dragged() => {
                let delta = response.drag_delta();
                wanted.pan(-f64::from(delta.x));
                frame.scroll -= f64::from(delta.y);
                ui.ctx().set_cursor_icon(egui::CursorIcon::Grabbing);
            }
            (Some(Drag::Measure(from) | Drag::Zoom(from)), Some(at)) => {
                let to = wanted.time_from_x(f64::from(at.x - frame.canvas.left()));
                let range = Interval::new(from.min(to), from.max(to));
                let range = clipped(frame.ctx, range).unwrap_or(range);
                frame.ctx.send(Command::Range(Some(range)));
                if response.drag_stopped() {
                    self.end_measuring(frame, range, *wanted);
                }
            }
            _ => {}
        }
        if response.drag_stopped() {
            self.input.drag = None;
        }
    }

    /// What was measured out is what all goes by, or what is zoomed to.
    fn end_measuring(&self, frame: &Frame<'_>, range: Interval, wanted: Viewport) {
        if let Some(Drag::Zoom(_)) = self.input.drag {
            frame.ctx.send(Command::Range(None));
            zoom_to(frame, range, wanted);
        } else if frame.ctx.state.rows.within.is_some() {
            frame.ctx.send(Command::Within(true));
        }
    }

    fn begin_drag(
        &self,
        ui: &Ui,
        frame: &Frame<'_>,
        response: &Response,
        at: Pos2,
    ) -> Option<Drag> {
        let modifiers = ui.input(|input| input.modifiers);
        let from = self.time_at(at.x, frame.canvas)?;
        let middle = response.dragged_by(PointerButton::Middle);
        Some(if frame.kind == Kind::Cancels {
            Drag::Pan
        } else if modifiers.shift {
            Drag::Measure(from)
        } else if modifiers.command || middle {
            Drag::Zoom(from)
        } else {
            Drag::Pan
        })
    }

    /// W, A, S, D and the arrows to the sides: they move for as long as they are held, and a
    /// little further. Says whether anything moves.
    fn held_keys(
        &mut self,
        ui: &Ui,
        frame: &Frame<'_>,
        response: &Response,
        wanted: &mut Viewport,
        gestures: &mut Gestures,
    ) -> bool {
        // Of two timelines, which are linked, one moves both.
        let mine = frame.kind == Kind::Cancels || frame.slot == crate::ui::slot::Slot::Before;
        let free = mine && frame.ctx.state.popup.is_none() && !is_typing(ui.ctx());
        let passed = ui.input(|input| {
            self.input.held.read(&input.events, free);
            f64::from(input.stable_dt.clamp(0.001, 0.05))
        });
        let down = |keys: &[Key]| f64::from(u8::from(self.input.held.any(keys)));
        let pan = down(&[Key::D, Key::ArrowRight]) - down(&[Key::A, Key::ArrowLeft]);
        let zoom = down(&[Key::W, Key::Plus, Key::Equals]) - down(&[Key::S, Key::Minus]);
        if self.input.held.began() && self.input.pan_speed == 0.0 && self.input.zoom_speed == 0.0 {
            gestures.next();
        }
        let ramp = 1.0 - (-passed / RAMP_SECS).exp();
        self.input.pan_speed += (pan * PAN_SPEED - self.input.pan_speed) * ramp;
        self.input.zoom_speed += (zoom * ZOOM_SPEED - self.input.zoom_speed) * ramp;
        for speed in [&mut self.input.pan_speed, &mut self.input.zoom_speed] {
            if speed.abs() < 0.02 {
                *speed = 0.0;
            }
        }
        let moving = self.input.pan_speed != 0.0 || self.input.zoom_speed != 0.0;
        if moving {
            wanted.pan(self.input.pan_speed * passed * wanted.width_px());
            let pointer = response.hover_pos().map(|at| f64::from(at.x - frame.canvas.left()));
            let x = pointer.unwrap_or(wanted.width_px() / 2.0);
            wanted.zoom_at(x, (self.input.zoom_speed * passed).exp());
        }
        moving
    }
}

/// Zooms to a stretch on the first trace's clock, as a step of its own.
pub(super) fn zoom_to(frame: &Frame<'_>, interval: Interval, mut to: Viewport) {
    to.show(interval, 0.05);
    let look = Look { to, glide: true, gesture: None };
    frame.ctx.send(match frame.kind {
        Kind::All => Command::Look(look),
        Kind::Cancels => Command::LookCancel(look),
    });
}

/// The canvas as a screen reader says it.
fn canvas_text(frame: &Frame<'_>) -> String {
    let name = match frame.kind {
        Kind::All => format!("Timeline of {}", frame.sheet.origin.name()),
        Kind::Cancels => format!("Cancels of {}", frame.sheet.origin.name()),
    };
    let seen = frame.viewport.visible().ns();
    let hidden = if frame.ctx.state.prefs.overlays.cancels { "" } else { ", cancels hidden" };
    format!(
        "{name}: {}, {} in view{hidden}",
        count(frame.rows.n_lanes(), "lane"),
        frame.sheet.duration(seen)
    )
}
