//! What the experiment `AllocFree` tells of the heap: how many objects, spans and stacks there
//! were, came and went, and how many bytes; objects also by type.
//!
//! Ids are addresses, so that a freed object is known by the event that told of it; its size is
//! that of its slot, which follows from the span it lies in.

use std::collections::BTreeMap;

use crate::base::{StrId, WireMap};
use crate::parse::experiment::{HeapInfo, HeapType, heap_info, heap_types};
use crate::parse::spec::wire;
use crate::parse::tables::Tables;

use super::strings::Strings;

/// A number of things and their bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Tally {
    /// How many.
    pub count: u64,
    /// How many bytes they take; those of things whose size is not known are missing.
    pub bytes: u64,
}

impl Tally {
    fn add(&mut self, bytes: u64) {
        self.count += 1;
        self.bytes = self.bytes.saturating_add(bytes);
    }
}

/// What there was, what came and what went.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Totals {
    /// What was there when tracing began.
    pub existed: Tally,
    /// What was allocated.
    pub allocated: Tally,
    /// What was freed.
    pub freed: Tally,
}

impl Totals {
    /// What an event type adds to; [`Totals::freed`] for all but the first two.
    fn place(&mut self, nth_of_its_kind: u8) -> &mut Tally {
        match nth_of_its_kind {
            0 => &mut self.existed,
            1 => &mut self.allocated,
            _ => &mut self.freed,
        }
    }
}

/// The objects of one type.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct TypeTotals {
    /// The type's name; "" for memory without a type.
    pub name: StrId,
    /// The size of one value, 0 if there is no type.
    pub size: u64,
    /// The objects.
    pub totals: Totals,
}

/// What is known of the heap.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Allocations {
    pub(crate) info: Option<HeapInfo>,
    pub(crate) types: Vec<TypeTotals>,
    pub(crate) objects: Totals,
    pub(crate) spans: Totals,
    pub(crate) stacks: Totals,
}

impl Allocations {
    /// Whether the trace tells nothing of the heap: it was recorded without the experiment.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.info.is_none() && [self.objects, self.spans, self.stacks] == [Totals::default(); 3]
    }

    /// The heap's layout.
    #[must_use]
    pub fn info(&self) -> Option<HeapInfo> {
        self.info
    }

    /// The objects by type, in order of first appearance.
    #[must_use]
    pub fn types(&self) -> &[TypeTotals] {
        &self.types
    }

    /// All objects.
    #[must_use]
    pub fn objects(&self) -> Totals {
        self.objects
    }

    /// Spans: runs of pages that hold objects of one size, or a stack.
    #[must_use]
    pub fn spans(&self) -> Totals {
        self.spans
    }

    /// Goroutines' stacks.
    #[must_use]
    pub fn stacks(&self) -> Totals {
        self.stacks
    }
}

/// An event of the experiment.
#[derive(Clone, Copy, Debug)]
struct HeapEvent {
    id: u64,
    /// Pages, a type, or the logarithm of a stack's size.
    arg: u64,
    /// A span's class.
    class: u32,
    wire_type: u8,
}

/// One generation's part, not yet joined.
#[derive(Debug, Default)]
pub(super) struct HeapDraft {
    info: Option<HeapInfo>,
    /// Id, size and name.
    types: Vec<(u64, u64, Box<str>)>,
    events: Vec<HeapEvent>,
}

impl HeapDraft {
    /// Reads the generation's types.
    pub(super) fn begin(&mut self, tables: &Tables<'_>) {
        let owned = |HeapType { id, size, name }: HeapType<'_>| {
            (id, size, String::from_utf8_lossy(name).into())
        };
        for batch in &tables.experimental {
            self.info = self.info.or_else(|| heap_info(batch));
            self.types.extend(heap_types(batch).map(owned));
        }
    }

    /// Takes an event.
    pub(super) fn event(&mut self, wire_type: u8, [id, arg, class]: [u64; 3]) {
        let class = u32::try_from(class).unwrap_or(u32::MAX);
        self.events.push(HeapEvent { id, arg, class, wire_type });
    }
}

/// The heap as the events so far have it.
#[derive(Debug, Default)]
pub(super) struct Heap {
    /// Pages and class of the spans that there are, by their first page.
    spans: BTreeMap<u64, (u64, u32)>,
    /// The row of the type, and the bytes, of the objects that there are.
    objects: WireMap<u64, (usize, u64)>,
    /// The bytes of the stacks that there are.
    stacks: WireMap<u64, u64>,
    rows: WireMap<(StrId, u64), usize>,
    told: Allocations,
}

impl Heap {
    /// Takes over a generation's part.
    pub(super) fn add(&mut self, draft: &HeapDraft, strings: &mut Strings) {
        self.told.info = self.told.info.or(draft.info);
        let mut types: WireMap<u64, usize> = WireMap::default();
        for (id, size, name) in &draft.types {
            let row = self.row(strings.intern(name), *size);
            types.insert(*id, row);
        }
        for event in &draft.events {
            let first_of_kind = |first: u8| event.wire_type.checked_sub(first).filter(|n| *n < 3);
            if let Some(nth) = first_of_kind(wire::EXPERIMENTAL_FIRST) {
                self.span(nth, event);
            } else if let Some(nth) = first_of_kind(wire::EXPERIMENTAL_FIRST + 3) {
                let row = types.get(&event.arg).copied();
                self.object(nth, event.id, row);
            } else if let Some(nth) = first_of_kind(wire::EXPERIMENTAL_FIRST + 6) {
                self.stack(nth, event);
            }
        }
    }

