//! How many goroutines of a group are in which state, over the whole trace, in a few thousand bins.
//!
//! Bins are powers of two nanoseconds wide on the trace's own grid, so that a histogram does
//! not shimmer while it is panned. A bin costs 16 bytes and a group has at most one per 64 of
//! its spans, which makes a quarter of a byte per span; groups with few spans have up to a
//! thousand as long as all of them together stay small.

use super::class::StateClass;

/// The states that a histogram tells apart, from its bottom to its top.
pub(super) const LAYERS: [StateClass; 4] =
    [StateClass::Running, StateClass::Runnable, StateClass::Syscall, StateClass::Blocked];

/// The layer that is for everything that waits.
const WAITING: usize = 3;

/// Spans per bin, at least.
const SPANS_PER_BIN: usize = 64;
/// Bins of a group with few spans.
const MIN_BINS: usize = 64;
/// What the bins of all groups with few spans may take together, in bytes.
const SMALL_BYTES: usize = 4 << 20;
/// Bins of one with many: a screen is hardly wider.
const MAX_BINS: usize = 4096;

/// Which layer a class belongs to.
#[inline]
pub(super) fn layer(class: StateClass) -> usize {
    // Without a branch, since nobody can foretell it; the three come first but for "unknown".
    (class as usize).wrapping_sub(StateClass::Running as usize).min(WAITING)
}

/// Mean number of goroutines per bin and layer.
#[derive(Clone, Debug, Default)]
pub(super) struct Density {
    bin_log2: u32,
    bins: Vec<[f32; 4]>,
    /// The largest sum of a bin's layers.
    max: f32,
}

impl Density {
    /// The most goroutines alive in any bin.
    pub(super) fn max(&self) -> f32 {
        self.max
    }

    /// Whether there is nothing to draw.
    pub(super) fn is_empty(&self) -> bool {
        self.bins.is_empty()
    }

    /// The width of a bin in nanoseconds.
    pub(super) fn bin_ns(&self) -> i64 {
        1 << self.bin_log2
    }

    /// The most goroutines alive in any bin that reaches into a stretch.
    pub(super) fn max_within(&self, from_ns: i64, to_ns: i64) -> f32 {
        let bin_of = |ns: i64| usize::try_from(ns.max(0) >> self.bin_log2).unwrap_or(usize::MAX);
        let until = bin_of(to_ns - 1).saturating_add(1).min(self.bins.len());
        let bins = self.bins.get(bin_of(from_ns)..until).unwrap_or(&[]);
        bins.iter().map(|bin| bin.iter().sum()).fold(0.0, f32::max)
    }

    /// The mean of each layer from `from_ns` to `to_ns`, which is later; whole bins are counted.
    pub(super) fn mean(&self, from_ns: i64, to_ns: i64) -> [f32; 4] {
        let bin_of = |ns: i64| usize::try_from(ns.max(0) >> self.bin_log2).unwrap_or(usize::MAX);
        let (first, last) =
            (bin_of(from_ns), bin_of(to_ns - 1).min(self.bins.len().wrapping_sub(1)));
        if to_ns <= 0 || self.bins.is_empty() || first > last {
            return [0.0; 4];
        }
        let mut sum = [0.0; 4];
        for bin in &self.bins[first..=last] {
            for (sum, value) in sum.iter_mut().zip(bin) {
                *sum += value;
            }
        }
        #[expect(clippy::cast_precision_loss, reason = "at most a few thousand")]
        let n = (last - first + 1) as f32;
        sum.map(|sum| sum / n)
    }
}

/// A density in the making; those of several threads add up.
#[derive(Clone, Debug)]
pub(super) struct Builder {
    bin_log2: u32,
    /// Time in partly covered bins.
    part_ns: Vec<[i64; 4]>,
    /// By how much the number of goroutines that cover a bin fully differs from the bin before.
    step: Vec<[i32; 4]>,
}

impl Builder {
    /// Bins for a trace of `length_ns` in which the group, one of `n_groups`, has `n_spans` spans.
    pub(super) fn new(length_ns: i64, n_spans: usize, n_groups: usize) -> Self {
        let affordable = SMALL_BYTES / size_of::<[f32; 4]>() / n_groups.max(1);
        let least = affordable.clamp(MIN_BINS, MAX_BINS / 4);
        let wanted = (n_spans / SPANS_PER_BIN).clamp(least, MAX_BINS);
        let length = u64::try_from(length_ns).unwrap_or(0).max(1);
        let bin_log2 =
            length.div_ceil(wanted as u64).max(1).next_power_of_two().trailing_zeros().min(62);
        let n_bins = usize::try_from(length >> bin_log2).unwrap_or(0) + 1;
        Self { bin_log2, part_ns: vec![[0; 4]; n_bins], step: vec![[0; 4]; n_bins + 1] }
    }

