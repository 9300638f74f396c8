//! The rows of cancels and of those they reached, which are nearly all of a large report: put
//! together from texts that were escaped once, with no memory of their own for each row.

use std::hash::Hash;
use std::io;
use std::ops::Range;

use serde::Serialize;

use super::go_id;
use super::lists::between;
use super::rows::Site;
use super::text::Text;
use super::turns::Outlet;
use crate::analysis::{
    Account, Accountant, Analysis, Cancel, Document, Evidence, HeardIn, Hearing, Ledgers, Share,
    phrase,
};
use crate::base::{StrId, Time, WireMap, narrow};
use crate::model::{Frame, Trace};

/// How much text is kept at once to be written again, in bytes.
const KEPT_BYTES: usize = 1 << 22;

/// What stands between those that heard a cancel and those that did not.
const DEAF: &str = r#"],"deaf":["#;

/// Some of those that a cancel reached: one can reach a million. The first piece has the cancel's
/// own fields.
pub(super) struct CancelPiece {
    /// The cancel's row.
    cancel: u32,
    /// How many come before: first those that heard it, then those that did not.
    first_row: u32,
    n_rows: u32,
}

impl CancelPiece {
    /// All cancels in pieces of at most so many hearings.
    pub(super) fn all(analysis: &Analysis, most_rows: u32) -> Vec<Self> {
        let mut pieces = Vec::with_capacity(analysis.cancels().len());
        for (row, cancel) in (0..).zip(analysis.cancels()) {
            let n_rows = analysis.heard(cancel).len() + analysis.deaf(cancel).len();
            let n_rows = narrow(n_rows);
            // One that nobody heard is a piece too.
            for first_row in (0..n_rows.max(1)).step_by(most_rows as usize) {
                let n_rows = most_rows.min(n_rows - first_row);
                pieces.push(Self { cancel: row, first_row, n_rows });
            }
        }
        pieces
    }

    /// How much work it is.
    pub(super) fn weight(&self) -> usize {
        1 + self.n_rows as usize
    }
}

/// Writes rows of cancels, one after another.
pub(super) struct CancelPen<'a> {
    document: &'a Document,
    accountant: Accountant<'a>,
    words: Words<'a>,
}

impl<'a> CancelPen<'a> {
    pub(super) fn new(document: &'a Document, ledgers: &'a Ledgers) -> Self {
        let words = Words::new(document.trace());
        Self { document, accountant: document.accountant(ledgers), words }
    }

    /// Writes a piece of a cancel.
    ///
    /// # Errors
    /// If nobody takes the text any more.
    pub(super) fn write(&mut self, out: &mut Outlet<'_>, piece: &CancelPiece) -> io::Result<()> {
        let analysis = self.document.analysis();
        let Some(cancel) = analysis.cancels().get(piece.cancel as usize) else { return Ok(()) };
        let (heard, deaf) = (analysis.heard(cancel), analysis.deaf(cancel));
        let rows = heard.iter().chain(deaf).enumerate();
        let (first, n) = (piece.first_row as usize, piece.n_rows as usize);
        if first == 0 {
            out.text().push_bytes(between(piece.cancel as usize));
            self.push_head(out.text(), cancel);
        }
        for (at, hearing) in rows.skip(first).take(n) {
            let text = out.text();
            if at == heard.len() {
                text.push(DEAF);
            } else if at > 0 {
                text.push(",");
            }
            self.push_hearing(text, hearing);
            out.relieve()?;
        }
        if first + n == heard.len() + deaf.len() {
            if deaf.is_empty() {
                out.text().push(DEAF);
            }
            out.text().push("]}");
        }
        Ok(())
    }

