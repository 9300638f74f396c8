//! Traces put together batch by batch, for what no runtime would write.

use overstay::parse::spec::wire;

/// Adds a number as the wire has it.
pub(crate) fn push(bytes: &mut Vec<u8>, mut number: u64) {
    loop {
        let low = number.to_le_bytes()[0] & 0x7f;
        number >>= 7;
        if number == 0 {
            return bytes.push(low);
        }
        bytes.push(low | 0x80);
    }
}

/// Adds a type byte and numbers.
pub(crate) fn event(bytes: &mut Vec<u8>, kind: u8, numbers: &[u64]) {
    bytes.push(kind);
    for &number in numbers {
        push(bytes, number);
    }
}

/// A trace of format 26 that grows.
#[derive(Clone, Debug)]
pub(crate) struct File {
    pub(crate) bytes: Vec<u8>,
    generation: u64,
    time: u64,
}

impl File {
    /// No more than the header, and the start of the first generation.
    pub(crate) fn new() -> Self {
        let mut file = Self { bytes: b"go 1.26 trace\0\0\0".to_vec(), generation: 0, time: 1000 };
        file.next_generation();
        file
    }

    /// A batch of the current generation.
    pub(crate) fn batch(&mut self, thread: u64, data: &[u8]) {
        self.batch_at(self.time, thread, data);
    }

    /// The same at another time.
    pub(crate) fn batch_at(&mut self, time: u64, thread: u64, data: &[u8]) {
        event(&mut self.bytes, wire::EVENT_BATCH, &[self.generation, thread, time]);
        push(&mut self.bytes, data.len() as u64);
        self.bytes.extend_from_slice(data);
    }

    /// Batches with what `write` adds for each number, as many as are needed to hold it.
    pub(crate) fn batches(
        &mut self,
        thread: u64,
        lead: &[u8],
        numbers: impl Iterator<Item = u64>,
        mut write: impl FnMut(&mut Vec<u8>, u64),
    ) {
        let mut data = lead.to_vec();
        for number in numbers {
            write(&mut data, number);
            if data.len() > 60_000 {
                self.batch(thread, &data);
                data.truncate(lead.len());
            }
        }
        self.batch(thread, &data);
    }

    /// Batches with these strings, by number.
    pub(crate) fn texts<'t>(&mut self, texts: impl Iterator<Item = (u64, &'t str)>) {
        let mut data = vec![wire::STRINGS];
        for (id, text) in texts {
            event(&mut data, wire::STRING, &[id, text.len() as u64]);
            data.extend_from_slice(text.as_bytes());
            if data.len() > 60_000 {
                self.batch(u64::MAX, &data);
                data.truncate(1);
            }
        }
        self.batch(u64::MAX, &data);
    }

    /// Begins a generation with its clock.
    pub(crate) fn next_generation(&mut self) {
        if self.generation > 0 {
            self.bytes.push(wire::END_OF_GENERATION);
            self.time += 1000;
        }
        self.generation += 1;
        let mut sync = vec![wire::SYNC];
        event(&mut sync, wire::FREQUENCY, &[15_625_000]);
        event(&mut sync, wire::CLOCK_SNAPSHOT, &[0, 1, 1, 1]);
        self.batch(u64::MAX, &sync);
    }

    /// The same, but the number before it is nobody's: one is missing in between.
    pub(crate) fn next_generation_but_one(&mut self) {
        self.generation += 1;
        self.next_generation();
    }

    /// The finished file.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.bytes.push(wire::END_OF_GENERATION);
        self.bytes
    }
}

/// Thread 1 holds P 0 and runs goroutine 1.
pub(crate) fn running() -> Vec<u8> {
    let mut data = Vec::new();
    event(&mut data, wire::PROC_STATUS, &[1, 0, 1]);
    event(&mut data, wire::GO_STATUS, &[1, 1, 1, 2]);
    data
}

/// A string for each number from 1 on.
pub(crate) fn strings(file: &mut File, n: u64) {
    file.batches(u64::MAX, &[wire::STRINGS], 1..=n, |data, id| {
        let text = id.to_string();
        event(data, wire::STRING, &[id, text.len() as u64]);
        data.extend_from_slice(text.as_bytes());
    });
}