    /// What the events told.
    pub(super) fn finish(self) -> Allocations {
        self.told
    }

    fn row(&mut self, name: StrId, size: u64) -> usize {
        let types = &mut self.told.types;
        *self.rows.entry((name, size)).or_insert_with(|| {
            types.push(TypeTotals { name, size, totals: Totals::default() });
            types.len() - 1
        })
    }

    fn span(&mut self, nth: u8, event: &HeapEvent) {
        let pages = if nth < 2 {
            self.spans.insert(event.id, (event.arg, event.class));
            event.arg
        } else {
            self.spans.remove(&event.id).map_or(0, |(pages, _)| pages)
        };
        let page_bytes = self.told.info.map_or(0, |info| info.page_bytes);
        self.told.spans.place(nth).add(pages.saturating_mul(page_bytes));
    }

    fn object(&mut self, nth: u8, id: u64, row: Option<usize>) {
        let (row, bytes) = if nth < 2 {
            let bytes = self.slot_bytes(id).unwrap_or(0);
            let row = row.unwrap_or_else(|| self.row(StrId::EMPTY, 0));
            self.objects.insert(id, (row, bytes));
            (row, bytes)
        } else {
            let known = self.objects.remove(&id);
            known.unwrap_or_else(|| (self.row(StrId::EMPTY, 0), 0))
        };
        self.told.objects.place(nth).add(bytes);
        if let Some(of_type) = self.told.types.get_mut(row) {
            of_type.totals.place(nth).add(bytes);
        }
    }

    fn stack(&mut self, nth: u8, event: &HeapEvent) {
        let bytes = if nth < 2 {
            // The wire has one more than the logarithm.
            let shift = u32::try_from(event.arg).ok().and_then(|order| order.checked_sub(1));
            let bytes = shift.and_then(|shift| 1_u64.checked_shl(shift)).unwrap_or(0);
            self.stacks.insert(event.id, bytes);
            bytes
        } else {
            self.stacks.remove(&event.id).unwrap_or(0)
        };
        self.told.stacks.place(nth).add(bytes);
    }

    /// The bytes of the slot in which an object lies, from its span.
    fn slot_bytes(&self, id: u64) -> Option<u64> {
        let info = self.told.info?;
        let page = id.checked_mul(info.heap_align)?.checked_div(info.page_bytes)?;
        let (&first, &(pages, class)) = self.spans.range(..=page).next_back()?;
        if page - first >= pages {
            return None;
        }
        // The low bit says that the span holds no objects, the next that they hold no pointers.
        match usize::try_from(class >> 2).ok()? {
            0 => pages.checked_mul(info.page_bytes),
            class => SLOT_BYTES.get(class).map(|&bytes| u64::from(bytes)),
        }
    }
}

/// The slots of a span by its size class; class 0 is one object as large as the span
/// (Go 1.26 `internal/runtime/gc/sizeclasses.go`; the same since Go 1.16).
static SLOT_BYTES: [u16; 68] = [
    0, 8, 16, 24, 32, 48, 64, 80, 96, 112, 128, 144, 160, 176, 192, 208, 224, 240, 256, 288, 320,
    352, 384, 416, 448, 480, 512, 576, 640, 704, 768, 896, 1024, 1152, 1280, 1408, 1536, 1792,
    2048, 2304, 2688, 3072, 3200, 3456, 4096, 4864, 5376, 6144, 6528, 6784, 6912, 8192, 9472, 9728,
    10240, 10880, 12288, 13568, 14336, 16384, 18432, 19072, 20480, 21760, 24576, 27264, 28672,
    32768,
];

#[cfg(test)]
mod tests {
    use super::*;

    const INFO: HeapInfo =
        HeapInfo { lowest_address: 1 << 30, page_bytes: 8192, heap_align: 8, stack_align: 2048 };

    #[test]
    fn objects_take_the_slots_of_their_spans() {
        let mut strings = Strings::default();
        let mut draft = HeapDraft { info: Some(INFO), ..HeapDraft::default() };
        draft.types.push((5, 24, "main.node".into()));
        // One page of 48-byte slots (class 5), three pages as one object.
        draft.event(128, [2, 1, 5 << 2]);
        draft.event(129, [10, 3, 0]);
        draft.event(131, [2 * 1024 + 6, 5, 0]);
        draft.event(132, [10 * 1024, 0, 0]);
        draft.event(132, [99 * 1024, 5, 0]);
        draft.event(133, [2 * 1024 + 6, 0, 0]);
        draft.event(135, [1, 12, 0]);
        draft.event(136, [1, 0, 0]);
        draft.event(130, [10, 0, 0]);
        let mut heap = Heap::default();
        heap.add(&draft, &mut strings);
        let told = heap.finish();
        let tally = |count, bytes| Tally { count, bytes };
        let object =
            Totals { existed: tally(1, 48), allocated: tally(2, 3 * 8192), freed: tally(1, 48) };
        assert_eq!(told.objects(), object);
        assert_eq!(told.stacks().allocated, tally(1, 2048));
        assert_eq!(told.stacks().freed, tally(1, 2048));
        assert_eq!(told.spans().freed, tally(1, 3 * 8192));
        let by_type: Vec<_> =
            told.types().iter().map(|row| (strings.get(row.name), row.totals.allocated)).collect();
        assert_eq!(by_type, [("main.node", tally(1, 0)), ("", tally(1, 3 * 8192))]);
        assert!(!told.is_empty() && Allocations::default().is_empty());
    }
}