    /// Adds a span, in nanoseconds from the trace's start.
    #[inline]
    pub(super) fn add(&mut self, start_ns: i64, end_ns: i64, layer: usize) {
        let (start_ns, end_ns) = (start_ns.max(0), end_ns.max(0));
        // Nearly all are shorter than a bin.
        let bin = usize::try_from(start_ns >> self.bin_log2).unwrap_or(usize::MAX);
        match self.part_ns.get_mut(bin).and_then(|layers| layers.get_mut(layer)) {
            Some(part) if (start_ns ^ end_ns) >> self.bin_log2 == 0 => {
                *part = part.saturating_add((end_ns - start_ns).max(0));
            }
            _ => self.add_long(start_ns, end_ns, layer),
        }
    }

    #[inline(never)]
    fn add_long(&mut self, start_ns: i64, end_ns: i64, layer: usize) {
        let top = self.part_ns.len() - 1;
        let bin_of = |ns: i64| usize::try_from(ns >> self.bin_log2).unwrap_or(0).min(top);
        let (first, last) = (bin_of(start_ns), bin_of(end_ns));
        if first == last {
            self.add_part(first, layer, end_ns - start_ns);
            return;
        }
        let edge = |bin: usize| i64::try_from(bin).unwrap_or(0).saturating_mul(1 << self.bin_log2);
        let (first_end, last_start) = (edge(first + 1), edge(last));
        self.add_part(first, layer, first_end.saturating_sub(start_ns));
        self.add_part(last, layer, end_ns.saturating_sub(last_start));
        self.step[first + 1][layer] += 1;
        self.step[last][layer] -= 1;
    }

    fn add_part(&mut self, bin: usize, layer: usize, ns: i64) {
        let part = &mut self.part_ns[bin][layer];
        *part = part.saturating_add(ns.max(0));
    }

    /// Adds what another thread counted for the same group.
    pub(super) fn merge(&mut self, other: &Self) {
        for (ours, theirs) in self.part_ns.iter_mut().zip(&other.part_ns) {
            ours.iter_mut().zip(theirs).for_each(|(a, b)| *a = a.saturating_add(*b));
        }
        for (ours, theirs) in self.step.iter_mut().zip(&other.step) {
            ours.iter_mut().zip(theirs).for_each(|(ours, theirs)| *ours += theirs);
        }
    }

    /// Turns time into numbers of goroutines.
    pub(super) fn finish(self) -> Density {
        let mut full = [0_i32; 4];
        let mut max = 0.0_f32;
        let mut bins = Vec::with_capacity(self.part_ns.len());
        for (part, step) in self.part_ns.iter().zip(&self.step) {
            let mut bin = [0.0; 4];
            for layer in 0..4 {
                full[layer] += step[layer];
                bin[layer] = mean(part[layer], self.bin_log2, full[layer]);
            }
            max = max.max(bin.iter().sum());
            bins.push(bin);
        }
        Density { bin_log2: self.bin_log2, bins, max }
    }
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "a mean number of goroutines, of which a few digits are drawn"
)]
fn mean(part_ns: i64, bin_log2: u32, full: i32) -> f32 {
    (part_ns as f64 / (1_i64 << bin_log2) as f64 + f64::from(full)) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: [f32; 4], b: [f32; 4]) -> bool {
        a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-6)
    }

    #[test]
    fn every_class_has_its_layer() {
        for class in StateClass::ALL {
            let known = LAYERS[..WAITING].iter().position(|of| *of == class);
            assert_eq!(layer(class), known.unwrap_or(WAITING), "{class:?}");
        }
    }

    #[test]
    fn a_bin_holds_the_mean_number_of_goroutines() {
        let mut one = Builder::new(8_000, 0, usize::MAX);
        assert_eq!(one.bin_log2, 7);
        let mut other = one.clone();
        one.add(0, 8_000, 0);
        other.add(64, 128 + 32, WAITING);
        one.merge(&other);
        let density = one.finish();
        assert!(close(density.mean(0, 128), [1.0, 0.0, 0.0, 0.5]));
        assert!(close(density.mean(128, 256), [1.0, 0.0, 0.0, 0.25]));
        assert!(close(density.mean(0, 512), [1.0, 0.0, 0.0, 0.1875]));
        assert!(close(density.mean(-500, 0), [0.0; 4]));
        assert!(close(density.mean(1 << 40, 1 << 41), [0.0; 4]));
        assert!((density.max() - 1.5).abs() < 1e-6);
        assert!((density.max_within(0, 8_000) - 1.5).abs() < 1e-6);
        assert!((density.max_within(200, 8_000) - 1.25).abs() < 1e-6);
        assert!(density.max_within(1 << 40, 1 << 41).abs() < 1e-6);
        assert!(close(Density::default().mean(0, 10), [0.0; 4]));
    }

    #[test]
    fn many_spans_get_more_bins_but_not_without_end() {
        assert_eq!(Builder::new(1 << 30, 64 * 100, usize::MAX).part_ns.len(), 65);
        assert_eq!(Builder::new(1 << 30, usize::MAX, 1).part_ns.len(), MAX_BINS + 1);
        assert_eq!(Builder::new(0, 5, 1).part_ns.len(), 2);
    }
}
