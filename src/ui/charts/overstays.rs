//! A trace's overstays as the plots see them.

use super::{LEAST, log10_ns};
use crate::analysis::Analysis;
use crate::ui::table::{Between, Pool};

/// Bins per factor of ten.
const BINS_PER_DECADE: i32 = 8;
/// More factors of ten than any time has nanoseconds.
const DECADES: i32 = 19;
/// Points of an ECDF at most.
const ECDF_POINTS: usize = 240;

/// What does not change from frame to frame: there can be a million overstays, far apart in memory.
#[derive(Debug)]
pub(crate) struct Overstays {
    /// How many there are.
    n: usize,
    /// How many are longer than the end of each bin, up to the last with something in it.
    above: Vec<usize>,
    /// Where their ECDF rises, a power of ten in nanoseconds, and to which share.
    rises: Vec<[f64; 2]>,
}

/// How many overstays lie between two powers of ten.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bin {
    pub(super) from: f64,
    pub(super) to: f64,
    pub(super) n: usize,
    pub(super) is_late: bool,
}

impl Bin {
    /// What it holds; the first holds all that is shorter, too.
    pub(super) fn between(&self) -> Between {
        let over_ns = if self.from <= LEAST { -1 } else { exact_ns(self.from) };
        Between { over_ns, most_ns: exact_ns(self.to) }
    }
}

/// A power of ten in nanoseconds, without rounding to digits; the longest time for more than that.
#[expect(clippy::cast_possible_truncation, reason = "what is too long becomes the longest")]
pub(super) fn exact_ns(power: f64) -> i64 {
    10_f64.powf(power) as i64
}

/// Where the bins begin and end.
fn edges() -> impl Iterator<Item = (f64, f64)> {
    let width = 1.0 / f64::from(BINS_PER_DECADE);
    #[expect(clippy::cast_possible_truncation, reason = "a few decades")]
    let first = (LEAST * f64::from(BINS_PER_DECADE)) as i32;
    let bins = first..DECADES * BINS_PER_DECADE;
    bins.map(move |bin| (f64::from(bin) * width, f64::from(bin + 1) * width))
}

impl Overstays {
    /// Counts them: a few hundred looks into the list that the analysis keeps sorted.
    pub(crate) fn new(analysis: &Analysis, pool: Pool<'_>) -> Self {
        let n = pool.n_overstays();
        let mut above = Vec::new();
        for (_, right) in edges() {
            if above.last().unwrap_or(&n) == &0 {
                break;
            }
            above.push(pool.late(exact_ns(right)).len());
        }
        Self { n, above, rises: rises(analysis, pool.late(i64::MIN)) }
    }

    /// All bins with something in them. Each is late or not as a whole, but for the one that holds
    /// the budget, which is cut there.
    pub(super) fn bins(&self, pool: Pool<'_>, budget: f64) -> Vec<Bin> {
        let mut bins = Vec::new();
        // What is shorter than the least is drawn in the first bin.
        let mut above_left = self.n;
        for ((left, right), &above_right) in edges().zip(&self.above) {
            let cut = budget.clamp(left, right);
            let above_cut = if cut <= left {
                above_left
            } else if cut >= right {
                above_right
            } else {
                // However powers of ten are rounded.
                pool.late(exact_ns(cut)).len().clamp(above_right, above_left)
            };
            let prompt = Bin { from: left, to: cut, n: above_left - above_cut, is_late: false };
            let late = Bin { from: cut, to: right, n: above_cut - above_right, is_late: true };
            bins.extend([prompt, late].into_iter().filter(|bin| bin.n > 0));
            above_left = above_right;
        }
        bins
    }

    /// The ECDF from one power of ten to another, as a line of a few hundred points.
    pub(super) fn ecdf(&self, low: f64, high: f64) -> Vec<[f64; 2]> {
        if self.rises.is_empty() {
            return Vec::new();
        }
        let mut points = vec![[low, 0.0]];
        let mut share = 0.0;
        for &[x, up_to] in &self.rises {
            points.extend([[x, share], [x, up_to]]);
            share = up_to;
        }
        points.push([high, 1.0]);
        points
    }
}

/// Where the ECDF rises, and to which share.
fn rises(analysis: &Analysis, rows: &[u32]) -> Vec<[f64; 2]> {
    let n = rows.len();
    let steps = n.min(ECDF_POINTS);
    let rise = |step: usize| {
        // The list is sorted from the worst down: read it from its end.
        let row = *rows.get(n - 1 - step * n / steps)?;
        let hearing = analysis.hearings().get(row as usize)?;
        #[expect(clippy::cast_precision_loss, reason = "a share")]
        let up_to = ((step + 1) * n / steps) as f64 / n as f64;
        Some([log10_ns(hearing.overstay_ns), up_to])
    };
    (0..steps).filter_map(rise).collect()
}

#[cfg(test)]
mod tests {
    use super::super::bars;
    use super::*;
    use crate::analysis::{Document, Rules};
    use crate::base::Progress;
    use crate::ui::theme::Theme;

    fn document() -> Document {
        let file = include_bytes!("../../../traces/late-exit/before.trace");
        let trace = crate::model::build(file, &Progress::default()).expect("a trace");
        Document::new(trace, Rules::default())
    }

    #[test]
    fn bars_add_up_and_the_late_ones_to_those_beyond_the_budget() {
        let document = document();
        let analysis = document.analysis();
        let pool = Pool::all(analysis);
        let overstays = Overstays::new(analysis, pool);
        for power in [3.1, 5.0, 6.0, 7.0, 7.5, 12.0] {
            let bins = overstays.bins(pool, power);
            let n = |is_counted: fn(&Bin) -> bool| -> usize {
                bins.iter().filter(|bin| is_counted(bin)).map(|bin| bin.n).sum()
            };
            assert_eq!(n(|bin| bin.is_late), pool.late(exact_ns(power)).len(), "{power}");
            assert_eq!(n(|_| true), analysis.worst_first.len(), "{power}");
            for bin in &bins {
                assert_eq!(
                    pool.between(bin.between()).len(),
                    bin.n,
                    "its rows are those of the bar"
                );
            }
            let (bars, top) = bars(&bins, Theme::get(true), None);
            assert_eq!(bars.len(), bins.len());
            assert!(bars.iter().all(|bar| bar.value <= top));
            let late = bars.iter().zip(&bins).filter(|(_, bin)| bin.is_late);
            assert!(
                late.clone().all(|(bar, _)| bar.value >= 0.03 * top),
                "one of very many is seen"
            );
        }
    }

    #[test]
    fn the_ecdf_rises_from_none_to_all() {
        let document = document();
        let points =
            Overstays::new(document.analysis(), Pool::all(document.analysis())).ecdf(2.0, 12.0);
        assert!(points.is_sorted_by(|one, other| one[0] <= other[0] && one[1] <= other[1]));
        assert_eq!(points.first(), Some(&[2.0, 0.0]));
        assert_eq!(points.last(), Some(&[12.0, 1.0]));
        assert_eq!(points.len(), 2 * document.analysis().worst_first.len() + 2);
    }

    #[test]
    fn no_overstay_is_too_long_for_a_bin() {
        assert_eq!(exact_ns(f64::from(DECADES)), i64::MAX);
    }
}
