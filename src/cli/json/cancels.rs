//! The rows of cancels and of those they reached, which are nearly all of a large report: put
//! together from texts that were escaped once, with no memory of their own for each row.

use std::hash::Hash;
use std::io;
use std::ops::Range;

use rustc_hash::FxHashMap;
use serde::Serialize;

use super::go_id;
use super::lists::Outlet;
use super::rows::Site;
use crate::analysis::{Accountant, Cancel, Document, Hearing, Ledgers, Link, SplitPart, phrase};
use crate::base::{StrId, Time};
use crate::model::{Frame, Trace};

/// How much text is kept at once to be written again, in bytes.
const KEPT_BYTES: usize = 1 << 22;

/// Writes rows of cancels, one after another.
pub(super) struct CancelPen<'a> {
    document: &'a Document,
    accountant: Accountant<'a>,
    words: Words<'a>,
}

impl<'a> CancelPen<'a> {
    pub(super) fn new(document: &'a Document, ledgers: &'a Ledgers) -> Self {
        let words = Words {
            trace: document.trace(),
            kept: Vec::new(),
            names: FxHashMap::default(),
            sites: FxHashMap::default(),
            parts: FxHashMap::default(),
            duration: String::new(),
        };
        Self { document, accountant: document.accountant(ledgers), words }
    }