    fn push_head(&mut self, text: &mut Text, cancel: &Cancel) {
        text.push_int(br#"{"id":"#, i64::from(cancel.id));
        text.push_int(br#","at_ns":"#, cancel.at.ns());
        text.push(r#","cause":""#);
        text.push(cancel.cause.name());
        text.push(r#"","site":"#);
        self.words.push_site(text, cancel.site);
        text.push_int_or_null(
            br#","by_goroutine":"#,
            cancel.by.map(|by| go_id(self.document.trace(), by)),
        );
        text.push_int(br#","depth":"#, i64::from(cancel.depth));
        text.push(r#","hearings":["#);
    }

    fn push_hearing(&mut self, text: &mut Text, hearing: &Hearing) {
        let trace = self.document.trace();
        text.push_int(br#"{"goroutine":"#, go_id(trace, hearing.goroutine));
        self.words.push_manner(text, hearing);
        if !hearing.deaf {
            text.push_int(b"", i64::from(hearing.depth));
            text.push_int(br#","heard_ns":"#, hearing.heard_at.ns());
        }
        text.push_int_or_null(br#","end_ns":"#, hearing.end.time().map(Time::ns));
        text.push(r#","outcome":""#);
        text.push(hearing.outcome.name());
        text.push_int(br#"","overstay_ns":"#, hearing.overstay_ns);
        text.push(r#","split":["#);
        let account = self.accountant.account(hearing);
        self.words.begin(&account);
        for (at, &share) in account.split.iter().enumerate() {
            if at > 0 {
                text.push("},");
            }
            text.push_bytes(self.words.row(&account, share));
            text.push_int(b"", share.ns);
        }
        if !account.split.is_empty() {
            text.push("}");
        }
        text.push(r#"],"held_by":["#);
        for (at, link) in account.held_by.iter().enumerate() {
            if at > 0 {
                text.push(",");
            }
            text.push_int(br#"{"goroutine":"#, go_id(trace, link.goroutine));
            let [before, after] = self.words.sentence(&account, link.did);
            text.push_bytes(before);
            text.push_bytes(trace.clock().short(link.did.ns).as_bytes());
            text.push_bytes(after);
        }
        text.push("]}");
    }
}

/// Where the texts of an activity are kept, all but its length.
#[derive(Clone, Debug, Default)]
struct Worded {
    /// The row in a split, up to the length.
    row: Range<usize>,
    /// The rest of a link after its goroutine, before and after the length.
    before: Range<usize>,
    after: Range<usize>,
}

/// What hearings have in common beside their numbers; where it was heard is not told of deaf ones.
type Manner = (StrId, Evidence, Option<HeardIn>);

/// Texts of a trace as JSON, made once.
struct Words<'a> {
    trace: &'a Trace,
    kept: Vec<u8>,
    sites: WireMap<Frame, Range<usize>>,
    manners: WireMap<Manner, Range<usize>>,
    /// The last that was looked up: those who heard one cancel are often alike.
    manner: Option<(Manner, Range<usize>)>,
    /// By activity; empty where none was made yet.
    activities: Vec<Worded>,
    edition: u32,
}

impl<'a> Words<'a> {
    fn new(trace: &'a Trace) -> Self {
        Self {
            trace,
            kept: Vec::new(),
            sites: WireMap::default(),
            manners: WireMap::default(),
            manner: None,
            activities: Vec::new(),
            edition: 0,
        }
    }

    fn push_site(&mut self, text: &mut Text, site: Option<Frame>) {
        let Some(frame) = site else { return text.push("null") };
        let trace = self.trace;
        self.make_room();
        let range = keep(&mut self.sites, &mut self.kept, frame, |kept| {
            push_json(kept, &Site::new(trace, site));
        });
        text.push_bytes(&self.kept[range]);
    }

    /// Adds the fields from the function to the evidence, and up to the depth where it is told.
    fn push_manner(&mut self, text: &mut Text, hearing: &Hearing) {
        let heard_in = (!hearing.deaf).then_some(hearing.heard_in);
        let manner = (hearing.function, hearing.evidence, heard_in);
        let range = match &self.manner {
            Some((last, range)) if *last == manner => range.clone(),
            _ => {
                self.make_room();
                let range = self.keep_manner(manner);
                self.manner.insert((manner, range)).1.clone()
            }
        };
        text.push_bytes(&self.kept[range]);
    }

    fn keep_manner(&mut self, manner: Manner) -> Range<usize> {
        let trace = self.trace;
        keep(&mut self.manners, &mut self.kept, manner, |kept| {
            let (function, evidence, heard_in) = manner;
            push(kept, r#","function":"#);
            push_json(kept, trace.string(function));
            push(kept, r#","evidence":"#);
            push_json(kept, evidence.name());
            if let Some(heard_in) = heard_in {
                push(kept, r#","heard_in":"#);
                push_json(kept, heard_in.name());
                push(kept, r#","depth":"#);
            }
        })
    }

    /// Makes ready for an account.
    fn begin(&mut self, account: &Account<'_>) {
        self.make_room();
        if self.edition != account.edition() {
            self.edition = account.edition();
            self.activities.clear();
        }
    }

    /// The row of a share in a split, up to the length.
    #[inline]
    fn row(&mut self, account: &Account<'_>, share: Share) -> &[u8] {
        let row = self.worded(account, share).row.clone();
        &self.kept[row]
    }

    /// The rest of a link after its goroutine, before and after the length.
    #[inline]
    fn sentence(&mut self, account: &Account<'_>, share: Share) -> [&[u8]; 2] {
        let Worded { before, after, .. } = self.worded(account, share);
        let (before, after) = (before.clone(), after.clone());
        [&self.kept[before], &self.kept[after]]
    }

    #[inline]
    fn worded(&mut self, account: &Account<'_>, share: Share) -> &Worded {
        let at = share.activity.index();
        if self.activities.get(at).is_none_or(|worded| worded.row.is_empty()) {
            self.word(account, share);
        }
        &self.activities[at]
    }

    #[cold]
    fn word(&mut self, account: &Account<'_>, share: Share) {
        let (trace, kept, part) = (self.trace, &mut self.kept, account.part(share));
        let start = kept.len();
        push(kept, r#"{"state":"#);
        push_json(kept, part.state.name());
        push(kept, r#","reason":"#);
        push_json(kept, trace.string(part.reason));
        push(kept, r#","site":"#);
        push_json(kept, &Site::new(trace, part.site));
        push(kept, r#","ns":"#);
        let row = start..kept.len();
        let [before, after] = phrase(trace, &part);
        push(kept, r#","what":"#);
        push_json(kept, &before);
        // The two are the ends of one text: no quotes in between.
        kept.pop();
        let before = row.end..kept.len();
        let start = kept.len() + 1;
        push_json(kept, &after);
        push(kept, "}");
        let worded = Worded { row, before, after: start..kept.len() };
        let at = share.activity.index();
        self.activities.resize(self.activities.len().max(at + 1), Worded::default());
        self.activities[at] = worded;
    }

    /// Forgets all texts once there are too many.
    fn make_room(&mut self) {
        if self.kept.len() > KEPT_BYTES {
            self.kept.clear();
            self.sites.clear();
            self.manners.clear();
            self.manner = None;
            self.activities.clear();
        }
    }
}

/// Where a text is kept; made if it is not yet.
fn keep<K: Eq + Hash>(
    places: &mut WireMap<K, Range<usize>>,
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

fn push(kept: &mut Vec<u8>, json: &str) {
    kept.extend_from_slice(json.as_bytes());
}

fn push_json(kept: &mut Vec<u8>, value: &(impl Serialize + ?Sized)) {
    serde_json::to_writer(kept, value).expect("texts and numbers are JSON, and memory takes them");
}

#[cfg(test)]
mod tests {
    use super::super::lists::Object;
    use super::*;
    use crate::analysis::Rules;
    use crate::base::Progress;

    #[test]
    fn cancels_are_the_same_in_pieces_of_any_size() {
        let file = include_bytes!("../../../traces/late-exit/before.trace");
        let trace = crate::model::build(file, &Progress::default()).expect("a trace");
        let document = Document::new(trace, Rules::default());
        let (analysis, ledgers) = (document.analysis(), document.ledgers());
        let written = |most_rows| {
            let pieces = CancelPiece::all(analysis, most_rows);
            let mut out = Vec::new();
            let mut object = Object::open(&mut out).expect("written");
            let pen = || {
                let mut pen = CancelPen::new(&document, &ledgers);
                move |out: &mut Outlet<'_>, piece: &CancelPiece| pen.write(out, piece)
            };
            object.heavy_list("cancels", &pieces, CancelPiece::weight, pen).expect("written");
            object.close().expect("written");
            (pieces.len(), String::from_utf8(out).expect("text"))
        };
        let (n_pieces, whole) = written(u32::MAX);
        assert_eq!(n_pieces, 1);
        let read: serde_json::Value = serde_json::from_str(&whole).expect("JSON");
        assert_eq!(read["cancels"][0]["hearings"].as_array().map(Vec::len), Some(5));
        for (most_rows, n_pieces) in [(1, 5), (2, 3), (5, 1)] {
            assert_eq!(written(most_rows), (n_pieces, whole.clone()));
        }
    }
}
