//! Oddities that do not stop the reading, told once per sort.

use crate::base::Warning;

/// What was odd, where first, and how often: a damaged file may repeat itself a million times.
#[derive(Clone, Default, Debug)]
pub(super) struct Notes(Vec<Note>);

#[derive(Clone, Debug)]
struct Note {
    at: usize,
    what: &'static str,
    n_times: u64,
}

impl Notes {
    /// Notes what is odd about the event at a byte.
    pub(super) fn add(&mut self, at: usize, what: &'static str) {
        match self.0.iter_mut().find(|note| note.what == what) {
            Some(note) => note.n_times += 1,
            None => self.0.push(Note { at, what, n_times: 1 }),
        }
    }

    /// How many sorts there are.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// One warning for each sort, in the order in which they first came up.
    pub(super) fn into_warnings(self) -> impl Iterator<Item = Warning> {
        self.0.into_iter().map(|Note { at, what, n_times }| {
            let times = if n_times > 1 { format!(", {n_times} times") } else { String::new() };
            let message = format!("{what}{times}");
            Warning::of_damage(at as u64, None, message)
        })
    }
}
