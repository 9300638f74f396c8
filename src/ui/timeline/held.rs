//! The keys that move for as long as they are held.

use egui::{Event, Key};

/// All of them.
const KEYS: [Key; 9] = [
    Key::W,
    Key::A,
    Key::S,
    Key::D,
    Key::ArrowLeft,
    Key::ArrowRight,
    Key::Plus,
    Key::Equals,
    Key::Minus,
];

/// Which keys are held. A key is known by its place on the keyboard, too: where + is Shift and =,
/// who lets go of Shift first releases another key than was pressed, and the picture would go on
/// moving for ever.
#[derive(Debug, Default)]
pub(super) struct Held {
    down: Vec<(Key, Option<Key>)>,
    /// Pressed in this frame, and perhaps released again.
    fresh: Vec<Key>,
}

impl Held {
    /// Takes a frame's events. Nothing is held while the keyboard is not `free`, and no key that
    /// was pressed as part of a shortcut.
    pub(super) fn read(&mut self, events: &[Event], free: bool) {
        self.fresh.clear();
        if !free {
            self.down.clear();
            return;
        }
        for event in events {
            match *event {
                Event::WindowFocused(false) => self.down.clear(),
                Event::Key { key, physical_key: place, pressed, modifiers, .. } => {
                    self.down.retain(|&(of, at)| of != key && (at.is_none() || at != place));
                    let plain = !modifiers.command && !modifiers.ctrl && !modifiers.alt;
                    let plain = plain && (!modifiers.shift || key == Key::Plus);
                    if pressed && plain && KEYS.contains(&key) {
                        self.down.push((key, place));
                        self.fresh.push(key);
                    }
                }
                _ => {}
            }
        }
    }

    /// Whether one of these is held.
    pub(super) fn any(&self, keys: &[Key]) -> bool {
        self.down.iter().map(|(key, _)| key).chain(&self.fresh).any(|key| keys.contains(key))
    }

    /// Whether a key went down in this frame.
    pub(super) fn began(&self) -> bool {
        !self.fresh.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::Modifiers;

    fn key(key: Key, place: Key, pressed: bool, modifiers: Modifiers) -> Event {
        Event::Key { key, physical_key: Some(place), pressed, repeat: false, modifiers }
    }

    #[test]
    fn a_key_is_held_until_it_is_released_whatever_it_is_called_then() {
        let mut held = Held::default();
        held.read(&[key(Key::Plus, Key::Equals, true, Modifiers::SHIFT)], true);
        assert!(held.any(&[Key::Plus]) && held.began());
        held.read(&[], true);
        assert!(held.any(&[Key::Plus]) && !held.began());
        held.read(&[key(Key::Equals, Key::Equals, false, Modifiers::NONE)], true);
        assert!(!held.any(&KEYS));
    }

    #[test]
    fn a_shortcut_holds_nothing() {
        let mut held = Held::default();
        for modifiers in [Modifiers::COMMAND | Modifiers::CTRL, Modifiers::ALT, Modifiers::SHIFT] {
            held.read(&[key(Key::S, Key::S, true, modifiers)], true);
            assert!(!held.any(&KEYS), "{modifiers:?}");
        }
        held.read(&[key(Key::Plus, Key::Equals, true, Modifiers::COMMAND)], true);
        assert!(!held.any(&KEYS));
    }

    #[test]
    fn a_tap_counts_and_a_lost_keyboard_lets_go() {
        let mut held = Held::default();
        let tap = [true, false].map(|pressed| key(Key::W, Key::W, pressed, Modifiers::NONE));
        held.read(&tap, true);
        assert!(held.any(&[Key::W]));
        held.read(&[], true);
        assert!(!held.any(&KEYS));
        held.read(&[key(Key::D, Key::D, true, Modifiers::NONE)], true);
        held.read(&[Event::WindowFocused(false)], true);
        assert!(!held.any(&KEYS));
        held.read(&[key(Key::D, Key::D, true, Modifiers::NONE)], true);
        held.read(&[], false);
        assert!(!held.any(&KEYS));
    }
}
