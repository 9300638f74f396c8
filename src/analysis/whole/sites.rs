//! The cancels of a trace by where they are made.

use std::cmp::Reverse;

use rustc_hash::FxHashMap;

use crate::base::{StackId, StrId};
use crate::model::Frame;

use super::super::types::Cancel;
use super::super::words::Cause;
use super::document::Document;

/// The cancels of one cause and place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CancelSite {
    /// The first of them, by its row.
    pub first: u32,
    /// How many there are.
    pub n: u32,
    /// The worst overstay of any of them that counts, in nanoseconds; 0 if none.
    pub worst_ns: i64,
}

/// What the cancels of one site have in common.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct SiteKey {
    /// Why they are made.
    pub cause: Cause,
    /// Where they are made.
    pub place: SitePlace,
}

/// Where a cancel is made, as far as that tells anything.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum SitePlace {
    /// On a line of the program, or of a library.
    Line(Frame),
    /// On no such line: the function of those who heard it first, if any did.
    HeardBy(Option<StrId>),
}

impl Document {
    /// Of which site a cancel is. A deadline has no line, nor has a client that went away while
    /// nobody waited. One that was waited for has a line inside the standard library, and is of the
    /// same site.
    #[must_use]
    pub fn site_key(&self, cancel: &Cancel) -> SiteKey {
        let line = cancel.site.filter(|_| self.comparable_site(cancel).is_some());
        let heard_by = || SitePlace::HeardBy(self.first_function(cancel));
        SiteKey { cause: cancel.cause, place: line.map_or_else(heard_by, SitePlace::Line) }
    }

    /// The function of those who heard a cancel first, or else of those who were deaf to it.
    fn first_function(&self, cancel: &Cancel) -> Option<StrId> {
        let analysis = self.analysis();
        let first = analysis.heard(cancel).first().or(analysis.deaf(cancel).first());
        first.map(|hearing| self.acting(hearing, StackId::EMPTY))
    }

    /// The sites whose cancels reached somebody, the one with the worst overstay first. Costs a pass
    /// over the hearings: not for a thread that paints.
    #[must_use]
    pub fn sites(&self) -> Vec<CancelSite> {
        let analysis = self.analysis();
        let (mut sites, mut reaches) = (Vec::<CancelSite>::new(), Vec::new());
        let mut rows: FxHashMap<SiteKey, usize> = FxHashMap::default();
        for cancel in analysis.cancels() {
            let row = *rows.entry(self.site_key(cancel)).or_insert_with(|| {
                sites.push(CancelSite { first: cancel.id, n: 0, worst_ns: 0 });
                reaches.push(false);
                sites.len() - 1
            });
            let reached = || analysis.heard(cancel).iter().chain(analysis.deaf(cancel));
            reaches[row] |= reached().next().is_some();
            let counts = reached().filter(|hearing| hearing.is_late(0));
            let worst_ns = counts.map(|hearing| hearing.overstay_ns).max().unwrap_or(0);
            let site = &mut sites[row];
            site.n += 1;
            site.worst_ns = site.worst_ns.max(worst_ns);
        }
        let mut reaches = reaches.into_iter();
        sites.retain(|_| reaches.next() == Some(true));
        sites.sort_by_key(|site| (Reverse(site.worst_ns), Reverse(site.n), site.first));
        sites
    }

    /// The rows of the cancels of one site, that of `like`, in order of time; of all if none is given.
    #[must_use]
    pub fn cancels_of_site(&self, like: Option<u32>) -> Vec<u32> {
        let cancels = self.analysis().cancels();
        let key = like.and_then(|row| cancels.get(row as usize)).map(|like| self.site_key(like));
        let fits = |cancel: &&Cancel| key.is_none_or(|key| self.site_key(cancel) == key);
        cancels.iter().filter(fits).map(|cancel| cancel.id).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::Rules;
    use crate::base::Progress;

    fn document(file: &[u8]) -> Document {
        let trace = crate::model::build(file, &Progress::default()).expect("a trace");
        Document::new(trace, Rules::default())
    }

    #[test]
    fn each_cancel_that_reached_somebody_is_of_one_site_and_the_list_counts_as_the_view_shows() {
        let files = [
            &include_bytes!("../../../traces/sleep-in-handler/before.trace")[..],
            include_bytes!("../../../traces/deaf/before.trace"),
            include_bytes!("../../../traces/late-exit/before.trace"),
            include_bytes!("../../../traces/nested-deadline/before.trace"),
            include_bytes!("../../../traces/shutdown-hang/before.trace"),
        ];
        for (number, file) in files.into_iter().enumerate() {
            let document = document(file);
            let sites = document.sites();
            assert!(!sites.is_empty(), "{number}");
            let mut listed = Vec::new();
            for site in sites {
                let cancels = document.cancels_of_site(Some(site.first));
                assert_eq!(cancels.len(), site.n as usize, "{number}: {site:?}");
                assert_eq!(cancels[0], site.first, "{number}: {site:?}");
                listed.extend(cancels);
            }
            let n = listed.len();
            listed.sort_unstable();
            listed.dedup();
            assert_eq!(listed.len(), n, "{number}: none is of two sites");
            let reached = |cancel: &&Cancel| cancel.n_heard() + cancel.n_deaf() > 0;
            let mut reached = document.analysis().cancels().iter().filter(reached);
            assert!(reached.all(|cancel| listed.binary_search(&cancel.id).is_ok()), "{number}");
        }
    }
}