    /// Writes a cancel.
    ///
    /// # Errors
    /// If nobody takes the text any more.
    pub(super) fn write(&mut self, out: &mut Outlet, cancel: &Cancel) -> io::Result<()> {
        let analysis = self.document.analysis();
        let text = out.text();
        push_int(text, r#"{"id":"#, i64::from(cancel.id));
        push_int(text, r#","at_ns":"#, cancel.at.ns());
        push_word(text, r#","cause":"#, cancel.cause.name());
        push(text, r#","site":"#);
        self.words.push_site(text, cancel.site);
        let by = cancel.by.map(|by| go_id(self.document.trace(), by));
        push_int_or_null(text, r#","by_goroutine":"#, by);
        push_int(text, r#","depth":"#, i64::from(cancel.depth));
        push(text, r#","hearings":["#);
        self.write_hearings(out, analysis.heard(cancel))?;
        push(out.text(), r#"],"deaf":["#);
        self.write_hearings(out, analysis.deaf(cancel))?;
        push(out.text(), "]}");
        Ok(())
    }

    fn write_hearings(&mut self, out: &mut Outlet, hearings: &[Hearing]) -> io::Result<()> {
        for (at, hearing) in hearings.iter().enumerate() {
            push(out.text(), if at == 0 { "" } else { "," });
            self.push_hearing(out.text(), hearing);
            // A cancel can reach a million.
            out.relieve()?;
        }
        Ok(())
    }

    /// One that heard, or was deaf: then the fields about hearing are not there.
    fn push_hearing(&mut self, text: &mut Vec<u8>, hearing: &Hearing) {
        let trace = self.document.trace();
        push_int(text, r#"{"goroutine":"#, go_id(trace, hearing.goroutine));
        push(text, r#","function":"#);
        self.words.push_name(text, hearing.function);
        push_word(text, r#","evidence":"#, hearing.evidence.name());
        if !hearing.deaf {
            push_word(text, r#","heard_in":"#, hearing.heard_in.name());
            push_int(text, r#","depth":"#, i64::from(hearing.depth));
            push_int(text, r#","heard_ns":"#, hearing.heard_at.ns());
        }
        push_int_or_null(text, r#","end_ns":"#, hearing.end.time().map(Time::ns));
        push_word(text, r#","outcome":"#, hearing.outcome.name());
        push_int(text, r#","overstay_ns":"#, hearing.overstay_ns);
        let (split, held_by) = self.accountant.account(hearing);
        push(text, r#","split":["#);
        for (at, part) in split.iter().enumerate() {
            push(text, if at == 0 { "" } else { "," });
            self.words.push_part(text, part);
        }
        push(text, r#"],"held_by":["#);
        for (at, link) in held_by.iter().enumerate() {
            push(text, if at == 0 { "" } else { "," });
            self.words.push_link(text, link);
        }
        push(text, "]}");
    }
}

/// Where the pieces of a part's texts are kept, all but its length.
#[derive(Clone)]
struct Worded {
    /// The row in a split, up to the length.
    row: Range<usize>,
    /// The sentence, before and after the length.
    before: Range<usize>,
    after: Range<usize>,
}

/// Texts of a trace as JSON, made once.
struct Words<'a> {
    trace: &'a Trace,
    kept: Vec<u8>,
    names: FxHashMap<StrId, Range<usize>>,
    sites: FxHashMap<Frame, Range<usize>>,
    parts: FxHashMap<SplitPart, Worded>,
    duration: String,
}

impl Words<'_> {
    fn push_name(&mut self, text: &mut Vec<u8>, name: StrId) {
        let trace = self.trace;
        self.make_room();
        let range = keep(&mut self.names, &mut self.kept, name, |kept| {
            push_json(kept, trace.string(name));
        });
        text.extend_from_slice(&self.kept[range]);
    }

    fn push_site(&mut self, text: &mut Vec<u8>, site: Option<Frame>) {
        let Some(frame) = site else { return push(text, "null") };
        let trace = self.trace;
        self.make_room();
        let range = keep(&mut self.sites, &mut self.kept, frame, |kept| {
            push_json(kept, &Site::new(trace, site));
        });
        text.extend_from_slice(&self.kept[range]);
    }

    fn push_part(&mut self, text: &mut Vec<u8>, part: &SplitPart) {
        let row = self.worded(part).row.clone();
        text.extend_from_slice(&self.kept[row]);
        push_int(text, "", part.ns);
        push(text, "}");
    }

    fn push_link(&mut self, text: &mut Vec<u8>, link: &Link) {
        push_int(text, r#"{"goroutine":"#, go_id(self.trace, link.goroutine));
        push(text, r#","what":""#);
        let Worded { before, after, .. } = self.worded(&link.did).clone();
        text.extend_from_slice(&self.kept[before]);
        self.duration.clear();
        self.trace.clock().push(&mut self.duration, link.did.ns);
        push(text, &self.duration);
        text.extend_from_slice(&self.kept[after]);
        push(text, r#""}"#);
    }

    fn worded(&mut self, part: &SplitPart) -> &Worded {
        self.make_room();
        let (trace, kept) = (self.trace, &mut self.kept);
        self.parts.entry(part.sort()).or_insert_with(|| {
            let row = kept.len();
            push_word(kept, r#"{"state":"#, part.state.name());
            push(kept, r#","reason":"#);
            push_json(kept, trace.string(part.reason));
            push(kept, r#","site":"#);
            push_json(kept, &Site::new(trace, part.site));
            push(kept, r#","ns":"#);
            let [before, after] = phrase(trace, part).map(|text| {
                let start = kept.len();
                push_json(kept, &text);
                // The two are the ends of one text: no quotes in between.
                start + 1..kept.len() - 1
            });
            Worded { row: row..before.start - 1, before, after }
        })
    }

    /// Forgets all texts once there are too many.
    fn make_room(&mut self) {
        if self.kept.len() > KEPT_BYTES {
            self.kept.clear();
            self.names.clear();
            self.sites.clear();
            self.parts.clear();
        }
    }
}

/// Where a text is kept; made if it is not yet.
fn keep<K: Eq + Hash>(
    places: &mut FxHashMap<K, Range<usize>>,
    kept: &mut Vec<u8>,
    key: K,
    make: impl FnOnce(&mut Vec<u8>),
) -> Range<usize> {
    let new = || {
        let start = kept.len();
        make(kept);
        start..kept.len()
    };
    places.entry(key).or_insert_with(new).clone()
}

fn push(text: &mut Vec<u8>, json: &str) {
    text.extend_from_slice(json.as_bytes());
}

fn push_int(text: &mut Vec<u8>, before: &str, value: i64) {
    push(text, before);
    push(text, itoa::Buffer::new().format(value));
}

fn push_int_or_null(text: &mut Vec<u8>, before: &str, value: Option<i64>) {
    match value {
        Some(value) => push_int(text, before, value),
        None => {
            push(text, before);
            push(text, "null");
        }
    }
}

/// A word of the contract, which needs no escapes.
fn push_word(text: &mut Vec<u8>, before: &str, word: &str) {
    push(text, before);
    push(text, "\"");
    push(text, word);
    push(text, "\"");
}

fn push_json(text: &mut Vec<u8>, value: &(impl Serialize + ?Sized)) {
    serde_json::to_writer(text, value).expect("texts and numbers are JSON, and memory takes them");
}
